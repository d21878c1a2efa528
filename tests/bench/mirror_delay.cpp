#include "tests/bench/mirror_delay.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "gateway/system_clock.hpp"
#include "tests/bench/mirrored_people.hpp"
#include "tests/bench/skipping_clock.hpp"

namespace calgate::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kPeople = 10, kBooked = 1000, kChanges = 2000, kWaiting = 5000;
constexpr std::chrono::milliseconds kEvery{20}, kLatency{100};

std::string title(int number, int revision) {
    return "copy-" + std::to_string(number) + "r" + std::to_string(revision);
}

void wait_for_all(MirroredPeople& people) {
    const auto end = std::chrono::steady_clock::now() + 5min;
    while (people.waiting() > 0) {
        if (std::chrono::steady_clock::now() > end) throw std::runtime_error("Copies are still not written.");
        std::this_thread::sleep_for(50ms);
    }
}

double at_share(const std::vector<double>& sorted, double share) {
    return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

std::vector<MirrorDelay> mirror_delay(const std::string& folder) {
    const SystemClock clock;
    const std::vector<MirroredPeople::Account> accounts{
        {"google", "https://google"}, {"graph", "https://graph"}, {"caldav", "https://caldav"}};
    MirroredPeople people(folder + "/delay.db", clock, kPeople, accounts, {}, kLatency);
    for (int n = 0; n < kBooked; ++n) people.place(n, n % kPeople, n / kPeople, title(n, 1) + "#");
    people.engine().start();
    wait_for_all(people);
    std::map<std::string, int> calls_before;
    for (const auto& [id, wire] : people.wires()) calls_before[id] = wire->calls;
    std::map<std::string, std::pair<int, SteadyInstant>> acknowledged;  // By title: whose, and when.
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < kChanges; ++i) {
        std::this_thread::sleep_until(began + kEvery * i);
        const bool moves = i % 2 == 0;
        const int number = moves ? i / 2 : kBooked + i / 2;
        const int person = number % kPeople;
        const int slot = moves ? kChanges + number / kPeople : kBooked + number / kPeople;
        const std::string name = title(number, moves ? 2 : 1);
        acknowledged[name] = {person, people.place(number, person, slot, name + "#")};
    }
    wait_for_all(people);
    people.engine().stop();
    std::vector<MirrorDelay> out;
    for (const auto& account : accounts) {
        MirrorDelay row;
        row.service = account.service;
        std::vector<double> delays;
        int calls = 0;
        std::map<int, TimedWire::Arrivals> arrivals;
        for (int person = 0; person < kPeople; ++person) {
            const std::string id = "p" + std::to_string(person) + account.service;
            arrivals[person] = people.wires().at(id)->arrivals();
            calls += people.wires().at(id)->calls - calls_before.at(id);
        }
        for (const auto& [name, change] : acknowledged) {
            const auto arrived = arrivals[change.first].find(name);
            if (arrived == arrivals[change.first].end())
                ++row.missing;
            else
                delays.push_back(std::chrono::duration<double>(arrived->second - change.second).count());
        }
        std::sort(delays.begin(), delays.end());
        row.copies = delays.size();
        row.p50_s = at_share(delays, 0.5);
        row.p99_s = at_share(delays, 0.99);
        row.calls = static_cast<double>(calls) / static_cast<double>(acknowledged.size());
        out.push_back(row);
    }
    return out;
}

CatchUp catch_up(const std::string& folder, const std::string& service, double calls_a_copy) {
    SkippingClock clock;
    MirroredPeople people(folder + "/" + service + ".db", clock, 1, {{service, "https://" + service}}, {}, 0ms);
    const int allowed_a_minute = people.set_quota();
    Engine& engine = people.engine();
    const auto go_on = [&](std::chrono::seconds span, const std::function<bool()>& until) {
        for (const auto end = clock.steady() + span; clock.steady() < end && !until();) clock.skip(engine.run_due());
    };
    const auto never = [] { return false; };
    go_on(10min, never);
    TimedWire& wire = *people.wires().begin()->second;
    wire.down = true;
    for (int n = 0; n < kWaiting; ++n) people.place(n, 0, n, title(n, 1) + "#");
    go_on(1h, never);
    CatchUp out{service, allowed_a_minute};
    const int calls = wire.calls;
    wire.down = false;
    // The wait for the next probe is no matter of the quota.
    go_on(2min, [&] { return people.waiting() < kWaiting; });
    const auto began = clock.steady();
    const auto first = people.waiting();
    go_on(4h, [&] { return people.waiting() == 0; });
    const double minutes = std::chrono::duration<double>(clock.steady() - began).count() / 60;
    out.share = static_cast<double>(first) / minutes * calls_a_copy / allowed_a_minute;
    out.calls = wire.calls - calls;
    out.refused = wire.refused;
    const int then = wire.calls;
    go_on(10min, never);
    out.idle_calls = wire.calls - then;
    return out;
}

}  // namespace calgate::bench
