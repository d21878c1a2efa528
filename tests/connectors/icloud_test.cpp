#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "connectors/caldav/caldav_connector.hpp"
#include "connectors/caldav/caldav_icloud.hpp"
#include "tests/sim/caldav_sim.hpp"
#include "tests/support/manual_clock.hpp"

namespace bdata = boost::unit_test::data;
using namespace calgate;
using namespace calgate::caldav;
using namespace calgate::testing;

namespace {

struct Password {
    const char* text;
    bool app_specific;
};
std::ostream& operator<<(std::ostream& out, const Password& p) { return out << '"' << p.text << '"'; }
const Password kPasswords[] = {
    {"abcd-efgh-ijkl-mnop", true},
    {"abcdefghijklmnop", true},
    {"Summer2026!", false},
    {"", false},
    {"abcd-efgh-ijkl-mno", false},
    {"abcd-efgh-ijkl-mnopq", false},
    {"ABCD-EFGH-IJKL-MNOP", false},
    {"abcdefgh-ijklmnop", false},
    {"abcd-efgh-ijklmnop", false},
    {"abcd-efgh-ijkl-mn0p", false},
    {"----------------", false},
    {"abcd-efgh-ijkl-mnop\n", false},
};

struct Place {
    const char* given;
    const char* kept;
};
std::ostream& operator<<(std::ostream& out, const Place& p) { return out << p.given; }
const Place kPlaces[] = {
    {"https://p42-caldav.icloud.com:443/1/calendars/home/", "https://caldav.icloud.com/1/calendars/home/"},
    {"https://caldav.icloud.com/1/", "https://caldav.icloud.com/1/"},
    {"https://p180-caldav.icloud.com.cn/1/", "https://caldav.icloud.com.cn/1/"},
    {"https://p42-caldav.icloud.com.evil.example/1/", "https://p42-caldav.icloud.com.evil.example/1/"},
    {"https://px-caldav.icloud.com/1/", "https://px-caldav.icloud.com/1/"},
    {"https://cal.example.org/1/", "https://cal.example.org/1/"},
};

const char* const kPhoneEvent =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260610T070000Z\r\nDTEND:20260610T080000Z\r\nSUMMARY:Cut\r\n";
const char* const kGuest = "ORGANIZER:mailto:anna@salon.example\r\nATTENDEE:mailto:guest@example.com\r\n";
const char* const kEnd = "END:VEVENT\r\nEND:VCALENDAR\r\n";

/// An account at iCloud as the simulator plays it.
struct Icloud {
    ManualClock clock{};
    ZoneResolver zones{};
    CaldavSim sim{clock, quirks_of("icloud")};
    Href calendar = sim.make_calendar("home");
    CaldavSettings settings{};
    CaldavConnector connector{sim, clock, zones, account()};

