#include <boost/test/unit_test.hpp>
#include <future>

#include "store/booking.hpp"
#include "tests/gateway/api_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

/// A service of an hour that anna and ben do, from nine to twelve in Berlin.
struct SlotStage : ApiStage {
    SlotStage() {
        for (const char* name : {"anna", "ben"}) {
            Json hours;
            for (const char* day : {"mon", "tue", "wed", "thu", "fri"}) hours[day] = {"09:00-12:00"};
            const Json person = {{"name", name}, {"zone", "Europe/Berlin"}, {"working_hours", hours}};
            BOOST_REQUIRE_EQUAL(call("PUT", std::string("/v1/staff/") + name, person).status, 201);
        }
        const Json cut = {{"name", "Cut"}, {"duration_min", 60}, {"step_min", 60}, {"staff", {"anna", "ben"}}};
        BOOST_REQUIRE_EQUAL(call("PUT", "/v1/services/cut", cut).status, 201);
    }
    Json slots(const std::string& more = "") const {
        const auto got = call(
            "GET", "/v1/slots?service=cut&zone=Europe/Berlin&from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z" + more
        );
        BOOST_REQUIRE_EQUAL(got.status, 200);
        return got.json();
    }
    /// "09:00 anna ben, 10:00 ben, …"
    std::string shown(const std::string& more = "") const {
        std::string out;
        const Json answer = slots(more);
        for (const Json& slot : answer["slots"]) {
            out += (out.empty() ? "" : ", ") + slot["local"].get<std::string>().substr(11, 5);
            for (const Json& name : slot["staff"]) out += " " + name.get<std::string>();
        }
        return out;
    }
    Answer hold(const char* start, const char* staff = "", HeaderList headers = {}) const {
        Json wanted = {{"service", "cut"}, {"start", start}, {"zone", "Europe/Berlin"}};
        if (*staff) wanted["staff"] = staff;
        return call("POST", "/v1/holds", wanted, std::move(headers));
    }
    void run_out(const std::string& id) {
        gateway().store->write([&](Writer& writer) {
            Appointment held = *writer.appointment({id});
            held.hold_until = gateway().clock.now() - std::chrono::seconds{1};
            writer.put(held, occupied_by(held, gateway().zones));
        });
    }
    void block(const char* staff, const char* from, const char* to, std::chrono::seconds age = {}) {
        gateway().index.set_source(
            StaffId{staff},
            {"private", gateway().clock.now() - age, SourceState::Freshness::Live},
            {{*parse_instant(from), *parse_instant(to), BusyKind::Busy}}
        );
    }
};

const char* const kNine = "2027-03-01T09:00:00";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(api_slots, SlotStage)

BOOST_AUTO_TEST_CASE(slots_are_what_is_left_of_working_hours) {
    BOOST_TEST(shown() == "09:00 anna ben, 10:00 anna ben, 11:00 anna ben");
    block("anna", "2027-03-01T08:30:00Z", "2027-03-01T09:30:00Z");
    BOOST_TEST(shown() == "09:00 ben, 10:00 ben, 11:00 anna ben");
    BOOST_TEST(shown("&staff=anna") == "11:00 anna");
    Json booked = booking("ben", "2027-03-01T11:00:00", "2027-03-01T12:00:00");
    BOOST_TEST(call("PUT", "/v1/appointments/b", booked).status == 201);
    BOOST_TEST(shown() == "09:00 ben, 10:00 ben, 11:00 anna");
}

BOOST_AUTO_TEST_CASE(R14_a_slot_says_what_it_rests_on_and_what_it_is_worth) {
    block("anna", "2027-03-01T00:00:00Z", "2027-03-01T00:00:01Z", std::chrono::hours{2});
    const Json answer = slots();
    BOOST_TEST(answer["people"][0]["offer"] == "provisional");
    BOOST_TEST(answer["people"][0]["sources"].dump().find("\"age_s\":7200") != std::string::npos);
    BOOST_TEST(answer["people"][1]["offer"] == "firm");
    BOOST_TEST(answer["slots"][0]["offer"] == "firm");
    BOOST_TEST(slots("&staff=anna")["slots"][0]["offer"] == "provisional");
}

