#include <libical/ical.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/availability.hpp"
#include "core/busy.hpp"
#include "core/icalendar.hpp"
#include "core/slots.hpp"
#include "gateway/system_clock.hpp"
#include "tests/bench/bare_bookings.hpp"
#include "tests/bench/business_calendar.hpp"
#include "tests/bench/filled_store.hpp"
#include "tests/bench/many_accounts.hpp"
#include "tests/bench/many_polls.hpp"
#include "tests/bench/mirror_delay.hpp"
#include "tests/bench/one_change.hpp"
#include "tests/bench/process_cost.hpp"

using namespace calgate;
using bench::cpu_seconds;
using bench::resident_mib;

namespace {

constexpr int kRounds = 5;

double cost(const std::function<void()>& work) {
    const double before = cpu_seconds();
    work();
    return cpu_seconds() - before;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

Interval two_years() {
    using namespace std::chrono;
    return {sys_days{year{2026} / January / 1}, sys_days{year{2028} / January / 1}};
}

/// The floor: libical alone parses and walks the rules, with none of the guards.
std::size_t bare_libical(const std::vector<std::string>& objects) {
    std::size_t instances = 0;
    const icaltimetype end = icaltime_from_string("20280101T000000Z");
    for (const std::string& object : objects) {
        icalcomponent* root = icalcomponent_new_from_string(object.c_str());
        for (icalcomponent* event = icalcomponent_get_first_component(root, ICAL_VEVENT_COMPONENT); event;
             event = icalcomponent_get_next_component(root, ICAL_VEVENT_COMPONENT)) {
            icalproperty* rule = icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY);
            const icaltimetype start = icalcomponent_get_dtstart(event);
            if (!rule) {
                ++instances;
                continue;
            }
            icaltimetype local = start;
            local.zone = nullptr;
            icalrecur_iterator* walk = icalrecur_iterator_new(icalproperty_get_rrule(rule), local);
            for (icaltimetype at = icalrecur_iterator_next(walk);
                 !icaltime_is_null_time(at) && icaltime_compare(at, end) < 0;
                 at = icalrecur_iterator_next(walk)) {
                ++instances;
            }
            icalrecur_iterator_free(walk);
        }
        icalcomponent_free(root);
    }
    return instances;
}

std::vector<BusyInterval> ours(const std::vector<std::string>& objects, const ZoneResolver& zones, const Clock& clock) {
    std::vector<BusyInterval> all;
    const IcalendarContext context{zones, "Europe/Berlin", {}};
    for (const std::string& object : objects) {
        const auto event = read_icalendar(object, context);
        if (!event) continue;
        const auto busy = busy_time(*event, two_years(), zones, "Europe/Berlin", clock);
        all.insert(all.end(), busy.intervals.begin(), busy.intervals.end());
    }
    return all;
}

/// Each object as a file of its own, as Radicale keeps them.
int write_calendar(const std::string& folder, std::size_t events) {
    const auto objects = bench::business_calendar(events, 7);
    for (std::size_t i = 0; i < objects.size(); ++i) {
        std::ofstream file(folder + "/bench-7-" + std::to_string(i) + ".ics", std::ios::binary);
        file << objects[i];
        if (!file.flush()) return 1;
    }
    return 0;
}

/// Prints both rates: a booking's rows a commit, and those of 64 bookings a commit.
int commits(const std::string& path) {
    const double one = bench::bare_bookings(path, 1);
    const double many = bench::bare_bookings(path, 64);
    std::printf("%.1f %.1f\n", one, many);
    return one > 0 && many > 0 ? 0 : 1;
}

/// For a database; gone afterwards.
class Folder {
public:
    Folder() {
        if (!mkdtemp(path_.data())) throw std::runtime_error("No folder could be made in " + path_ + ".");
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_ = (std::filesystem::temp_directory_path() / "calgate-bench-XXXXXX").string();
};

/// P9.
int delays() {
    const Folder folder;
    for (const auto& row : bench::mirror_delay(folder.path()))
        std::printf(
            "P9 %zu copies at %s, 100 ms away, 50 changes a second: p50 %.2f s, p99 %.2f s, %.2f calls a copy, %zu "
            "missing\n",
            row.copies,
            row.service.c_str(),
            row.p50_s,
            row.p99_s,
            row.calls,
            row.missing
        );
    return 0;
}

/// P10.
int catching_up() {
    const Folder folder;
    for (const auto& [service, calls] : {std::pair{"google", 1.0}, {"graph", 3.5}}) {
        const auto row = bench::catch_up(folder.path(), service, calls);
        std::printf(
            "P10 5,000 waiting changes at %s, which admits %d calls a minute, %.1f a copy: %.0f %% of that rate, %d "
            "requests, %d refused, %d in the ten minutes after\n",
            row.service.c_str(),
            row.allowed,
            calls,
            row.share * 100,
            row.calls,
            row.refused,
            row.idle_calls
        );
    }
    return 0;
}

/// P12.
int accounts(std::size_t count, std::chrono::seconds steady) {
    const Folder folder;
    const auto found = bench::many_accounts(folder.path(), count, steady);
    std::printf(
        "P12 %zu accounts, one server hung, every hundredth refused: %.1f %% of a core, %.0f MiB, first reading after "
        "%.0f s, %zu readings in %lld s, longest gap %.0f s, %zu refused, %zu hung\n",
        count,
        found.share_of_core * 100,
        found.memory_mib,
        found.first_reading_s,
        found.readings,
        static_cast<long long>(steady.count()),
        found.longest_gap_s,
        found.refused,
        found.hung
    );
    return 0;
}

/// P6 of many calendars.
int polls(std::size_t calendars) {
    const Folder folder;
    const auto cost = bench::cost_of_polls(calendars, folder.path().c_str());
    std::printf(
        "%zu calendars polled every 5 minutes: %.1f %% of a core, %zu polls in %.0f s, %.3f writes and %.2f calls a "
        "poll, %.0f MiB\n",
        calendars,
        cost.share_of_core * 100,
        cost.polls,
        cost.seconds,
        cost.writes,
        cost.calls,
        resident_mib()
    );
    return 0;
}

/// P3 without HTTP: twenty people with a calendar each, a month, a grid of 15 minutes, buffers, working hours.
int slots(const ZoneResolver& zones, const Clock& clock) {
    for (const std::size_t size : {std::size_t{1'000}, std::size_t{10'000}}) {
        AvailabilityIndex index;
        SlotQuestion question;
        question.service.duration = std::chrono::minutes{30};
        question.service.step = std::chrono::minutes{15};
        question.service.buffer_before = std::chrono::minutes{5};
        question.service.buffer_after = std::chrono::minutes{10};
        question.service.horizon = std::chrono::days{730};
        question.now = two_years().start + std::chrono::days{190};
        question.window = {two_years().start + std::chrono::days{200}, two_years().start + std::chrono::days{230}};
        for (std::uint64_t number = 0; number < 20; ++number) {
            Staff staff{.id = {std::to_string(number)}, .name = "P", .zone = "Europe/Berlin"};
            for (std::size_t day = 0; day < 5; ++day) staff.week.at(day) = {{9 * 60, 12 * 60}, {13 * 60, 17 * 60}};
            index.set_person(staff);
            index.set_source(
                staff.id,
                {"c", Instant{}, SourceState::Freshness::Live},
                ours(bench::business_calendar(size, number), zones, clock)
            );
            question.people.push_back(index.person(staff.id));
        }
        std::size_t found = 0;
        std::vector<double> costs;
        for (int round = 0; round < 200; ++round)
            costs.push_back(cost([&] { found = slots_for(question, zones).size(); }));
        std::printf(
            "slots of 20 people with %zu events each, 30 days, 15 minutes: %.0f us, %zu slots\n",
            size,
            median(costs) * 1e6,
            found
        );
    }
    return 0;
}

/// P6, P7: what a run over a cached calendar costs, small and large.
int runs() {
    const Folder folder;
    const auto small = bench::cost_of_runs(1'000, folder.path().c_str());
    const auto large = bench::cost_of_runs(50'000, folder.path().c_str());
    const auto line = [](const char* what, double few, double many, double calls) {
        std::printf(
            "%s: %.0f us at 1,000 events, %.0f us at 50,000, ratio %.2f, %.1f calls\n",
            what,
            few * 1e6,
            many * 1e6,
            many / few,
            calls
        );
    };
    line("a run that finds nothing new", small.unchanged_s, large.unchanged_s, large.calls_unchanged);
    line("a run that finds one event changed", small.changed_s, large.changed_s, large.calls_changed);
    return 0;
}

/// P11: the index of a hundred people with 10,000 events each.
int memory(const ZoneResolver& zones, const Clock& clock) {
    const double before = resident_mib();
    AvailabilityIndex index;
    std::size_t count = 0;
    for (std::uint64_t person = 0; person < 100; ++person) {
        auto intervals = ours(bench::business_calendar(10'000, person), zones, clock);
        count += intervals.size();
        const SourceState live{"c", Instant{}, SourceState::Freshness::Live};
        index.set_source(StaffId{std::to_string(person)}, live, std::move(intervals));
    }
    malloc_trim(0);
    const double taken = resident_mib() - before;
    std::printf(
        "index of 100 people, 1,000,000 events, %zu intervals: %.0f MiB, %.1f bytes an interval\n",
        count,
        taken,
        taken * 1024 * 1024 / static_cast<double>(count)
    );
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    const std::vector<std::string> words(arguments + 1, arguments + count);
    if (words.size() == 3 && words[0] == "--write-calendar") return write_calendar(words[1], std::stoul(words[2]));
    if (words.size() == 2 && words[0] == "--commits") return commits(words[1]);
    const ZoneResolver zones;
    const SystemClock clock;
    if (words == std::vector<std::string>{"--runs"}) return runs();
    if (words == std::vector<std::string>{"--slots"}) return slots(zones, clock);
    if (words.size() == 2 && words[0] == "--polls") return polls(std::stoul(words[1]));
    if (words == std::vector<std::string>{"--delays"}) return delays();
    if (words == std::vector<std::string>{"--catching-up"}) return catching_up();
    if (words.size() == 3 && words[0] == "--accounts")
        return accounts(std::stoul(words[1]), std::chrono::seconds(std::stoul(words[2])));
    if (words.size() == 4 && words[0] == "--fill") {
        bench::fill_store(words[1], std::stoul(words[2]), std::stoul(words[3]), zones, clock);
        return 0;
    }
    if (words == std::vector<std::string>{"--memory"}) return memory(zones, clock);
    std::printf("%-58s %12s %12s %8s\n", "what (CPU, median of 5 interleaved rounds)", "calgate", "peer", "ratio");
    for (const std::size_t size : {std::size_t{1000}, std::size_t{10000}}) {
        const auto objects = bench::business_calendar(size, 7);
        std::vector<double> calgate_cost;
        std::vector<double> libical_cost;
        std::vector<BusyInterval> intervals;
        for (int round = 0; round < kRounds; ++round) {
            libical_cost.push_back(cost([&] { bare_libical(objects); }));
            calgate_cost.push_back(cost([&] { intervals = ours(objects, zones, clock); }));
        }
        const double a = median(calgate_cost);
        const double b = median(libical_cost);
        std::printf(
            "take in %6zu events; peer: bare libical, no guards %*s %9.3f s %10.3f s %7.2f\n", size, 8, "", a, b, a / b
        );
        AvailabilityIndex index;
        index.set_source(StaffId{"a"}, SourceState{"c", Instant{}, SourceState::Freshness::Live}, intervals);
        const auto person = index.person(StaffId{"a"});
        const Interval week{two_years().start + std::chrono::days{200}, two_years().start + std::chrono::days{207}};
        constexpr int kQuestions = 10000;
        std::size_t answers = 0;
        const double asked = cost([&] {
            for (int i = 0; i < kQuestions; ++i) answers += busy_within(*person, week).size();
        });
        std::printf(
            "one week's busy time out of %zu intervals: %.2f us, %zu in the answer\n",
            intervals.size(),
            asked / kQuestions * 1e6,
            answers / kQuestions
        );
        std::printf(
            "{\"bench\":\"ingest\",\"events\":%zu,\"calgate_s\":%.4f,\"libical_s\":%.4f,\"intervals\":%zu}\n",
            size,
            a,
            b,
            intervals.size()
        );
    }
    return 0;
}
