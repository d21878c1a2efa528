#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>

#include "core/icalendar.hpp"
#include "tests/support/bounded_run.hpp"

namespace calgate {
namespace {

using testing::spent_by;

constexpr std::size_t kHuge = 16u * 1024 * 1024;  ///< What is looked at at all, since attachments are dropped.
constexpr std::size_t kObject = 1024u * 1024;     ///< An object without attachments.

std::string filled(const std::string& piece, std::size_t bytes) {
    std::string out;
    out.reserve(bytes + piece.size());
    while (out.size() + piece.size() <= bytes) out += piece;
    return out;
}

std::string lines_in(const std::string& event) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n"
           "DTSTART:20260310T090000Z\r\nDTEND:20260310T100000Z\r\n" +
           event + "END:VEVENT\r\nEND:VCALENDAR\r\n";
}

std::string with_zone(const std::string& observances) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Nowhere\r\n" + observances +
           "END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n"
           "DTSTART;TZID=Nowhere:20260310T090000\r\nDTEND;TZID=Nowhere:20260310T100000\r\n"
           "END:VEVENT\r\nEND:VCALENDAR\r\n";
}

std::string observance(const std::string& rule) {
    return "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:" + rule +
           "\r\nEND:STANDARD\r\n";
}

struct IcalendarBomb {
    const char* name;
    std::function<std::string()> make;
    bool refused = true;  ///< false: it may be read, as far as it is understood.
};
std::ostream& operator<<(std::ostream& out, const IcalendarBomb& bomb) { return out << bomb.name; }

const std::vector<IcalendarBomb>& bombs() {
    static const std::vector<IcalendarBomb> kBombs = {
        {"one line", [] { return lines_in("DESCRIPTION:" + std::string(kHuge - 1000, 'x') + "\r\n"); }},
        {"one line, the longest that is read",
         [] { return lines_in("DESCRIPTION:" + std::string(255 * 1024, 'x') + "\r\n"); },
         false},
        {"one folded line", [] { return lines_in("DESCRIPTION:" + filled("x\r\n ", kHuge - 1000) + "\r\n"); }},
        {"an attachment of one line",
         [] { return lines_in("ATTACH;ENCODING=BASE64;VALUE=BINARY:" + std::string(kHuge - 1000, 'A') + "\r\n"); },
         false},
        {"depth", [] { return filled("BEGIN:VEVENT\r\n", kObject - 100); }},
        {"depth that ends",
         [] { return filled("BEGIN:VEVENT\r\n", kObject / 2 - 100) + filled("END:VEVENT\r\n", kObject / 2 - 100); }},
        {"components", [] { return lines_in(filled("BEGIN:VALARM\r\nEND:VALARM\r\n", kObject - 1000)); }},
        {"properties", [] { return lines_in(filled("X-A:1\r\n", kObject - 1000)); }},
        {"as many properties as are read", [] { return lines_in(filled("COMMENT:1\r\n", 4900 * 11)); }, false},
        {"parameters", [] { return lines_in("SUMMARY" + filled(";X-A=1", 200'000) + ":a\r\n"); }},
        {"values",
         [] { return lines_in("EXDATE:" + filled("20260310T090000Z,", 250'000) + "20260310T090000Z\r\n"); },
         false},
        {"lines of values",
         [] {
             return lines_in(
                 filled("RDATE:" + filled("20260310T090000Z,", 200) + "20260311T090000Z\r\n", kObject - 1000)
             );
         },
         false},
        {"NUL bytes", [] { return lines_in("SUMMARY:" + std::string(100'000, '\0') + "\r\n"); }},
        {"control characters", [] { return lines_in("SUMMARY:" + std::string(200'000, '\x01') + "\r\n"); }, false},
        {"changed occurrences",
         [] {
             std::string all = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n";
             const std::string one = "BEGIN:VEVENT\r\nUID:u\r\nDTSTART:20260310T090000Z\r\nEND:VEVENT\r\n";
             return all + filled(one, kObject - 1000) + "END:VCALENDAR\r\n";
         }},
        {"a zone that changes each second", [] { return with_zone(observance("FREQ=SECONDLY")); }, false},
        {"a zone with many observances",
         [] { return with_zone(filled(observance("FREQ=YEARLY"), 1900 * 110)); },
         false},
        {"empty lines", [] { return lines_in(filled("\r\n", kHuge - 1000)); }},
        {"colons", [] { return lines_in(filled(":", 250'000) + "\r\n"); }, false},
        {"quotes", [] { return lines_in("SUMMARY;X=" + filled("\"", 250'000) + ":a\r\n"); }, false},
        {"escapes", [] { return lines_in("SUMMARY:" + filled("\\", 250'000) + "\r\n"); }, false},
    };
    return kBombs;
}

void check(const char* reader, const IcalendarBomb& bomb, const std::function<bool(const std::string&)>& refuses) {
    const std::string text = bomb.make();
    const auto spent = spent_by([&] { return refuses(text); });
    BOOST_TEST(spent.ended, reader << " does not end");
    BOOST_TEST((spent.good || !bomb.refused), reader << " takes it");
    BOOST_TEST(spent.memory <= testing::kBombMemory, reader << " took " << spent.memory / 1024 / 1024 << " MiB");
    BOOST_TEST_MESSAGE(bomb.name << ", " << reader << ": " << spent.memory / 1024 << " KiB, " << spent.cpu_ms << " ms");
}

const ZoneResolver& resolver() {
    static const ZoneResolver kZones;
    return kZones;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(icalendar_bombs)

BOOST_DATA_TEST_CASE(I26_an_object_costs_little, boost::unit_test::data::make(bombs()), bomb) {
    check("object", bomb, [](const std::string& text) {
        return !read_icalendar(text, {resolver(), "Europe/Vienna", {}}).has_value();
    });
}

/// What was cached is joined for a feed; nothing in it may take longer the more often it stands there.
BOOST_AUTO_TEST_CASE(I26_joining_ends) {
    const auto end = [](const std::string& text) {
        return spent_by([&] { return !join_icalendar({text}).empty(); }).ended;
    };
    BOOST_TEST(end(filled("BEGIN:VEVENT\r\n", 16 * kObject)));
    BOOST_TEST(end(lines_in("SUMMARY:" + filled("BEGIN:VEVENT", 16 * kObject) + "\r\n")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