BOOST_AUTO_TEST_CASE(equal_busy_time_of_other_contents_gives_byte_equal_slots) {
    const auto of = [&](const char* title, const char* customer) {
        Json booked = booking("ben", "2027-03-01T11:00:00", "2027-03-01T12:00:00");
        booked["title"] = title;
        booked["customer"] = customer;
        call("PUT", "/v1/appointments/b", booked);
        return slots()["slots"].dump();
    };
    BOOST_TEST(of("Cut", "Ms Smith") == of("Colour", "Mr Jones, +49 30 123"));
}

BOOST_AUTO_TEST_CASE(buffers_keep_the_neighbours_away_also_in_the_store) {
    const Json cut = {{"duration_min", 60}, {"step_min", 60}, {"buffer_after_min", 15}, {"staff", {"anna"}}};
    call("PUT", "/v1/services/cut", cut);
    Json first = booking("anna", kNine, "2027-03-01T10:00:00");
    first["service"] = "cut";
    BOOST_TEST(call("PUT", "/v1/appointments/a", first).status == 201);
    BOOST_TEST(shown() == "11:00 anna");
    Json next = booking("anna", "2027-03-01T10:00:00", "2027-03-01T10:30:00");
    BOOST_TEST(call("PUT", "/v1/appointments/b", next).status == 409);
    next["start"] = "2027-03-01T10:15:00";
    BOOST_TEST(call("PUT", "/v1/appointments/b", next).status == 201);
}

BOOST_AUTO_TEST_CASE(a_hold_takes_the_fairest_and_becomes_an_appointment) {
    call("PUT", "/v1/appointments/x", booking("anna", "2027-03-01T11:00:00", "2027-03-01T12:00:00"));
    const auto held = hold(kNine);
    BOOST_REQUIRE_EQUAL(held.status, 201);
    BOOST_TEST(held.json()["staff"] == "ben");
    BOOST_TEST(held.json()["why"] == "ben has 0 appointments that day, the fewest of 2 who are free.");
    BOOST_TEST(held.json()["state"] == "held");
    BOOST_TEST(held.json()["hold_until"].is_string());
    BOOST_TEST(shown() == "09:00 anna, 10:00 anna ben, 11:00 ben");
    const std::string id = held.json()["id"];
    Json confirmed = booking("ben", kNine, "2027-03-01T10:00:00");
    confirmed["service"] = "cut";
    const auto made = call("PUT", "/v1/appointments/" + id, confirmed);
    BOOST_TEST(made.status == 200);
    BOOST_TEST(made.json()["state"] == "confirmed");
    BOOST_TEST(made.json()["hold_until"].is_null());
}

BOOST_AUTO_TEST_CASE(a_hold_that_ran_out_is_in_nobodys_way) {
    const std::string id = hold(kNine, "anna").json()["id"];
    run_out(id);
    const auto next = call("PUT", "/v1/appointments/a", booking("anna", kNine, "2027-03-01T10:00:00"));
    BOOST_TEST(next.status == 201);
    BOOST_TEST(call("GET", "/v1/appointments/" + id).json()["state"] == "cancelled");
    Json late = booking("anna", kNine, "2027-03-01T10:00:00");
    late["service"] = "cut";
    BOOST_TEST(call("PUT", "/v1/appointments/" + id, late).status == 409);
    call("DELETE", "/v1/appointments/a");
    BOOST_TEST(shown() == "09:00 anna ben, 10:00 anna ben, 11:00 anna ben");
    BOOST_TEST(call("PUT", "/v1/appointments/" + id, late).status == 200);
}

