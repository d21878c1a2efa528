#include "tests/sim/seed_main.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/seed_run.hpp"
#include "tests/sim/seed_shrink.hpp"

namespace calgate::seeds {

namespace {

struct Wanted {
    Play play{};  ///< But for its seed.
    std::uint64_t first = 1;
    std::uint64_t seeds = 500;
    bool single = false;
    bool canaries = false;
    bool go_on = false;
    bool mixed = false;  ///< A share of the seeds on disk, and one with an old backup.
    bool shrink = false;
    std::optional<int> left_at_most{};  ///< The seed is to break something, and no more operations are needed for it.
    bool twice = false;
    std::string kept{};
    std::int64_t at_least = 0;
};

constexpr std::uint64_t kOneOnDiskIn = 32;  // A file takes fifteen times as long as memory.
constexpr std::uint64_t kOneOldBackupIn = 4;
constexpr double kShrinkSeconds = 600;        // When asked for.
constexpr double kShrinkSecondsUnasked = 60;  // Of all seeds that fail.

constexpr const char* kUsage =
    "calgate_seeds [--seeds N] [--ops N] [--seed N] [--first N] [--kept FILE] [--canaries] [--canary NAME] [--go-on] "
    "[--batches] [--disk] [--old-backup] [--mixed] [--at-least N] [--shrink] [--left-at-most N] [--twice] [--without "
    "NUMBERS] "
    "[--without-faults NAMES]\n";

bool understand(int argc, char** argv, Wanted& wanted) {
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        const bool has_value = i + 1 < argc;
        if (name == "--canaries")
            wanted.canaries = true;
        else if (name == "--go-on")
            wanted.go_on = true;
        else if (name == "--batches")
            wanted.play.batches = true;
        else if (name == "--mixed")
            wanted.mixed = true;
        else if (name == "--disk")
            wanted.play.disk = true;
        else if (name == "--old-backup")
            wanted.play.old_backup = true;
        else if (name == "--shrink")
            wanted.shrink = true;
        else if (name == "--twice")
            wanted.twice = true;
        else if (!has_value)
            return false;
        else if (name == "--seeds")
            wanted.seeds = std::stoull(argv[++i]);
        else if (name == "--ops")
            wanted.play.operations = std::stoi(argv[++i]);
        else if (name == "--first")
            wanted.first = std::stoull(argv[++i]);
        else if (name == "--kept")
            wanted.kept = argv[++i];
        else if (name == "--at-least")
            wanted.at_least = std::stoll(argv[++i]);
        else if (name == "--canary") {
            const std::string canary = argv[++i];
            for (std::size_t c = 0; c < kCanaries; ++c)
                if (canary == to_string(static_cast<Canary>(c))) wanted.play.canary = static_cast<Canary>(c);
            if (wanted.play.canary == Canary::None) return false;
        } else if (name == "--left-at-most") {
            wanted.shrink = true;
            wanted.left_at_most = std::stoi(argv[++i]);
        } else if (name == "--without") {
            if (!read_numbers(argv[++i], wanted.play.without)) return false;
        } else if (name == "--without-faults") {
            if (!read_faults(argv[++i], wanted.play.without_faults)) return false;
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
    if (everything) std::printf("trace %s\n", verdict.trace.c_str());
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

Play play_of(const Wanted& wanted, std::uint64_t seed, Canary canary) {
    Play play = wanted.play;
    play.seed = seed;
    play.canary = canary;
    play.disk = play.disk || (wanted.mixed && seed % kOneOnDiskIn == 0);
    play.old_backup = play.old_backup || (wanted.mixed && seed % kOneOldBackupIn == 1);
    return play;
}

/// A line each: a seed, and after it how it is to be played.
std::vector<Play> kept_plays(const Wanted& wanted) {
    std::vector<Play> all;
    std::ifstream kept(wanted.kept);
    for (std::string line; !wanted.kept.empty() && std::getline(kept, line);) {
        if (line.empty() || line[0] == '#') continue;
        Play play = wanted.play;
        play.seed = std::stoull(line);
        const auto has = [&](const char* word) { return line.find(word) != std::string::npos; };
        play.batches = play.batches || has("--batches");
        play.disk = play.disk || has("--disk");
        play.old_backup = play.old_backup || has("--old-backup");
        all.push_back(std::move(play));
    }
    return all;
}

Verdict play_and_count(const Play& wanted, const ZoneResolver& zones, Statistics& statistics) {
    Statistics one;
    auto verdict = play(wanted, zones, one);
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
            const auto verdict = play_and_count(play_of(wanted, seed, canary), zones, statistics);
            if (!verdict.violation || verdict.violation->invariant != broken_by(canary)) continue;
            if (play_and_count(play_of(wanted, seed, Canary::None), zones, statistics).violation) continue;
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

/// @param everything of the smallest play's history. @return what is left of it, and that it plays again as printed.
std::optional<int> print_smallest(
    const Play& play, const Verdict& broken, const ZoneResolver& zones, double time_s, bool everything
) {
    const auto smallest = shrink(play, broken, zones, time_s);
    const int left = smallest.play.operations - static_cast<int>(smallest.play.without.size());
    print(smallest.verdict, everything);
    std::printf(
        "%d of %d operations are left after %d plays%s:\n%s\n",
        left,
        play.operations,
        smallest.plays,
        smallest.complete ? "" : ", when time ran out",
        command_of(smallest.play).c_str()
    );
    Play again = smallest.play;
    Statistics statistics;
    if (!read_back(again) || seeds::play(again, zones, statistics).trace != smallest.verdict.trace) {
        std::printf("Played again it goes another way.\n");
        return std::nullopt;
    }
    return left;
}

/// Each seed once more after another one was played; what differs depends on more than the seed.
int play_twice(const std::vector<Play>& all, const ZoneResolver& zones) {
    int differing = 0;
    Statistics statistics;
    for (const Play& wanted_play : all) {
        const auto first = play_and_count(wanted_play, zones, statistics);
        Play other = wanted_play;
        other.seed += 1'000'000;
        other.operations = 20;
        play_and_count(other, zones, statistics);
        const auto second = play_and_count(wanted_play, zones, statistics);
        std::printf("seed %llu trace %s\n", static_cast<unsigned long long>(wanted_play.seed), first.trace.c_str());
        if (first.trace == second.trace) continue;
        ++differing;
        const auto size = std::min(first.history.size(), second.history.size());
        std::size_t at = 0;
        while (at < size && first.history[at] == second.history[at]) ++at;
        std::printf(
            "DIFFERS the second time: trace %s, from \"%s\" on, which was \"%s\"\n",
            second.trace.c_str(),
            at < second.history.size() ? second.history[at].c_str() : "its end",
            at < first.history.size() ? first.history[at].c_str() : "its end"
        );
    }
    return differing;
}

}  // namespace

int play_seeds(int argc, char** argv, const HostMaker& services, const std::string& services_named) {
    Wanted wanted;
    wanted.play.services = services;
    wanted.play.services_named = services_named;
    if (!understand(argc, argv, wanted)) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    const ZoneResolver zones;
    if (wanted.canaries) return find_canaries(wanted, zones) == 0 ? 0 : 1;
    auto all = kept_plays(wanted);
    for (std::uint64_t seed = wanted.first; seed < wanted.first + wanted.seeds; ++seed)
        all.push_back(play_of(wanted, seed, wanted.play.canary));
    if (wanted.twice) return play_twice(all, zones) == 0 ? 0 : 1;
    Statistics statistics;
    int violations = 0;
    std::optional<int> left;
    double to_shrink_s = wanted.shrink ? kShrinkSeconds : kShrinkSecondsUnasked;
    const auto began = std::clock();
    for (const Play& one : all) {
        const auto verdict = play_and_count(one, zones, statistics);
        if ((wanted.single && !wanted.shrink) || verdict.violation) print(verdict, wanted.single && !wanted.shrink);
        if (!verdict.violation) continue;
        ++violations;
        if ((wanted.shrink || !wanted.single) && to_shrink_s > 0) {
            const auto before = std::clock();
            left = print_smallest(one, verdict, zones, to_shrink_s, wanted.single);
            to_shrink_s -= static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
        }
        if (!wanted.go_on) break;
    }
    print(statistics, static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC, violations);
    // Nobody signs in at CalDAV.
    const auto signing_in = static_cast<std::ptrdiff_t>(Fault::SignInAnswerLost);
    const auto last = statistics.handled.begin() + (services_named.empty() ? signing_in : signing_in + 1);
    const bool all_met =
        std::all_of(statistics.handled.begin(), last, [&](std::int64_t handled) { return handled >= wanted.at_least; });
    if (!all_met) std::printf("A fault was handled less than %lld times.\n", static_cast<long long>(wanted.at_least));
    if (wanted.left_at_most) return left && *left <= *wanted.left_at_most ? 0 : 1;
    return violations == 0 && all_met ? 0 : 1;
}

}  // namespace calgate::seeds
