#include "core/icalendar.hpp"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "core/busy.hpp"
#include "tests/support/manual_clock.hpp"

using namespace calgate;
using namespace calgate::testing;
namespace data = boost::unit_test::data;

namespace {

const std::filesystem::path kFolder = CALGATE_SOURCE_DIR "/fixtures/icalendar";

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

IcalendarContext context() { return {zones(), "Europe/Vienna", {"me@example.com"}}; }

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    BOOST_REQUIRE_MESSAGE(file, path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> bodies() {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
        if (entry.path().extension() == ".ics") out.push_back(entry.path().stem());
    }
    std::sort(out.begin(), out.end());
    return out;
}

/// What is said beside a body, sorted by its first word.
struct Expected {
    std::string unusable{}, zone{}, title{};
    std::vector<std::string> busy{}, warnings{}, busy_warnings{};
    bool partial = false;
};

Expected expected(const std::string& name) {
    Expected out;
    std::istringstream lines(content(kFolder / (name + ".expected")));
    for (std::string line; std::getline(lines, line);) {
        const auto blank = std::min(line.find(' '), line.size());
        const std::string key = line.substr(0, blank);
        const std::string rest = line.substr(std::min(blank + 1, line.size()));
        if (key == "unusable")
            out.unusable = rest;
        else if (key == "zone")
            out.zone = rest;
        else if (key == "title")
            out.title = rest;
        else if (key == "busy")
            out.busy.push_back(rest);
        else if (key == "warning")
            out.warnings.push_back(rest);
        else if (key == "busy-warning")
            out.busy_warnings.push_back(rest);
        else if (key == "partial")
            out.partial = true;
        else
            BOOST_REQUIRE_MESSAGE(key.empty(), name << " expects " << line);
    }
    return out;
}

void require_sentences(const std::vector<std::string>& got, const std::vector<std::string>& wanted) {
    std::string all;
    for (const std::string& one : got) all += one + "\n";
    BOOST_TEST(got.size() == wanted.size(), all);
    for (const std::string& one : wanted) BOOST_TEST(all.find(one) != std::string::npos, all << " lacks " << one);
}

std::string object(const std::string& lines) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260610T070000Z\r\nDTEND:"
           "20260610T080000Z\r\n" +
           lines + "END:VEVENT\r\nEND:VCALENDAR\r\n";
}

