#include "tests/sim/seed_main.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/sim/seed_command.hpp"
#include "tests/sim/seed_jobs.hpp"
#include "tests/sim/seed_run.hpp"
#include "tests/sim/seed_shrink.hpp"

namespace calgate::seeds {

namespace {

constexpr double kShrinkSeconds = 600;        // When asked for.
constexpr double kShrinkSecondsUnasked = 60;  // Of all seeds that fail.

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

Verdict play_and_count(const Play& wanted, const ZoneResolver& zones, Statistics& statistics) {
    Statistics one;
    auto verdict = play(wanted, zones, one);
    if (!verdict.violation) one.handled = one.fired;
    statistics.add(one);
    return verdict;
}

/// Each canary, until the check of the promise that it breaks finds it in a seed that is sound without it.
/// @return how many stayed alive.
int find_canaries(const Casting& casting, const Wanted& wanted, int share, const ZoneResolver& zones) {
    int alive = 0;
    for (std::size_t i = 1; i < kCanaries; ++i) {
        if (static_cast<int>(i) % wanted.jobs != share) continue;
        const auto canary = static_cast<Canary>(i);
        std::string found = "NOT FOUND";
        for (std::uint64_t seed = wanted.first; seed < wanted.first + wanted.seeds; ++seed) {
            Statistics statistics;
            const auto verdict = play_and_count(casting.play_of(seed, canary), zones, statistics);
            if (!verdict.violation || verdict.violation->invariant != broken_by(canary)) continue;
            if (play_and_count(casting.play_of(seed, Canary::None), zones, statistics).violation) continue;
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

using Json = nlohmann::json;

/// What one process found.
struct Found {
    Statistics statistics{};
    double seconds = 0;  ///< Of processor time.
    int violations = 0;
    std::optional<int> left{};
};

std::string text_of(const Found& found) {
    const Statistics& s = found.statistics;
    Json json = {
        {"fired", s.fired},
        {"handled", s.handled},
        {"checks", s.checks},
        {"sums", {s.seeds, s.operations, s.passes, s.calls, s.writes, s.conflicts, s.settled}},
        {"seconds", found.seconds},
        {"violations", found.violations}};
    if (found.left) json["left"] = *found.left;
    return json.dump();
}

void add(Found& all, const std::string& text) {
    const Json json = Json::parse(text);
    Statistics one;
    json.at("fired").get_to(one.fired);
    json.at("handled").get_to(one.handled);
    json.at("checks").get_to(one.checks);
    const auto& sums = json.at("sums");
    std::size_t at = 0;
    for (auto* sum : {&one.seeds, &one.operations, &one.passes, &one.calls, &one.writes, &one.conflicts, &one.settled})
        *sum = sums.at(at++);
    all.statistics.add(one);
    all.seconds += json.at("seconds").get<double>();
    all.violations += json.at("violations").get<int>();
    if (json.contains("left")) all.left = json.at("left").get<int>();
}

double processor_s() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Every n-th from the share's number on.
Found play_share(const std::vector<Play>& all, int share, const Wanted& wanted, const ZoneResolver& zones) {
    Found found;
    double to_shrink_s = wanted.shrink ? kShrinkSeconds : kShrinkSecondsUnasked;
    const double began = processor_s();
    for (auto i = static_cast<std::size_t>(share); i < all.size(); i += static_cast<std::size_t>(wanted.jobs)) {
        const auto verdict = play_and_count(all[i], zones, found.statistics);
        if ((wanted.single && !wanted.shrink) || verdict.violation) print(verdict, wanted.single && !wanted.shrink);
        if (wanted.single || verdict.violation) std::printf("%s\n", command_of(all[i]).c_str());
        if (!verdict.violation) continue;
        ++found.violations;
        if ((wanted.shrink || !wanted.single) && to_shrink_s > 0) {
            const double before = processor_s();
            found.left = print_smallest(all[i], verdict, zones, to_shrink_s, wanted.single);
            to_shrink_s -= processor_s() - before;
        }
        if (!wanted.go_on) break;
    }
    found.seconds = processor_s() - began;
    return found;
}

/// Whether each fault that this program has was handled as often as wanted.
bool met_all(const Found& found, const Wanted& wanted, bool everywhere) {
    bool all = true;
    for (std::size_t i = 0; i < kFaults; ++i) {
        const auto fault = static_cast<Fault>(i);
        const bool at_sign_in = fault == Fault::SignInAnswerLost || fault == Fault::OtherPerson;
        if (found.statistics.handled.at(i) >= wanted.at_least || (at_sign_in && !everywhere)) continue;
        all = false;
        std::printf(
            "%s was handled less than %lld times.\n", to_string(fault), static_cast<long long>(wanted.at_least)
        );
    }
    return all;
}

}  // namespace

int play_seeds(int argc, char** argv, const HostMaker& everywhere) try {
    const auto understood = seeds::understood(argc, argv);
    if (!understood || (understood->play.everywhere && !everywhere)) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    const Wanted& wanted = *understood;
    const ZoneResolver zones;
    const Casting casting(wanted, everywhere);
    if (wanted.canaries) {
        int alive = 0;
        for (const auto& answer : share_out(wanted.jobs, [&](int share) {
                 return std::to_string(find_canaries(casting, wanted, share, zones));
             }))
            alive += std::stoi(answer);
        return alive == 0 ? 0 : 1;
    }
    auto all = casting.kept();
    for (std::uint64_t seed = wanted.first; seed < wanted.first + wanted.seeds; ++seed)
        all.push_back(casting.play_of(seed, wanted.play.canary));
    if (wanted.twice) return play_twice(all, zones) == 0 ? 0 : 1;
    Found found;
    for (const auto& answer :
         share_out(wanted.jobs, [&](int share) { return text_of(play_share(all, share, wanted, zones)); }))
        add(found, answer);
    print(found.statistics, found.seconds, found.violations);
    const bool met = met_all(found, wanted, static_cast<bool>(everywhere));
    if (wanted.left_at_most) return found.left && *found.left <= *wanted.left_at_most ? 0 : 1;
    return found.violations == 0 && met ? 0 : 1;
} catch (const std::runtime_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}

}  // namespace calgate::seeds
