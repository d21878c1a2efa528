#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/icalendar.hpp"
#include "tests/support/seeded_random.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

const Instant kStamp = std::chrono::sys_days{std::chrono::year{2026} / 5 / 1} + 12h;

Event appointment() {
    Event event;
    event.uid = Uid{"0123456789abcdef"};
    event.master.start = When{When::Kind::Zoned, *parse_local("2026-06-10T09:00"), "Europe/Berlin"};
    event.master.end = When{When::Kind::Zoned, *parse_local("2026-06-10T10:00"), "Europe/Berlin"};
    event.master.title = "Haircut";
    event.mark = "e1.b1.a-7/2.kh_x";
    event.capsule = "AAAA-_BBBB";
    return event;
}

Event read(const std::string& text) {
    auto event = read_icalendar(text, {zones(), "Europe/Berlin", {}});
    BOOST_REQUIRE_MESSAGE(event, (event ? "" : event.error().detail) << "\n" << text);
    return *event;
}

std::string written(const Event& event) {
    const auto text = write_icalendar(event, zones(), kStamp);
    BOOST_REQUIRE_MESSAGE(text, (text ? "" : text.error().detail));
    return *text;
}

bool has_line(const std::string& text, const std::string& line) {
    return text.find("\r\n" + line + "\r\n") != std::string::npos;
}

