#include "core/busy.hpp"
#include "tests/conformance/rows.hpp"
#include "tests/conformance/samples.hpp"
#include "tests/support/clock_changes.hpp"

namespace calgate::testing {

namespace {

using std::chrono::hours;

const Interval kSpring{
    Instant{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}},
    Instant{std::chrono::sys_days{std::chrono::year{2026} / 7 / 1}}};

/// Eight Mondays over the spring change of Berlin (29 March 2026).
Event mondays(const Uid& uid) {
    Event event = haircut(uid);
    event.master.start = berlin("2026-03-09T09:00:00");
    event.master.end = berlin("2026-03-09T10:00:00");
    event.master.rules = {"FREQ=WEEKLY;COUNT=8"};
    return event;
}

Event with_moved(Event event, const char* which, const char* start, const char* end) {
    EventInstance moved = event.master;
    moved.rules.clear();
    moved.excluded_dates.clear();
    moved.recurrence_id = berlin(which);
    moved.start = berlin(start);
    moved.end = berlin(end);
    event.overrides.push_back(std::move(moved));
    return event;
}

std::vector<BusyInterval> instances(Stage& stage, const Event& event) {
    return busy_time(event, kSpring, stage.zones, "Europe/Berlin", stage.subject.clock()).intervals;
}

/// Written, read alone and in a listing, and renamed: every time the same instances.
void expect_kept(Stage& stage, const Event& event, std::size_t count) {
    const auto wanted = instances(stage, event);
    CALGATE_EXPECT(wanted.size() == count);
    const Href href = stage.create(event).href;
    const RemoteEvent read = stage.fetch(href);
    CALGATE_EXPECT(instances(stage, read.event) == wanted);
    const Pulled all = stage.pull();
    CALGATE_EXPECT(all.changed.contains(href.value));
    CALGATE_EXPECT(instances(stage, all.changed.at(href.value).event) == wanted);
    stage.update(read, [](Event& written) { written.master.title = "Renamed"; });
    CALGATE_EXPECT(instances(stage, stage.fetch(href).event) == wanted);
}

void plain(Stage& stage) { expect_kept(stage, mondays(stage.uid("a")), 8); }

void one_moved(Stage& stage) {
    const Event event = mondays(stage.uid("a"));
    expect_kept(stage, with_moved(event, "2026-03-16T09:00:00", "2026-03-17T14:00:00", "2026-03-17T15:30:00"), 8);
}

void moved_over_the_change(Stage& stage) {
    const Event event = mondays(stage.uid("a"));
    expect_kept(stage, with_moved(event, "2026-03-23T09:00:00", "2026-03-28T23:30:00", "2026-03-29T04:30:00"), 8);
}

void one_cancelled(Stage& stage) {
    Event event = mondays(stage.uid("a"));
    event.master.excluded_dates = {berlin("2026-03-30T09:00:00")};
    expect_kept(stage, event, 7);
}

void moved_and_cancelled(Stage& stage) {
    Event event = mondays(stage.uid("a"));
    event.master.excluded_dates = {berlin("2026-03-23T09:00:00")};
    expect_kept(stage, with_moved(event, "2026-04-13T09:00:00", "2026-04-14T08:00:00", "2026-04-14T09:00:00"), 7);
}

/// As clients split a series: the old one ends, another goes on at another time.
void split(Stage& stage) {
    Event before = mondays(stage.uid("before"));
    before.master.rules = {"FREQ=WEEKLY;COUNT=4"};
    Event after = mondays(stage.uid("after"));
    after.master.start = berlin("2026-04-06T11:00:00");
    after.master.end = berlin("2026-04-06T12:30:00");
    after.master.rules = {"FREQ=WEEKLY;COUNT=4"};
    expect_kept(stage, before, 4);
    expect_kept(stage, after, 4);
}

/// A night over each clock change of 2020–2035: the wall clock shows what was written.
void every_change(Stage& stage) {
    std::map<std::string, EventInstance> written;
    for (const std::string zone : {"Europe/Berlin", "America/New_York", "Australia/Sydney"}) {
        for (const LocalSeconds day : clock_changes(stage.zones, zone)) {
            Event event = haircut(stage.uid("n" + std::to_string(written.size())));
            event.master.start = {When::Kind::Zoned, day - hours{2}, zone};
            event.master.end = {When::Kind::Zoned, day + hours{9}, zone};
            const Href href = stage.create(event).href;
            written[href.value] = event.master;
        }
    }
    CALGATE_EXPECT(written.size() > 90);
    const Pulled all = stage.pull();
    for (const auto& [href, wanted] : written) {
        CALGATE_EXPECT(all.changed.contains(href));
        const EventInstance& read = all.changed.at(href).event.master;
        for (const auto& [is, was] : {std::pair{read.start, wanted.start}, std::pair{read.end, wanted.end}}) {
            const Instant instant = stage.zones.to_instant(is, "UTC");
            CALGATE_EXPECT(stage.zones.to_local(instant, was.zone) == was.local);
            CALGATE_EXPECT(instant == stage.zones.to_instant(was, "UTC"));
        }
    }
}

}  // namespace

std::vector<Row> series_rows() {
    return {
        {"R10_a_series_over_a_clock_change_keeps_its_instances", nullptr, plain},
        {"R10_a_series_with_one_moved_keeps_its_instances", nullptr, one_moved},
        {"R10_a_series_with_one_moved_over_a_clock_change_keeps_its_instances", nullptr, moved_over_the_change},
        {"R10_a_series_with_one_cancelled_keeps_its_instances", nullptr, one_cancelled},
        {"R10_a_series_with_one_moved_and_one_cancelled_keeps_its_instances", nullptr, moved_and_cancelled},
        {"R10_a_series_split_from_one_day_on_keeps_its_instances", nullptr, split},
        {"R11_the_wall_clock_is_kept_over_every_change_from_2020_to_2035", nullptr, every_change},
    };
}

}  // namespace calgate::testing
