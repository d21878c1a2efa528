#include <stdexcept>

#include "core/batch.hpp"
#include "core/identity.hpp"
#include "tests/conformance/rows.hpp"
#include "tests/conformance/samples.hpp"
#include "tests/support/batch_writes.hpp"

namespace calgate::testing {

namespace {

/// Under names as copies have them.
std::vector<Event> batch_of(Stage& stage, std::size_t count) {
    std::vector<Event> events;
    for (std::size_t i = 0; i < count; ++i) {
        const AppointmentId appointment{stage.uid(std::to_string(i)).value};
        events.push_back(haircut(copy_name("salon", appointment, CalendarId{"c"}, 1)));
    }
    return events;
}

BatchService& batches_of(Stage& stage) {
    BatchService* const service = stage.connector.batch();
    if (!service) throw std::runtime_error("This subject takes one event a call.");
    return *service;
}

/// As many as fit; where each takes a request of its own, more than go at once.
std::size_t full_batch(Stage& stage) {
    const std::size_t capacity = batches_of(stage).capacity();
    CALGATE_EXPECT(capacity > 1);
    return stage.subject.features().parallel_batches ? 6 : capacity;
}

std::vector<Result<WriteReceipt>> create_all(Stage& stage, const std::vector<Event>& events) {
    auto outcomes = batches_of(stage).write_events(stage.context(), stage.calendar, creations(events));
    CALGATE_EXPECT(outcomes.size() == events.size());
    return outcomes;
}

/// No other failure is among them.
std::size_t timeouts_of(const std::vector<Result<WriteReceipt>>& outcomes) {
    std::size_t count = 0;
    for (const auto& outcome : outcomes) {
        if (outcome) continue;
        CALGATE_EXPECT_ERROR(outcome, ErrorCode::Timeout);
        ++count;
    }
    return count;
}

void a_full_batch(Stage& stage) {
    const std::size_t capacity = full_batch(stage);
    const std::vector<Event> events = batch_of(stage, capacity);
    const auto outcomes = create_all(stage, events);
    for (std::size_t i = 0; i < capacity; ++i) {
        CALGATE_EXPECT_SUCCESS(outcomes[i]);
        const RemoteEvent read = stage.fetch(outcomes[i]->href);
        CALGATE_EXPECT(read.event.uid == events[i].uid && read.version == outcomes[i]->version);
        CALGATE_EXPECT(stage.digest(read.event) == stage.digest(events[i]));
    }
    CALGATE_EXPECT(stage.count() == capacity);
}

void each_stands_for_itself(Stage& stage) {
    const std::vector<Event> events = batch_of(stage, 4);
    stage.create(events[1]);
    const auto outcomes = create_all(stage, events);
    CALGATE_EXPECT_ERROR(outcomes[1], ErrorCode::AlreadyExists);
    for (const std::size_t i : {0u, 2u, 3u}) CALGATE_EXPECT_SUCCESS(outcomes[i]);
    CALGATE_EXPECT(stage.count() == 4);
}

/// Each is found, or made, by its own name afterwards.
void a_lost_answer(Stage& stage) {
    const std::vector<Event> events = batch_of(stage, 4);
    stage.subject.lose_next_answer();
    const std::size_t lost = timeouts_of(create_all(stage, events));
    CALGATE_EXPECT(lost == (stage.subject.features().parallel_batches ? 1 : events.size()));
    for (const Event& event : events) {
        const auto created = stage.connector.create_event(stage.context(), stage.calendar, event);
        if (!created) CALGATE_EXPECT_ERROR(created, ErrorCode::AlreadyExists);
        CALGATE_EXPECT_SUCCESS(stage.connector.find_event(stage.context(), stage.calendar, event.uid));
    }
    CALGATE_EXPECT(stage.count() == 4);
}

void a_calendar_that_is_gone(Stage& stage) {
    const auto outcomes = batches_of(stage).write_events(
        stage.context(), stage.subject.unknown_calendar(), creations(batch_of(stage, 3))
    );
    for (const auto& outcome : outcomes) CALGATE_EXPECT_ERROR(outcome, ErrorCode::NotFound);
}

/// So many events, as they are read.
std::vector<RemoteEvent> stored(Stage& stage, std::size_t count) {
    std::vector<RemoteEvent> events;
    for (const Event& event : batch_of(stage, count)) events.push_back(stage.fetch(stage.create(event).href));
    return events;
}

std::vector<Result<WriteReceipt>> write_all(Stage& stage, const std::vector<EventWrite>& writes) {
    auto outcomes = batches_of(stage).write_events(stage.context(), stage.calendar, writes);
    CALGATE_EXPECT(outcomes.size() == writes.size());
    return outcomes;
}

std::string title_of(Stage& stage, const RemoteEvent& event) { return stage.fetch(event.href).event.master.title; }

std::vector<Result<bool>> absent(Stage& stage, const std::vector<Uid>& uids) {
    auto found = batches_of(stage).find_absent(stage.context(), stage.calendar, uids);
    CALGATE_EXPECT(found.size() == uids.size());
    for (const auto& one : found) CALGATE_EXPECT_SUCCESS(one);
    return found;
}

void a_batch_of_updates(Stage& stage) {
    const auto events = stored(stage, full_batch(stage));
    std::vector<EventWrite> writes;
    for (const auto& event : events) writes.push_back(update_of(event, "Moved " + event.event.uid.value));
    const auto outcomes = write_all(stage, writes);
    for (std::size_t i = 0; i < events.size(); ++i) {
        CALGATE_EXPECT_SUCCESS(outcomes[i]);
        const RemoteEvent now = stage.fetch(events[i].href);
        CALGATE_EXPECT(outcomes[i]->href == events[i].href && outcomes[i]->version == now.version);
        CALGATE_EXPECT(
            now.event.master.title == "Moved " + events[i].event.uid.value && now.version != events[i].version
        );
    }
}

/// A receipt that names no version is as good: the next pull reads what is there.
void updates_are_found_as_written(Stage& stage) {
    const auto events = stored(stage, full_batch(stage));
    std::vector<EventWrite> writes;
    for (const auto& event : events) writes.push_back(update_of(event, "Moved " + event.event.uid.value));
    const auto outcomes = write_all(stage, writes);
    for (std::size_t i = 0; i < events.size(); ++i) {
        CALGATE_EXPECT_SUCCESS(outcomes[i]);
        const RemoteEvent now = stage.fetch(events[i].href);
        CALGATE_EXPECT(outcomes[i]->href == events[i].href && outcomes[i]->version != events[i].version);
        CALGATE_EXPECT(
            now.event.master.title == "Moved " + events[i].event.uid.value && now.version != events[i].version
        );
    }
}

void a_batch_of_deletions(Stage& stage) {
    const auto events = stored(stage, full_batch(stage));
    const RemoteEvent bystander = stage.fetch(stage.create(haircut(stage.uid("bystander"))).href);
    std::vector<EventWrite> writes;
    std::vector<Uid> names;
    for (const auto& event : events) {
        writes.push_back(deletion_of(event));
        names.push_back(event.event.uid);
    }
    for (const auto& one : absent(stage, names)) CALGATE_EXPECT(!*one);
    for (const auto& outcome : write_all(stage, writes)) CALGATE_EXPECT_SUCCESS(outcome);
    const auto gone = absent(stage, names);
    for (std::size_t i = 0; i < names.size(); ++i)
        if (!*gone[i])  // A service that cannot search leaves it to this.
            CALGATE_EXPECT_ERROR(
                stage.connector.find_event(stage.context(), stage.calendar, names[i]), ErrorCode::NotFound
            );
    CALGATE_EXPECT(stage.count() == 1 && stage.version_of(bystander.href) == bystander.version);
}

void a_mixed_batch(Stage& stage) {
    const auto events = stored(stage, 2);
    const Event fresh = batch_of(stage, 3).back();
    const auto outcomes = write_all(
        stage, {deletion_of(events[0]), {EventWrite::Kind::Create, fresh, {}, {}}, update_of(events[1], "Moved")}
    );
    for (const auto& outcome : outcomes) CALGATE_EXPECT_SUCCESS(outcome);
    CALGATE_EXPECT(stage.count() == 2 && title_of(stage, events[1]) == "Moved");
    CALGATE_EXPECT(stage.fetch(outcomes[1]->href).event.uid == fresh.uid);
    CALGATE_EXPECT_ERROR(stage.connector.fetch_event(stage.context(), events[0].href), ErrorCode::NotFound);
}

void one_of_a_stale_version(Stage& stage) {
    const auto events = stored(stage, 4);
    stage.update(events[0], [](Event& event) { event.master.title = "By hand"; });
    stage.update(events[1], [](Event& event) { event.master.title = "By hand"; });
    const auto outcomes = write_all(
        stage,
        {deletion_of(events[0]), update_of(events[1], "Ours"), deletion_of(events[2]), update_of(events[3], "Ours")}
    );
    for (const std::size_t i : {0u, 1u}) {
        CALGATE_EXPECT_ERROR(outcomes[i], ErrorCode::VersionMismatch);
        CALGATE_EXPECT(title_of(stage, events[i]) == "By hand");
    }
    for (const std::size_t i : {2u, 3u}) CALGATE_EXPECT_SUCCESS(outcomes[i]);
    CALGATE_EXPECT(title_of(stage, events[3]) == "Ours" && stage.count() == 3);
}

void one_that_is_gone(Stage& stage) {
    const auto events = stored(stage, 4);
    stage.subject.erase(events[0].href);
    stage.subject.erase(events[1].href);
    const auto outcomes = write_all(
        stage,
        {deletion_of(events[0]), update_of(events[1], "Ours"), deletion_of(events[2]), update_of(events[3], "Ours")}
    );
    // What is gone is not at its version either.
    const bool mismatch = !outcomes[1] && outcomes[1].error().code == ErrorCode::VersionMismatch;
    if (!mismatch) CALGATE_EXPECT_ERROR(outcomes[1], ErrorCode::NotFound);
    for (const std::size_t i : {0u, 2u, 3u}) CALGATE_EXPECT_SUCCESS(outcomes[i]);
    CALGATE_EXPECT(title_of(stage, events[3]) == "Ours" && stage.count() == 1);
}

/// Each is written once, then or now.
void a_lost_answer_to_changes(Stage& stage) {
    const auto events = stored(stage, 4);
    const std::vector<EventWrite> writes = {
        deletion_of(events[0]), update_of(events[1], "Ours"), deletion_of(events[2]), update_of(events[3], "Ours")};
    stage.subject.lose_next_answer();
    // Where updates and deletions take a request each, the others are done.
    const std::size_t lost = timeouts_of(write_all(stage, writes));
    CALGATE_EXPECT(stage.subject.features().parallel_batches ? lost == 1 : lost >= 2);
    const auto again = write_all(stage, writes);
    for (std::size_t i = 0; i < writes.size(); ++i) {
        const bool was_done = !again[i] && writes[i].kind == EventWrite::Kind::Update;
        if (was_done)
            CALGATE_EXPECT_ERROR(again[i], ErrorCode::VersionMismatch);
        else
            CALGATE_EXPECT_SUCCESS(again[i]);
    }
    CALGATE_EXPECT(title_of(stage, events[1]) == "Ours" && title_of(stage, events[3]) == "Ours" && stage.count() == 2);
}

/// Nothing is believed absent because an answer is.
void no_answer_about_names(Stage& stage) {
    std::vector<Uid> names;
    for (const Event& event : batch_of(stage, 3)) names.push_back(event.uid);
    stage.subject.set_down(true);
    const auto found = batches_of(stage).find_absent(stage.context(), stage.calendar, names);
    stage.subject.set_down(false);
    CALGATE_EXPECT(found.size() == names.size());
    for (const auto& one : found) CALGATE_EXPECT_ERROR(one, ErrorCode::Unavailable);
}

void nobody_is_mailed(Stage& stage) {
    const int before = stage.subject.mails_sent();
    for (const auto& outcome : create_all(stage, batch_of(stage, 3))) CALGATE_EXPECT_SUCCESS(outcome);
    const auto page = stage.pull();
    std::vector<EventWrite> writes;
    for (const auto& [href, event] : page.changed)
        writes.push_back(writes.empty() ? deletion_of(event) : update_of(event, "Moved"));
    for (const auto& outcome : write_all(stage, writes)) CALGATE_EXPECT_SUCCESS(outcome);
    CALGATE_EXPECT(stage.subject.mails_sent() == before);
}

}  // namespace

std::vector<Row> batch_rows() {
    return {
        {"a_full_batch_is_created", &Features::batches, a_full_batch},
        {"what_a_batch_refuses_says_nothing_of_the_rest", &Features::batches, each_stands_for_itself},
        {"a_lost_answer_to_a_batch_leaves_one_each", &Features::batches, a_lost_answer},
        {"a_batch_for_a_calendar_that_is_gone_is_not_found", &Features::batches, a_calendar_that_is_gone},
        {"a_batch_of_updates_is_stored", &Features::batches, a_batch_of_updates},
        {"updates_in_a_batch_are_found_as_written", &Features::batches, updates_are_found_as_written},
        {"a_batch_of_deletions_removes_only_those", &Features::batches, a_batch_of_deletions},
        {"a_batch_creates_updates_and_deletes", &Features::batches, a_mixed_batch},
        {"a_stale_version_in_a_batch_is_refused_alone", &Features::batches, one_of_a_stale_version},
        {"what_is_gone_in_a_batch_says_nothing_of_the_rest", &Features::batches, one_that_is_gone},
        {"a_lost_answer_to_changes_in_a_batch_is_not_repeated", &Features::batches, a_lost_answer_to_changes},
        {"no_answer_about_names_makes_none_absent", &Features::batches, no_answer_about_names},
        {"a_batch_mails_nobody", &Features::mailing_batches, nobody_is_mailed},
    };
}

}  // namespace calgate::testing
