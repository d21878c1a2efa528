#include <stdexcept>

#include "core/batch.hpp"
#include "core/identity.hpp"
#include "tests/conformance/rows.hpp"
#include "tests/conformance/samples.hpp"

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

std::vector<Result<WriteReceipt>> create_all(Stage& stage, const std::vector<Event>& events) {
    auto outcomes = batches_of(stage).create_events(stage.context(), stage.calendar, events);
    CALGATE_EXPECT(outcomes.size() == events.size());
    return outcomes;
}

void a_full_batch(Stage& stage) {
    const std::size_t capacity = batches_of(stage).capacity();
    CALGATE_EXPECT(capacity > 1);
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
    for (const auto& outcome : create_all(stage, events)) CALGATE_EXPECT_ERROR(outcome, ErrorCode::Timeout);
    for (const Event& event : events) {
        const auto created = stage.connector.create_event(stage.context(), stage.calendar, event);
        if (!created) CALGATE_EXPECT_ERROR(created, ErrorCode::AlreadyExists);
        CALGATE_EXPECT_SUCCESS(stage.connector.find_event(stage.context(), stage.calendar, event.uid));
    }
    CALGATE_EXPECT(stage.count() == 4);
}

void a_calendar_that_is_gone(Stage& stage) {
    const auto outcomes =
        batches_of(stage).create_events(stage.context(), stage.subject.unknown_calendar(), batch_of(stage, 3));
    for (const auto& outcome : outcomes) CALGATE_EXPECT_ERROR(outcome, ErrorCode::NotFound);
}

void nobody_is_mailed(Stage& stage) {
    const int before = stage.subject.mails_sent();
    for (const auto& outcome : create_all(stage, batch_of(stage, 3))) CALGATE_EXPECT_SUCCESS(outcome);
    CALGATE_EXPECT(stage.subject.mails_sent() == before);
}

}  // namespace

std::vector<Row> batch_rows() {
    return {
        {"a_full_batch_is_created", &Features::batches, a_full_batch},
        {"what_a_batch_refuses_says_nothing_of_the_rest", &Features::batches, each_stands_for_itself},
        {"a_lost_answer_to_a_batch_leaves_one_each", &Features::batches, a_lost_answer},
        {"a_batch_for_a_calendar_that_is_gone_is_not_found", &Features::batches, a_calendar_that_is_gone},
        {"a_batch_mails_nobody", &Features::batches, nobody_is_mailed},
    };
}

}  // namespace calgate::testing