    CaldavSettings account(const std::string& password = CaldavSim::credentials().password, bool before = false) const {
        CaldavSettings out;
        out.url = kIcloudEntry;
        out.user = CaldavSim::credentials().user;
        out.password = password;
        out.signed_in_before = before;
        return out;
    }
    Context context() const { return {clock.steady() + std::chrono::seconds{20}, {}}; }
    Event event() const {
        Event made;
        made.uid = {"ours"};
        made.master.start = {
            When::Kind::Utc, LocalSeconds{std::chrono::local_days{std::chrono::year{2026} / 6 / 10}}, {}};
        made.master.end = {
            When::Kind::Utc, LocalSeconds{std::chrono::local_days{std::chrono::year{2026} / 6 / 11}}, {}};
        made.master.title = "Busy";
        return made;
    }
    std::string last_host() const { return http::parse_url(sim.requests().back().url)->host; }
    std::string sentence(const std::string& password, bool before) {
        CaldavConnector one{sim, clock, zones, account(password, before)};
        const auto listed = one.list_calendars(context());
        BOOST_REQUIRE(!listed);
        BOOST_TEST((listed.error().code == ErrorCode::Unauthorized));
        return listed.error().detail;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(icloud, Icloud)

BOOST_DATA_TEST_CASE(an_app_specific_password_is_known_by_its_shape_R16, bdata::make(kPasswords), row) {
    BOOST_TEST(is_app_specific(row.text) == row.app_specific);
}

BOOST_DATA_TEST_CASE(a_partition_is_part_of_no_kept_address_T1, bdata::make(kPlaces), row) {
    BOOST_TEST(at_icloud_entry(*http::parse_url(row.given)).text() == row.kept);
}

BOOST_AUTO_TEST_CASE(the_calendars_are_found_on_the_partition_and_kept_without_it_T1) {
    const auto found = connector.list_calendars(context());
    BOOST_REQUIRE(found);
    BOOST_TEST(last_host() == "p42-caldav.icloud.com");
    BOOST_REQUIRE(found->size() == 2u);
    BOOST_TEST(found->front().href.value == "https://caldav.icloud.com/17112341/calendars/home/");
    BOOST_TEST(found->front().holds_events);
    BOOST_TEST(!found->back().holds_events);  // Reminders.
}

BOOST_AUTO_TEST_CASE(a_new_connector_finds_the_partition_before_it_reads_or_writes) {
    const auto created = connector.create_event(context(), calendar, event());
    BOOST_REQUIRE(created);
    BOOST_TEST(created->href.value == "https://caldav.icloud.com/17112341/calendars/home/ours.ics");
    BOOST_TEST(last_host() == "p42-caldav.icloud.com");
    BOOST_TEST(sim.requests().back().method == "PUT");
    BOOST_TEST(sim.requests().size() == 3u);
    BOOST_REQUIRE(connector.fetch_event(context(), created->href));
    BOOST_TEST(sim.requests().size() == 4u);  // It is found out once.
}

BOOST_AUTO_TEST_CASE(an_account_that_moves_to_another_partition_is_followed_T1) {
    const auto created = connector.create_event(context(), calendar, event());
    BOOST_REQUIRE(created);
    sim.quirks().partition = 77;
    const auto listed = connector.fetch_changes(context(), calendar, {}, {});
    BOOST_REQUIRE(listed);
    BOOST_TEST(last_host() == "p77-caldav.icloud.com");
    BOOST_REQUIRE(listed->changed.size() == 1u);
    BOOST_TEST(listed->changed[0].href.value == created->href.value);
    for (const auto& request : sim.requests()) BOOST_TEST(request.with_credentials);
}

BOOST_AUTO_TEST_CASE(a_write_is_redirected_with_method_body_and_credentials_T2) {
    BOOST_REQUIRE(connector.create_event(context(), calendar, event()));
    sim.quirks().partition = 77;
    Event second = event();
    second.uid = {"second"};
    BOOST_REQUIRE(connector.create_event(context(), calendar, second));
    const auto& requests = sim.requests();
    const auto& asked = requests[requests.size() - 2];
    BOOST_TEST(asked.method == "PUT");
    BOOST_TEST(asked.url.starts_with("https://p42-caldav.icloud.com/"));
    BOOST_TEST(requests.back().method == "PUT");
    BOOST_TEST(requests.back().url.starts_with("https://p77-caldav.icloud.com"));
    BOOST_TEST(requests.back().body_bytes == asked.body_bytes);
    BOOST_TEST(requests.back().with_credentials);
    BOOST_TEST(sim.count(calendar) == 2u);
}

BOOST_AUTO_TEST_CASE(a_password_of_the_wrong_kind_a_revoked_and_a_refused_one_are_told_apart_R16) {
    const std::string wrong_kind = sentence("Summer2026!", false);
    const std::string refused = sentence("zzzz-zzzz-zzzz-zzzz", false);
    const std::string revoked = sentence("zzzz-zzzz-zzzz-zzzz", true);
    BOOST_TEST(wrong_kind.find("no app-specific password") != std::string::npos);
    BOOST_TEST(refused.find("check the address") != std::string::npos);
    BOOST_TEST(revoked.find("was revoked") != std::string::npos);
    for (const auto& one : {wrong_kind, refused, revoked}) {
        BOOST_TEST(one.find("account.apple.com") != std::string::npos);
        BOOST_TEST(one.find("zzzz") == std::string::npos);
        BOOST_TEST(one.find("Summer") == std::string::npos);
    }
    BOOST_TEST(sim.requests().size() == 3u);  // One try each.
}

BOOST_AUTO_TEST_CASE(a_password_that_is_revoked_in_mid_run_is_told_so_R16) {
    BOOST_REQUIRE(connector.list_calendars(context()));
    sim.unauthorized_after(0);
    const auto read = connector.fetch_changes(context(), calendar, {}, {});
    BOOST_REQUIRE(!read);
    BOOST_TEST((read.error().code == ErrorCode::Unauthorized));
    BOOST_TEST(read.error().detail.find("was revoked") != std::string::npos);
    BOOST_TEST(connector.capabilities().sign_in_tries == 3);
}

BOOST_AUTO_TEST_CASE(a_403_while_signing_in_says_nothing_about_the_password_R16) {
    SimFault storm;
    storm.kind = SimFault::Kind::Refusal;
    storm.status = 403;
    sim.fail_next(storm);
    const auto listed = connector.list_calendars(context());
    BOOST_REQUIRE(!listed);
    BOOST_TEST((listed.error().code == ErrorCode::RateLimited));
    BOOST_TEST((listed.error().retry_after.value() >= std::chrono::seconds{60}));
    BOOST_TEST(sim.requests().size() == 1u);
}

BOOST_AUTO_TEST_CASE(limits_without_a_time_are_left_alone_for_a_while) {
    struct Row {
        int status;
        const char* hint;
        int at_least;
    };
    for (const Row& row : {Row{503, "", 30}, Row{429, "", 30}, Row{503, "7", 7}, Row{500, "", 0}}) {
        SimFault busy;
        busy.kind = SimFault::Kind::Refusal;
        busy.status = row.status;
        busy.retry_after = row.hint;
        BOOST_REQUIRE(connector.list_calendars(context()));
        sim.fail_next(busy);
        const auto read = connector.fetch_event(context(), {calendar.value + "x.ics"});
        BOOST_REQUIRE(!read);
        BOOST_TEST_CONTEXT(row.status << " " << row.hint)
        BOOST_TEST(read.error().retry_after.value_or(std::chrono::seconds{0}).count() == row.at_least);
    }
}

BOOST_AUTO_TEST_CASE(a_property_that_is_missing_now_and_then_is_no_answer_about_the_calendar) {
    SimFault empty;
    empty.kind = SimFault::Kind::HtmlPage;
    empty.status = 200;
    sim.fail_next(empty);
    const auto read = connector.fetch_event(context(), {calendar.value + "x.ics"});
    BOOST_REQUIRE(!read);
    BOOST_TEST((read.error().code != ErrorCode::NotFound));
}

BOOST_AUTO_TEST_CASE(an_etag_that_a_write_is_answered_with_is_not_believed_F10) {
    sim.quirks().etag_after_put = sim.quirks().etag_misleads = true;
    const auto created = connector.create_event(context(), calendar, event());
    BOOST_REQUIRE(created);
    BOOST_TEST(!created->version.has_value());
    const auto read = connector.fetch_event(context(), created->href);
    BOOST_REQUIRE(read && read->version);
    Event changed = read->event;
    changed.master.title = "Changed";
    BOOST_TEST(connector.update_event(context(), created->href, *read->version, changed).has_value());
}

BOOST_AUTO_TEST_CASE(a_copy_that_somebody_invited_guests_to_is_left_alone_I14_T14) {
    const Href href = sim.put_text(calendar, "u1.ics", std::string(kPhoneEvent) + kGuest + kEnd);
    const auto read = connector.fetch_event(context(), href);
    BOOST_REQUIRE(read && read->version);
    Event changed = read->event;
    changed.master.title = "Changed";
    const auto updated = connector.update_event(context(), href, *read->version, changed);
    BOOST_REQUIRE(!updated);
    BOOST_TEST((updated.error().code == ErrorCode::Rejected));
    const auto deleted = connector.delete_event(context(), href, *read->version);
    BOOST_REQUIRE(!deleted);
    BOOST_TEST((deleted.error().code == ErrorCode::Rejected));
    BOOST_TEST(sim.mails_sent() == 0);
    BOOST_TEST(sim.count(calendar) == 1u);
}

BOOST_AUTO_TEST_CASE(a_deletion_checks_the_version_that_was_read_I10) {
    const Href href = sim.put_text(calendar, "u1.ics", std::string(kPhoneEvent) + kEnd);
    const auto read = connector.fetch_event(context(), href);
    BOOST_REQUIRE(read && read->version);
    sim.put_text(calendar, "u1.ics", std::string(kPhoneEvent) + "LOCATION:Hof\r\n" + kEnd);
    const auto deleted = connector.delete_event(context(), href, *read->version);
    BOOST_REQUIRE(!deleted);
    BOOST_TEST((deleted.error().code == ErrorCode::VersionMismatch));
    BOOST_TEST(sim.count(calendar) == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

/// At any server that schedules, not at iCloud alone.
BOOST_DATA_TEST_CASE(
    no_server_is_made_to_mail_guests_by_a_deletion_I14, bdata::make({"rfc", "cyrus", "sogo", "weak_etags"}), profile
) {
    const ManualClock clock{};
    const ZoneResolver zones{};
    CaldavSim sim{clock, quirks_of(profile)};
    const Href calendar = sim.make_calendar("home");
    CaldavSettings settings;
    settings.url = sim.account_url();
    settings.user = CaldavSim::credentials().user;
    settings.password = CaldavSim::credentials().password;
    CaldavConnector connector{sim, clock, zones, settings};
    const Context context{clock.steady() + std::chrono::seconds{20}, {}};
    const Href href = sim.put_text(calendar, "u1.ics", std::string(kPhoneEvent) + kGuest + kEnd);
    const auto read = connector.fetch_event(context, href);
    BOOST_REQUIRE(read && read->version);
    const auto deleted = connector.delete_event(context, href, *read->version);
    BOOST_REQUIRE(!deleted);
    BOOST_TEST((deleted.error().code == ErrorCode::Rejected));
    BOOST_TEST(sim.mails_sent() == 0);
    BOOST_TEST(sim.count(calendar) == 1u);
    const Href plain = sim.put_text(calendar, "u1.ics", std::string(kPhoneEvent) + kEnd);
    const auto again = connector.fetch_event(context, plain);
    BOOST_REQUIRE(again && again->version);
    BOOST_TEST(connector.delete_event(context, plain, *again->version).has_value());
    BOOST_TEST(sim.count(calendar) == 0u);
}