/// A copy as a phone leaves it: its own properties between ours, an alarm, a guest.
const std::string kTouched =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Phone//"
    "EN\r\nX-PHONE-LIST:work\r\nBEGIN:VEVENT\r\nX-FIRST:1\r\nUID:0123456789abcdef\r\n"
    "DTSTAMP:20260401T000000Z\r\nDTSTART:20260610T070000Z\r\nX-SECOND:2\r\nDURATION:PT1H\r\nSUMMARY;LANGUAGE=de:"
    "Haircut\r\n"
    "CATEGORIES:work,hair\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:guest@example.com\r\nCOLOR:red\r\nX-CALGATE-MARK:"
    "old\r\nX-THIRD:3\r\n"
    "ATTACH;ENCODING=BASE64;VALUE=BINARY:" +
    std::string(40'000, 'A') +
    "\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:soon\r\nTRIGGER:-PT10M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:"
    "VCALENDAR\r\n";

/// What the library keeps of a text: no blanks around it, no carriage returns.
std::string kept(std::string text) {
    std::erase(text, '\r');
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

struct TextRow {
    const char* name;
    std::string text;
};
std::ostream& operator<<(std::ostream& out, const TextRow& row) { return out << row.name; }

const std::vector<TextRow> kTexts = {
    {"plain", "Haircut"},
    {"separators", "a,b;c:d"},
    {"backslashes", "C:\\new\\table \\n \\\\"},
    {"lines", "one\ntwo\n\nfour"},
    {"quotes_and_carets", "\"x\" ^ ^n ^' 'y'"},
    {"emoji_and_umlauts", "Süße 🎉 Straße — 東京"},
    {"long_line", std::string(5000, 'x')},
    {"long_line_of_wide_characters",
     [] {
         std::string s;
         for (int i = 0; i < 2000; ++i) s += "ü🎉";
         return s;
     }()},
    {"looks_like_a_property", "x\r\nEND:VEVENT\nBEGIN:VEVENT\nUID:evil"},
    {"leading_blanks", "   x"},
    {"percent_and_less", "100 % <b>&amp;"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(icalendar_write)

BOOST_AUTO_TEST_CASE(a_fresh_object_has_what_servers_and_phones_want) {
    const std::string text = written(appointment());
    BOOST_TEST(has_line(text, "UID:0123456789abcdef"));
    BOOST_TEST(has_line(text, "DTSTART;TZID=Europe/Berlin:20260610T090000"), text);
    BOOST_TEST(has_line(text, "DTEND;TZID=Europe/Berlin:20260610T100000"));
    BOOST_TEST(has_line(text, "DTSTAMP:20260501T120000Z"));
    BOOST_TEST(has_line(text, "LAST-MODIFIED:20260501T120000Z"));
    BOOST_TEST(has_line(text, "SEQUENCE:0"));
    BOOST_TEST(has_line(text, "STATUS:CONFIRMED"));
    BOOST_TEST(has_line(text, "TRANSP:OPAQUE"));
    BOOST_TEST(has_line(text, "TZID:Europe/Berlin"));
    BOOST_TEST(has_line(text, "X-CALGATE-MARK:e1.b1.a-7/2.kh_x"));
    BOOST_TEST(text.find("BEGIN:VTIMEZONE") < text.find("BEGIN:VEVENT"));
    for (const char* never : {"METHOD", "ATTENDEE", "ORGANIZER", "freeassociation", "X-LIC", "DURATION", "CLASS"}) {
        BOOST_TEST(text.find(never) == std::string::npos, never);
    }
}

BOOST_AUTO_TEST_CASE(no_line_is_longer_than_75_octets) {
    Event event = appointment();
    event.capsule = std::string(8000, 'A');
    event.master.notes = kTexts[7].text;
    const std::string text = written(event);
    for (std::size_t from = 0; from < text.size();) {
        const auto to = text.find("\r\n", from);
        BOOST_REQUIRE_LE(to - from, 75u);
        from = to + 2;
    }
    BOOST_TEST(read(text).capsule == event.capsule);
}

BOOST_AUTO_TEST_CASE(a_line_of_any_length_ends_in_one_line_end) {
    for (std::size_t length = 1; length <= 300; ++length) {
        Event event = appointment();
        event.capsule = std::string(length, 'A');
        event.master.title = std::string(length, 'T');
        const std::string text = written(event);
        BOOST_TEST_CONTEXT("length " << length) {
            BOOST_TEST(text.find("\r\r") == std::string::npos);
            BOOST_TEST(text.find("\r\n \r\n") == std::string::npos);
            BOOST_TEST(std::count(text.begin(), text.end(), '\r') == std::count(text.begin(), text.end(), '\n'));
        }
        BOOST_TEST(read(text).capsule == event.capsule);
    }
}

BOOST_AUTO_TEST_CASE(all_fields_come_back) {
    Event event = appointment();
    event.master.place = "Room 2";
    event.master.notes = "Bring the dog";
    event.master.status = EventStatus::Tentative;
    event.master.transparency = Transparency::Transparent;
    event.master.classification = Classification::Private;
    event.master.sequence = 4;
    event.master.rules = {"FREQ=WEEKLY;COUNT=10"};
    event.master.excluded_dates = {When{When::Kind::Zoned, *parse_local("2026-06-17T09:00"), "Europe/Berlin"}};
    event.master.extra_dates = {
        {When{When::Kind::Utc, *parse_local("2026-06-18T09:00"), {}},
         When{When::Kind::Utc, *parse_local("2026-06-18T09:30"), {}}}};
    EventInstance moved = event.master;
    moved.rules.clear();
    moved.excluded_dates.clear();
    moved.extra_dates.clear();
    moved.recurrence_id = When{When::Kind::Zoned, *parse_local("2026-06-24T09:00"), "Europe/Berlin"};
    moved.start = When{When::Kind::Zoned, *parse_local("2026-06-24T11:00"), "America/New_York"};
    moved.end = When{When::Kind::Zoned, *parse_local("2026-06-24T12:00"), "America/New_York"};
    event.overrides = {moved};
    Event back = read(written(event));
    BOOST_TEST(canonical_digest(back, zones(), "UTC") == canonical_digest(event, zones(), "UTC"));
    back.master.last_modified.reset();
    back.overrides.at(0).last_modified.reset();
    BOOST_TEST((back.master == event.master));
    BOOST_TEST((back.overrides == event.overrides));
}

BOOST_AUTO_TEST_CASE(days_stay_days) {
    Event event = appointment();
    event.master.start = When{When::Kind::Date, *parse_local("2026-06-10"), {}};
    event.master.end = When{When::Kind::Date, *parse_local("2026-06-12"), {}};
    const std::string text = written(event);
    BOOST_TEST(has_line(text, "DTSTART;VALUE=DATE:20260610"));
    BOOST_TEST(has_line(text, "DTEND;VALUE=DATE:20260612"));
    BOOST_TEST(text.find("VTIMEZONE") == std::string::npos);
}

BOOST_DATA_TEST_CASE(text, data::make(kTexts), row) {
    Event event = appointment();
    event.master.title = event.master.place = event.master.notes = row.text;
    const Event back = read(written(event));
    const std::string wanted = kept(row.text);
    BOOST_TEST(back.master.title == wanted);
    BOOST_TEST(back.master.place == wanted);
    BOOST_TEST(back.master.notes == wanted);
    BOOST_TEST(back.uid.value == event.uid.value);
}

BOOST_AUTO_TEST_CASE(random_texts_come_back) {
    SeededRandom random(5);
    const std::vector<std::string> pieces = {
        "a", " ", "\n", ",", ";", "\\", ":", "\"", "^", "ü", "🎉", "\t", "=", "END:VEVENT", "\\n"};
    for (int round = 0; round < 300; ++round) {
        Event event = appointment();
        for (int i = random.between(1, 120); i > 0; --i) {
            event.master.notes +=
                pieces[static_cast<std::size_t>(random.between(0, static_cast<int>(pieces.size()) - 1))];
        }
        BOOST_REQUIRE_EQUAL(read(written(event)).master.notes, kept(event.master.notes));
    }
}

BOOST_AUTO_TEST_CASE(writing_over_a_touched_copy_keeps_what_is_not_ours) {
    Event event = read(kTouched);
    event.master.start = When{When::Kind::Zoned, *parse_local("2026-06-11T09:00"), "Europe/Berlin"};
    event.master.end = When{When::Kind::Zoned, *parse_local("2026-06-11T10:30"), "Europe/Berlin"};
    event.master.exact_duration.reset();
    event.mark = "new";
    event.capsule = "c";
    const std::string text = written(event);
    for (const char* kept :
         {"PRODID:-//Phone//EN",
          "X-PHONE-LIST:work",
          "SUMMARY;LANGUAGE=de:Haircut",
          "ATTENDEE;PARTSTAT=ACCEPTED:mailto:guest@example.com",
          "COLOR:red",
          "BEGIN:VALARM",
          "TRIGGER:-PT10M",
          "X-CALGATE-MARK:new",
          "DTEND;TZID=Europe/Berlin:20260611T103000",
          "TZID:Europe/Berlin"}) {
        BOOST_TEST(has_line(text, kept), kept << "\n" << text.substr(0, 3000));
    }
    BOOST_TEST(text.find("X-FIRST:1") < text.find("X-SECOND:2"));
    BOOST_TEST(text.find("X-SECOND:2") < text.find("X-THIRD:3"));
    BOOST_TEST(text.find("hair") != std::string::npos);
    BOOST_TEST(static_cast<std::size_t>(std::count(text.begin(), text.end(), 'A')) > 40'000u);
    for (const char* gone : {"DURATION", "X-CALGATE-MARK:old", "20260610T070000Z"})
        BOOST_TEST(text.find(gone) == std::string::npos, gone);
}

BOOST_AUTO_TEST_CASE(writing_twice_changes_nothing) {
    Event event = read(kTouched);
    event.mark = "new";
    const std::string once = written(event);
    Event again = read(once);
    BOOST_TEST(written(again) == once);
}

BOOST_AUTO_TEST_CASE(a_sequence_that_somebody_counted_on_never_falls) {
    Event event = read(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260610T070000Z\r\n"
        "DTEND:20260610T080000Z\r\nSEQUENCE:7\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    event.master.sequence = 3;
    BOOST_TEST(has_line(written(event), "SEQUENCE:8"));
    event.master.sequence = 9;
    BOOST_TEST(has_line(written(event), "SEQUENCE:9"));
}

BOOST_AUTO_TEST_CASE(an_exact_length_is_written_as_an_end) {
    Event event = appointment();
    event.master.start.local = *parse_local("2026-03-28T12:00");
    event.master.end.local = *parse_local("2026-03-29T12:00");
    event.master.exact_duration = 24h;
    BOOST_TEST(has_line(written(event), "DTEND;TZID=Europe/Berlin:20260329T130000"));
    event.master.start.local = *parse_local("2026-10-25T00:30");
    event.master.exact_duration = 3h;  // To the second 02:30 of that night.
    BOOST_TEST(has_line(written(event), "DTEND:20261025T013000Z"));
}

struct Refusal {
    const char* name;
    void (*spoil)(Event&);
    const char* why;
};
static std::ostream& operator<<(std::ostream& out, const Refusal& row) { return out << row.name; }

static const std::vector<Refusal> kRefusals = {
    {"partly_understood", [](Event& e) { e.partial = true; }, "only partly understood"},
    {"nothing_there", [](Event& e) { e.has_master = false; }, "no event to write"},
    {"unknown_zone", [](Event& e) { e.master.start.zone = "Europe/Atlantis"; }, "Europe/Atlantis"},
    {"embedded_zone", [](Event& e) { e.master.end.zone = "embedded:123"; }, "embedded:123"},
    {"unknown_zone_of_an_exclusion",
     [](Event& e) {
         e.master.excluded_dates = {When{When::Kind::Zoned, e.master.start.local, "Nowhere/X"}};
     },
     "Nowhere/X"},
    {"unknown_zone_of_an_override",
     [](Event& e) {
         e.overrides = {e.master};
         e.overrides[0].recurrence_id = e.master.start;
         e.overrides[0].start.zone = "Nowhere/Y";
     },
     "Nowhere/Y"},
    {"control_characters",
     [](Event& e) {
         e.master.title =
             "a\x01"
             "b";
     },
     "does not survive"},
    {"no_rule", [](Event& e) { e.master.rules = {"FREQ=SOMETIMES"}; }, "does not survive"},
    {"mark_that_would_change", [](Event& e) { e.mark = "a\\,b"; }, "does not survive"},
    {"uid_of_two_lines", [](Event& e) { e.uid.value = "a\r\nX-EVIL:1"; }, "does not survive"},
    {"source_of_two_masters",
     [](Event& e) {
         e.source =
             "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260101\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:"
             "a\r\nDTSTART:20260101\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
     },
     "several main events"},
    {"source_without_a_master",
     [](Event& e) {
         e.source =
             "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID:20260101\r\nDTSTART:20260101\r\nEND:"
             "VEVENT\r\nEND:VCALENDAR\r\n";
     },
     "no main event"},
    {"source_with_a_broken_rule",
     [](Event& e) {
         e.source =
             "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:0123456789abcdef\r\nDTSTART:20260101\r\nRRULE:FREQ=DAILY;COUNT="
             "0\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
     },
     "only partly understood"},
    {"source_of_another_event",
     [](Event& e) {
         e.source =
             "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:other\r\nDTSTART:20260101\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
     },
     "does not survive"},
    {"source_that_is_no_calendar", [](Event& e) { e.source = "hello"; }, "no iCalendar text"},
};

BOOST_DATA_TEST_CASE(refused, data::make(kRefusals), row) {
    Event event = appointment();
    row.spoil(event);
    const auto text = write_icalendar(event, zones(), kStamp);
    BOOST_REQUIRE_MESSAGE(!text, (text ? *text : ""));
    BOOST_TEST((text.error().code == ErrorCode::Rejected));
    BOOST_TEST(text.error().detail.find(row.why) != std::string::npos, text.error().detail);
}

static const std::string kDigested =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID=Europe/"
    "Berlin:20260610T090000\r\nDTEND;TZID=Europe/Berlin:20260610T100000\r\n"
    "SUMMARY:Haircut\r\nDESCRIPTION:one\\ntwo\r\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3\r\nEXDATE:20260615T070000Z\r\nEND:"
    "VEVENT\r\nEND:VCALENDAR\r\n";

struct Change {
    const char* name;
    const char* from;
    const char* to;
    bool same;
};
static std::ostream& operator<<(std::ostream& out, const Change& row) { return out << row.name; }

static const std::vector<Change> kChanges = {
    {"stamps",
     "SUMMARY:",
     "DTSTAMP:20260101T000000Z\r\nLAST-MODIFIED:20260101T000000Z\r\nSEQUENCE:9\r\nX-A:b\r\nSUMMARY:",
     true},
    {"T7 what a server adds by the window it was asked for",
     "SUMMARY:",
     "X-RECURRENCE-EXCEPTION:TRUE\r\nSUMMARY:",
     true},
    {"refolded", "SUMMARY:Haircut", "SUMMARY:Hair\r\n cut", true},
    {"reordered", "SUMMARY:Haircut\r\nDESCRIPTION:one\\ntwo\r\n", "DESCRIPTION:one\\ntwo\r\nSUMMARY:Haircut\r\n", true},
    {"rule_parts_reordered", "FREQ=WEEKLY;BYDAY=MO;COUNT=3", "COUNT=3;FREQ=weekly;BYDAY=MO", true},
    {"zone_prefix", "DTSTART;TZID=Europe/Berlin", "DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin", true},
    {"exclusion_in_its_zone", "EXDATE:20260615T070000Z", "EXDATE;TZID=Europe/Berlin:20260615T090000", true},
    {"trailing_blanks", "Haircut\r\n", "Haircut  \r\n", true},
    {"line_ends", "one\\ntwo", "one\\n two", false},
    {"default_state", "SUMMARY:", "STATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\nSUMMARY:", true},
    {"title", "Haircut", "Haircuts", false},
    {"start", "20260610T090000", "20260610T090100", false},
    {"end", "20260610T100000", "20260610T100100", false},
    {"zone_of_a_series", "DTSTART;TZID=Europe/Berlin", "DTSTART;TZID=Europe/Paris", false},
    {"rule", "COUNT=3", "COUNT=4", false},
    {"exclusion", "EXDATE:20260615T070000Z", "EXDATE:20260622T070000Z", false},
    {"cancelled", "SUMMARY:", "STATUS:CANCELLED\r\nSUMMARY:", false},
    {"free", "SUMMARY:", "TRANSP:TRANSPARENT\r\nSUMMARY:", false},
    {"uid", "UID:a", "UID:A", false},
};

BOOST_DATA_TEST_CASE(digest, data::make(kChanges), row) {
    std::string other = kDigested;
    const auto at = other.find(row.from);
    BOOST_REQUIRE(at != std::string::npos);
    other.replace(at, std::string(row.from).size(), row.to);
    const bool same =
        canonical_digest(read(kDigested), zones(), "UTC") == canonical_digest(read(other), zones(), "UTC");
    BOOST_TEST(same == row.same);
}

BOOST_AUTO_TEST_SUITE_END()
