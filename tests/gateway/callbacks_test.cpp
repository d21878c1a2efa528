#include "gateway/callbacks.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/identity.hpp"
#include "gateway/keys.hpp"
#include "gateway/system_random.hpp"
#include "gateway/webhook_signature.hpp"
#include "store/booking.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/gateway/api_stage.hpp"
#include "tests/support/fault_vfs.hpp"
#include "tests/support/manual_clock.hpp"

using namespace calgate;
using namespace calgate::testing;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

/// What the receiver heard, and what it answers to whom.
class Receiver final : public http::HttpTransport {
public:
    struct Heard {
        http::Request request{};
        std::string appointment{};
        std::int64_t revision = 0;
        int status = 0;
        std::string header(const std::string& name) const {
            for (const auto& [each, value] : request.headers)
                if (each == name) return value;
            return {};
        }
    };
    Result<http::Response> send(const http::Request& request, const Context&) override {
        const auto data = nlohmann::json::parse(request.body)["data"];
        const auto own = answers.find(data["appointment"]);
        const int status = own == answers.end() ? usual : own->second;
        heard.push_back({request, data["appointment"], data["revision"], status});
        if (status == 0) return Error{ErrorCode::Timeout, "It did not answer in time.", {}};
        http::Response response;
        response.status = status;
        response.headers = extra;
        return response;
    }
    /// "a1 a2 b1": what was taken, in order.
    std::string taken() const {
        std::string out;
        for (const Heard& one : heard)
            if (one.status / 100 == 2) out += (out.empty() ? "" : " ") + one.appointment + std::to_string(one.revision);
        return out;
    }

    int usual = 204;  ///< 0: says nothing.
    std::map<std::string, int> answers{};
    http::Headers extra{};
    std::vector<Heard> heard{};
};

struct Stage {
    Stage() {
        store->write([&](Writer& writer) {
            Business business;
            business.id = "biz";
            business.epoch = "epoch";
            business.zone = "UTC";
            writer.put(business);
            Staff staff;
            staff.id = {"ann"};
            staff.zone = "UTC";
            staff.capacity = 1000;
            writer.put(staff);
        });
        start();
        rotate(seconds{0});
    }
    /// As after a restart.
    void start() {
        callbacks.emplace(Callbacks::Settings{"https://shop.example/hook"}, *store, vault, receiver, clock, random);
    }
    std::string rotate(seconds overlap) {
        return write(*store, [&](Writer& w) { return rotate_callback_secret(w, vault, random, clock.now(), overlap); });
    }
    void book(const std::string& id, const std::string& title = "t", const std::string& customer = "Mia Berg") {
        store->write([&](Writer& writer) {
            Appointment wanted;
            wanted.id = {id};
            wanted.staff = {"ann"};
            wanted.zone = "UTC";
            wanted.start = LocalSeconds{std::chrono::local_days{std::chrono::year{2026} / 4 / 1}};
            wanted.end = wanted.start + hours{1};
            wanted.title = title;
            wanted.customer = customer;
            place_appointment(writer, wanted, std::nullopt, zones, clock.now(), "api", customer);
        });
    }
    CallbackState state() const {
        return read(*store, [](const Reader& r) { return callback_state(r); });
    }
    /// Lets time pass in steps, as the thread sees it.
    void run_for(seconds time, seconds step = seconds{5}) {
        for (seconds passed{0}; passed < time; passed += step) {
            clock.advance(step);
            callbacks->run_due();
        }
    }