BOOST_AUTO_TEST_CASE(a_booking_that_is_refused_leaves_a_hold_that_ran_out_to_the_sweep) {
    const std::string id = hold(kNine, "anna").json()["id"];
    call("PUT", "/v1/appointments/x", booking("anna", "2027-03-01T10:00:00", "2027-03-01T11:00:00"));
    run_out(id);
    const auto refused = call("PUT", "/v1/appointments/a", booking("anna", kNine, "2027-03-01T11:00:00"));
    BOOST_TEST(refused.status == 409);
    gateway().engine->run_due();
    BOOST_TEST(call("GET", "/v1/appointments/" + id).json()["state"] == "cancelled");
    BOOST_TEST(shown() == "09:00 anna ben, 10:00 ben, 11:00 anna ben");
}

BOOST_AUTO_TEST_CASE(a_hold_says_why_nobody_can_be_held) {
    auto business = read(*gateway().store, [](const Reader& r) { return *r.business(); });
    business.stale = StalePolicy::Refuse;
    gateway().store->write([&](Writer& writer) { writer.put(business); });
    for (const char* name : {"anna", "ben"})
        block(name, "2027-03-02T00:00:00Z", "2027-03-02T01:00:00Z", std::chrono::hours{48});
    BOOST_TEST(hold(kNine).detail().find("not read for too long") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(I16_an_event_that_came_meanwhile_refuses_the_confirmation) {
    const std::string id = hold(kNine, "anna").json()["id"];
    block("anna", "2027-03-01T08:00:00Z", "2027-03-01T09:00:00Z");
    Json confirmed = booking("anna", kNine, "2027-03-01T10:00:00");
    confirmed["service"] = "cut";
    BOOST_TEST(call("PUT", "/v1/appointments/" + id, confirmed).status == 409);
    BOOST_TEST(call("GET", "/v1/appointments/" + id).json()["state"] == "held");
}

BOOST_AUTO_TEST_CASE(R13_of_a_hundred_parallel_holds_of_a_slot_of_two_people_two_succeed) {
    std::vector<std::future<int>> answers;
    std::promise<void> go;
    const std::shared_future<void> started = go.get_future().share();
    for (int i = 0; i < 100; ++i)
        answers.push_back(std::async(std::launch::async, [this, started] {
            started.wait();
            return hold(kNine).status;
        }));
    go.set_value();
    std::map<int, int> counts;
    for (auto& answer : answers) ++counts[answer.get()];
    BOOST_TEST(counts[201] == 2);
    BOOST_TEST(counts[409] == 98);
    BOOST_TEST(shown() == "10:00 anna ben, 11:00 anna ben");
}

BOOST_AUTO_TEST_CASE(all_of_them_are_free_at_once_or_there_is_no_slot) {
    BOOST_REQUIRE_EQUAL(call("PUT", "/v1/staff/room", Json{{"name", "Room"}, {"zone", "UTC"}}).status, 201);
    block("ben", "2027-03-01T08:00:00Z", "2027-03-01T09:00:00Z");
    BOOST_TEST(shown("&all=anna,ben") == "10:00 anna ben, 11:00 anna ben");
    BOOST_TEST(shown("&all=room&staff=anna,ben") == "09:00 room anna, 10:00 room anna ben, 11:00 room anna ben");
    block("room", "2027-03-01T09:00:00Z", "2027-03-01T10:30:00Z", std::chrono::hours{48});
    BOOST_TEST(shown("&all=room&staff=ben").empty());
    const Json worth = slots("&all=room&staff=anna");
    BOOST_REQUIRE_EQUAL(worth["slots"].size(), 1u);
    BOOST_TEST(worth["slots"][0]["offer"] == "provisional");  // The room was read two days ago.
    BOOST_TEST(
        call("GET", "/v1/slots?service=cut&all=anna&staff=anna&from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z")
            .status == 400
    );
}

BOOST_AUTO_TEST_CASE(where_somebody_who_is_needed_is_refused_nothing_is_offered) {
    Config config;
    config.stale = StalePolicy::Refuse;
    ApiStage strict(HttpServer::Settings{}, config);
    strict.add_staff("anna");
    strict.add_staff("room");
    strict.gateway().index.set_state(StaffId{"room"}, {"cal-new", std::nullopt, SourceState::Freshness::Unknown});
    BOOST_REQUIRE(strict.call("PUT", "/v1/services/cut", Json{{"name", "Cut"}, {"duration_min", 60}}).status == 201);
    const std::string ask = "/v1/slots?service=cut&from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z";
    BOOST_TEST(!strict.call("GET", ask + "&all=anna").json()["slots"].empty());
    BOOST_TEST(strict.call("GET", ask + "&all=anna,room").json()["slots"].empty());
    BOOST_TEST(strict.call("GET", ask + "&all=room&staff=anna").json()["slots"].empty());
    BOOST_TEST(strict.call("GET", ask + "&all=anna&staff=room").json()["slots"].empty());
}

BOOST_AUTO_TEST_CASE(R13_of_parallel_holds_of_two_people_at_once_one_succeeds_and_none_by_half) {
    std::vector<std::future<int>> running;
    for (int n = 0; n < 40; ++n)
        running.push_back(std::async(std::launch::async, [this, n] {
            // Half of them name the people in the other order.
            const Json both = n % 2 == 0 ? Json{"anna", "ben"} : Json{"ben", "anna"};
            return call(
                       "POST",
                       "/v1/holds",
                       Json{
                           {"id", "g" + std::to_string(n)},
                           {"service", "cut"},
                           {"start", "2027-03-01T09:00:00"},
                           {"zone", "Europe/Berlin"},
                           {"all", both}}
            ).status;
        }));
    int held = 0, refused = 0;
    for (auto& one : running) {
        const int status = one.get();
        held += status == 201 ? 1 : 0;
        refused += status == 409 ? 1 : 0;
    }
    BOOST_TEST(held == 1);
    BOOST_TEST(refused == 39);
    BOOST_TEST(call("GET", "/v1/appointments").json()["appointments"].size() == 2u);
    BOOST_TEST(shown("&all=anna,ben") == "10:00 anna ben, 11:00 anna ben");
}

BOOST_AUTO_TEST_CASE(a_group_that_meets_a_booking_of_a_moment_ago_holds_nobody) {
    // Ben's booking is in the store and not yet in the index, as between a commit and what follows it.
    gateway().store->write([&](Writer& writer) {
        Appointment taken;
        taken.id = {"taken"};
        taken.staff = {"ben"};
        taken.start = *parse_local("2027-03-01T09:00:00");
        taken.end = *parse_local("2027-03-01T10:00:00");
        taken.zone = "Europe/Berlin";
        (void)place_appointment(writer, taken, {}, gateway().zones, gateway().clock.now(), "api", "");
    });
    const Json wanted = {
        {"id", "g"},
        {"service", "cut"},
        {"start", "2027-03-01T09:00:00"},
        {"zone", "Europe/Berlin"},
        {"all", {"anna", "ben"}}};
    BOOST_TEST(call("POST", "/v1/holds", wanted).status == 409);
    BOOST_TEST(call("GET", "/v1/appointments/g").status == 404);
    BOOST_TEST(hold("2027-03-01T09:00:00", "anna").status == 201);
}

BOOST_AUTO_TEST_CASE(holds_of_several_are_confirmed_together_or_not_at_all) {
    const Json wanted = {
        {"id", "g"},
        {"service", "cut"},
        {"start", "2027-03-01T09:00:00"},
        {"zone", "Europe/Berlin"},
        {"all", {"anna", "ben"}}};
    const auto held = call("POST", "/v1/holds", wanted, {{"Idempotency-Key", "h"}});
    BOOST_REQUIRE_MESSAGE(held.status == 201, held.body);
    BOOST_TEST(call("POST", "/v1/holds", wanted, {{"Idempotency-Key", "h"}}).body == held.body);
    BOOST_TEST(held.json()["holds"].dump() == R"([{"id":"g","staff":"anna"},{"id":"g.ben","staff":"ben"}])");
    const Json both = {{"appointments", {"g", "g.ben"}}, {"title", "Duet"}};
    block("ben", "2027-03-01T08:30:00Z", "2027-03-01T09:00:00Z");
    BOOST_TEST(call("POST", "/v1/confirmations", both).status == 409);
    BOOST_TEST(call("GET", "/v1/appointments/g").json()["state"] == "held");  // What came before ben is taken back.
    block("ben", "2027-03-01T12:30:00Z", "2027-03-01T13:00:00Z");
    const auto confirmed = call("POST", "/v1/confirmations", both, {{"Idempotency-Key", "k"}});
    BOOST_REQUIRE_MESSAGE(confirmed.status == 200, confirmed.body);
    BOOST_TEST(call("POST", "/v1/confirmations", both, {{"Idempotency-Key", "k"}}).body == confirmed.body);
    for (const char* id : {"g", "g.ben"}) {
        const Json now = call("GET", std::string("/v1/appointments/") + id).json();
        BOOST_TEST(now["state"] == "confirmed");
        BOOST_TEST(now["title"] == "Duet");
    }
    BOOST_TEST(call("POST", "/v1/confirmations", Json{{"appointments", {"nothing"}}}).status == 404);
    hold("2027-03-01T10:00:00", "anna");
    const Json late = call(
                          "POST",
                          "/v1/holds",
                          Json{
                              {"id", "l"},
                              {"service", "cut"},
                              {"start", "2027-03-01T11:00:00"},
                              {"zone", "Europe/Berlin"},
                              {"all", {"ben"}}}
    ).json();
    run_out("l");
    BOOST_TEST(call("POST", "/v1/confirmations", Json{{"appointments", {"l"}}}).status == 409);
}

BOOST_AUTO_TEST_CASE(I5_the_same_key_holds_once) {
    const HeaderList key = {{"Idempotency-Key", "h-1"}};
    const auto first = hold(kNine, "", key);
    const auto again = hold(kNine, "", key);
    BOOST_TEST(first.status == 201);
    BOOST_TEST(again.body == first.body);
    BOOST_TEST(shown().starts_with("09:00 "));
}

BOOST_AUTO_TEST_CASE(holds_are_not_exported_and_not_offered_twice) {
    hold(kNine, "anna");
    BOOST_TEST(call("GET", "/v1/export").json()["appointments"].empty());
    BOOST_TEST(hold(kNine, "anna").status == 409);
    BOOST_TEST(hold("2027-03-01T12:00:00", "anna").detail().find("/v1/slots") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(exceptions_come_back_as_they_were_given_and_close_the_day) {
    const Json person = {
        {"zone", "Europe/Berlin"}, {"exceptions", {{"2027-03-01", Json::array()}, {"2027-03-02", {"09:00-10:00"}}}}};
    BOOST_TEST(call("PUT", "/v1/staff/ben", person).status == 200);
    BOOST_TEST(call("GET", "/v1/staff/ben").json()["exceptions"] == person["exceptions"]);
    BOOST_TEST(shown() == "09:00 anna, 10:00 anna, 11:00 anna");
    const Json wrong = {{"zone", "Europe/Berlin"}, {"exceptions", {{"tomorrow", Json::array()}}}};
    BOOST_TEST(call("PUT", "/v1/staff/ben", wrong).detail().find("2026-12-24") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(bad_questions_get_a_sentence_each) {
    const std::string window = "&from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z";
    BOOST_TEST(call("GET", "/v1/slots?service=none" + window).status == 404);
    BOOST_TEST(call("GET", "/v1/slots?service=cut&staff=eve" + window).status == 404);
    BOOST_TEST(call("GET", "/v1/slots?service=cut&zone=Mars" + window).detail().find("IANA") != std::string::npos);
    BOOST_TEST(
        call("GET", "/v1/slots?service=cut&from=2027-03-01T00:00:00Z&to=2027-06-02T00:00:00Z")
            .detail()
            .find("62 days") != std::string::npos
    );
    BOOST_TEST(call("GET", "/v1/slots?service=cut&color=red" + window).status == 400);
}

BOOST_AUTO_TEST_SUITE_END()
