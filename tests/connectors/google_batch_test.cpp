#include "connectors/google/google_batch.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/connectors/google_stage.hpp"
#include "tests/support/batch_writes.hpp"

namespace calgate::testing {

namespace {

using google::read_batch;

std::string answer_part(const std::string& name, const std::string& head, const std::string& body) {
    return "--b\r\nContent-Type: application/http\r\nContent-ID: " + name + "\r\n\r\n" + head +
           "\r\nContent-Type: application/json\r\nRetry-After: 7\r\n\r\n" + body + "\r\n";
}

http::Response batch_answer(const std::string& body, const std::string& type = "multipart/mixed; boundary=b") {
    http::Response response;
    response.status = 200;
    response.headers = {{"Content-Type", type}};
    response.body = body;
    return response;
}

std::vector<Event> haircuts(int count) {
    std::vector<Event> events;
    for (int i = 0; i < count; ++i) events.push_back(GoogleStage::haircut(i));
    return events;
}

std::vector<Result<WriteReceipt>> create_all(GoogleStage& stage, const std::vector<Event>& events) {
    stage.sim.quirks().batch_reversed = true;
    return stage.connector.batch()->write_events(stage.context(), stage.calendar, creations(events));
}

int with_code(const std::vector<Result<WriteReceipt>>& outcomes, ErrorCode code) {
    int count = 0;
    for (const auto& outcome : outcomes) count += !outcome && outcome.error().code == code ? 1 : 0;
    return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(google_batch)

BOOST_AUTO_TEST_CASE(answers_are_told_apart_by_their_names_in_any_order) {
    const auto read = read_batch(
        batch_answer(
            answer_part("<response-calgate-2>", "HTTP/1.1 409 Conflict", "{\"a\":\n2}") +
            answer_part("<response-calgate-0>", "HTTP/1.1 200 OK", "{}") +
            answer_part("<response-calgate-0>", "HTTP/1.1 500 Late", "{}") + "--b--\r\n"
        ),
        3
    );
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(((*read)[0] && (*read)[0]->status == 200 && (*read)[0]->body == "{}"));
    BOOST_TEST((!(*read)[1]));
    BOOST_TEST(((*read)[2] && (*read)[2]->status == 409 && (*read)[2]->body == "{\"a\":\n2}"));
    BOOST_TEST((*read)[2]->header("Retry-After").value_or("") == "7");
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_cut_off_did_not_come_I18) {
    const std::string whole = answer_part("<response-calgate-0>", "HTTP/1.1 200 OK", "{\"id\":\"abcde\"}") +
                              answer_part("<response-calgate-1>", "HTTP/1.1 200 OK", "{\"id\":\"fghij\"}") +
                              "--b--\r\n";
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto read = read_batch(batch_answer(whole.substr(0, length)), 2);
        BOOST_REQUIRE(read.has_value());
        for (const auto& one : *read)
            if (one) BOOST_TEST((one->body == "{\"id\":\"abcde\"}" || one->body == "{\"id\":\"fghij\"}"), one->body);
    }
}

const char* const kNoAnswers[] = {
    "",
    "--b",
    "--b--",
    "--b\r\n\r\n--b--",
    "--b\nContent-ID: <response-calgate-0>\n\nHTTP/1.1\n\n{}\n--b--",
    "--b\nContent-ID: <response-calgate-0>\n\nHTTP/1.1 abc\n\n{}\n--b--",
    "--b\nContent-ID: <response-calgate->\n\nHTTP/1.1 200\n\n{}\n--b--",
    "--b\nContent-ID: <response-calgate-99999999999999999999>\n\nHTTP/1.1 200\n\n{}\n--b--",
    "--b\nContent-ID: <response-calgate-5>\n\nHTTP/1.1 200\n\n{}\n--b--",
    "<html></html>",
};

BOOST_DATA_TEST_CASE(what_names_no_part_answers_none, kNoAnswers, body) {
    const auto read = read_batch(batch_answer(body), 1);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST((!(*read)[0]));
}

BOOST_AUTO_TEST_CASE(another_kind_of_answer_is_none) {
    for (const char* type : {"", "text/html", "application/json", "multipart/mixed", "multipart/mixed; boundary="})
        BOOST_TEST(!read_batch(batch_answer("--b--", type), 1), type);
}

BOOST_AUTO_TEST_CASE(fifty_copies_are_one_request_and_none_is_mailed_R21) {
    GoogleStage stage;
    const auto events = haircuts(50);
    const auto outcomes = create_all(stage, events);
    BOOST_TEST(stage.sim.requests().size() == 1u);
    BOOST_TEST(stage.sim.ids(stage.id).size() == 50u);
    for (std::size_t i = 0; i < events.size(); ++i) {
        BOOST_REQUIRE_MESSAGE(outcomes[i], (outcomes[i] ? "" : outcomes[i].error().detail));
        const auto read = stage.connector.fetch_event(stage.context(), outcomes[i]->href);
        BOOST_REQUIRE(read.has_value());
        BOOST_TEST((read->event.uid == events[i].uid && read->version == outcomes[i]->version));
    }
    const std::string& sent = stage.sim.bodies().front();
    std::size_t quiet = 0;
    for (auto at = sent.find("sendUpdates=none"); at != std::string::npos; at = sent.find("sendUpdates=none", at + 1))
        ++quiet;
    BOOST_TEST(quiet == 50u);
    BOOST_TEST(stage.sim.mails_sent() == 0);
}

BOOST_AUTO_TEST_CASE(each_part_counts_against_the_quota_and_has_its_own_outcome_R19_G32) {
    GoogleStage stage;
    stage.create(GoogleStage::haircut(2));
    stage.sim.quirks().calls_per_minute = 7;
    const auto outcomes = create_all(stage, haircuts(10));
    BOOST_TEST((!outcomes[2] && outcomes[2].error().code == ErrorCode::AlreadyExists));
    BOOST_TEST(with_code(outcomes, ErrorCode::RateLimited) == 3);
    stage.sim.quirks().calls_per_minute = 0;
    BOOST_TEST(stage.pull().changed.size() == 7u);
}

BOOST_AUTO_TEST_CASE(a_lost_answer_leaves_every_part_to_be_looked_up_R6_F5) {
    GoogleStage stage;
    SimFault lost;
    lost.kind = SimFault::Kind::LostAnswer;
    stage.sim.fail_next(lost);
    const auto events = haircuts(3);
    BOOST_TEST(with_code(create_all(stage, events), ErrorCode::Timeout) == 3);
    BOOST_TEST(with_code(create_all(stage, events), ErrorCode::AlreadyExists) == 3);
    for (const Event& event : events)
        BOOST_TEST(stage.connector.find_event(stage.context(), stage.calendar, event.uid).has_value());
    BOOST_TEST(stage.sim.ids(stage.id).size() == 3u);
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_left_out_is_no_failure_and_no_success) {
    GoogleStage stage;
    stage.sim.quirks().batch_leaves_out = 2;
    const auto outcomes = create_all(stage, haircuts(5));
    BOOST_TEST((outcomes[0] && outcomes[1] && outcomes[2]));
    BOOST_TEST(with_code(outcomes, ErrorCode::InvalidResponse) == 2);
    BOOST_TEST(stage.sim.ids(stage.id).size() == 5u);
}

struct WholeRow {
    const char* name;
    SimFault::Kind kind;
    int status;
    ErrorCode code;
};
std::ostream& operator<<(std::ostream& out, const WholeRow& row) { return out << row.name; }
const WholeRow kWhole[] = {
    {"web page", SimFault::Kind::HtmlPage, 200, ErrorCode::InvalidResponse},
    {"broken off", SimFault::Kind::ResetMidBody, 200, ErrorCode::InvalidResponse},
    {"bare 502", SimFault::Kind::Refusal, 502, ErrorCode::Timeout},
    {"bare 503", SimFault::Kind::Refusal, 503, ErrorCode::Unavailable},
    {"bare 429", SimFault::Kind::Refusal, 429, ErrorCode::RateLimited},
    // It judges the request; no event is parked or gone for it.
    {"bare 413", SimFault::Kind::Refusal, 413, ErrorCode::InvalidResponse},
    {"bare 400", SimFault::Kind::Refusal, 400, ErrorCode::InvalidResponse},
    {"no connection", SimFault::Kind::NoConnection, 0, ErrorCode::Unavailable},
};

BOOST_DATA_TEST_CASE(what_befalls_the_request_befalls_every_part, kWhole, row) {
    GoogleStage stage;
    SimFault fault;
    fault.kind = row.kind;
    fault.status = row.status;
    stage.sim.fail_next(fault);
    BOOST_TEST(with_code(create_all(stage, haircuts(3)), row.code) == 3);
}

BOOST_AUTO_TEST_CASE(parts_that_refuse_the_token_are_sent_once_more_with_another) {
    GoogleStage stage;
    stage.sim.revoke_everything();
    stage.tokens.next = stage.sim.issue_access_token();
    const auto outcomes = create_all(stage, haircuts(3));
    BOOST_TEST((outcomes[0] && outcomes[1] && outcomes[2]));
    BOOST_TEST(stage.tokens.refusals == 1);
    stage.sim.revoke_everything();
    BOOST_TEST(with_code(create_all(stage, haircuts(3)), ErrorCode::Unauthorized) == 3);
}

BOOST_AUTO_TEST_CASE(what_is_no_single_copy_is_created_alone) {
    GoogleStage stage;
    Event foreign = GoogleStage::haircut(1), series = GoogleStage::weekly(2), floating = GoogleStage::haircut(3);
    foreign.uid = Uid{"foreign@example.com"};
    EventInstance moved = series.master;
    moved.rules.clear();
    moved.recurrence_id = When{When::Kind::Zoned, *parse_local("2026-06-17T09:00:00"), "Europe/Berlin"};
    moved.title = "Moved";
    series.overrides = {moved};
    floating.master.start.kind = floating.master.end.kind = When::Kind::Floating;
    const auto outcomes = create_all(stage, {foreign, series, floating, GoogleStage::haircut(4)});
    BOOST_TEST((outcomes[0] && outcomes[1] && outcomes[3]));
    BOOST_TEST((!outcomes[2] && outcomes[2].error().code == ErrorCode::Rejected));
    BOOST_TEST(stage.pull().changed.size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
