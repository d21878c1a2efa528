#include "connectors/graph/graph_batch.hpp"

#include <boost/test/data/test_case.hpp>

#include "tests/connectors/graph_stage.hpp"
#include "tests/support/batch_writes.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace calgate::testing::graph_stage;
namespace data = boost::unit_test::data;

namespace {

std::vector<Event> haircuts(int count, const std::string& name = "copy-") {
    std::vector<Event> events;
    for (int i = 0; i < count; ++i) events.push_back(haircut(name + std::to_string(i)));
    return events;
}

std::vector<Result<WriteReceipt>> create_all(Office& office, const std::vector<Event>& events) {
    return office.connector.batch()->write_events(office.context(), office.calendar, creations(events));
}

int with_code(const std::vector<Result<WriteReceipt>>& outcomes, ErrorCode code) {
    int count = 0;
    for (const auto& outcome : outcomes) count += !outcome && outcome.error().code == code ? 1 : 0;
    return count;
}

http::Response batch_answer(const std::string& body) {
    http::Response response;
    response.status = 200;
    response.body = body;
    return response;
}

constexpr RepeatedTransaction kDialects[] = {
    RepeatedTransaction::Error400,
    RepeatedTransaction::Error409,
    RepeatedTransaction::Error409WithId,
    RepeatedTransaction::Existing201,
    RepeatedTransaction::Existing200,
    RepeatedTransaction::Forgotten};

std::string name_of(RepeatedTransaction dialect) { return "dialect " + std::to_string(static_cast<int>(dialect)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(graph_batch)

BOOST_AUTO_TEST_CASE(answers_are_told_apart_by_their_ids_in_any_order) {
    const auto read = graph::read_batch(
        batch_answer(R"({"responses":[{"id":"2","status":429,"headers":{"Retry-After":"7"}},)"
                     R"({"id":"0","status":201,"body":{"id":"A"}},{"id":"0","status":500},{"id":"9","status":200},)"
                     R"({"id":1,"status":200},{"id":"1x","status":200},7,null]})"),
        3
    );
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(((*read)[0] && (*read)[0]->status == 201 && (*read)[0]->body == R"({"id":"A"})"));
    BOOST_TEST((!(*read)[1]));
    BOOST_TEST(((*read)[2] && (*read)[2]->header("retry-after").value_or("") == "7"));
}

BOOST_AUTO_TEST_CASE(what_is_no_batch_answer_is_told) {
    for (const char* body :
         {"", "<html>", "[]", "null", R"({"responses":7})", R"({"error":{"code":"BadRequest"}})", "{"})
        BOOST_TEST(!graph::read_batch(batch_answer(body), 1), body);
}

BOOST_AUTO_TEST_CASE(as_many_copies_as_a_mailbox_takes_at_once_are_two_requests_M31) {
    Office office;
    const std::size_t capacity = office.connector.batch()->capacity();
    BOOST_TEST(capacity == 4u);
    const auto events = haircuts(static_cast<int>(capacity));
    const auto outcomes = create_all(office, events);
    BOOST_TEST(office.sim.requests().size() == 2u);
    for (std::size_t i = 0; i < events.size(); ++i) {
        BOOST_REQUIRE_MESSAGE(outcomes[i], why(outcomes[i]));
        const RemoteEvent read = office.fetch(outcomes[i]->href);
        BOOST_TEST((read.event.uid == events[i].uid && read.version == outcomes[i]->version));
    }
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string& body = office.sim.exchanges()[i].body;
        for (const char* said : {"ImmutableId", "outlook.timezone"}) {
            std::size_t times = 0;
            for (auto at = body.find(said); at != std::string::npos; at = body.find(said, at + 1)) ++times;
            BOOST_TEST(times == capacity, said);
        }
    }
    BOOST_TEST(office.sim.mails_sent() == 0);
}

BOOST_AUTO_TEST_CASE(throttled_parts_are_told_and_the_others_stand_M30) {
    for (const bool told : {true, false}) {
        GraphQuirks quirks = graph_quirks_of("plain");
        quirks.tells_retry_after = told;
        Office office(quirks);
        office.sim.other_requests_in_flight(2);
        const auto outcomes = create_all(office, haircuts(4));
        office.sim.other_requests_in_flight(0);
        BOOST_TEST(with_code(outcomes, ErrorCode::RateLimited) == 2);
        BOOST_TEST(office.sim.count(office.calendar_id) == 2u);
        for (const auto& outcome : outcomes)
            if (!outcome) BOOST_TEST(outcome.error().retry_after.has_value() == told);
    }
}

BOOST_AUTO_TEST_CASE(what_is_there_already_says_nothing_of_the_others) {
    Office office;
    office.create(haircut("copy-1"));
    const auto outcomes = create_all(office, haircuts(4));
    BOOST_TEST((outcomes[0] && outcomes[2] && outcomes[3]));
    BOOST_TEST((!outcomes[1] && outcomes[1].error().code == ErrorCode::AlreadyExists));
    BOOST_TEST(office.sim.count(office.calendar_id) == 4u);
}

BOOST_AUTO_TEST_CASE(a_lost_answer_leaves_one_event_each_in_every_dialect_R6_M19) {
    for (const auto dialect : kDialects) {
        for (const bool of_the_search : {true, false}) {
            GraphQuirks quirks = graph_quirks_of("plain");
            quirks.repeated = dialect;
            Office office(quirks);
            if (!of_the_search) {
                SimFault nothing = fault(
                    SimFault::Kind::ControlCharacters, "POST"
                );  // For the search, whose answer it does not change.
                office.sim.fail_next(nothing);
            }
            office.sim.fail_next(fault(SimFault::Kind::LostAnswer, "POST"));
            const auto lost = create_all(office, haircuts(3));
            BOOST_TEST(with_code(lost, ErrorCode::Timeout) == 3, name_of(dialect));
            const auto again = create_all(office, haircuts(3));
            for (const auto& outcome : again) BOOST_TEST((outcome.has_value() == of_the_search), name_of(dialect));
            BOOST_TEST(office.sim.count(office.calendar_id) == 3u, name_of(dialect));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_used_up_name_gets_another_in_every_dialect_M20_R8) {
    for (const auto dialect : kDialects) {
        GraphQuirks quirks = graph_quirks_of("plain");
        quirks.repeated = dialect;
        Office office(quirks);
        const WriteReceipt made = office.create(haircut("copy-1"));
        BOOST_TEST(office.connector.delete_event(office.context(), made.href, *made.version).has_value());
        const auto outcomes = create_all(office, haircuts(3));
        BOOST_TEST((outcomes[0] && outcomes[1] && outcomes[2]), name_of(dialect));
        BOOST_TEST(office.sim.count(office.calendar_id) == 3u, name_of(dialect));
    }
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_left_out_is_no_failure_and_no_success) {
    Office office;
    office.sim.quirks().batch_leaves_out = 1;
    const auto outcomes = create_all(office, haircuts(4));
    BOOST_TEST(with_code(outcomes, ErrorCode::InvalidResponse) == 2);  // A search's, and a creation's.
    BOOST_TEST(office.sim.count(office.calendar_id) == 3u);
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_replaced_once_for_a_batch) {
    Office office;
    office.sim.revoke_tokens();
    const auto outcomes = create_all(office, haircuts(4));
    for (const auto& outcome : outcomes) BOOST_TEST(outcome.has_value());
    BOOST_TEST(office.tokens.refusals() == 1);
}

BOOST_AUTO_TEST_CASE(series_and_what_graph_cannot_hold_go_their_own_way) {
    Office office;
    Event backwards = haircut("backwards");
    std::swap(backwards.master.start, backwards.master.end);
    const auto outcomes = create_all(office, {haircut("a"), weekly("b"), backwards, haircut("c")});
    BOOST_TEST((outcomes[0] && outcomes[1] && outcomes[3]));
    BOOST_TEST((!outcomes[2] && outcomes[2].error().code == ErrorCode::Rejected));
    BOOST_TEST(office.sim.count(office.calendar_id) == 3u);
}

BOOST_AUTO_TEST_CASE(what_has_guests_is_left_alone_in_a_batch_too_R21) {
    Office office;
    const std::string meeting = office.sim.put_event(
        office.calendar_id,
        R"({"subject":"Meeting","start":{"dateTime":"2026-06-10T07:00:00","timeZone":"UTC"},)"
        R"("end":{"dateTime":"2026-06-10T08:00:00","timeZone":"UTC"},)"
        R"("attendees":[{"type":"required","emailAddress":{"address":"customer@example.com"}}]})"
    );
    const RemoteEvent held = office.fetch(office.href(meeting)), own = office.fetch(office.create(haircut("a")).href);
    const int before = office.sim.mails_sent();
    const auto outcomes = office.connector.batch()->write_events(
        office.context(), office.calendar, {deletion_of(held), update_of(own, "Moved")}
    );
    BOOST_TEST((!outcomes[0] && outcomes[0].error().code == ErrorCode::Rejected));
    BOOST_TEST(outcomes[1].has_value());
    BOOST_TEST(office.sim.mails_sent() == before);
    BOOST_TEST(office.sim.count(office.calendar_id) == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
