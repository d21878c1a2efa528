#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "core/identity.hpp"
#include "scheduler/lineage.hpp"
#include "tests/gateway/api_stage.hpp"

using namespace calgate;
using namespace calgate::testing;
namespace bdata = boost::unit_test::data;

namespace {

struct Refusal {
    const char* target;
    const char* body;
    int status;
    const char* sentence;  ///< Part of the detail.
};

const Refusal kRefusals[] = {
    {"/v1/conflicts/x/resolution", R"({"resolution":"ours"})", 400, "A conflict's id is a number"},
    {"/v1/conflicts/99/resolution", R"({"resolution":"ours"})", 404, "no conflict with this number"},
    {"/v1/conflicts/1/resolution", R"({"resolution":"mine"})", 400, "ours, theirs or merged"},
    {"/v1/conflicts/1/resolution", R"({"resolution":"ours","title":"x"})", 400, "belong to the resolution \"merged\""},
    {"/v1/conflicts/1/resolution", R"({"resolution":"merged","start":"noon"})", 400, "\"start\" is a local time"},
    {"/v1/conflicts/1/resolution", R"({"resolution":"merged","customer":"x"})", 400, "\"customer\" is not known here"},
    {"/v1/runs/-1/undo", "", 400, "A run's id is a number"},
    {"/v1/runs/99999999999999999999/undo", "", 400, "A run's id is a number"},
    {"/v1/runs/1/undo", "", 404, "no run with this number"},
    {"/v1/calendars/none/preview", "", 404, "no calendar with this id"},
};

std::ostream& operator<<(std::ostream& out, const Refusal& row) { return out << row.target << " " << row.body; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(api_decisions, ApiStage)

BOOST_DATA_TEST_CASE_F(ApiStage, what_cannot_be_decided_gets_a_sentence, bdata::make(kRefusals), row) {
    add_staff("anna");
    call("PUT", "/v1/appointments/a", booking("anna", "2027-03-01T09:00:00", "2027-03-01T10:00:00"));
    const Answer got = call("POST", row.target, std::string(row.body));
    BOOST_TEST(got.status == row.status, got.body);
    BOOST_TEST(got.detail().find(row.sentence) != std::string::npos, got.detail());
    BOOST_TEST(call("GET", "/v1/appointments/a").json()["revision"] == 1);
}

BOOST_AUTO_TEST_CASE(an_appointment_is_explained_revision_by_revision) {
    add_staff("anna");
    call("PUT", "/v1/appointments/a", booking("anna", "2027-03-01T09:00:00", "2027-03-01T10:00:00"));
    call("PUT", "/v1/appointments/a", booking("anna", "2027-03-01T11:00:00", "2027-03-01T12:00:00"));
    call("DELETE", "/v1/appointments/a");
    const Json history = call("GET", "/v1/appointments/a/history").json();
    const Json& steps = history["steps"];
    BOOST_REQUIRE(steps.size() == 3u);
    BOOST_TEST(steps[0]["kind"] == "appointment.created");
    BOOST_TEST(steps[0]["version"]["start"] == "2027-03-01T09:00:00");
    BOOST_TEST(steps[1]["differences"]["start"] == Json::parse(R"(["2027-03-01T09:00:00","2027-03-01T11:00:00"])"));
    BOOST_TEST(steps[1]["run"].is_null());
    BOOST_TEST(steps[2]["differences"]["state"] == Json::parse(R"(["confirmed","cancelled"])"));
    BOOST_TEST(steps[2]["version"]["start"] == "2027-03-01T11:00:00");
    BOOST_TEST(call("GET", "/v1/appointments/b/history").status == 404);
    BOOST_TEST(call("GET", "/v1/runs").json()["runs"].empty());
}

BOOST_AUTO_TEST_CASE(a_conflict_shows_what_is_booked_by_now_and_is_decided) {
    add_staff("anna");
    call("PUT", "/v1/appointments/a", booking("anna", "2027-03-01T09:00:00", "2027-03-01T10:00:00"));
    write(*gateway().store, [](Writer& writer) {
        Account account;
        account.id = {"acc"};
        account.kind = "caldav";
        account.url = "https://calendar.example/";
        writer.put(account);
        Calendar calendar;
        calendar.id = {"c"};
        calendar.account = account.id;
        calendar.staff = {"anna"};
        calendar.name = "Bookings";
        calendar.mirror = true;
        calendar.copy_detail = CopyDetail::kFull;
        writer.put(calendar);
        const ZoneResolver zones;
        add_target(writer, calendar, zones, Instant{});
        Conflict conflict;
        conflict.appointment = {"a"};
        conflict.calendar = calendar.id;
        conflict.base = conflict.ours = shown_on(*writer.appointment({"a"}), CopyDetail::kFull, zones);
        conflict.theirs = conflict.base;
        conflict.theirs->title = "Theirs";
        return writer.add(conflict);
    });
    call("PUT", "/v1/appointments/a", booking("anna", "2027-03-01T11:00:00", "2027-03-01T12:00:00"));
    const Json open = call("GET", "/v1/conflicts").json()["conflicts"];
    BOOST_REQUIRE(open.size() == 1u);
    BOOST_TEST(open[0]["ours"]["start"] == "2027-03-01T11:00:00", open[0].dump());
    BOOST_TEST(open[0]["theirs"]["start"] == "2027-03-01T09:00:00");
    const std::string place = "/v1/conflicts/" + open[0]["id"].dump() + "/resolution";
    BOOST_TEST(call("POST", place, std::string(R"({"resolution":"theirs"})")).status == 200);
    const Json booked = call("GET", "/v1/appointments/a").json();
    BOOST_TEST(booked["title"] == "Theirs");
    BOOST_TEST(booked["start"] == "2027-03-01T11:00:00");
    BOOST_TEST(call("GET", "/v1/conflicts").json()["conflicts"].empty());
    BOOST_TEST(call("POST", place, std::string(R"({"resolution":"ours"})")).status == 409);
}

BOOST_AUTO_TEST_CASE(what_was_decided_about_a_copy_is_explained) {
    add_staff("anna");
    call("PUT", "/v1/appointments/a", booking("anna", "2027-03-01T09:00:00", "2027-03-01T10:00:00"));
    write(*gateway().store, [](Writer& w) {
        return w.append(Change{0, {}, "copy.hidden", "a", "calendar:c", "It stays away from this calendar.", 1});
    });
    const Json steps = call("GET", "/v1/appointments/a/history").json()["steps"];
    BOOST_REQUIRE(steps.size() == 2u);
    BOOST_TEST(steps[1]["kind"] == "copy.hidden");
    BOOST_TEST(steps[1]["why"] == "It stays away from this calendar.");
    BOOST_TEST(steps[1]["differences"].empty());
}

BOOST_AUTO_TEST_CASE(I21_a_standstill_is_told_and_ends_when_a_person_chooses_this_gateway) {
    BOOST_TEST(call("GET", "/v1/status").json()["standstill"].is_null());
    const auto epoch = read(*gateway().store, [](const Reader& r) { return r.business()->epoch; });
    gateway().store->write([](Writer& writer) { stand_still(writer, Lineage::Rival, Instant{}); });
    const std::string told = call("GET", "/v1/status").json()["standstill"];
    BOOST_TEST(told.find("calgate take-over") != std::string::npos);
    BOOST_TEST(call("GET", "/metrics").body.find("calgate_standstill 1\n") != std::string::npos);
    BOOST_TEST(call("POST", "/v1/take-over").status == 200);
    BOOST_TEST(call("GET", "/v1/status").json()["standstill"].is_null());
    BOOST_TEST((read(*gateway().store, [](const Reader& r) { return r.business()->epoch; }) != epoch));
}

BOOST_AUTO_TEST_CASE(a_run_is_undone_only_by_an_undoing_that_names_it) {
    add_staff("anna");
    const auto note = [&](const std::string& kind, const std::string& subject) {
        return write(*gateway().store, [&](Writer& w) {
            return w.append(Change{0, {}, kind, subject, "calendar:c", "", w.last_change() + 1});
        });
    };
    const std::string run = std::to_string(note("run.decided", "c"));
    // An appointment and a conflict may have the run's number.
    call("PUT", "/v1/appointments/" + run, booking("anna", "2027-03-01T09:00:00", "2027-03-01T10:00:00"));
    note("conflict.opened", run);
    BOOST_TEST(call("GET", "/v1/runs").json()["runs"][0]["undone"] == false);
    BOOST_TEST(call("POST", "/v1/runs/" + run + "/undo").status == 200);
    BOOST_TEST(call("GET", "/v1/runs").json()["runs"][0]["undone"] == true);
}

BOOST_AUTO_TEST_SUITE_END()
