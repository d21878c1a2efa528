#include <atomic>
#include <boost/test/unit_test.hpp>
#include <future>
#include <latch>
#include <thread>

#include "connectors/oauth/shared_token_source.hpp"
#include "tests/connectors/oauth_samples.hpp"
#include "tests/connectors/scripted_transport.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"

namespace calgate::oauth {
namespace {

using namespace calgate::testing;

const char* const kRevoked = R"({"error":"invalid_grant"})";

struct Fixture {
    ManualClock clock{};
    SeededRandom random{7};
    ScriptedTransport transport{};
    std::string stored = "rt-1";
    std::vector<std::string> kept{};
    bool disk_full = false;
    RefreshTokenKeeper keeper{
        [this]() -> Result<std::string> { return stored; },
        [this](const std::string& rotated) -> Status {
            if (disk_full) return Error{ErrorCode::Unavailable, "The disk is full.", {}};
            stored = rotated;
            kept.push_back(rotated);
            return {};
        }};
    SharedTokenSource source{
        clock,
        std::make_unique<RefreshGrant>(
            GrantParts{transport, clock, random}, Client{Provider::Microsoft, "c", "common", "hush", {}}, keeper
        )};

    Context context(std::chrono::milliseconds patience = std::chrono::seconds{60}) const {
        return {clock.steady() + patience, {}};
    }
    void answer(const std::string& access, const std::string& refresh = "") {
        std::string body = "{\"access_token\":\"" + access + "\",\"expires_in\":3600";
        if (!refresh.empty()) body += ",\"refresh_token\":\"" + refresh + "\"";
        transport.then(200, body + "}");
    }
    std::string sent(std::size_t i) const { return form_of(transport.asked().at(i).body)["refresh_token"]; }
};

BOOST_AUTO_TEST_SUITE(oauth_tokens)

BOOST_FIXTURE_TEST_CASE(a_token_is_used_until_five_minutes_before_its_end, Fixture) {
    answer("at-1");
    answer("at-2");
    BOOST_TEST(source.access_token(context()).value() == "at-1");
    clock.advance(std::chrono::minutes{54});
    BOOST_TEST(source.access_token(context()).value() == "at-1");
    clock.advance(std::chrono::minutes{2});
    BOOST_TEST(source.access_token(context()).value() == "at-2");
    BOOST_TEST(transport.asked().size() == 2u);
    BOOST_TEST(sent(1) == "rt-1");
    BOOST_TEST(kept.empty());
}

BOOST_FIXTURE_TEST_CASE(F25_a_rotated_refresh_token_is_kept_before_the_access_token_is_given_out_M37, Fixture) {
    answer("at-1", "rt-2");
    BOOST_TEST(source.access_token(context()).value() == "at-1");
    BOOST_TEST(stored == "rt-2");
    clock.advance(std::chrono::hours{2});
    answer("at-2", "rt-3");
    BOOST_TEST(source.access_token(context()).value() == "at-2");
    BOOST_TEST(sent(1) == "rt-2");
    BOOST_TEST(stored == "rt-3");
}

BOOST_FIXTURE_TEST_CASE(F25_a_refresh_token_that_cannot_be_kept_gives_no_access_token_and_is_kept_later, Fixture) {
    disk_full = true;
    answer("at-1", "rt-2");
    BOOST_TEST((source.access_token(context()).error().code == ErrorCode::Unavailable));
    BOOST_TEST((source.access_token(context()).error().code == ErrorCode::Unavailable));
    BOOST_TEST(transport.asked().size() == 1u);
    disk_full = false;
    answer("at-2");
    BOOST_TEST(source.access_token(context()).value() == "at-2");
    BOOST_TEST(stored == "rt-2");
    BOOST_TEST(sent(1) == "rt-2");
}

BOOST_FIXTURE_TEST_CASE(F25_after_a_lost_answer_the_old_refresh_token_is_tried_again, Fixture) {
    transport.then(Error{ErrorCode::Timeout, "No answer in time.", {}});
    answer("at-1", "rt-3");
    BOOST_TEST((source.access_token(context()).error().code == ErrorCode::Timeout));
    BOOST_TEST(source.access_token(context()).value() == "at-1");
    BOOST_TEST(sent(0) == "rt-1");
    BOOST_TEST(sent(1) == "rt-1");
    BOOST_TEST(stored == "rt-3");
}

BOOST_FIXTURE_TEST_CASE(F25_when_the_old_one_was_used_up_the_person_is_asked_and_the_provider_is_not, Fixture) {
    transport.then(Error{ErrorCode::InvalidResponse, "The answer broke off.", {}});
    transport.then(400, kRevoked);
    BOOST_TEST((source.access_token(context()).error().code == ErrorCode::InvalidResponse));
    for (int i = 0; i < 5; ++i) {
        const auto refused = source.access_token(context());
        BOOST_TEST((refused.error().code == ErrorCode::Unauthorized));
        BOOST_TEST(refused.error().detail.find("sign in once more") != std::string::npos);
        clock.advance(std::chrono::hours{1});
    }
    BOOST_TEST(transport.asked().size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(F25_what_another_process_stored_meanwhile_is_tried_before_giving_up, Fixture) {
    transport.then([this](const http::Request& request, const Context&) -> Result<http::Response> {
        stored = "rt-9";
        return http::Response{400, {}, kRevoked, request.url};
    });
    answer("at-1");
    BOOST_TEST(source.access_token(context()).value() == "at-1");
    BOOST_TEST(sent(1) == "rt-9");
}

BOOST_FIXTURE_TEST_CASE(a_token_that_was_refused_is_replaced_once, Fixture) {
    answer("at-1");
    answer("at-2");
    BOOST_TEST(source.access_token(context()).value() == "at-1");
    source.refused("at-0");
    BOOST_TEST(source.access_token(context()).value() == "at-1");
    source.refused("at-1");
    BOOST_TEST(source.access_token(context()).value() == "at-2");
    source.refused("at-1");
    BOOST_TEST(source.access_token(context()).value() == "at-2");
}

BOOST_FIXTURE_TEST_CASE(while_renewing_fails_the_old_token_serves_to_its_end, Fixture) {
    answer("at-1");
    BOOST_TEST(source.access_token(context()).value() == "at-1");
    clock.advance(std::chrono::minutes{56});
    transport.then(503, "");
    BOOST_TEST(source.access_token(context()).value() == "at-1");
    BOOST_TEST(source.access_token(context()).value() == "at-1");
    BOOST_TEST(transport.asked().size() == 2u);
    clock.advance(std::chrono::minutes{5});
    transport.then(503, "");
    BOOST_TEST((source.access_token(context()).error().code == ErrorCode::Unavailable));
}

BOOST_FIXTURE_TEST_CASE(F25_many_callers_share_one_refresh, Fixture) {
    constexpr int kCallers = 16;
    std::promise<void> release;
    std::latch arrived(1);
    transport.then([&](const http::Request& request, const Context&) -> Result<http::Response> {
        arrived.count_down();
        release.get_future().wait();
        return http::Response{200, {}, R"({"access_token":"at-1","expires_in":3600})", request.url};
    });
    std::atomic<int> good = 0;
    {
        std::vector<std::jthread> callers;
        const auto call = [&] {
            const auto token = source.access_token(context());
            good += token && *token == "at-1";
        };
        callers.emplace_back(call);
        arrived.wait();
        for (int i = 1; i < kCallers; ++i) callers.emplace_back(call);
        release.set_value();
    }
    BOOST_TEST(good == kCallers);
    BOOST_TEST(transport.asked().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(F25_a_waiting_caller_keeps_its_own_deadline_and_stop, Fixture) {
    std::promise<void> release;
    std::latch arrived(1);
    transport.then([&](const http::Request& request, const Context&) -> Result<http::Response> {
        arrived.count_down();
        release.get_future().wait();
        return http::Response{200, {}, R"({"access_token":"at-1","expires_in":3600})", request.url};
    });
    std::jthread first([&] { static_cast<void>(source.access_token(context())); });
    arrived.wait();
    BOOST_TEST((source.access_token(context(std::chrono::milliseconds{1})).error().code == ErrorCode::Unavailable));
    std::stop_source stop;
    stop.request_stop();
    BOOST_TEST(
        (source.access_token({clock.steady() + std::chrono::hours{1}, stop.get_token()}).error().code ==
         ErrorCode::Cancelled)
    );
    release.set_value();
    first.join();
    BOOST_TEST(source.access_token(context()).value() == "at-1");
}

BOOST_FIXTURE_TEST_CASE(a_stopped_refresher_leaves_the_turn_to_the_next, Fixture) {
    transport.then(Error{ErrorCode::Cancelled, "The call was stopped.", {}});
    answer("at-1");
    BOOST_TEST((source.access_token(context()).error().code == ErrorCode::Cancelled));
    BOOST_TEST(source.access_token(context()).value() == "at-1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace calgate::oauth
