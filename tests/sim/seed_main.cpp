#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "tests/sim/seed_run.hpp"

namespace {

using namespace calgate;
using namespace calgate::seeds;

struct Wanted {
    std::uint64_t first = 1;
    std::uint64_t seeds = 500;
    int operations = 100;
    bool single = false;
    bool canaries = false;
    bool go_on = false;
    bool batches = false;
    std::string kept{};
    std::int64_t at_least = 0;
    Canary canary = Canary::None;
};

constexpr const char* kUsage =
    "calgate_seeds [--seeds N] [--ops N] [--seed N] [--first N] [--kept FILE] [--canaries] [--canary NAME] [--go-on] "
    "[--batches] [--at-least N]\n";

bool understand(int argc, char** argv, Wanted& wanted) {
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        const bool has_value = i + 1 < argc;
        if (name == "--canaries")
            wanted.canaries = true;
        else if (name == "--go-on")
            wanted.go_on = true;
        else if (name == "--batches")
            wanted.batches = true;
        else if (!has_value)
            return false;
        else if (name == "--seeds")
            wanted.seeds = std::stoull(argv[++i]);
        else if (name == "--ops")
            wanted.operations = std::stoi(argv[++i]);
        else if (name == "--first")
            wanted.first = std::stoull(argv[++i]);
        else if (name == "--kept")
            wanted.kept = argv[++i];
        else if (name == "--at-least")
            wanted.at_least = std::stoll(argv[++i]);
        else if (name == "--canary") {
            const std::string canary = argv[++i];
            for (std::size_t c = 0; c < kCanaries; ++c)
                if (canary == to_string(static_cast<Canary>(c))) wanted.canary = static_cast<Canary>(c);
            if (wanted.canary == Canary::None) return false;
        } else if (name == "--seed") {
            wanted.first = std::stoull(argv[++i]);
            wanted.seeds = 1;
            wanted.single = true;
        } else
            return false;
    }
    return true;
}

void print(const Verdict& verdict, bool everything) {
    const std::size_t shown = everything ? verdict.history.size() : 25;
    const std::size_t from = verdict.history.size() > shown ? verdict.history.size() - shown : 0;
    for (std::size_t i = from; i < verdict.history.size(); ++i) std::printf("%s\n", verdict.history[i].c_str());
    if (!verdict.violation) return;
    std::printf(
        "VIOLATION seed %llu step %d %s\n",
        static_cast<unsigned long long>(verdict.seed),
        verdict.step,
        verdict.violation->what()
    );
}

void print(const Statistics& statistics, double took, int violations) {
    std::printf("\n%-36s %12s %12s\n", "fault", "fired", "handled");
    for (std::size_t i = 0; i < kFaults; ++i) {
        std::printf(
            "%-36s %12lld %12lld\n",
            to_string(static_cast<Fault>(i)),
            static_cast<long long>(statistics.fired[i]),
            static_cast<long long>(statistics.handled[i])
        );
    }
    std::printf("\n%-36s %12s\n", "checked", "times");
    for (const auto& [name, count] : statistics.checks)
        std::printf("%-36s %12lld\n", name.c_str(), static_cast<long long>(count));
    std::printf(
        "\nseeds=%lld operations=%lld passes=%lld calls=%lld writes=%lld conflicts=%lld violations=%d "
        "seconds=%.1f operations_per_s=%.0f\n",
        static_cast<long long>(statistics.seeds),
        static_cast<long long>(statistics.operations),
        static_cast<long long>(statistics.passes),
        static_cast<long long>(statistics.calls),
        static_cast<long long>(statistics.writes),
        static_cast<long long>(statistics.conflicts),
        violations,
        took,
        static_cast<double>(statistics.operations) / took
    );
}

Verdict play(
    std::uint64_t seed, const Wanted& wanted, Canary canary, const ZoneResolver& zones, Statistics& statistics
) {
    Statistics one;
    auto verdict = Run(seed, canary, wanted.batches, zones, one).play(wanted.operations);
    if (!verdict.violation) one.handled = one.fired;
    statistics.add(one);
    return verdict;
}

/// Each canary, until the check of the promise that it breaks finds it in a seed that is sound without it.
/// @return how many stayed alive.
int find_canaries(const Wanted& wanted, const ZoneResolver& zones) {
    int alive = 0;
    for (std::size_t i = 1; i < kCanaries; ++i) {
        const auto canary = static_cast<Canary>(i);
        std::string found = "NOT FOUND";
        for (std::uint64_t seed = wanted.first; seed < wanted.first + wanted.seeds; ++seed) {
            Statistics statistics;
            const auto verdict = play(seed, wanted, canary, zones, statistics);
            if (!verdict.violation || verdict.violation->invariant != broken_by(canary)) continue;
            if (play(seed, wanted, Canary::None, zones, statistics).violation) continue;
            found = "seed " + std::to_string(seed) + " step " + std::to_string(verdict.step) + " " +
                    verdict.violation->what();
            break;
        }
        if (found == "NOT FOUND") ++alive;
        std::printf("%-22s %-4s %s\n", to_string(canary), broken_by(canary), found.c_str());
        std::fflush(stdout);
    }
    return alive;
}

}  // namespace

int main(int argc, char** argv) {
    Wanted wanted;
    if (!understand(argc, argv, wanted)) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    const ZoneResolver zones;
    if (wanted.canaries) return find_canaries(wanted, zones) == 0 ? 0 : 1;
    std::vector<std::uint64_t> all;
    if (!wanted.kept.empty()) {
        std::ifstream kept(wanted.kept);
        for (std::string line; std::getline(kept, line);)
            if (!line.empty() && line[0] != '#') all.push_back(std::stoull(line));
    }
    for (std::uint64_t seed = wanted.first; seed < wanted.first + wanted.seeds; ++seed) all.push_back(seed);
    Statistics statistics;
    int violations = 0;
    const auto began = std::clock();
    for (const auto seed : all) {
        const auto verdict = play(seed, wanted, wanted.canary, zones, statistics);
        if (wanted.single || verdict.violation) print(verdict, wanted.single);
        if (!verdict.violation) continue;
        ++violations;
        if (!wanted.go_on) break;
    }
    print(statistics, static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC, violations);
    const bool all_met = std::all_of(statistics.handled.begin(), statistics.handled.end(), [&](std::int64_t handled) {
        return handled >= wanted.at_least;
    });
    if (!all_met) std::printf("A fault was handled less than %lld times.\n", static_cast<long long>(wanted.at_least));
    return violations == 0 && all_met ? 0 : 1;
}