    ScratchFolder folder{};
    ManualClock clock{};
    SystemRandom random{};
    ZoneResolver zones{};
    std::unique_ptr<SqliteStore> store = SqliteStore::open(folder.file("calgate.db"));
    Vault vault{folder.path(), make_keys(random).vault, random};
    Receiver receiver{};
    std::optional<Callbacks> callbacks{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(callbacks, Stage)

BOOST_AUTO_TEST_CASE(each_change_is_told_in_order_with_ids_and_state_and_no_name) {
    book("a");
    book("b");
    book("a", "other");
    store->write([&](Writer& w) {
        cancel_appointment(w, {"a"}, {}, zones, clock.now(), "calendar:c", "Mia Berg is ill");
    });
    BOOST_TEST(callbacks->run_due() == 4);
    BOOST_TEST(receiver.taken() == "a1 b1 a2 a3");
    BOOST_TEST(callbacks->run_due() == 0);
    const auto last = nlohmann::json::parse(receiver.heard.back().request.body);
    BOOST_TEST(last["type"] == "appointment.cancelled");
    BOOST_TEST(last["data"]["state"] == "cancelled");
    BOOST_TEST(last["data"]["actor"] == "calendar:c");
    BOOST_TEST(nlohmann::json::parse(receiver.heard[0].request.body)["data"]["state"] == "confirmed");
    for (const auto& one : receiver.heard) BOOST_TEST(one.request.body.find("Mia") == std::string::npos);
    BOOST_TEST(state().behind == 0);
}

BOOST_AUTO_TEST_CASE(what_was_before_is_told_on_request_only) {
    Stage fresh;
    fresh.store->write([](Writer& writer) { writer.put_setting("callbacks.cursor", ""); });
    fresh.book("a");
    fresh.start();
    fresh.book("b");
    fresh.callbacks->run_due();
    BOOST_TEST(fresh.receiver.taken() == "b1");
}

BOOST_AUTO_TEST_CASE(the_signature_is_that_of_standard_webhooks) {
    // The example of the specification's libraries.
    const std::string secret = from_base64url("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value();
    BOOST_TEST(shown_secret(secret) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    BOOST_TEST(
        webhook_signature({secret}, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}") ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    );
}

BOOST_AUTO_TEST_CASE(for_a_while_both_secrets_sign) {
    const std::string second = rotate(hours{1});
    BOOST_TEST(second.starts_with("whsec_"));
    book("a");
    callbacks->run_due();
    const std::string both = receiver.heard.back().header("webhook-signature");
    BOOST_TEST(both.find(" v1,") != std::string::npos);
    clock.advance(hours{1});
    book("b");
    callbacks->run_due();
    const auto& heard = receiver.heard.back();
    BOOST_TEST(heard.header("webhook-signature").find(' ') == std::string::npos);
    const auto timestamp = std::stoll(heard.header("webhook-timestamp"));
    BOOST_TEST(timestamp == clock.now().time_since_epoch().count());
}

BOOST_AUTO_TEST_CASE(an_appointment_that_is_refused_keeps_its_order_and_holds_nobody_else_up) {
    receiver.answers["a"] = 500;
    book("a");
    book("b");
    book("a", "2");
    callbacks->run_due();
    book("c");
    callbacks->run_due();
    BOOST_TEST(receiver.taken() == "b1 c1");
    BOOST_TEST(state().waiting == 1);
    BOOST_TEST(state().behind == 0);
    run_for(seconds{60});
    const std::string first_id = receiver.heard.front().header("webhook-id");
    receiver.answers.clear();
    book("a", "3");
    run_for(seconds{60});
    BOOST_TEST(receiver.taken() == "b1 c1 a1 a2 a3");
    BOOST_TEST(state().waiting == 0);
    for (const auto& one : receiver.heard)
        if (one.appointment == "a" && one.revision == 1) BOOST_TEST(one.header("webhook-id") == first_id);
}

BOOST_AUTO_TEST_CASE(a_receiver_that_is_away_is_asked_now_and_then_and_gets_everything_once_it_is_back) {
    receiver.usual = 0;
    for (int i = 0; i < 50; ++i) book("a" + std::to_string(i));
    callbacks->run_due();
    BOOST_TEST(receiver.heard.size() == 3u);
    run_for(hours{6});
    BOOST_TEST(receiver.heard.size() < 110u);
    BOOST_TEST(!state().trouble.empty());
    receiver.usual = 200;
    run_for(seconds{305});
    BOOST_TEST(state().behind == 0);
    BOOST_TEST(state().waiting == 0);
    BOOST_TEST(state().trouble == "");
    std::map<std::string, int> told;
    for (const auto& one : receiver.heard) told[one.appointment] += one.status == 200;
    BOOST_TEST(told.size() == 50u);
    for (const auto& [id, count] : told) BOOST_TEST(count == 1, id);
}

BOOST_AUTO_TEST_CASE(after_three_days_it_is_given_up_with_an_alarm_until_a_replay) {
    receiver.answers["a"] = 410;
    book("a");
    book("b");
    callbacks->run_due();
    run_for(hours{71}, seconds{600});
    BOOST_TEST(state().parked == 0);
    run_for(hours{3}, seconds{600});
    BOOST_TEST(state().parked == 1);
    const auto asked = receiver.heard.size();
    book("a", "2");
    run_for(hours{5}, seconds{600});
    BOOST_TEST(receiver.heard.size() == asked);
    receiver.answers.clear();
    store->write([&](Writer& writer) { replay_callbacks(writer, 1, clock.now()); });
    callbacks->run_due();
    BOOST_TEST(receiver.taken() == "b1 b1 a1 a2");
    BOOST_TEST(state().parked == 0);
}

BOOST_AUTO_TEST_CASE(a_replay_from_the_beginning_tells_everything_again) {
    book("a");
    book("b");
    callbacks->run_due();
    receiver.answers["b"] = 503;
    book("b", "2");
    callbacks->run_due();
    receiver.answers.clear();
    store->write([&](Writer& writer) { replay_callbacks(writer, 0, clock.now()); });
    callbacks->run_due();
    BOOST_TEST(receiver.taken() == "a1 b1 a1 b1 b2");
    BOOST_TEST(receiver.heard[0].header("webhook-id") == receiver.heard[3].header("webhook-id"));
}

BOOST_AUTO_TEST_CASE(a_hint_to_wait_is_obeyed) {
    receiver.answers["a"] = 429;
    receiver.extra = {{"Retry-After", "600"}};
    book("a");
    callbacks->run_due();
    run_for(seconds{595});
    BOOST_TEST(receiver.heard.size() == 1u);
    run_for(seconds{10});
    BOOST_TEST(receiver.heard.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_set_back_puts_nothing_off) {
    receiver.answers["a"] = 500;
    book("a");
    callbacks->run_due();
    clock.set_now(clock.now() - hours{48});
    receiver.answers.clear();
    callbacks->run_due();
    BOOST_TEST(receiver.taken() == "a1");
}

BOOST_AUTO_TEST_CASE(after_a_restart_it_goes_on_where_it_was) {
    book("a");
    callbacks->run_due();
    receiver.answers["b"] = 500;
    book("b");
    callbacks->run_due();
    callbacks.reset();
    book("c");
    book("b", "2");
    start();
    receiver.answers.clear();
    run_for(seconds{10});
    BOOST_TEST(receiver.taken() == "a1 c1 b1 b2");
}

BOOST_AUTO_TEST_CASE(without_a_secret_nothing_is_sent_and_nothing_is_lost) {
    store->write([](Writer& writer) { writer.erase_secrets(kOwnSecrets); });
    book("a");
    BOOST_TEST(callbacks->run_due() == 0);
    BOOST_TEST(state().behind == 1);
    BOOST_TEST(!state().has_secret);
    rotate(seconds{0});
    BOOST_TEST(callbacks->run_due() == 1);
}

BOOST_AUTO_TEST_CASE(a_secret_that_does_not_open_is_told_once_and_nothing_is_lost) {
    const auto damage = [&](const char* name) {
        store->write([&](Writer& writer) {
            SealedSecret sealed = *writer.secret(kOwnSecrets, name);
            sealed.sealed.back() = static_cast<char>(sealed.sealed.back() ^ 1);
            writer.put(sealed);
        });
    };
    const std::shared_ptr<spdlog::logger> before = spdlog::default_logger();
    std::ostringstream said;
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("heard", std::make_shared<spdlog::sinks::ostream_sink_mt>(said))
    );
    const auto told = [&] {
        int count = 0;
        for (std::size_t at = said.str().find("callback_secret_damaged"); at != std::string::npos;
             at = said.str().find("callback_secret_damaged", at + 1))
            ++count;
        return count;
    };
    damage("callback_secret");
    book("a");
    run_for(seconds{30});
    BOOST_TEST(receiver.heard.empty());
    BOOST_TEST(state().behind == 1);
    BOOST_TEST(state().trouble.find("calgate callbacks rotate") != std::string::npos, state().trouble);
    BOOST_TEST(told() == 1);
    start();
    callbacks->run_due();
    BOOST_TEST(told() == 2);
    rotate(seconds{60});  // The damaged one signs nothing beside the new one.
    run_for(seconds{30});
    BOOST_TEST(receiver.taken() == "a1");
    BOOST_TEST(state().trouble == "");
    BOOST_TEST(told() == 2);
    rotate(seconds{60});
    damage("callback_secret_before");
    book("b");
    run_for(seconds{30});
    BOOST_TEST(receiver.taken() == "a1 b1");
    BOOST_TEST(told() == 3);
    spdlog::set_default_logger(before);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_CASE(callbacks_are_seen_and_replayed_through_the_api, ApiStage) {
    const auto made = call("POST", "/v1/callbacks/secret", Json{{"overlap_s", 60}});
    BOOST_TEST(made.status == 201);
    BOOST_TEST(made.json()["secret"].get<std::string>().starts_with("whsec_"));
    const auto shown = call("GET", "/v1/callbacks").json();
    BOOST_TEST(shown["secret_set"] == true);
    BOOST_TEST(shown["parked"] == 0);
    gateway().store->write([](Writer& writer) { writer.put(CallbackWait{"a", 1, 9, {}, {}, true}); });
    BOOST_TEST(call("GET", "/v1/status").json()["callbacks"]["parked"] == 1);
    BOOST_TEST(call("GET", "/metrics").body.find("calgate_callbacks_parked 1\n") != std::string::npos);
    BOOST_TEST(call("POST", "/v1/callbacks/replay", Json{{"after", 1'000'000}}).status == 422);
    BOOST_TEST(call("POST", "/v1/callbacks/replay", Json{{"after", 0}}).status == 200);
    BOOST_TEST(call("GET", "/v1/status").json()["callbacks"]["parked"] == 0);
    BOOST_TEST(call("GET", "/v1/status").body.find("whsec") == std::string::npos);
}