std::string repeated(const std::string& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

struct Hostile {
    const char* name;
    std::function<std::string()> text;
    const char* why;  ///< Empty: it is read.
};
std::ostream& operator<<(std::ostream& out, const Hostile& row) { return out << row.name; }

const std::vector<Hostile> kHostile = {
    {"empty", [] { return std::string(); }, "no iCalendar text"},
    {"two_mebibytes",
     [] { return object("DESCRIPTION:" + std::string(2 * 1024 * 1024, 'x') + "\r\n"); },
     "larger than 1024 KiB"},
    {"long_line", [] { return object("DESCRIPTION:" + std::string(300 * 1024, 'x') + "\r\n"); }, "more than 256 KiB"},
    {"long_line_in_folds",
     [] { return object("DESCRIPTION:x\r\n" + repeated(" " + std::string(70, 'x') + "\r\n", 5000)); },
     "more than 256 KiB"},
    {"line_at_the_limit", [] { return object("DESCRIPTION:" + std::string(255 * 1024, 'x') + "\r\n"); }, ""},
    {"nul", [] { return object("SUMMARY:a" + std::string(1, '\0') + "b\r\n"); }, "NUL byte"},
    {"nested_deep", [] { return repeated("BEGIN:VEVENT\r\n", 20'000) + repeated("END:VEVENT\r\n", 20'000); }, "4 deep"},
    {"many_components",
     [] { return "BEGIN:VCALENDAR\r\n" + repeated("BEGIN:VEVENT\r\nEND:VEVENT\r\n", 3000) + "END:VCALENDAR\r\n"; },
     "2000 components"},
    {"many_properties", [] { return object(repeated("X-A:b\r\n", 6000)); }, "5000 properties"},
    {"many_parameters", [] { return object("SUMMARY" + repeated(";X-A=b", 200) + ":x\r\n"); }, "90 parameters"},
    {"ends_too_often", [] { return std::string("END:VCALENDAR\r\nEND:VCALENDAR\r\n"); }, "never began"},
    {"large_attachment",
     [] { return object("ATTACH;ENCODING=BASE64;VALUE=BINARY:" + std::string(400 * 1024, 'A') + "\r\n"); },
     ""},
    {"attachment_larger_than_the_object_may_be",
     [] { return object("ATTACH;ENCODING=BASE64;VALUE=BINARY:" + std::string(5 * 1024 * 1024, 'A') + "\r\n"); },
     ""},
    {"the_same_in_folds",
     [] {
         const std::string folds = repeated(" " + std::string(74, 'A') + "\r\n", 70'000);
         return object("ATTACH;ENCODING=BASE64;VALUE=BINARY:\r\n" + folds + "ATTACH;ENCODING=BASE64:\r\n" + folds);
     },
     ""},
    {"more_attachments_than_are_read",
     [] {
         const std::string one = "ATTACH;ENCODING=BASE64:" + std::string(3 * 1024 * 1024, 'A') + "\r\n";
         return object(repeated(one, 6));
     },
     "larger than 1024 KiB"},
    {"a_large_attachment_and_too_much_text",
     [] {
         return object(
             "ATTACH;ENCODING=BASE64:" + std::string(2 * 1024 * 1024, 'A') + "\r\n" +
             repeated("COMMENT:" + std::string(200 * 1024, 'x') + "\r\n", 6)
         );
     },
     "larger than 1024 KiB"},
    {"small_attachments_that_are_too_many",
     [] { return object(repeated("ATTACH;ENCODING=BASE64:" + std::string(12 * 1024, 'A') + "\r\n", 100)); },
     "larger than 1024 KiB"},
    {"long_uid",
     [] {
         return "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:" + std::string(10'000, 'u') +
                "\r\nDTSTART:20260610T070000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
     },
     ""},
    {"absurd_duration",
     [] {
         return "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260610T070000Z\r\nDURATION:"
                "P999999999999999W\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
     },
     "end cannot be understood"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(icalendar)

BOOST_DATA_TEST_CASE(body, data::make(bodies()), name) {
    const Expected wanted = expected(name);
    const std::string text = content(kFolder / (name + ".ics"));
    const auto event = read_icalendar(text, context());
    if (!wanted.unusable.empty()) {
        BOOST_REQUIRE(!event);
        BOOST_TEST((event.error().code == ErrorCode::InvalidResponse));
        BOOST_TEST(event.error().detail.find(wanted.unusable) != std::string::npos, event.error().detail);
        return;
    }
    BOOST_REQUIRE_MESSAGE(event, (event ? "" : event.error().detail));
    BOOST_TEST(event->source == text);
    BOOST_TEST(event->partial == wanted.partial);
    if (!wanted.zone.empty()) BOOST_TEST(event->master.start.zone == wanted.zone);
    if (!wanted.title.empty()) BOOST_TEST(event->master.title == wanted.title);
    require_sentences(event->warnings, wanted.warnings);
    const Interval year{*parse_instant("2026-01-01T00:00:00Z"), *parse_instant("2027-01-01T00:00:00Z")};
    const auto busy = busy_time(*event, year, zones(), "Europe/Vienna", ManualClock{});
    require_sentences(busy.warnings, wanted.busy_warnings);
    std::vector<std::string> intervals;
    for (const BusyInterval& one : busy.intervals)
        intervals.push_back(format_instant(one.start) + " " + format_instant(one.end));
    BOOST_TEST(intervals == wanted.busy, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(hostile, data::make(kHostile), row) {
    const auto event = read_icalendar(row.text(), context());
    const std::string why = event ? "" : event.error().detail;
    if (*row.why == '\0')
        BOOST_TEST(why == "");
    else
        BOOST_TEST(why.find(row.why) != std::string::npos, why);
}

/// A scan that somebody attached does not keep an appointment from blocking its time, and is not kept.
BOOST_AUTO_TEST_CASE(what_is_kept_of_an_object_with_a_large_attachment_is_small_and_never_written) {
    const std::string text = object(
        "SUMMARY:Contract\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nATTACH;ENCODING=BASE64:" + std::string(5 * 1024 * 1024, 'A') +
        "\r\n"
    );
    const auto event = read_icalendar(text, context());
    BOOST_REQUIRE(event);
    BOOST_TEST(event->master.title == "Contract");
    BOOST_TEST(event->master.rules.size() == 1u);
    BOOST_TEST(event->source.size() < 1000u);
    BOOST_TEST(event->partial);
    const auto again = read_icalendar(event->source, context());
    BOOST_REQUIRE_MESSAGE(again, (again ? "" : again.error().detail));
    BOOST_TEST(again->master.rules.size() == 1u);
    BOOST_TEST(again->partial, "what lacks an attachment would lose it when it is written");
    BOOST_TEST(!write_icalendar(*again, context().zones, Instant{}));
}

BOOST_AUTO_TEST_CASE(everything_of_an_instance_is_read) {
    const auto event = read_icalendar(
        object("SUMMARY:Haircut\\, long\r\nLOCATION:Room\\; "
               "2\r\nDESCRIPTION:one\\ntwo\r\nSTATUS:TENTATIVE\r\nTRANSP:TRANSPARENT\r\n"
               "CLASS:CONFIDENTIAL\r\nSEQUENCE:7\r\nLAST-MODIFIED:20260102T030405Z\r\nX-CALGATE-MARK:m.1\r\nX-CALGATE-"
               "CAPSULE:abc_-/\r\n"
               "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\nATTENDEE;PARTSTAT=TENTATIVE:mailto:me@example.com\r\n"),
        context()
    );
    BOOST_REQUIRE(event);
    const EventInstance& master = event->master;
    BOOST_TEST(master.title == "Haircut, long");
    BOOST_TEST(master.place == "Room; 2");
    BOOST_TEST(master.notes == "one\ntwo");
    BOOST_TEST((master.status == EventStatus::Tentative && master.transparency == Transparency::Transparent));
    BOOST_TEST((master.classification == Classification::Confidential && master.reply == Reply::Tentative));
    BOOST_TEST((master.shown_as == ShownAs::OutOfOffice));
    BOOST_TEST(master.sequence == 7);
    BOOST_TEST(format_instant(master.last_modified.value()) == "2026-01-02T03:04:05Z");
    BOOST_TEST(event->mark == "m.1");
    BOOST_TEST(event->capsule == "abc_-/");
}

BOOST_AUTO_TEST_CASE(rules_are_kept_as_written) {
    const auto event = read_icalendar(
        object("RRULE:FREQ=WEEKLY;COUNT=4294967297;BYDAY=MO,TU\r\nEXRULE:FREQ=DAILY;COUNT=1\r\n"), context()
    );
    BOOST_REQUIRE(event);
    BOOST_TEST(
        event->master.rules == std::vector<std::string>{"FREQ=WEEKLY;COUNT=4294967297;BYDAY=MO,TU"},
        boost::test_tools::per_element()
    );
    BOOST_TEST(
        event->master.exclusion_rules == std::vector<std::string>{"FREQ=DAILY;COUNT=1"},
        boost::test_tools::per_element()
    );
}

BOOST_AUTO_TEST_CASE(a_stream_holds_many_events_and_one_bad_one_hides_none) {
    const auto one = [](const std::string& uid, const std::string& more) {
        return "BEGIN:VEVENT\r\nUID:" + uid + "\r\n" + more + "END:VEVENT\r\n";
    };
    const std::string start = "DTSTART:20260610T070000Z\r\n";
    const std::string head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n";
    const std::string text = head + one("a", start + "RRULE:FREQ=DAILY\r\n") + one("b", "SUMMARY:no start\r\n") +
                             one("a", start + "RECURRENCE-ID:20260611T070000Z\r\n") + "END:VCALENDAR\r\n" + head +
                             one("c", start) + "END:VCALENDAR\r\n";
    const auto events = read_icalendar_stream(text, context());
    BOOST_REQUIRE(events);
    BOOST_REQUIRE(events->size() == 3u);
    BOOST_TEST((*events)[0].uid.value == "a");
    BOOST_TEST((*events)[0].overrides.size() == 1u);
    BOOST_TEST((*events)[1].uid.value == "b");
    BOOST_TEST((*events)[1].partial);
    BOOST_TEST(!(*events)[1].has_master);
    BOOST_TEST((*events)[1].warnings.size() == 1u);
    BOOST_TEST((*events)[2].uid.value == "c");
    BOOST_TEST((*events)[2].warnings.empty());
}

BOOST_AUTO_TEST_SUITE_END()
