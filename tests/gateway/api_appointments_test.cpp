#include <poll.h>

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <future>
#include <ostream>
#include <set>
#include <thread>

#include "tests/gateway/api_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

const std::string kNine = "2027-03-01T09:00:00";
const std::string kTen = "2027-03-01T10:00:00";

Json window_of(const ApiStage& stage, const std::string& staff, const std::string& from, const std::string& to) {
    const auto got = stage.call("GET", "/v1/availability?staff=" + staff + "&from=" + from + "&to=" + to);
    BOOST_REQUIRE_EQUAL(got.status, 200);
    return got.json()["staff"][0];
}

/// What an external calendar of anna blocks, read just now.
void block(ApiStage& stage, const std::string& from, const std::string& to, std::chrono::seconds age = {}) {
    stage.gateway().index.set_source(
        StaffId{"anna"},
        {"private", stage.gateway().clock.now() - age, SourceState::Freshness::Live},
        {{*parse_instant(from), *parse_instant(to), BusyKind::Busy}}
    );
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(api_appointments, ApiStage)

BOOST_AUTO_TEST_CASE(a_booking_is_made_read_changed_and_cancelled_once) {
    add_staff("anna");
    const auto made = call("PUT", "/v1/appointments/a", booking("anna", kNine, kTen));
    BOOST_TEST(made.status == 201);
    BOOST_TEST(made.header("etag") == "\"1\"");
    BOOST_TEST(call("GET", "/v1/appointments/a").body == made.body);
    BOOST_TEST(call("PUT", "/v1/appointments/a", booking("anna", kNine, kTen)).status == 200);
    BOOST_TEST(call("GET", "/v1/appointments/a").header("etag") == "\"1\"");
    BOOST_TEST(call("PUT", "/v1/appointments/a", booking("anna", kTen, "2027-03-01T11:00:00")).status == 200);
    BOOST_TEST(call("GET", "/v1/appointments/a").header("etag") == "\"2\"");
    const auto gone = call("DELETE", "/v1/appointments/a");
    BOOST_TEST(gone.status == 200);
    BOOST_TEST(gone.json()["state"] == "cancelled");
    BOOST_TEST(gone.json()["revision"] == 3);
    const auto twice = call("DELETE", "/v1/appointments/a");
    BOOST_TEST(twice.status == 200);
    BOOST_TEST(twice.json()["revision"] == 3);
    BOOST_TEST(window_of(*this, "anna", "2027-03-01T00:00:00Z", "2027-03-02T00:00:00Z")["busy"].empty());
}

BOOST_AUTO_TEST_CASE(I5_the_same_key_gives_the_same_answer_also_after_a_restart) {
    add_staff("anna");
    const HeaderList key = {{"Idempotency-Key", "k-1"}};
    const auto first = call("PUT", "/v1/appointments/a", booking("anna", kNine, kTen), key);
    BOOST_TEST(first.status == 201);
    // Meanwhile somebody changed it: the answer under the key stays what it was, and nothing is done again.
    call("DELETE", "/v1/appointments/a");
    for (int round = 0; round < 2; ++round) {
        const auto again = call("PUT", "/v1/appointments/a", booking("anna", kNine, kTen), key);
        BOOST_TEST(again.status == 201);
        BOOST_TEST(again.body == first.body);
        BOOST_TEST(again.header("etag") == first.header("etag"));
        BOOST_TEST(call("GET", "/v1/appointments/a").json()["state"] == "cancelled");
        reopen();
    }
    const auto other = call("PUT", "/v1/appointments/a", booking("anna", kTen, "2027-03-01T11:00:00"), key);
    BOOST_TEST(other.status == 422);
    BOOST_TEST(other.detail().find("Idempotency-Key") != std::string::npos);
    const auto elsewhere = call("PUT", "/v1/appointments/b", booking("anna", kNine, kTen), key);
    BOOST_TEST(elsewhere.status == 422);
    BOOST_TEST(call("GET", "/v1/appointments/b").status == 404);
    const auto long_key =
        call("PUT", "/v1/appointments/b", booking("anna", kNine, kTen), {{"Idempotency-Key", std::string(256, 'k')}});
    BOOST_TEST(long_key.status == 400);
}

BOOST_AUTO_TEST_CASE(I5_an_answer_is_kept_for_a_week_and_then_forgotten) {
    add_staff("anna");
    const Instant now = gateway().clock.now();
    gateway().store->write([&](Writer& writer) {
        writer.put_idempotent_answer("young", {"digest", 201, "{}", now - std::chrono::hours{24 * 7 - 1}});
        writer.put_idempotent_answer("old", {"digest", 201, "{}", now - std::chrono::hours{24 * 7 + 1}});
    });
    call("PUT", "/v1/appointments/a", booking("anna", kNine, kTen), {{"Idempotency-Key", "k-1"}});
    gateway().store->read([](const Reader& reader) {
        BOOST_TEST(reader.idempotent_answer("k-1").has_value());
        BOOST_TEST(reader.idempotent_answer("young").has_value());
        BOOST_TEST(!reader.idempotent_answer("old").has_value());
    });
}

BOOST_AUTO_TEST_CASE(I5_a_refused_request_does_not_use_up_its_key) {
    add_staff("anna");
    call("PUT", "/v1/appointments/a", booking("anna", kNine, kTen));
    const HeaderList key = {{"Idempotency-Key", "k-1"}};
    BOOST_TEST(call("PUT", "/v1/appointments/b", booking("anna", kNine, kTen), key).status == 409);
    call("DELETE", "/v1/appointments/a");
    BOOST_TEST(call("PUT", "/v1/appointments/b", booking("anna", kNine, kTen), key).status == 201);
}

BOOST_AUTO_TEST_CASE(I5_while_a_request_runs_its_key_is_taken) {
    add_staff("anna");
    std::promise<void> entered;
    std::promise<void> release;
    std::thread holder([&] {
        gateway().store->write([&](Writer&) {
            entered.set_value();
            release.get_future().wait();
        });
    });
    entered.get_future().wait();
    const std::string text = request_text(
        "PUT",
        "/v1/appointments/a",
        booking("anna", kNine, kTen).dump(),
        {{"Idempotency-Key", "k-1"}, {"Authorization", authorization()}}
    );
    Wire one(port());
    Wire two(port());
    one.send(text);
    two.send(text);
    pollfd ready[] = {{one.fd(), POLLIN, 0}, {two.fd(), POLLIN, 0}};
    BOOST_TEST(::poll(ready, 2, 20'000) == 1);
    Wire& second = ready[0].revents != 0 ? one : two;
    Wire& first = ready[0].revents != 0 ? two : one;
    const auto told = second.read();
    BOOST_TEST(told.status == 409);
    BOOST_TEST(told.detail().find("running") != std::string::npos);
    release.set_value();
    BOOST_TEST(first.read().status == 201);
    holder.join();
    second.send(text);
    BOOST_TEST(second.read().status == 201);
}

BOOST_AUTO_TEST_CASE(I10_if_match_names_the_revision_that_was_seen) {
    add_staff("anna");
    const Json body = booking("anna", kNine, kTen);
    BOOST_TEST(call("PUT", "/v1/appointments/a", body, {{"If-Match", "\"1\""}}).status == 412);
    BOOST_TEST(call("GET", "/v1/appointments/a").status == 404);
    BOOST_TEST(call("PUT", "/v1/appointments/a", body).status == 201);
    Json moved = booking("anna", kTen, "2027-03-01T11:00:00");
    BOOST_TEST(call("PUT", "/v1/appointments/a", moved, {{"If-Match", "\"1\""}}).status == 200);
    const auto stale = call("PUT", "/v1/appointments/a", body, {{"If-Match", "\"1\""}});
    BOOST_TEST(stale.status == 412);
    BOOST_TEST(stale.detail().find("If-Match") != std::string::npos);
    BOOST_TEST(call("DELETE", "/v1/appointments/a", std::string{}, {{"If-Match", "\"1\""}}).status == 412);
    BOOST_TEST(call("GET", "/v1/appointments/a").json()["state"] == "confirmed");
    for (const char* odd : {"W/\"2\"", "*", "two", "\"2\", \"3\"", "99999999999999999999"})
        BOOST_TEST(call("PUT", "/v1/appointments/a", moved, {{"If-Match", odd}}).status == 400);
    BOOST_TEST(call("DELETE", "/v1/appointments/a", std::string{}, {{"If-Match", "2"}}).status == 200);
}

BOOST_AUTO_TEST_CASE(paging_visits_every_appointment_once_also_while_some_are_added) {
    add_staff("anna", 1000);
    for (int i = 0; i < 23; ++i) {
        const auto id = "m" + std::to_string(100 + i);
        BOOST_REQUIRE(call("PUT", "/v1/appointments/" + id, booking("anna", kNine, kTen)).status == 201);
    }
    for (const int limit : {1, 7, 23, 24, 1000}) {
        std::multiset<std::string> seen;
        std::string after;
        int pages = 0;
        do {
            const auto page = call("GET", "/v1/appointments?limit=" + std::to_string(limit) + "&after=" + after).json();
            for (const Json& a : page["appointments"]) seen.insert(a["id"].get<std::string>());
            after = page.value("next", "");
            if (++pages == 2) {
                call("PUT", "/v1/appointments/a" + std::to_string(limit), booking("anna", kNine, kTen));  // Behind.
                call("DELETE", "/v1/appointments/a" + std::to_string(limit));
            }
        } while (!after.empty());
        for (int i = 0; i < 23; ++i) BOOST_TEST(seen.count("m" + std::to_string(100 + i)) == 1u);
        BOOST_TEST(seen.size() == std::set<std::string>(seen.begin(), seen.end()).size());
    }
}

BOOST_AUTO_TEST_CASE(I30_the_feed_has_every_change_once_and_no_gap) {
    add_staff("anna", 1000);
    std::vector<std::jthread> bookers;
    for (int t = 0; t < 4; ++t) {
        bookers.emplace_back([this, t] {
            for (int i = 0; i < 10; ++i) {
                const auto id = "/v1/appointments/t" + std::to_string(t) + "-" + std::to_string(i);
                call("PUT", id, booking("anna", kNine, kTen));
                if (i % 2 == 0) call("DELETE", id);
            }
        });
    }
    std::multiset<std::string> seen;
    std::int64_t after = 0;
    const auto read_on = [&] {
        while (true) {
            const auto page = call("GET", "/v1/changes?limit=3&after=" + std::to_string(after)).json();
            if (page["changes"].empty()) return;
            for (const Json& change : page["changes"]) {
                BOOST_TEST(change["sequence"] == after + 1);
                after = change["sequence"].get<std::int64_t>();
                seen.insert(change["kind"].get<std::string>() + " " + change["subject"].get<std::string>());
            }
            BOOST_TEST(page["next"] == after);
        }
    };
    read_on();
    bookers.clear();
    read_on();
    for (int t = 0; t < 4; ++t) {
        for (int i = 0; i < 10; ++i) {
            const auto id = "t" + std::to_string(t) + "-" + std::to_string(i);
            BOOST_TEST(seen.count("appointment.created " + id) == 1u);
            BOOST_TEST(seen.count("appointment.cancelled " + id) == (i % 2 == 0 ? 1u : 0u));
        }
    }
}

BOOST_AUTO_TEST_CASE(I15_an_overlap_is_refused_and_touching_is_none) {
    add_staff("anna");
    BOOST_TEST(call("PUT", "/v1/appointments/a", booking("anna", kNine, kTen)).status == 201);
    BOOST_TEST(call("PUT", "/v1/appointments/b", booking("anna", kTen, "2027-03-01T11:00:00")).status == 201);
    BOOST_TEST(call("PUT", "/v1/appointments/c", booking("anna", "2027-03-01T08:00:00", kNine)).status == 201);
    const auto refused =
        call("PUT", "/v1/appointments/d", booking("anna", "2027-03-01T09:59:59", "2027-03-01T10:00:01"));
    BOOST_TEST(refused.status == 409);
    BOOST_TEST(refused.detail().find("booked at this time") != std::string::npos);
    Json forced = booking("anna", kNine, kTen);
    forced["override_busy"] = true;  // Is about external calendars, never about our own bookings.
    BOOST_TEST(call("PUT", "/v1/appointments/d", forced).status == 409);
    BOOST_TEST(call("GET", "/v1/appointments/d").status == 404);
}

BOOST_AUTO_TEST_CASE(R13_a_hundred_parallel_confirms_of_one_slot_give_one_success) {
    add_staff("anna");
    std::vector<std::future<int>> answers;
    std::promise<void> go;
    const std::shared_future<void> started = go.get_future().share();
    for (int i = 0; i < 100; ++i) {
        answers.push_back(std::async(std::launch::async, [this, i, started] {
            started.wait();
            return call("PUT", "/v1/appointments/b" + std::to_string(i), booking("anna", kNine, kTen)).status;
        }));
    }
    go.set_value();
    std::map<int, int> counts;
    for (auto& answer : answers) ++counts[answer.get()];
    BOOST_TEST(counts[201] == 1);
    BOOST_TEST(counts[409] == 99);
    const Json busy = window_of(*this, "anna", "2027-03-01T00:00:00Z", "2027-03-02T00:00:00Z")["busy"];
    BOOST_REQUIRE(busy.size() == 1u);
    BOOST_TEST(busy[0]["start"] == "2027-03-01T08:00:00Z");
    BOOST_TEST(busy[0]["end"] == "2027-03-01T09:00:00Z");
    reopen();
    BOOST_TEST(call("GET", "/v1/appointments").json()["appointments"].size() == 1u);
}

BOOST_AUTO_TEST_CASE(I16_external_busy_time_refuses_unless_overridden) {
    add_staff("anna");
    block(*this, "2027-03-01T08:30:00Z", "2027-03-01T09:00:00Z");  // 09:30 to 10:00 in Berlin
    const auto refused = call("PUT", "/v1/appointments/a", booking("anna", kNine, kTen));
    BOOST_TEST(refused.status == 409);
    BOOST_TEST(refused.detail().find("override_busy") != std::string::npos);
    BOOST_TEST(call("PUT", "/v1/appointments/b", booking("anna", kNine, "2027-03-01T09:30:00")).status == 201);
    BOOST_TEST(call("PUT", "/v1/appointments/c", booking("anna", kTen, "2027-03-01T11:00:00")).status == 201);
    Json forced = booking("anna", "2027-03-01T09:30:00", kTen);
    forced["override_busy"] = true;
    BOOST_TEST(call("PUT", "/v1/appointments/d", forced).status == 201);
    BOOST_TEST(
        call("PUT", "/v1/appointments/d?force=true", booking("anna", "2027-03-01T09:35:00", kTen)).status == 200
    );
    Json renamed = booking("anna", "2027-03-01T09:35:00", kTen);
    renamed["title"] = "Colour";  // The time stays: nothing is asked again.
    BOOST_TEST(call("PUT", "/v1/appointments/d", renamed).status == 200);
}

BOOST_AUTO_TEST_CASE(I17_on_old_data_a_booking_is_provisional) {
    add_staff("anna");
    block(*this, "2027-03-01T20:00:00Z", "2027-03-01T21:00:00Z", std::chrono::hours{3});
    const auto made = call("PUT", "/v1/appointments/a", booking("anna", kNine, kTen));
    BOOST_TEST(made.status == 201);
    BOOST_TEST(made.json()["provisional"] == true);
}

struct ZoneRow {
    const char* name;
    const char* zone;
    const char* start;
    const char* end;
    const char* busy_from;
    const char* busy_to;
};
std::ostream& operator<<(std::ostream& out, const ZoneRow& row) { return out << row.name; }

// RFC 5545 3.3.5: a time in a gap takes the offset before it; a time that exists twice is the first.
// clang-format off
const ZoneRow kZoneRows[] = {
    {"before_the_gap",       "Europe/Berlin",       "2027-03-28T01:00:00", "2027-03-28T02:00:00", "2027-03-28T00:00:00Z", "2027-03-28T01:00:00Z"},
    {"start_in_the_gap",     "Europe/Berlin",       "2027-03-28T02:30:00", "2027-03-28T04:00:00", "2027-03-28T01:30:00Z", "2027-03-28T02:00:00Z"},
    {"all_in_the_gap",       "Europe/Berlin",       "2027-03-28T02:15:00", "2027-03-28T02:45:00", "2027-03-28T01:15:00Z", "2027-03-28T01:45:00Z"},
    {"end_behind_the_gap",   "Europe/Berlin",       "2027-03-28T02:30:00", "2027-03-28T03:15:00", "2027-03-28T01:30:00Z", "2027-03-28T02:15:00Z"},
    {"over_the_gap",         "Europe/Berlin",       "2027-03-28T01:30:00", "2027-03-28T03:30:00", "2027-03-28T00:30:00Z", "2027-03-28T01:30:00Z"},
    {"twice_is_the_first",   "Europe/Berlin",       "2027-10-31T02:30:00", "2027-10-31T02:45:00", "2027-10-31T00:30:00Z", "2027-10-31T00:45:00Z"},
    {"over_the_overlap",     "Europe/Berlin",       "2027-10-31T01:30:00", "2027-10-31T03:30:00", "2027-10-30T23:30:00Z", "2027-10-31T02:30:00Z"},
    {"half_hour_zone",       "Asia/Kolkata",        "2027-10-31T09:00:00", "2027-10-31T10:00:00", "2027-10-31T03:30:00Z", "2027-10-31T04:30:00Z"},
    {"half_hour_of_summer",  "Australia/Lord_Howe", "2027-10-03T02:15:00", "2027-10-03T03:00:00", "2027-10-02T15:45:00Z", "2027-10-02T16:00:00Z"},
    {"utc",                  "UTC",                 "2027-10-31T09:00:00", "2027-10-31T10:00:00", "2027-10-31T09:00:00Z", "2027-10-31T10:00:00Z"},
    {"leap_day",             "Europe/Berlin",       "2028-02-29T23:30:00", "2028-03-01T00:30:00", "2028-02-29T22:30:00Z", "2028-02-29T23:30:00Z"},
    {"long_ago",             "Europe/Berlin",       "1901-01-01T09:00:00", "1901-01-01T10:00:00", "1901-01-01T08:00:00Z", "1901-01-01T09:00:00Z"},
    {"end_of_years",         "UTC",                 "9999-12-31T22:00:00", "9999-12-31T23:00:00", "9999-12-31T22:00:00Z", "9999-12-31T23:00:00Z"},
};
// clang-format on

BOOST_DATA_TEST_CASE(I22_local_times_at_the_edges_of_zones, boost::unit_test::data::make(kZoneRows), row) {
    add_staff("anna");
    Json body = booking("anna", row.start, row.end);
    body["zone"] = row.zone;
    const auto made = call("PUT", "/v1/appointments/a", body);
    BOOST_REQUIRE_MESSAGE(made.status == 201, made.body);
    BOOST_TEST(made.json()["start"] == row.start);
    BOOST_TEST(made.json()["end"] == row.end);
    const auto day = [](const char* instant, int days) {
        return format_instant(*parse_instant(instant) + std::chrono::hours{24 * days});
    };
    const bool last_day = std::string(row.start).starts_with("9999");
    const Json busy =
        window_of(*this, "anna", day(row.busy_from, -1), last_day ? row.busy_to : day(row.busy_to, 1))["busy"];
    BOOST_REQUIRE(busy.size() == 1u);
    BOOST_TEST(busy[0]["start"] == row.busy_from);
    BOOST_TEST(busy[0]["end"] == row.busy_to);
    BOOST_TEST(call("PUT", "/v1/appointments/b", body).status == 409);
}

BOOST_AUTO_TEST_CASE(a_booking_moved_to_another_person_leaves_the_first) {
    add_staff("anna");
    add_staff("ben");
    call("PUT", "/v1/appointments/a", booking("anna", kNine, kTen));
    BOOST_TEST(call("PUT", "/v1/appointments/a", booking("ben", kNine, kTen)).status == 200);
    BOOST_TEST(window_of(*this, "anna", "2027-03-01T00:00:00Z", "2027-03-02T00:00:00Z")["busy"].empty());
    BOOST_TEST(window_of(*this, "ben", "2027-03-01T00:00:00Z", "2027-03-02T00:00:00Z")["busy"].size() == 1u);
    BOOST_TEST(call("PUT", "/v1/appointments/b", booking("anna", kNine, kTen)).status == 201);
}

BOOST_AUTO_TEST_CASE(I29_an_export_taken_into_an_empty_gateway_gives_the_same_state) {
    add_staff("anna", 2);
    call("PUT", "/v1/services/cut", Json{{"name", "Cut"}, {"staff", {"anna"}}});
    Json rich = booking("anna", kNine, kTen);
    rich.update({{"service", "cut"}, {"customer", "Ida"}, {"notes", "one\ntwo"}, {"place", "Room, 1"}});
    call("PUT", "/v1/appointments/a", rich);
    call("PUT", "/v1/appointments/b", booking("anna", kNine, kTen));
    call("DELETE", "/v1/appointments/b");
    const auto everything = call("GET", "/v1/export");
    BOOST_REQUIRE_EQUAL(everything.status, 200);
    ApiStage other;
    const auto tried = other.call("POST", "/v1/import", everything.json());
    BOOST_TEST(tried.json()["applied"] == false);
    BOOST_TEST(other.call("GET", "/v1/staff").json()["staff"].empty());
    for (int round = 0; round < 2; ++round) {
        const auto done = other.call("POST", "/v1/import?apply=true", everything.json());
        BOOST_REQUIRE_MESSAGE(done.status == 200, done.body);
        BOOST_TEST(done.json()["refused"].empty());
    }
    BOOST_TEST(other.call("GET", "/v1/export").body == everything.body);
    for (const char* id : {"a", "b"}) {
        const std::string target = std::string("/v1/appointments/") + id;
        BOOST_TEST(call("GET", target).body == other.call("GET", target).body);
    }
}

BOOST_AUTO_TEST_SUITE_END()
