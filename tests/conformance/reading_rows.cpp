#include "tests/conformance/rows.hpp"
#include "tests/conformance/samples.hpp"

namespace calgate::testing {

namespace {

void find_by_uid(Stage& stage) {
    const Event event = haircut(stage.uid("a"));
    const Href href = stage.create(event).href;
    const auto found_event = stage.connector.find_event(stage.context(), stage.calendar, event.uid);
    CALGATE_EXPECT_SUCCESS(found_event);
    CALGATE_EXPECT(found_event->href == href && found_event->version == stage.version_of(href));
    CALGATE_EXPECT(stage.digest(found_event->event) == stage.digest(event));
}

void find_under_another_name(Stage& stage) {
    const Uid uid = stage.uid("a");
    const Href href = stage.put_foreign(decorated_text(uid), "quite-another-name.ics");
    const auto found_event = stage.connector.find_event(stage.context(), stage.calendar, uid);
    CALGATE_EXPECT_SUCCESS(found_event);
    CALGATE_EXPECT(found_event->href == href && found_event->event.uid == uid);
}

void find_unknown(Stage& stage) {
    stage.create(haircut(stage.uid("a")));
    CALGATE_EXPECT_ERROR(
        stage.connector.find_event(stage.context(), stage.calendar, stage.uid("b")), ErrorCode::NotFound
    );
}

void find_does_not_confuse(Stage& stage) {
    const Uid longer = stage.uid("ab"), shorter{longer.value.substr(0, longer.value.size() - 1)};
    stage.create(haircut(longer));
    CALGATE_EXPECT_ERROR(stage.connector.find_event(stage.context(), stage.calendar, shorter), ErrorCode::NotFound);
    const Href href = stage.create(haircut(shorter)).href;
    const auto found_event = stage.connector.find_event(stage.context(), stage.calendar, shorter);
    CALGATE_EXPECT_SUCCESS(found_event);
    CALGATE_EXPECT(found_event->href == href && found_event->event.uid == shorter);
}

void find_by_uid_that_is_no_file_name(Stage& stage) {
    const Uid uid{stage.uid("a").value + "@mail.example+x=1&y<2>"};
    const Href href = stage.create(haircut(uid)).href;
    const auto found_event = stage.connector.find_event(stage.context(), stage.calendar, uid);
    CALGATE_EXPECT_SUCCESS(found_event);
    CALGATE_EXPECT(found_event->href == href && stage.fetch(href).event.uid == uid);
    const Pulled all = stage.pull();
    CALGATE_EXPECT(all.changed.size() == 1 && all.changed.begin()->first == href.value);
}

void find_in_empty(Stage& stage) {
    CALGATE_EXPECT_ERROR(
        stage.connector.find_event(stage.context(), stage.calendar, stage.uid("a")), ErrorCode::NotFound
    );
}

void fetch_missing(Stage& stage) {
    const Href missing{stage.calendar.value + "no-such-event.ics"};
    CALGATE_EXPECT_ERROR(stage.connector.fetch_event(stage.context(), missing), ErrorCode::NotFound);
}

void fetch_gives_the_source(Stage& stage) {
    const Href href = stage.put_foreign(decorated_text(stage.uid("a")), "decorated.ics");
    const RemoteEvent read = stage.fetch(href);
    CALGATE_EXPECT(read.href == href && read.version && !read.unreadable);
    for (const std::string& shown : stage.subject.decoration())
        CALGATE_EXPECT(read.event.source.find(shown) != std::string::npos);
}

void foreign_has_no_mark(Stage& stage) {
    const RemoteEvent read = stage.fetch(stage.put_foreign(decorated_text(stage.uid("a")), "decorated.ics"));
    CALGATE_EXPECT(read.event.mark.empty() && read.event.capsule.empty());
}

/// Others have to come, and what cannot be read has to stay listed: it may not look deleted.
void expect_quarantined(Stage& stage, const std::string& text) {
    const Href good = stage.create(haircut(stage.uid("good"))).href;
    const Href bad = stage.put_foreign(text, "bad.ics");
    const Pulled all = stage.pull();
    CALGATE_EXPECT(all.changed.contains(good.value) && !all.changed.at(good.value).unreadable);
    CALGATE_EXPECT(all.changed.contains(bad.value) && !all.removed.contains(bad.value));
    const RemoteEvent& unreadable = all.changed.at(bad.value);
    CALGATE_EXPECT(unreadable.unreadable && !unreadable.unreadable->empty() && unreadable.version);
    CALGATE_EXPECT(!unreadable.event.source.empty());
}

void oversized_is_quarantined(Stage& stage) { expect_quarantined(stage, oversized_text(stage.uid("bad"))); }
void garbage_is_quarantined(Stage& stage) { expect_quarantined(stage, "this is no calendar object\r\n"); }

}  // namespace

std::vector<Row> reading_rows() {
    return {
        {"find_event_by_uid", nullptr, find_by_uid},
        {"find_event_under_another_name", nullptr, find_under_another_name},
        {"find_event_of_unknown_uid_is_not_found", nullptr, find_unknown},
        {"find_event_does_not_confuse_similar_uids", nullptr, find_does_not_confuse},
        {"find_event_whose_uid_is_no_file_name", nullptr, find_by_uid_that_is_no_file_name},
        {"find_event_in_an_empty_calendar_is_not_found", nullptr, find_in_empty},
        {"fetch_event_of_missing_is_not_found", nullptr, fetch_missing},
        {"fetch_event_gives_the_text_as_it_came", nullptr, fetch_gives_the_source},
        {"foreign_event_has_no_mark", nullptr, foreign_has_no_mark},
        {"oversized_object_is_quarantined_and_others_come", nullptr, oversized_is_quarantined},
        {"garbage_is_quarantined_and_others_come", &Features::garbage, garbage_is_quarantined},
    };
}

}  // namespace calgate::testing
