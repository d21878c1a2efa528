#include "gateway/config.hpp"

#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>

#include "gateway/system_random.hpp"

namespace calgate {
namespace {

const std::string kHead = "[gateway]\nname = \"Salon\"\nzone = \"Europe/Berlin\"\n";

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

struct Row {
    const char* name;
    std::string text;
    const char* says;  ///< Start of the sentence, then what it must contain.
    const char* remedy;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

const Row kRefused[] = {
    {"not_toml", "[gateway\n", "calgate.toml:1: this is not TOML", "correct the line"},
    {"a_letter_without_quotes", kHead + "[g\xC3\xA4ste]\n", "calgate.toml:4: this is not TOML", "into quotes"},
    {"a_letter_after_a_string_of_lines",
     "[gateway]\nname = \"\"\"a\n\\\"\xC3\xA4\"\"\"\nzone = \xC3\xA4\n",
     "calgate.toml:4: this is not TOML",
     "into quotes"},
    {"no_name_of_a_table", kHead + "[&sync]\n", "calgate.toml:1: this is not TOML", "correct it"},
    {"no_name", "[gateway]\nzone = \"UTC\"\n", "calgate.toml:1: the business has no name", "set name"},
    {"no_zone", "[gateway]\nname = \"S\"\n", "calgate.toml:1: zone is no known", "IANA"},
    {"bad_zone",
     "[gateway]\nname = \"S\"\nzone = \"Mars/Base\"\n",
     "calgate.toml:3: zone is no known",
     "Europe/Berlin"},
    {"name_is_number", "[gateway]\nname = 3\nzone = \"UTC\"\n", "calgate.toml:2: name is no text", "quotes"},
    {"unknown_section", kHead + "[sink]\na = 1\n", "calgate.toml:4: [sink] is no section", "[policy]"},
    {"unknown_key", kHead + "[sync]\npoll = 1\n", "calgate.toml:5: sync.poll is no setting", "remove"},
    {"top_level_key", "a = 1\n" + kHead, "calgate.toml:1: [a] is no section", "[gateway]"},
    {"listen_without_port",
     kHead + "listen = \"127.0.0.1\"\n",
     "calgate.toml:4: listen is no address",
     "127.0.0.1:8480"},
    {"listen_port_too_big", kHead + "listen = \"127.0.0.1:70000\"\n", "calgate.toml:4: listen", "127.0.0.1:8480"},
    {"limit_below_nothing",
     kHead + "[booking]\nper_customer = -1\n",
     "calgate.toml:5: per_customer is out of range",
     "from 0"},
    {"unknown_limit", kHead + "[booking]\nper_week = 1\n", "calgate.toml:5: booking.per_week is no setting", "remove"},
    {"callbacks_in_the_clear",
     kHead + "[callbacks]\nurl = \"http://shop.example/\"\n",
     "calgate.toml:5: url is no https address",
     "https://"},
    {"secret_of_callbacks",
     kHead + "[callbacks]\nsecret = \"x\"\n",
     "calgate.toml:5: callbacks.secret is no setting",
     "remove"},
    {"body_too_small", kHead + "[limits]\nbody_bytes = 1\n", "calgate.toml:5: body_bytes is out of range", "from 1024"},
    {"number_as_text", kHead + "[sync]\nworkers = \"8\"\n", "calgate.toml:5: workers", "whole number"},
    {"number_as_float", kHead + "[sync]\nworkers = 8.0\n", "calgate.toml:5: workers", "whole number"},
    {"policy_of_calendar_no_table",
     kHead + "[policy]\ncalendar = \"x\"\n",
     "calgate.toml:5: calendar holds something that is no table",
     "[policy.calendar."},
    {"policy_of_calendar_unknown_key",
     kHead + "[policy.calendar.\"Anna\"]\nshow = \"full\"\n",
     "calgate.toml:5: Anna.show is no setting",
     "remove"},
    {"policy_of_calendar_unknown_choice",
     kHead + "[policy.calendar.\"Anna\"]\nmoved_away = \"burn\"\n",
     "calgate.toml:5: moved_away has a value nobody knows",
     "\"restore\", \"ask\", \"hide\", \"deletion\""},
    {"say_in_copy_as_text",
     kHead + "[policy]\nsay_in_copy = \"yes\"\n",
     "calgate.toml:5: say_in_copy is neither",
     "true or false"},
    {"unknown_choice", kHead + "[policy]\nstale = \"hope\"\n", "calgate.toml:5: stale", "\"refuse\""},
};

BOOST_DATA_TEST_CASE(config_is_refused_with_line_and_remedy, boost::unit_test::data::make(kRefused), row) {
    const auto config = read_config(row.text, "calgate.toml", zones());
    BOOST_REQUIRE(!config.has_value());
    const std::string& detail = config.error().detail;
    BOOST_TEST(detail.starts_with(row.says), detail);
    BOOST_TEST(detail.find(row.remedy) != std::string::npos, detail);
}

BOOST_AUTO_TEST_CASE(letters_of_all_languages_may_stand_in_quotes_and_comments) {
    const auto config = read_config(
        "\xEF\xBB\xBF# gr\xC3\xBC\xC3\x9F\n[gateway]\nname = 'J\xC3\xB6rg\\'\nzone = \"UTC\" # \xE2\x80\x93\n",
        "calgate.toml",
        zones()
    );
    BOOST_REQUIRE(config.has_value());
    BOOST_TEST(config->name == "J\xC3\xB6rg\\");
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back) {
    Config wanted;
    wanted.name = "Salon \"Zur\\Schere\"\n\x01 Müller";
    wanted.zone = "Europe/Berlin";
    wanted.listen_port = 0;
    wanted.body_bytes = 4096;
    wanted.workers = 3;
    wanted.probe_every = std::chrono::seconds{10};
    wanted.concurrent_edits = ConcurrentEditPolicy::Newest;
    wanted.deletions = DeletionPolicy::Restore;
    wanted.policies.moved_onto = MovedOntoPolicy::PutBack;
    wanted.policies.moved_away = MovedAwayPolicy::Ask;
    wanted.policies.duplicates = DuplicatePolicy::Free;
    wanted.policies.masked_edits = MaskedEditPolicy::PutBack;
    wanted.policies.say_in_copy = true;
    wanted.policies.calendars["cal-1"].say_in_copy = false;
    wanted.policies.calendars["Anna's \"Bookings\""].deletions = DeletionPolicy::Hide;
    wanted.policies.calendars["cal-1"].concurrent_edits = ConcurrentEditPolicy::Gateway;
    wanted.policies.calendars["cal-1"].moved_away = MovedAwayPolicy::Deletion;
    wanted.stale = StalePolicy::Refuse;
    wanted.stale_after = std::chrono::seconds{120};
    wanted.booking = {true, std::chrono::seconds{120}, false, {1, 2, 3, 4, 5, true, true, true}};
    wanted.callbacks = {"https://shop.example/hook", true};
    const auto read = read_config(write_config(wanted), "calgate.toml", zones());
    BOOST_REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().detail));
    BOOST_TEST(read->name == wanted.name);
    BOOST_TEST(read->listen_port == 0);
    BOOST_TEST(read->body_bytes == 4096u);
    BOOST_TEST(read->workers == 3);
    BOOST_TEST(read->probe_every.count() == 10);
    BOOST_TEST((read->concurrent_edits == ConcurrentEditPolicy::Newest));
    BOOST_TEST((read->deletions == DeletionPolicy::Restore));
    BOOST_TEST((read->policies == wanted.policies));
    BOOST_TEST((read->stale == StalePolicy::Refuse));
    BOOST_TEST(read->stale_after.count() == 120);
    BOOST_TEST((read->booking == wanted.booking));
    BOOST_TEST(read->callbacks.url == wanted.callbacks.url);
    BOOST_TEST(read->callbacks.allow_internal);
}

BOOST_AUTO_TEST_CASE(random_fills_every_byte) {
    SystemRandom random;
    std::array<unsigned char, 32> first{};
    std::array<unsigned char, 32> second{};
    random.fill(first);
    random.fill(second);
    BOOST_TEST((first != second));
    BOOST_TEST(random.next() != random.next());
}

}  // namespace
}  // namespace calgate
