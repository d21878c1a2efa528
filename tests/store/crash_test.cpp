#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"
#include "tests/support/fault_vfs.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

/// Runs the child until it acknowledged `enough` bookings, then kills it. @return all it acknowledged.
std::vector<std::string> killed_after(const std::string& path, int round, std::size_t enough) {
    int ends[2];
    BOOST_TEST_REQUIRE(pipe(ends) == 0);
    const std::string number = std::to_string(round);
    const pid_t child = fork();
    BOOST_TEST_REQUIRE(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(STORE_CRASHER, STORE_CRASHER, path.c_str(), number.c_str(), nullptr);
        _exit(127);
    }
    close(ends[1]);
    std::vector<std::string> acknowledged;
    std::string rest;
    char bytes[256];
    bool killed = false;
    for (ssize_t count; (count = read(ends[0], bytes, sizeof bytes)) > 0;) {
        rest.append(bytes, static_cast<std::size_t>(count));
        for (std::size_t end; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1)) {
            acknowledged.push_back(rest.substr(0, end));
        }
        if (!killed && acknowledged.size() >= enough) {
            kill(child, SIGKILL);
            killed = true;
        }
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL), "the child ended by itself in round " << round);
    return acknowledged;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crash)

BOOST_AUTO_TEST_CASE(kill_9_loses_nothing_acknowledged) {
    const ScratchFolder folder;
    const std::string path = folder.file("store.db");
    const int rounds = std::getenv("CALGATE_LONG") ? 200 : 20;
    std::mt19937 random(7);
    std::vector<std::string> acknowledged;
    for (int round = 0; round < rounds; ++round) {
        const auto more = killed_after(path, round, 1 + random() % 40);
        acknowledged.insert(acknowledged.end(), more.begin(), more.end());
        const auto store = SqliteStore::open(path);
        BOOST_TEST(store->check_integrity() == "");
        store->read([&](const Reader& reader) {
            for (const std::string& id : acknowledged)
                BOOST_TEST(reader.appointment({id}).has_value(), id << " is lost");
            const auto all = reader.appointments({}, 1'000'000);
            BOOST_TEST(reader.mirrors_on({"cal-ann"}).size() == all.size());
            BOOST_TEST(reader.last_change() == static_cast<std::int64_t>(all.size()));
        });
    }
    BOOST_TEST(acknowledged.size() >= static_cast<std::size_t>(rounds));
}

BOOST_AUTO_TEST_SUITE_END()
