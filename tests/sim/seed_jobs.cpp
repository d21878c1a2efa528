#include "tests/sim/seed_jobs.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>

namespace calgate::seeds {

namespace {

struct Job {
    pid_t process = 0;
    int answers = -1;
};

/// Never returns.
void do_share(int answers, const std::function<std::string(int)>& work, int share) {
    int code = 1;
    try {
        const std::string answer = work(share);
        const auto written = ::write(answers, answer.data(), answer.size());
        code = written == static_cast<ssize_t>(answer.size()) ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
    }
    std::fflush(nullptr);
    ::_exit(code);
}

Job begin(const std::function<std::string(int)>& work, int share) {
    std::array<int, 2> ends{};
    std::fflush(nullptr);
    if (::pipe(ends.data()) != 0) throw std::runtime_error("There are no pipes left.");
    const pid_t process = ::fork();
    if (process < 0) throw std::runtime_error("No further process can be started.");
    if (process == 0) {
        ::close(ends[0]);
        do_share(ends[1], work, share);
    }
    ::close(ends[1]);
    return {process, ends[0]};
}

/// @return nothing when it did not come to its end.
std::optional<std::string> end(const Job& job) {
    std::string answer;
    std::array<char, 4096> part{};
    for (ssize_t size = 0; (size = ::read(job.answers, part.data(), part.size())) > 0;)
        answer.append(part.data(), static_cast<std::size_t>(size));
    ::close(job.answers);
    int status = 0;
    if (::waitpid(job.process, &status, 0) != job.process || status != 0) return std::nullopt;
    return answer;
}

}  // namespace

std::vector<std::string> share_out(int jobs, const std::function<std::string(int share)>& work) {
    if (jobs == 1) return {work(0)};
    std::vector<Job> begun;
    for (int share = 0; share < jobs; ++share) begun.push_back(begin(work, share));
    std::vector<std::string> answers;
    for (const Job& job : begun)
        if (auto answer = end(job)) answers.push_back(std::move(*answer));
    if (answers.size() < begun.size()) throw std::runtime_error("A share of the seeds did not come to its end.");
    return answers;
}

}  // namespace calgate::seeds
