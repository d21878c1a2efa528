#include "tests/conformance/rows.hpp"
#include "tests/conformance/samples.hpp"

namespace calgate::testing {

namespace {

/// Created, read back through a listing and alone: the same meaning both times.
RemoteEvent expect_round_trip(Stage& stage, const Event& event) {
    const Href href = stage.create(event).href;
    const RemoteEvent read = stage.fetch(href);
    CALGATE_EXPECT(!read.unreadable && stage.digest(read.event) == stage.digest(event));
    const Pulled all = stage.pull();
    CALGATE_EXPECT(all.changed.contains(href.value));
    CALGATE_EXPECT(stage.digest(all.changed.at(href.value).event) == stage.digest(event));
    return read;
}

void all_day(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    event.master.start = whole_day("2026-06-10");
    event.master.end = whole_day("2026-06-13");
    const EventInstance read = expect_round_trip(stage, event).event.master;
    CALGATE_EXPECT(read.start == event.master.start && read.end == event.master.end);
}

void series(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    event.master.rules = {"FREQ=WEEKLY;COUNT=10"};
    event.master.excluded_dates = {berlin("2026-06-24T09:00:00")};
    EventInstance moved = event.master;
    moved.rules.clear();
    moved.excluded_dates.clear();
    moved.recurrence_id = berlin("2026-06-17T09:00:00");
    moved.start = berlin("2026-06-18T15:00:00");
    moved.end = berlin("2026-06-18T16:00:00");
    moved.title = "Haircut, moved";
    event.overrides = {moved};
    const Event read = expect_round_trip(stage, event).event;
    CALGATE_EXPECT(read.master.rules.size() == 1 && read.master.excluded_dates.size() == 1);
    CALGATE_EXPECT(read.overrides.size() == 1 && read.overrides[0].title == "Haircut, moved");
}

void letters(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    event.master.title = "Färben, Föhnen; \"groß\" 💇🏽 <b>&amp; 髪";
    event.master.place = "Straße 5, Hof\\hinten; 2. Stock";
    event.master.notes = "Erste Zeile\nZweite, mit Komma\n\nVierte; mit Strichpunkt: ]]> und \\";
    const EventInstance read = expect_round_trip(stage, event).event.master;
    CALGATE_EXPECT(
        read.title == event.master.title && read.place == event.master.place && read.notes == event.master.notes
    );
}

void backslash(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    event.master.notes = "C:\\new and \\n are no line breaks";
    CALGATE_EXPECT(expect_round_trip(stage, event).event.master.notes == event.master.notes);
}

void long_notes(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    std::string notes;
    for (int line = 0; notes.size() < 8192; ++line) notes += "Zeile " + std::to_string(line) + ": für später\n";
    event.master.notes = notes + "Ende";
    CALGATE_EXPECT(expect_round_trip(stage, event).event.master.notes == event.master.notes);
}

void long_capsule(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    for (int i = 0; event.capsule.size() < 4096; ++i) event.capsule += "Az09_-" + std::to_string(i);
    const Href href = stage.create(event).href;
    CALGATE_EXPECT(stage.fetch(href).event.capsule == event.capsule);
    CALGATE_EXPECT(stage.pull().changed.at(href.value).event.capsule == event.capsule);
}

void no_texts(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    event.master.title = event.master.place = event.master.notes = "";
    expect_round_trip(stage, event);
}

void cancelled(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    event.master.status = EventStatus::Cancelled;
    CALGATE_EXPECT(expect_round_trip(stage, event).event.master.status == EventStatus::Cancelled);
}

void tentative(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    event.master.status = EventStatus::Tentative;
    CALGATE_EXPECT(expect_round_trip(stage, event).event.master.status == EventStatus::Tentative);
}

void transparent(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    event.master.transparency = Transparency::Transparent;
    CALGATE_EXPECT(expect_round_trip(stage, event).event.master.transparency == Transparency::Transparent);
}

void private_class(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    event.master.classification = Classification::Private;
    CALGATE_EXPECT(expect_round_trip(stage, event).event.master.classification == Classification::Private);
}

void across_dst(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    event.master.start = berlin("2026-03-28T22:00:00");
    event.master.end = berlin("2026-03-29T05:00:00");
    const EventInstance read = expect_round_trip(stage, event).event.master;
    using std::chrono::hours;
    const Instant start = stage.zones.to_instant(read.start, "UTC"), end = stage.zones.to_instant(read.end, "UTC");
    CALGATE_EXPECT(start == stage.zones.to_instant(event.master.start, "UTC") && end - start == hours(6));
}

void in_utc(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    event.master.start = utc("2026-12-31T23:30:00");
    event.master.end = utc("2027-01-01T00:30:00");
    expect_round_trip(stage, event);
}

void far_away_zone(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    event.master.start = {When::Kind::Zoned, berlin("2026-10-04T01:30:00").local, "Pacific/Auckland"};
    event.master.end = {When::Kind::Zoned, berlin("2026-10-04T02:30:00").local, "Pacific/Auckland"};
    expect_round_trip(stage, event);
}

void without_end(Stage& stage) {
    const Href href = stage.put_foreign(
        foreign_text(stage.uid("a"), "DTSTART;VALUE=DATE:20260610\nSUMMARY:Holiday\n"), "holiday.ics"
    );
    const RemoteEvent read = stage.fetch(href);
    CALGATE_EXPECT(!read.unreadable && read.event.master.start == whole_day("2026-06-10"));
    CALGATE_EXPECT(read.event.master.end == whole_day("2026-06-11"));
}

void with_duration(Stage& stage) {
    const std::string inside = "DTSTART:20260610T070000Z\nDURATION:PT90M\nSUMMARY:Course\n";
    const RemoteEvent read = stage.fetch(stage.put_foreign(foreign_text(stage.uid("a"), inside), "course.ics"));
    CALGATE_EXPECT(!read.unreadable);
    const auto length =
        stage.zones.to_instant(read.event.master.end, "UTC") - stage.zones.to_instant(read.event.master.start, "UTC");
    CALGATE_EXPECT(length == std::chrono::minutes(90));
}

void floating(Stage& stage) {
    const std::string inside = "DTSTART:20260610T070000\nDTEND:20260610T080000\nSUMMARY:Wherever I am\n";
    const RemoteEvent read = stage.fetch(stage.put_foreign(foreign_text(stage.uid("a"), inside), "floating.ics"));
    CALGATE_EXPECT(!read.unreadable && read.event.master.start.kind == When::Kind::Floating);
}

void zone_without_definition(Stage& stage) {
    const std::string inside =
        "DTSTART;TZID=Europe/Berlin:20260610T090000\nDTEND;TZID=Europe/Berlin:20260610T100000\nSUMMARY:Zoned\n";
    const RemoteEvent read = stage.fetch(stage.put_foreign(foreign_text(stage.uid("a"), inside), "zoned.ics"));
    CALGATE_EXPECT(!read.unreadable && read.event.master.start == berlin("2026-06-10T09:00:00"));
}

}  // namespace

std::vector<Row> content_rows() {
    return {
        {"all_day_event_round_trips", nullptr, all_day},
        {"series_with_override_and_exdate_round_trips", nullptr, series},
        {"umlauts_emoji_newlines_and_commas_round_trip", nullptr, letters},
        {"a_backslash_before_n_round_trips", nullptr, backslash},
        {"notes_of_8_kb_round_trip", nullptr, long_notes},
        {"capsule_of_4_kb_round_trips", nullptr, long_capsule},
        {"event_without_any_text_round_trips", nullptr, no_texts},
        {"cancelled_status_round_trips", nullptr, cancelled},
        {"tentative_status_round_trips", nullptr, tentative},
        {"transparent_round_trips", nullptr, transparent},
        {"private_class_round_trips", nullptr, private_class},
        {"zoned_across_a_clock_change_keeps_its_instants", nullptr, across_dst},
        {"utc_over_new_year_round_trips", nullptr, in_utc},
        {"southern_zone_round_trips", nullptr, far_away_zone},
        {"foreign_event_without_end_is_readable", nullptr, without_end},
        {"foreign_event_with_duration_is_readable", nullptr, with_duration},
        {"foreign_floating_time_stays_floating", nullptr, floating},
        {"foreign_zone_without_definition_is_known", nullptr, zone_without_definition},
    };
}

}  // namespace calgate::testing
