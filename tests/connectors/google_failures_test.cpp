#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/connectors/google_stage.hpp"
#include "tests/connectors/scripted_transport.hpp"

namespace calgate::testing {

namespace {

using Kind = SimFault::Kind;

SimFault fault(Kind kind, int status = 503, const std::string& method = {}) {
    SimFault made;
    made.kind = kind;
    made.status = status;
    made.method = method;
    made.times = -1;
    return made;
}

google::GoogleSettings one_per_page() {
    google::GoogleSettings settings;
    settings.page_size = 1;
    return settings;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(google_failures)

struct TokenRow {
    const char* name;
    bool bare_gone, bad_token_is_400;
};
std::ostream& operator<<(std::ostream& out, const TokenRow& row) { return out << row.name; }
const TokenRow kTokens[] = {{"410 with its reason", false, true}, {"410 without", true, true}};

BOOST_DATA_TEST_CASE(a_dead_token_asks_for_everything_F14_G1, kTokens, row) {
    GoogleStage stage;
    stage.sim.quirks().bare_gone = row.bare_gone;
    stage.create(GoogleStage::haircut());
    const auto first = stage.pull();
    stage.sim.forget_tokens();
    const auto next = stage.page(first.next);
    BOOST_REQUIRE(!next);
    BOOST_TEST((next.error().code == ErrorCode::SyncTokenExpired));
    BOOST_TEST(stage.pull().changed.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_token_that_dies_between_two_pages_asks_for_everything_F14_F15) {
    GoogleStage stage(one_per_page());
    for (int i = 0; i < 2; ++i) stage.create(GoogleStage::haircut(i));
    const auto first = stage.pull();
    for (int i = 2; i < 5; ++i) stage.create(GoogleStage::haircut(i));
    const auto page = stage.page(first.next);
    BOOST_REQUIRE(page);
    BOOST_TEST((page->more && page->changed.size() == 1u));
    stage.sim.forget_tokens();
    const auto next = stage.page(page->next);
    BOOST_REQUIRE(!next);
    BOOST_TEST((next.error().code == ErrorCode::SyncTokenExpired));
    const auto full = stage.page();
    stage.sim.forget_tokens();
    BOOST_TEST((stage.page(full->next).error().code == ErrorCode::SyncTokenExpired));
    BOOST_TEST(stage.pull().changed.size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_refused_page_token_begins_the_round_again) {
    GoogleStage stage(one_per_page());
    const auto first = stage.pull();
    for (int i = 0; i < 3; ++i) stage.create(GoogleStage::haircut(i));
    const auto page = stage.page(first.next);
    BOOST_REQUIRE(page);
    stage.sim.refuse_next(400, "invalid");
    std::size_t seen = 0;
    auto since = page->next;
    for (bool more = true; more;) {
        const auto next = stage.page(since);
        BOOST_REQUIRE(next);
        seen += next->changed.size();
        since = next->next;
        more = next->more;
    }
    BOOST_TEST(seen == 3u);
}

BOOST_AUTO_TEST_CASE(what_changes_between_pages_comes_in_the_next_round_F15) {
    GoogleStage stage(one_per_page());
    for (int i = 0; i < 3; ++i) stage.create(GoogleStage::haircut(i));
    auto page = stage.page();
    const Href late = stage.create(GoogleStage::haircut(7));
    std::optional<SyncToken> since = page->next;
    for (bool more = page->more; more;) {
        page = stage.page(since);
        BOOST_REQUIRE(page);
        since = page->next;
        more = page->more;
    }
    const auto next = stage.pull(since);
    bool named = false;
    for (const RemoteEvent& event : next.changed) named |= event.href == late;
    BOOST_TEST(named);
}

BOOST_AUTO_TEST_CASE(a_token_of_other_parameters_is_not_used_G9) {
    GoogleStage stage;
    const auto first = stage.pull();
    google::GoogleConnector other(stage.sim, stage.clock, GoogleStage::zones(), stage.tokens, one_per_page());
    const std::size_t before = stage.sim.requests().size();
    const auto page = other.fetch_changes(stage.context(), stage.calendar, first.next, {});
    BOOST_TEST((!page && page.error().code == ErrorCode::SyncTokenExpired));
    BOOST_TEST(stage.sim.requests().size() == before);
}

BOOST_AUTO_TEST_CASE(a_listing_without_a_token_at_its_end_is_an_error_G8) {
    GoogleStage stage;
    stage.sim.quirks().short_listing_token = false;
    const auto page = stage.page();
    BOOST_TEST((!page && page.error().code == ErrorCode::InvalidResponse));
}

struct BrokenRow {
    const char* name;
    SimFault fault;
    ErrorCode code;
};
std::ostream& operator<<(std::ostream& out, const BrokenRow& row) { return out << row.name; }
const BrokenRow kBroken[] = {
    {"cut off", fault(Kind::TruncatedXml), ErrorCode::InvalidResponse},
    {"control characters", fault(Kind::ControlCharacters), ErrorCode::InvalidResponse},
    {"web page with 200", fault(Kind::HtmlPage, 200), ErrorCode::InvalidResponse},
    {"web page with 503", fault(Kind::HtmlPage, 503), ErrorCode::Unavailable},
    {"empty 200", fault(Kind::Refusal, 200), ErrorCode::InvalidResponse},
    {"bare 403", fault(Kind::Refusal, 403), ErrorCode::Forbidden},
    {"bare 502", fault(Kind::Refusal, 502), ErrorCode::Unavailable},
    {"reset", fault(Kind::ResetMidBody), ErrorCode::InvalidResponse},
    {"no connection", fault(Kind::NoConnection), ErrorCode::Unavailable},
    {"silence", fault(Kind::LostAnswer), ErrorCode::Timeout},
    {"redirect", fault(Kind::Refusal, 302), ErrorCode::InvalidResponse},
};

BOOST_DATA_TEST_CASE(a_broken_answer_is_never_emptiness_R1_I18, kBroken, row) {
    GoogleStage stage;
    stage.create(GoogleStage::haircut());
    const auto first = stage.pull();
    stage.sim.fail_next(row.fault);
    for (const auto& since : {std::optional<SyncToken>{}, first.next}) {
        const auto page = stage.page(since);
        BOOST_REQUIRE(!page);
        BOOST_TEST((page.error().code == row.code), to_string(page.error().code));
    }
    const auto listed = stage.connector.list_calendars(stage.context());
    BOOST_TEST((!listed && listed.error().code == row.code));
    stage.sim.clear_faults();
    BOOST_TEST(stage.pull().changed.size() == 1u);
}

struct ForbiddenRow {
    const char* reason;
    ErrorCode code;
};
std::ostream& operator<<(std::ostream& out, const ForbiddenRow& row) { return out << row.reason; }
const ForbiddenRow kForbidden[] = {
    {"userRateLimitExceeded", ErrorCode::RateLimited},
    {"quotaExceeded", ErrorCode::RateLimited},
    {"insufficientPermissions", ErrorCode::Unauthorized},
    {"requiredAccessLevel", ErrorCode::Forbidden},
};

BOOST_DATA_TEST_CASE(a_403_has_four_meanings_G32_G33, kForbidden, row) {
    GoogleStage stage;
    stage.sim.refuse_next(403, row.reason, "POST");
    const auto created = stage.connector.create_event(stage.context(), stage.calendar, GoogleStage::haircut());
    BOOST_REQUIRE(!created);
    BOOST_TEST((created.error().code == row.code));
    BOOST_TEST(stage.sim.ids(stage.id).empty());
    BOOST_TEST(stage.tokens.refusals == 0);  // The grant is fine.
}

BOOST_AUTO_TEST_CASE(a_rate_limit_is_told_with_its_hint_R19_F3) {
    GoogleStage stage;
    SimFault busy = fault(Kind::Refusal, 429);
    busy.retry_after = "120";
    stage.sim.fail_next(busy);
    BOOST_TEST((stage.page().error().retry_after == std::chrono::seconds(120)));
    stage.sim.clear_faults();
    busy.status = 503;
    busy.retry_after = "Sun, 01 Mar 2026 08:05:00 GMT";  // Five minutes after the test's clock.
    stage.sim.fail_next(busy);
    BOOST_TEST((stage.page().error().retry_after == std::chrono::minutes(5)));
    stage.sim.clear_faults();
    stage.sim.quirks().calls_per_minute = 2;
    for (int i = 0; i < 2; ++i) BOOST_TEST(stage.page().has_value());
    BOOST_TEST((stage.page().error().code == ErrorCode::RateLimited));
}

BOOST_AUTO_TEST_CASE(a_create_whose_answer_is_lost_leaves_one_event_R6_F5) {
    GoogleStage stage;
    SimFault lost = fault(Kind::LostAnswer, 0, "POST");
    lost.times = 1;
    stage.sim.fail_next(lost);
    const Event event = GoogleStage::haircut();
    const auto first = stage.connector.create_event(stage.context(), stage.calendar, event);
    BOOST_TEST((!first && first.error().code == ErrorCode::Timeout));
    const auto second = stage.connector.create_event(stage.context(), stage.calendar, event);
    BOOST_TEST((!second && second.error().code == ErrorCode::AlreadyExists));
    const auto found = stage.connector.find_event(stage.context(), stage.calendar, event.uid);
    BOOST_REQUIRE(found);
    BOOST_TEST((found->event.mark == event.mark && found->version.has_value()));
    BOOST_TEST(stage.sim.ids(stage.id).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_refused_access_token_is_exchanged_once) {
    GoogleStage stage;
    stage.tokens.next = stage.sim.issue_access_token();
    stage.clock.advance(std::chrono::minutes(30));
    const std::string later = stage.sim.issue_access_token();
    stage.tokens.next = later;
    stage.clock.advance(std::chrono::minutes(31));  // The first one ran out.
    BOOST_TEST(stage.page().has_value());
    BOOST_TEST(stage.tokens.refusals == 1);
    stage.sim.revoke_everything();
    BOOST_TEST((stage.page().error().code == ErrorCode::Unauthorized));
    stage.tokens.dead = true;
    BOOST_TEST((stage.page().error().code == ErrorCode::Unauthorized));
}

BOOST_AUTO_TEST_CASE(a_removed_calendar_is_not_a_deleted_event_G34_I11) {
    GoogleStage stage;
    const Href href = stage.create(GoogleStage::haircut());
    const auto read = stage.connector.fetch_event(stage.context(), href);
    const auto first = stage.pull();
    stage.sim.remove_calendar(stage.id);
    BOOST_TEST((stage.page(first.next).error().code == ErrorCode::NotFound));
    BOOST_TEST((stage.connector.fetch_event(stage.context(), href).error().code == ErrorCode::Forbidden));
    BOOST_TEST(
        (stage.connector.find_event(stage.context(), stage.calendar, read->event.uid).error().code ==
         ErrorCode::Forbidden)
    );
    BOOST_TEST(
        (stage.connector.delete_event(stage.context(), href, *read->version).error().code == ErrorCode::Forbidden)
    );
}

BOOST_AUTO_TEST_CASE(what_google_cannot_hold_is_refused_before_it_is_sent) {
    GoogleStage stage;
    Event cancelled = GoogleStage::haircut(), floating = cancelled, half = cancelled;
    cancelled.master.status = EventStatus::Cancelled;
    floating.master.start.kind = floating.master.end.kind = When::Kind::Floating;
    half.partial = true;
    for (const Event& event : {cancelled, floating, half}) {
        const auto created = stage.connector.create_event(stage.context(), stage.calendar, event);
        BOOST_TEST((!created && created.error().code == ErrorCode::Rejected));
    }
    BOOST_TEST(stage.sim.requests().empty());
}

/// Google drops names and cuts values that are too long, and says nothing.
const char* const kKept[] = {
    R"({})",
    R"({"private":{"calgateMark":"cg1/epoch/salon"}})",
    R"({"shared":{"calgateMark":"cg1/epoch/salon/appointment/1/1/hash"}})",
};

BOOST_DATA_TEST_CASE(a_mark_that_google_did_not_keep_is_noticed_G24, kKept, kept) {
    ScriptedTransport script;
    const Event event = GoogleStage::haircut();
    script.then(
        200, R"({"id":")" + event.uid.value + R"(","etag":"\"1\"","extendedProperties":)" + std::string(kept) + "}"
    );
    ManualClock clock;
    FixedTokens tokens("t");
    google::GoogleConnector connector(script, clock, GoogleStage::zones(), tokens, {});
    const auto created =
        connector.create_event({clock.steady() + std::chrono::seconds(5), {}}, google::calendar_href("c"), event);
    BOOST_REQUIRE(!created);
    BOOST_TEST((created.error().code == ErrorCode::Rejected));
}

BOOST_AUTO_TEST_CASE(one_odd_event_does_not_stop_the_others_R20) {
    GoogleStage stage;
    stage.create(GoogleStage::haircut());
    stage.sim.put(stage.id, "oddly", R"({"summary":7,"visibility":"tomorrow"})");
    const auto all = stage.pull();
    BOOST_REQUIRE(all.changed.size() == 2u);
    int unreadable = 0;
    for (const RemoteEvent& event : all.changed) unreadable += event.unreadable ? 1 : 0;
    BOOST_TEST(unreadable == 1);
}

BOOST_AUTO_TEST_CASE(addresses_of_other_services_are_refused) {
    GoogleStage stage;
    const Href elsewhere{"https://caldav.example/anna/"};
    BOOST_TEST((stage.connector.fetch_changes(stage.context(), elsewhere, {}, {}).error().code == ErrorCode::Rejected));
    BOOST_TEST(
        (stage.connector.fetch_event(stage.context(), Href{"https://caldav.example/anna/a.ics"}).error().code ==
         ErrorCode::NotFound)
    );
    BOOST_TEST(stage.sim.requests().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
