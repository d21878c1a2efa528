#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "tests/gateway/api_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

/// One gateway for all rows: refused input leaves nothing behind, which the last test looks at.
ApiStage& stage() {
    static ApiStage* one = [] {
        static ApiStage made;
        made.add_staff("anna");
        return &made;
    }();
    return *one;
}

struct BadRequest {
    const char* name;
    std::string method;
    std::string target;
    std::string body;
    int status;
    std::string says;
};
std::ostream& operator<<(std::ostream& out, const BadRequest& row) { return out << row.name; }

Json with(const std::string& field, const Json& value) {
    Json body = booking("anna", "2027-03-01T09:00:00", "2027-03-01T10:00:00");
    body[field] = value;
    return body;
}

std::string plain() { return with("title", "Cut").dump(); }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
}

const std::string kHere = "/v1/appointments/bad";
const std::string kWindow = "&from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z";

// clang-format off
const BadRequest kRows[] = {
    {"no_such_address", "GET", "/v2/appointments", "", 404, "nothing at this address"},
    {"root", "GET", "/", "", 404, "openapi.json"},
    {"trailing_slash", "GET", "/v1/staff/", "", 404, "nothing at this address"},
    {"encoded_slash_in_an_id", "GET", "/v1/staff/a%2Fb", "", 404, "nothing at this address"},
    {"wrong_method", "POST", "/v1/availability", "", 405, "POST"},
    {"unknown_method", "BREW", "/v1/staff", "", 405, "BREW"},
    {"no_such_appointment", "GET", "/v1/appointments/none", "", 404, "no appointment"},
    {"cancel_nothing", "DELETE", "/v1/appointments/none", "", 404, "no appointment"},
    {"huge_id", "GET", "/v1/appointments/" + std::string(9000, 'x'), "", 404, "no appointment"},
    {"put_huge_id", "PUT", "/v1/appointments/" + std::string(129, 'x'), plain(), 400, "128 characters"},
    {"put_id_of_two_words", "PUT", "/v1/appointments/a%20b", plain(), 400, "128 characters"},
    {"put_id_with_nul", "PUT", "/v1/appointments/a%00b", plain(), 400, "128 characters"},
    {"get_id_with_nul", "GET", "/v1/appointments/a%00b", "", 404, "no appointment"},
    {"get_id_of_bad_utf8", "GET", "/v1/staff/%FF%FE", "", 404, "no person"},
    {"bad_percent", "GET", "/v1/staff/%ZZ", "", 400, "address"},
    {"no_body", "PUT", kHere, "", 400, "JSON"},
    {"no_json", "PUT", kHere, "start=9", 400, "JSON"},
    {"cut_json", "PUT", kHere, "{\"staff\":\"anna\"", 400, "JSON"},
    {"two_documents", "PUT", kHere, plain() + plain(), 400, "JSON"},
    {"a_list", "PUT", kHere, "[1]", 400, "no JSON object"},
    {"a_number", "PUT", kHere, "7", 400, "no JSON object"},
    {"deep_json", "PUT", kHere, std::string(100'000, '['), 400, "nested too deeply"},
    {"deep_objects", "PUT", kHere, [] { std::string s; for (int i = 0; i < 20'000; ++i) s += "{\"a\":"; return s; }(), 400, "nested too deeply"},
    {"bad_utf8", "PUT", kHere, replaced(plain(), "Cut", "C\xff\xfe"), 400, "UTF-8"},
    {"overlong_utf8", "PUT", kHere, replaced(plain(), "Cut", "C\xc0\xaf"), 400, "UTF-8"},
    {"half_a_surrogate", "PUT", kHere, replaced(plain(), "Cut", "\\ud800"), 400, "UTF-8"},
    {"nul_in_a_text", "PUT", kHere, replaced(plain(), "Cut", "C\\u0000t"), 400, "\"title\""},
    {"control_in_a_text", "PUT", kHere, replaced(plain(), "Cut", "C\\u0001t"), 400, "\"title\""},
    {"escape_in_a_text", "PUT", kHere, replaced(plain(), "Cut", "C\\u001b[2J"), 400, "\"title\""},
    {"delete_in_a_text", "PUT", kHere, replaced(plain(), "Cut", "C\\u007f"), 400, "\"title\""},
    {"no_character_in_a_text", "PUT", kHere, replaced(plain(), "Cut", "C\\uffff"), 400, "\"title\""},
    {"duplicate_key", "PUT", kHere, replaced(plain(), "{", "{\"staff\":\"ben\","), 400, "\"staff\""},
    {"end_before_start", "PUT", kHere, with("end", "2027-03-01T08:00:00").dump(), 400, "end after it starts"},
    {"end_is_start", "PUT", kHere, with("end", "2027-03-01T09:00:00").dump(), 400, "end after it starts"},
    {"a_month_and_more", "PUT", kHere, with("end", "2027-05-01T09:00:00").dump(), 400, "31 days"},
    {"a_thousand_years", "PUT", kHere, with("end", "9999-12-31T23:59:59").dump(), 400, "31 days"},
    {"no_such_day", "PUT", kHere, with("start", "2027-02-30T09:00:00").dump(), 400, "\"start\""},
    {"no_such_hour", "PUT", kHere, with("start", "2027-02-03T25:00:00").dump(), 400, "\"start\""},
    {"instant_as_local", "PUT", kHere, with("start", "2027-02-03T09:00:00Z").dump(), 400, "\"start\""},
    {"a_day_is_no_time", "PUT", kHere, with("start", "2027-02-03").dump(), 400, "\"start\""},
    {"year_10000", "PUT", kHere, with("start", "10000-02-03T09:00:00").dump(), 400, "\"start\""},
    {"start_is_a_number", "PUT", kHere, with("start", 1772355600).dump(), 400, "\"start\""},
    {"unknown_zone", "PUT", kHere, with("zone", "Mars/Base").dump(), 422, "Mars/Base"},
    {"zone_is_a_path", "PUT", kHere, with("zone", "../../etc/passwd").dump(), 422, "IANA"},
    {"unknown_state", "PUT", kHere, with("state", "maybe").dump(), 400, "\"state\""},
    {"unknown_person", "PUT", kHere, with("staff", "nobody").dump(), 422, "no such person"},
    {"unknown_service", "PUT", kHere, with("service", "none").dump(), 422, "no such service"},
    {"id_differs", "PUT", kHere, with("id", "other").dump(), 400, "\"id\""},
    {"long_title", "PUT", kHere, with("title", std::string(256, 'x')).dump(), 400, "\"title\""},
    {"long_notes", "PUT", kHere, with("notes", std::string(9000, 'x')).dump(), 400, "\"notes\""},
    {"flag_is_a_text", "PUT", kHere, with("override_busy", "yes").dump(), 400, "\"override_busy\""},
    {"capacity_0", "PUT", "/v1/staff/x", R"({"zone":"UTC","capacity":0})", 400, "\"capacity\""},
    {"capacity_half", "PUT", "/v1/staff/x", R"({"zone":"UTC","capacity":1.5})", 400, "\"capacity\""},
    {"capacity_beyond_64_bits", "PUT", "/v1/staff/x", R"({"zone":"UTC","capacity":18446744073709551617})", 400, "\"capacity\""},
    {"capacity_wraps_to_1", "PUT", "/v1/staff/x", R"({"zone":"UTC","capacity":4294967297})", 400, "\"capacity\""},
    {"capacity_unsigned_max", "PUT", "/v1/staff/x", R"({"zone":"UTC","capacity":18446744073709551615})", 400, "\"capacity\""},
    {"capacity_1e400", "PUT", "/v1/staff/x", R"({"zone":"UTC","capacity":1e400})", 400, "JSON"},
    {"staff_id_differs", "PUT", "/v1/staff/x", R"({"zone":"UTC","id":"y"})", 400, "\"id\""},
    {"service_id_differs", "PUT", "/v1/services/x", R"({"id":"y"})", 400, "\"id\""},
    {"hours_backwards", "PUT", "/v1/staff/x", R"({"zone":"UTC","working_hours":{"mon":["17:00-09:00"]}})", 400, "end after they start"},
    {"hours_25", "PUT", "/v1/staff/x", R"({"zone":"UTC","working_hours":{"mon":["09:00-25:00"]}})", 400, "09:00-17:00"},
    {"hours_of_no_day", "PUT", "/v1/staff/x", R"({"zone":"UTC","working_hours":{"monday":[]}})", 400, "mon, tue"},
    {"service_of_nobody", "PUT", "/v1/services/x", R"({"staff":["nobody"]})", 400, "nobody"},
    {"duration_0", "PUT", "/v1/services/x", R"({"duration_min":0})", 400, "\"duration_min\""},
    {"limit_0", "GET", "/v1/appointments?limit=0", "", 400, "\"limit\""},
    {"limit_negative", "GET", "/v1/appointments?limit=-1", "", 400, "\"limit\""},
    {"limit_beyond_64_bits", "GET", "/v1/appointments?limit=99999999999999999999", "", 400, "\"limit\""},
    {"feed_after_text", "GET", "/v1/changes?after=abc", "", 400, "\"after\""},
    {"feed_after_beyond_64_bits", "GET", "/v1/changes?after=99999999999999999999", "", 400, "\"after\""},
    {"availability_of_nobody", "GET", "/v1/availability?staff=" + kWindow, "", 400, "\"staff\""},
    {"availability_of_a_stranger", "GET", "/v1/availability?staff=nobody" + kWindow, "", 404, "nobody"},
    {"availability_backwards", "GET", "/v1/availability?staff=anna&from=2027-03-02T00:00:00Z&to=2027-03-01T00:00:00Z", "", 400, "\"to\""},
    {"availability_for_ever", "GET", "/v1/availability?staff=anna&from=2027-03-02T00:00:00Z&to=2099-03-01T00:00:00Z", "", 400, "400 days"},
    {"availability_without_zone", "GET", "/v1/availability?staff=anna&from=2027-03-02T00:00:00&to=2027-03-03T00:00:00Z", "", 400, "\"from\""},
    {"if_match_is_a_word", "PUT", kHere, "", 400, "JSON"},
    {"no_such_conflict", "POST", "/v1/conflicts/77/resolution", R"({"resolution":"ours"})", 404, ""},
    {"conflict_is_a_word", "POST", "/v1/conflicts/x/resolution", R"({"resolution":"ours"})", 400, "number"},
    {"resolution_is_neither", "POST", "/v1/conflicts/1/resolution", R"({"resolution":"both"})", 400, "\"resolution\""},
    {"no_such_calendar", "POST", "/v1/calendars/none/sync", "", 404, "no calendar"},
    {"verify_no_such_calendar", "POST", "/v1/calendars/none/verify", "", 404, "no calendar"},
    {"calendar_of_no_account", "POST", "/v1/calendars", R"({"account":"a","href":"http://h/","staff":"anna"})", 422, "no such account"},
    {"account_at_no_such_host", "POST", "/v1/accounts", R"({"url":"https://no-such-host.invalid/","user":"u","password":"p"})", 502, "no-such-host.invalid"},
    {"account_at_a_file", "POST", "/v1/accounts", R"({"url":"file:///etc/passwd","user":"u","password":"p"})", 422, ""},
    {"account_without_password", "POST", "/v1/accounts", R"({"url":"http://127.0.0.1:1/","user":"u"})", 400, "\"password\""},
    {"account_where_nobody_listens", "POST", "/v1/accounts", R"({"url":"http://127.0.0.1:1/","user":"u","password":"p"})", 502, "127.0.0.1"},
    {"import_of_nothing", "POST", "/v1/import", "{}", 400, "format 1 or 2"},
    {"import_of_no_list", "POST", "/v1/import", R"({"format":1,"staff":{}})", 400, "\"staff\""},
    {"import_without_ids", "POST", "/v1/import", R"({"format":1,"staff":[{"zone":"UTC"}]})", 400, "no id"},
    {"import_of_a_word_as_flag", "POST", "/v1/import?apply=true", [] { Json a = with("provisional", "yes"); a["id"] = "bad"; return Json{{"format", 1}, {"appointments", Json::array({a})}}.dump(); }(), 400, "\"provisional\""},
};
// clang-format on

}  // namespace

BOOST_AUTO_TEST_SUITE(api_errors)

BOOST_DATA_TEST_CASE(is_refused_with_a_sentence, boost::unit_test::data::make(kRows), row) {
    const auto got = stage().call(row.method, row.target, row.body);
    BOOST_TEST(got.status == row.status, got.body);
    const std::string detail = got.detail();
    BOOST_TEST(detail.find(row.says) != std::string::npos, detail);
    BOOST_TEST((detail.ends_with(".") || detail.ends_with(": -")), detail);
}

BOOST_AUTO_TEST_CASE(a_wrong_method_is_told_the_right_ones) {
    const auto got = stage().call("POST", "/v1/staff/anna");
    BOOST_TEST(got.status == 405);
    BOOST_TEST(got.header("allow") == "GET, PUT");
}

BOOST_AUTO_TEST_CASE(what_was_refused_left_nothing_behind) {
    for (const BadRequest& row : kRows) stage().call(row.method, row.target, row.body);
    BOOST_TEST(stage().call("GET", "/v1/appointments").json()["appointments"].empty());
    BOOST_TEST(stage().call("GET", "/v1/staff").json()["staff"].size() == 1u);
    BOOST_TEST(stage().call("GET", "/v1/services").json()["services"].empty());
    BOOST_TEST(stage().call("GET", "/v1/accounts").json()["accounts"].empty());
}

struct OddWord {
    const char* name;
    std::string value;
};
std::ostream& operator<<(std::ostream& out, const OddWord& row) { return out << row.name; }

const OddWord kTexts[] = {
    {"umlauts", "Zoë Çelik – ½ Stunde"},
    {"emoji", "💇‍♀️ cut"},
    {"right_to_left", "שלום"},
    {"punctuation", "a,b;c:d\\e\"f'"},
    {"lines", "one\ntwo\r\nthree\tfour"},
    {"markup", "<script>alert(1)</script>"},
    {"looks_like_icalendar", "x\nEND:VEVENT\nBEGIN:VEVENT"},
    {"full_length", std::string(255, 'w')},
};

BOOST_DATA_TEST_CASE(odd_texts_are_kept_as_they_are, boost::unit_test::data::make(kTexts), row) {
    ApiStage fresh;
    fresh.add_staff("anna");
    BOOST_TEST(fresh.call("PUT", "/v1/appointments/odd", with("title", row.value)).status == 201);
    BOOST_TEST(fresh.call("GET", "/v1/appointments/odd").json()["title"] == row.value);
}

BOOST_AUTO_TEST_SUITE_END()
