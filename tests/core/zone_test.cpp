#include "core/zone.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>
#include <thread>

#include "core/windows_zones.hpp"
#include "tests/core/tzif.hpp"

using namespace calgate;
using namespace calgate::testing;
namespace data = boost::unit_test::data;

namespace {

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

struct Edge {
    const char* name;
    const char* zone;
    const char* local;
    const char* wanted;
};
std::ostream& operator<<(std::ostream& out, const Edge& row) { return out << row.name; }

const std::vector<Edge> kEdges = {
    {"berlin_before_the_gap", "Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z"},
    {"berlin_gap", "Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00Z"},
    {"berlin_after_the_gap", "Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z"},
    {"berlin_overlap", "Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00Z"},
    {"berlin_after_the_overlap", "Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00Z"},
    {"new_york_gap", "America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:30:00Z"},
    {"new_york_overlap", "America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z"},
    {"lord_howe_gap_of_30_minutes", "Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:45:00Z"},
    {"lord_howe_overlap_of_30_minutes", "Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00Z"},
    {"casablanca_before_ramadan", "Africa/Casablanca", "2026-02-15T02:30:00", "2026-02-15T01:30:00Z"},
    {"casablanca_after_ramadan", "Africa/Casablanca", "2026-03-22T02:30:00", "2026-03-22T02:30:00Z"},
    {"cairo_gap", "Africa/Cairo", "2026-04-24T00:30:00", "2026-04-23T22:30:00Z"},
    {"apia_lost_a_day", "Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00Z"},
    {"fixed_offset", "UTC+05:30", "2026-03-29T12:00:00", "2026-03-29T06:30:00Z"},
    {"utc", "UTC", "2026-03-29T12:00:00", "2026-03-29T12:00:00Z"},
};

struct Name {
    const char* tzid;
    const char* wanted;  ///< Empty: no table knows it.
};
std::ostream& operator<<(std::ostream& out, const Name& row) { return out << row.tzid; }

const std::vector<Name> kNames = {
    {"Europe/Berlin", "Europe/Berlin"},
    {"\"Europe/Berlin\"", "Europe/Berlin"},
    {"/Europe/Berlin", "Europe/Berlin"},
    {"/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"},
    {"/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "Europe/Berlin"},
    {"/citadel.org/20070227_1/Europe/Berlin", "Europe/Berlin"},
    {"/softwarestudio.org/Olson_20011030_5/America/New_York", "America/New_York"},
    {"/mozilla.org/20050126_1/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"},
    {"/vendor.example/Olson_5/Asia/Tokyo", "Asia/Tokyo"},
    {"W. Europe Standard Time", "Europe/Berlin"},
    {"\"Eastern Standard Time\"", "America/New_York"},
    {"Europe/Kyiv", "Europe/Kyiv"},
    {"US/Eastern", "US/Eastern"},
    {"EST5EDT", "EST5EDT"},
    {"Israel", "Israel"},
    {"UTC", "UTC"},
    {"GMT", "UTC"},
    {"Etc/UTC", "UTC"},
    {"tzone://Microsoft/Utc", "UTC"},
    {"Etc/GMT+5", "Etc/GMT+5"},
    {"GMT+0100", "UTC+01:00"},
    {"GMT-05:30", "UTC-05:30"},
    {"UTC-5", "UTC-05:00"},
    {"+0200", "UTC+02:00"},
    {"UTC+99", ""},
    {"Customized Time Zone", ""},
    {"Europe/Atlantis", ""},
    {"", ""},
    {"embedded:00000000000000000000000000000000", ""},
    {"../../../../usr/share/zoneinfo/Europe/Berlin", ""},
    {"Europe/../Europe/Berlin", ""},
    {"/../etc/passwd", ""},
    {"Europe//Berlin", ""},
    {"right/Europe/Berlin", ""},
    {"localtime", ""},
    {"Europe", ""},
};

const char* const kCompared[] = {
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Tehran",
    "Asia/Kolkata",
    "Asia/Gaza",
    "Pacific/Apia",
    "Pacific/Chatham",
    "America/Nuuk",
    "Antarctica/Troll"};

std::string vtimezone(const std::string& observances) {
    return "BEGIN:VTIMEZONE\r\nTZID:X\r\n" + observances + "END:VTIMEZONE\r\n";
}

std::string observance(
    const std::string& kind,
    const std::string& start,
    const std::string& from,
    const std::string& to,
    const std::string& more
) {
    return "BEGIN:" + kind + "\r\nDTSTART:" + start + "\r\nTZOFFSETFROM:" + from + "\r\nTZOFFSETTO:" + to + "\r\n" +
           more + "END:" + kind + "\r\n";
}

/// Offsets agree from the first second to the last, looked at around every change of the file and once a week.
void require_same_offsets(const ZoneFile& file, const std::string& zone, int first_year, int last_year) {
    using namespace std::chrono;
    const Instant first = sys_days{year{first_year} / January / 1};
    const Instant last = sys_days{year{last_year} / January / 1};
    const auto compare = [&](Instant at) {
        const auto got = (zones().to_local(at, zone).time_since_epoch() - at.time_since_epoch()).count();
        BOOST_REQUIRE_MESSAGE(
            got == file.offset_at(at.time_since_epoch().count()), zone << " at " << format_instant(at) << ": " << got
        );
    };
    for (Instant at = first; at < last; at += weeks{1}) compare(at);
    for (const auto& [at, offset] : file.changes()) {
        const Instant change{seconds{at}};
        if (change <= first || change >= last) continue;
        compare(change - seconds{1});
        compare(change);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(zone)

BOOST_DATA_TEST_CASE(edge, data::make(kEdges), row) {
    BOOST_TEST(format_instant(zones().to_instant(*parse_local(row.local), row.zone)) == row.wanted);
}

BOOST_DATA_TEST_CASE(name, data::make(kNames), row) {
    BOOST_TEST(zones().canonical_name(row.tzid).value_or("") == row.wanted);
}

BOOST_DATA_TEST_CASE(agrees_with_the_zone_file_from_2023_on, data::make(kCompared), name) {
    using namespace std::chrono;
    const ZoneFile file(name);
    require_same_offsets(file, name, 2023, 2037);
    int edges = 0;
    for (const auto& [at, offset] : file.changes()) {
        const Instant change{seconds{at}};
        if (change < sys_days{year{2023} / 1 / 1} || change > sys_days{year{2036} / 1 / 1}) continue;
        ++edges;
        const LocalSeconds middle{seconds{at + offset}};
        for (LocalSeconds local = middle - hours{30}; local < middle + hours{30}; local += minutes{15}) {
            const Instant wanted = file.to_instant(local);
            BOOST_REQUIRE_MESSAGE(
                zones().to_instant(local, name) == wanted,
                name << " " << format_local(local) << ": " << format_instant(zones().to_instant(local, name))
                     << ", file " << format_instant(wanted)
            );
        }
    }
    const bool steady = std::string(name) == "Asia/Kolkata" || std::string(name) == "America/Sao_Paulo" ||
                        std::string(name) == "Asia/Tehran" || std::string(name) == "Pacific/Apia";
    BOOST_TEST((edges > 0) != steady);
}

BOOST_DATA_TEST_CASE(a_steady_offset_holds_for_every_hour_within, data::make(kCompared), name) {
    const ZoneResolver zones;
    const Instant first = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
    int changes = 0;
    for (Instant day = first; day < first + std::chrono::days{365}; day += std::chrono::days{1}) {
        const Interval window{day, day + std::chrono::days{9}};
        const auto steady = zones.steady_offset(window, name);
        bool same = true;
        for (Instant hour = window.start; hour <= window.end; hour += std::chrono::hours{1})
            same = same && zones.to_local(hour, name) - LocalSeconds{} ==
                               zones.to_local(day, name) - LocalSeconds{} + (hour - day);
        BOOST_TEST(steady.has_value() == same);
        changes += same ? 0 : 1;
        if (!steady) continue;
        for (Instant hour = day + std::chrono::days{1}; hour <= day + std::chrono::days{8};
             hour += std::chrono::hours{1}) {
            const LocalSeconds local{(hour + *steady).time_since_epoch()};
            if (zones.to_instant(local, name) != hour) BOOST_ERROR(name << " " << format_instant(hour));
        }
    }
    BOOST_TEST(zones.steady_offset({first, first + std::chrono::days{365}}, name).has_value() == (changes == 0));
}

BOOST_AUTO_TEST_CASE(every_windows_zone_is_in_the_database) {
    std::ifstream file(CALGATE_SOURCE_DIR "/core/windows_zones.cpp");
    std::ostringstream text;
    text << file.rdbuf();
    int rows = 0;
    std::string line;
    for (std::istringstream lines(text.str()); std::getline(lines, line);) {
        const auto open = line.find("{\"");
        const auto close = line.find('"', open + 2);
        if (open == std::string::npos || close == std::string::npos) continue;
        const std::string windows = line.substr(open + 2, close - open - 2);
        const std::string iana(iana_of_windows(windows));
        BOOST_TEST(!iana.empty(), windows);
        BOOST_TEST(zones().canonical_name(windows).has_value(), windows << " is " << iana);
        std::string shouted = windows, whispered = windows;
        for (char& c : shouted) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        for (char& c : whispered) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        BOOST_TEST(iana_of_windows(shouted) == iana);
        BOOST_TEST(iana_of_windows(whispered) == iana);
        ++rows;
    }
    BOOST_TEST(rows > 130);
}

BOOST_DATA_TEST_CASE(our_own_vtimezone_says_what_the_zone_does, data::make(kCompared), name) {
    using namespace std::chrono;
    const Instant around = sys_days{year{2026} / June / 1};
    const std::string text = zones().vtimezone(name, around);
    BOOST_REQUIRE(text.starts_with("BEGIN:VTIMEZONE\r\nTZID:" + std::string(name) + "\r\n"));
    const auto embedded = zones().add_embedded(text);
    BOOST_REQUIRE(embedded);
    for (Instant at = around; at < around + days{365 * 4}; at += hours{5}) {
        BOOST_REQUIRE_MESSAGE(
            zones().to_local(at, *embedded) == zones().to_local(at, name),
            name << " at " << format_instant(at) << "\n"
                 << text
        );
    }
}

BOOST_AUTO_TEST_CASE(a_steady_zone_is_written_as_two_rules) {
    const std::string text = zones().vtimezone("Europe/Berlin", *parse_instant("2026-06-01T00:00:00Z"));
    BOOST_TEST(text.find("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n") != std::string::npos);
    BOOST_TEST(text.find("RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n") != std::string::npos);
    BOOST_TEST(zones().vtimezone("UTC", {}) == "");
}

BOOST_AUTO_TEST_CASE(an_outlook_zone_since_1601_is_understood) {
    const auto zone = zones().add_embedded(vtimezone(
        observance("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n") +
        observance("DAYLIGHT", "16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n")
    ));
    BOOST_REQUIRE(zone);
    require_same_offsets(ZoneFile("Europe/Berlin"), *zone, 2000, 2037);
}

BOOST_AUTO_TEST_CASE(embedded_rules_end_where_they_say) {
    const auto zone = zones().add_embedded(vtimezone(
        observance(
            "DAYLIGHT",
            "20070311T020000",
            "-0500",
            "-0400",
            "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU;UNTIL=20260308T070000Z\r\n"
        ) +
        observance("STANDARD", "20071104T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\n")
    ));
    BOOST_REQUIRE(zone);
    BOOST_TEST(format_instant(zones().to_instant(*parse_local("2026-06-01T12:00"), *zone)) == "2026-06-01T16:00:00Z");
    BOOST_TEST(format_instant(zones().to_instant(*parse_local("2027-06-01T12:00"), *zone)) == "2027-06-01T17:00:00Z");
}

static const std::vector<std::pair<const char*, std::string>> kUseless = {
    {"text", "hello"},
    {"empty", ""},
    {"no_observance", vtimezone("")},
    {"daily_rule", vtimezone(observance("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=DAILY\r\n"))},
    {"rule_without_a_date",
     vtimezone(
         observance("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n")
     )},
    {"offset_of_days", vtimezone(observance("STANDARD", "16010101T030000", "+0200", "+9900", ""))},
    {"too_long",
     vtimezone(
         observance("STANDARD", "16010101T030000", "+0200", "+0100", "COMMENT:" + std::string(70'000, 'x') + "\r\n")
     )},
};
BOOST_AUTO_TEST_CASE(useless_embedded_zones_are_refused) {
    for (const auto& [what, text] : kUseless) BOOST_TEST(!zones().add_embedded(text).has_value(), what);
    std::string many;
    for (int i = 0; i < 700; ++i) many += observance("STANDARD", "16010101T030000", "+0200", "+0100", "");
    BOOST_TEST(!zones().add_embedded(vtimezone(many)).has_value());
}

BOOST_AUTO_TEST_CASE(many_threads_ask_at_once) {
    const ZoneResolver fresh;
    std::vector<std::jthread> threads;
    std::atomic<int> wrong = 0;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (const char* name : kCompared) {
                if (fresh.to_instant(*parse_local("2026-01-15T12:00"), name) !=
                    zones().to_instant(*parse_local("2026-01-15T12:00"), name))
                    ++wrong;
            }
        });
    }
    threads.clear();
    BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(floating_and_dates_take_the_fallback_zone) {
    const LocalSeconds noon = *parse_local("2026-06-01T12:00");
    BOOST_TEST(
        format_instant(zones().to_instant(When{When::Kind::Floating, noon, {}}, "Europe/Berlin")) ==
        "2026-06-01T10:00:00Z"
    );
    BOOST_TEST(
        format_instant(zones().to_instant(When{When::Kind::Utc, noon, {}}, "Europe/Berlin")) == "2026-06-01T12:00:00Z"
    );
    BOOST_TEST(
        format_instant(zones().to_instant(When{When::Kind::Zoned, noon, "Asia/Tokyo"}, "Europe/Berlin")) ==
        "2026-06-01T03:00:00Z"
    );
    BOOST_TEST(
        format_instant(zones().to_instant(When{When::Kind::Date, *parse_local("2026-06-01"), {}}, "Europe/Berlin")) ==
        "2026-05-31T22:00:00Z"
    );
}

BOOST_AUTO_TEST_SUITE_END()
