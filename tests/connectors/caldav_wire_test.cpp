#include "connectors/caldav/caldav_wire.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>

#include "connectors/caldav/caldav_cursor.hpp"
#include "connectors/caldav/caldav_errors.hpp"

using namespace calgate;
using namespace calgate::caldav;

namespace {

std::string fixture(const std::string& name) {
    std::ifstream in(CALGATE_SOURCE_DIR "/fixtures/caldav/" + name);
    BOOST_REQUIRE_MESSAGE(in, "fixture " << name);
    return {std::istreambuf_iterator<char>(in), {}};
}

Multistatus parsed(const std::string& name) {
    auto content = parse_multistatus(fixture(name));
    BOOST_REQUIRE(content.has_value());
    return *content;
}

ErrorCode code(Call call, int status, const std::string& name) {
    return refusal(call, status, error_elements(fixture(name)), "cal.example").code;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_later_empty_propstat_does_not_win) {
    const auto content = parsed("multistatus-two-propstats.response.xml");
    BOOST_REQUIRE_EQUAL(content.entries.size(), 3u);
    BOOST_TEST(!content.entries[0].ctag.has_value());
    BOOST_TEST(content.entries[1].ctag.value() == "HwoQEgwAAAh4yw8ntwAAAAAYARgAIhUI");
    BOOST_TEST(content.entries[1].is_calendar);
    BOOST_TEST(content.entries[2].components->front() == "VTODO");
}

BOOST_AUTO_TEST_CASE(sync_report_names_changed_gone_and_truncated) {
    const auto whole = parsed("multistatus-sync.response.xml");
    BOOST_TEST(whole.entries[0].etag.value() == "\"m3x1-1\"");
    BOOST_TEST(whole.entries[1].status == 404);
    BOOST_TEST(whole.sync_token.value() == "https://caldav.example/sync/41");
    BOOST_TEST(parsed("multistatus-sync-truncated.response.xml").entries[1].status == 507);
}

BOOST_AUTO_TEST_CASE(content_comes_out_of_cdata) {
    const auto content = parsed("multistatus-multiget-cdata.response.xml");
    BOOST_TEST(content.entries[0].calendar_data->starts_with("BEGIN:VCALENDAR"));
    BOOST_TEST(!content.entries[1].calendar_data.has_value());
}

BOOST_AUTO_TEST_CASE(a_207_with_a_refusal_inside_is_no_success) {
    BOOST_TEST(refused_status(parsed("multistatus-put-rejected.response.xml")) == 412);
    BOOST_TEST(refused_status(parsed("multistatus-multiget-cdata.response.xml")) == 404);
}

BOOST_AUTO_TEST_CASE(broken_answers_are_refused) {
    const std::string whole = fixture("multistatus-sync.response.xml");
    BOOST_TEST(!parse_multistatus(whole.substr(0, whole.size() / 2)).has_value());
    BOOST_TEST(!parse_multistatus("<html><body>hello</body></html>").has_value());
    BOOST_TEST(!parse_multistatus("").has_value());
    std::string deep = "<d:multistatus xmlns:d=\"DAV:\">";
    for (int i = 0; i < 40; ++i) deep += "<d:a>";
    for (int i = 0; i < 40; ++i) deep += "</d:a>";
    BOOST_TEST(!parse_multistatus(deep + "</d:multistatus>").has_value());
}

BOOST_AUTO_TEST_CASE(the_condition_decides_before_the_status_T8) {
    BOOST_TEST((code(Call::SyncWithToken, 403, "error-valid-sync-token.response.xml") == ErrorCode::SyncTokenExpired));
    BOOST_TEST((code(Call::Create, 403, "error-no-uid-conflict.response.xml") == ErrorCode::AlreadyExists));
    BOOST_TEST((code(Call::Update, 403, "error-valid-calendar-data.response.xml") == ErrorCode::Rejected));
    BOOST_TEST((code(Call::Update, 403, "error-need-privileges.response.xml") == ErrorCode::Forbidden));
    BOOST_TEST((refusal(Call::SyncWithToken, 403, {}, "h").code == ErrorCode::Forbidden));
    BOOST_TEST((refusal(Call::Delete, 409, {}, "h").code != ErrorCode::NotFound));
    BOOST_TEST((refusal(Call::Update, 412, {}, "h").code == ErrorCode::VersionMismatch));
}

BOOST_AUTO_TEST_CASE(a_cursor_survives_its_writing) {
    const Cursor page{true, "data:,1 2", true, true, "https://h/a:b", "t"};
    BOOST_TEST((read_cursor(write_cursor(page)) == page));
    const Cursor plain{false, "a:b:c", false, false, "", ""};
    BOOST_TEST((read_cursor(write_cursor(plain)) == plain));
    BOOST_TEST(!read_cursor(SyncToken{"other"}).has_value());
}
