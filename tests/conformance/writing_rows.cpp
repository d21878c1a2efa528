#include "tests/conformance/rows.hpp"
#include "tests/conformance/samples.hpp"

namespace calgate::testing {

namespace {

Error lost() { return {ErrorCode::Timeout, "No answer came in time.", {}}; }

void create_then_fetch(Stage& stage) {
    const Event event = haircut(stage.uid("a"));
    const RemoteEvent read = stage.fetch(stage.create(event).href);
    CALGATE_EXPECT(!read.unreadable && read.event.uid == event.uid);
    CALGATE_EXPECT(stage.digest(read.event) == stage.digest(event));
}

void receipt_tells_the_version(Stage& stage) {
    const WriteReceipt receipt = stage.create(haircut(stage.uid("a")));
    CALGATE_EXPECT(receipt.version == stage.version_of(receipt.href));
}

void create_twice(Stage& stage) {
    const Event event = haircut(stage.uid("a"));
    const Href href = stage.create(event).href;
    Event other = event;
    other.master.title = "Another title";
    CALGATE_EXPECT_ERROR(
        stage.connector.create_event(stage.context(), stage.calendar, other), ErrorCode::AlreadyExists
    );
    CALGATE_EXPECT(stage.count() == 1 && stage.fetch(href).event.master.title == "Haircut");
}

void create_where_uid_is_elsewhere(Stage& stage) {
    const Uid uid = stage.uid("a");
    stage.put_foreign(decorated_text(uid), "somewhere-else.ics");
    CALGATE_EXPECT_ERROR(
        stage.connector.create_event(stage.context(), stage.calendar, haircut(uid)), ErrorCode::AlreadyExists
    );
    CALGATE_EXPECT(stage.count() == 1);
}

void create_after_a_lost_answer(Stage& stage) {
    const Event event = haircut(stage.uid("a"));
    stage.subject.lose_next_answer();
    CALGATE_EXPECT_ERROR(stage.connector.create_event(stage.context(), stage.calendar, event), lost().code);
    CALGATE_EXPECT_ERROR(
        stage.connector.create_event(stage.context(), stage.calendar, event), ErrorCode::AlreadyExists
    );
    const auto adopted = stage.connector.find_event(stage.context(), stage.calendar, event.uid);
    CALGATE_EXPECT_SUCCESS(adopted);
    CALGATE_EXPECT(stage.digest(adopted->event) == stage.digest(event) && stage.count() == 1);
}

void update_is_stored(Stage& stage) {
    const RemoteEvent read = stage.fetch(stage.create(haircut(stage.uid("a"))).href);
    const WriteReceipt receipt = stage.update(read, [](Event& event) {
        event.master.title = "Colouring";
        event.master.start = berlin("2026-06-11T14:00:00");
        event.master.end = berlin("2026-06-11T16:00:00");
    });
    const RemoteEvent now = stage.fetch(receipt.href);
    CALGATE_EXPECT(now.event.master.title == "Colouring");
    CALGATE_EXPECT(
        stage.zones.to_instant(now.event.master.start, "UTC") ==
        stage.zones.to_instant(berlin("2026-06-11T14:00:00"), "UTC")
    );
    CALGATE_EXPECT(stage.count() == 1);
}

void update_changes_the_version(Stage& stage) {
    const RemoteEvent read = stage.fetch(stage.create(haircut(stage.uid("a"))).href);
    const WriteReceipt receipt = stage.update(read, [](Event& event) { event.master.title = "Colouring"; });
    CALGATE_EXPECT(receipt.version.has_value() && receipt.version != read.version);
    CALGATE_EXPECT(receipt.version == stage.version_of(read.href));
}

void update_keeps_place_and_uid(Stage& stage) {
    const Uid uid = stage.uid("a");
    const Href href = stage.put_foreign(decorated_text(uid), "a-name-of-its-own.ics");
    const WriteReceipt receipt = stage.update(stage.fetch(href), [](Event& event) { event.master.title = "Moved"; });
    CALGATE_EXPECT(receipt.href == href && stage.fetch(href).event.uid == uid && stage.count() == 1);
}

void stale_update(Stage& stage) {
    const RemoteEvent first = stage.fetch(stage.create(haircut(stage.uid("a"))).href);
    stage.update(first, [](Event& event) { event.master.title = "Second"; });
    Event late = first.event;
    late.master.title = "Third";
    CALGATE_EXPECT_ERROR(
        stage.connector.update_event(stage.context(), first.href, *first.version, late), ErrorCode::VersionMismatch
    );
    CALGATE_EXPECT(stage.fetch(first.href).event.master.title == "Second");
}

void update_over_another_program(Stage& stage) {
    const Uid uid = stage.uid("a");
    const std::string name = uid.value + ".ics";
    const RemoteEvent first = stage.fetch(stage.create(haircut(uid)).href);
    stage.put_foreign(decorated_text(uid), name);
    Event late = first.event;
    late.master.title = "Ours";
    CALGATE_EXPECT_ERROR(
        stage.connector.update_event(stage.context(), first.href, *first.version, late), ErrorCode::VersionMismatch
    );
    CALGATE_EXPECT(stage.fetch(first.href).event.master.title == "Team meeting");
}

void update_after_a_lost_answer(Stage& stage) {
    const RemoteEvent first = stage.fetch(stage.create(haircut(stage.uid("a"))).href);
    Event edited = first.event;
    edited.master.title = "Second";
    stage.subject.lose_next_answer();
    CALGATE_EXPECT_ERROR(
        stage.connector.update_event(stage.context(), first.href, *first.version, edited), lost().code
    );
    CALGATE_EXPECT_ERROR(
        stage.connector.update_event(stage.context(), first.href, *first.version, edited), ErrorCode::VersionMismatch
    );
    CALGATE_EXPECT(stage.fetch(first.href).event.master.title == "Second" && stage.count() == 1);
}

void update_of_missing(Stage& stage) {
    const RemoteEvent read = stage.fetch(stage.create(haircut(stage.uid("a"))).href);
    stage.subject.erase(read.href);
    CALGATE_EXPECT_ERROR(
        stage.connector.update_event(stage.context(), read.href, *read.version, read.event), ErrorCode::NotFound
    );
    CALGATE_EXPECT(stage.count() == 0);
}

void update_keeps_what_is_not_ours(Stage& stage) {
    const Href href = stage.put_foreign(decorated_text(stage.uid("a")), "decorated.ics");
    stage.update(stage.fetch(href), [](Event& event) { event.master.notes = "Bring the plan"; });
    const RemoteEvent now = stage.fetch(href);
    CALGATE_EXPECT(now.event.master.notes == "Bring the plan" && now.event.master.title == "Team meeting");
    for (const std::string& kept : stage.subject.decoration())
        if (now.event.source.find(kept) == std::string::npos) found(__FILE__, __LINE__, "lost: " + kept);
}

void update_keeps_mark_and_capsule(Stage& stage) {
    Event event = haircut(stage.uid("a"));
    event.mark = "cg1/epoch/business/appointment-1/1/1/hash";
    event.capsule = "c2VhbGVk";
    const RemoteEvent read = stage.fetch(stage.create(event).href);
    CALGATE_EXPECT(read.event.mark == event.mark && read.event.capsule == event.capsule);
    stage.update(read, [](Event& edited) { edited.master.place = "Upstairs"; });
    const RemoteEvent now = stage.fetch(read.href);
    CALGATE_EXPECT(
        now.event.mark == event.mark && now.event.capsule == event.capsule && now.event.master.place == "Upstairs"
    );
}

void delete_removes(Stage& stage) {
    const Href href = stage.create(haircut(stage.uid("a"))).href;
    stage.create(haircut(stage.uid("b")));
    CALGATE_EXPECT_SUCCESS(stage.connector.delete_event(stage.context(), href, stage.version_of(href)));
    CALGATE_EXPECT_ERROR(stage.connector.fetch_event(stage.context(), href), ErrorCode::NotFound);
    CALGATE_EXPECT(stage.count() == 1);
}

void delete_twice(Stage& stage) {
    const Href href = stage.create(haircut(stage.uid("a"))).href;
    const Version version = stage.version_of(href);
    CALGATE_EXPECT_SUCCESS(stage.connector.delete_event(stage.context(), href, version));
    CALGATE_EXPECT_SUCCESS(stage.connector.delete_event(stage.context(), href, version));
}

void delete_stale(Stage& stage) {
    const RemoteEvent first = stage.fetch(stage.create(haircut(stage.uid("a"))).href);
    stage.update(first, [](Event& event) { event.master.title = "Second"; });
    CALGATE_EXPECT_ERROR(
        stage.connector.delete_event(stage.context(), first.href, *first.version), ErrorCode::VersionMismatch
    );
    CALGATE_EXPECT(stage.fetch(first.href).event.master.title == "Second");
}

void delete_after_a_lost_answer(Stage& stage) {
    const Href href = stage.create(haircut(stage.uid("a"))).href;
    const Version version = stage.version_of(href);
    stage.subject.lose_next_answer();
    CALGATE_EXPECT_ERROR(stage.connector.delete_event(stage.context(), href, version), lost().code);
    CALGATE_EXPECT_SUCCESS(stage.connector.delete_event(stage.context(), href, version));
    CALGATE_EXPECT(stage.count() == 0);
}

void create_again_after_delete(Stage& stage) {
    const Event event = haircut(stage.uid("a"));
    const Href href = stage.create(event).href;
    CALGATE_EXPECT_SUCCESS(stage.connector.delete_event(stage.context(), href, stage.version_of(href)));
    CALGATE_EXPECT(stage.create(event).href == href);
    CALGATE_EXPECT(stage.digest(stage.fetch(href).event) == stage.digest(event));
}

void no_mails(Stage& stage) {
    // The counter has to move for what does invite, or the rest would prove nothing.
    const int none = stage.subject.mails_sent();
    stage.subject.invite_a_customer(stage.calendar, stage.uid("invitation"));
    const int before = stage.subject.mails_sent();
    CALGATE_EXPECT(before == none + 1);
    const RemoteEvent read = stage.fetch(stage.create(haircut(stage.uid("a"))).href);
    stage.update(read, [](Event& event) { event.master.title = "Second"; });
    CALGATE_EXPECT_SUCCESS(stage.connector.delete_event(stage.context(), read.href, stage.version_of(read.href)));
    CALGATE_EXPECT(stage.subject.mails_sent() == before);
}

}  // namespace

std::vector<Row> writing_rows() {
    return {
        {"created_event_is_fetched_with_equal_digest", nullptr, create_then_fetch},
        {"receipt_of_create_tells_the_version", nullptr, receipt_tells_the_version},
        {"create_twice_is_refused_and_leaves_one", nullptr, create_twice},
        {"create_with_a_uid_under_another_name_is_refused", nullptr, create_where_uid_is_elsewhere},
        {"create_after_a_lost_answer_leaves_one", nullptr, create_after_a_lost_answer},
        {"update_with_right_version_is_stored", nullptr, update_is_stored},
        {"update_changes_the_version", nullptr, update_changes_the_version},
        {"update_keeps_place_and_uid", nullptr, update_keeps_place_and_uid},
        {"update_with_stale_version_is_refused", nullptr, stale_update},
        {"update_over_another_programs_edit_is_refused", nullptr, update_over_another_program},
        {"update_after_a_lost_answer_is_not_repeated", nullptr, update_after_a_lost_answer},
        {"update_of_missing_event_is_not_found_and_creates_nothing", nullptr, update_of_missing},
        {"update_keeps_unknown_properties_and_alarms", nullptr, update_keeps_what_is_not_ours},
        {"update_keeps_mark_and_capsule", nullptr, update_keeps_mark_and_capsule},
        {"delete_removes_only_that_event", nullptr, delete_removes},
        {"delete_twice_succeeds", nullptr, delete_twice},
        {"delete_with_stale_version_is_refused", nullptr, delete_stale},
        {"delete_after_a_lost_answer_succeeds", nullptr, delete_after_a_lost_answer},
        {"create_again_after_delete_under_the_same_name", nullptr, create_again_after_delete},
        {"no_mails_are_sent", &Features::mails, no_mails},
    };
}

}  // namespace calgate::testing
