#include "gateway/command_support.hpp"

#include <condition_variable>
#include <cstdio>
#include <mutex>

namespace calgate {
namespace {

constexpr std::chrono::milliseconds kTurn{250};
constexpr int kTurns = 400;

}  // namespace

int fail(const std::string& sentence, int code) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    return code;
}

int with_gateway(const std::string& directory, const std::function<int(Caller&)>& work) {
    auto caller = Caller::open(directory);
    if (!caller) return fail(caller.error().detail);
    return work(**caller);
}

std::string text_of(const nlohmann::json& record, const char* name) {
    const auto found = record.find(name);
    return found != record.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

void pause_for(std::chrono::milliseconds time) {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, time);
}

Caller::Answer post_in_turn(Caller& caller, const std::string& path, const nlohmann::json& body) {
    auto answer = caller.call("POST", path, body);
    for (int left = kTurns; left > 0 && text_of(answer.body, "title") == kBusyConnecting; --left) {
        if (left == kTurns) std::fprintf(stderr, "Another account is just being connected; this one waits its turn.\n");
        pause_for(kTurn);
        answer = caller.call("POST", path, body);
    }
    return answer;
}

}  // namespace calgate
