#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "gateway/drill_report.hpp"
#include "gateway/traffic_cut.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"

using namespace calgate;
using namespace calgate::testing;
namespace bdata = boost::unit_test::data;
using Json = nlohmann::json;

namespace {

const std::string kKey(32, 'm');

Json sample_report() {
    return {
        {"drill", "provider"},
        {"business", "Salon </script><b>Aurora</b>"},
        {"began", "2026-03-01T08:00:00Z"},
        {"ended", "2026-03-01T08:20:00Z"},
        {"cut", {{"provider", "caldav"}, {"percent", 60}, {"for_s", 900}}},
        {"targets",
         {{{"label", "Bookings (anna at host)"}, {"same", 240}, {"missing", 0}, {"different", 0}, {"extra", 0}}}},
        {"samples",
         {{{"t_s", 0}, {"waiting", 0}, {"age_s", 3}},
          {{"t_s", 900}, {"waiting", 17}, {"age_s", 903}},
          {{"t_s", 930}, {"waiting", 0}, {"age_s", 1}}}},
        {"summary",
         {{"rpo_s", 0},
          {"rto_s", 30},
          {"answers", 1800},
          {"failed_answers", 0},
          {"oldest_answer_s", 903},
          {"most_waiting", 17},
          {"differences", 0},
          {"good", true},
          {"sentence", "All is well."}}},
    };
}

struct Tampering {
    const char* name;
    const char* what;
    const char* with;
    bool page;
};
std::ostream& operator<<(std::ostream& out, const Tampering& row) { return out << row.name; }

const Tampering kTampering[] = {
    {"a number in the file", "\"rto_s\": 30", "\"rto_s\": 3", false},
    {"the verdict in the file", "\"good\": true", "\"good\": false", false},
    {"the seal", "\"seal\": \"", "\"seal\": \"A", false},
    {"a number that the page shows", "<dd>30 s</dd>", "<dd>3 s</dd>", true},
    {"the verdict that the page shows", "<b>Passed</b>", "<b>Failed</b>", true},
    {"a number inside the page", "\"rto_s\":30", "\"rto_s\":3", true},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(drill)

BOOST_AUTO_TEST_CASE(a_report_is_read_back_as_it_was_written) {
    const Json report = sample_report();
    BOOST_TEST((open_report(report_json(report, kKey), kKey).value_or(Json()) == report));
    const std::string page = report_html(report, kKey);
    BOOST_TEST((open_report(page, kKey).value_or(Json()) == report));
    BOOST_TEST(page.find("<b>Aurora") == std::string::npos);
    BOOST_TEST(page.find("http") == std::string::npos);  // Needs nothing else.
    BOOST_TEST(report_text(report).find("PASSED") != std::string::npos);
    BOOST_TEST(!open_report(page, std::string(32, 'x')));
    BOOST_TEST(!open_report("{}", kKey));
    BOOST_TEST(!open_report("", kKey));
    BOOST_TEST(!open_report("[1]", kKey));
}

BOOST_DATA_TEST_CASE(a_changed_report_is_refused, bdata::make(kTampering), row) {
    std::string file = row.page ? report_html(sample_report(), kKey) : report_json(sample_report(), kKey);
    const auto at = file.find(row.what);
    BOOST_REQUIRE(at != std::string::npos);
    file.replace(at, std::string(row.what).size(), row.with);
    BOOST_TEST(!open_report(file, kKey));
}

BOOST_AUTO_TEST_CASE(I31_a_cut_runs_out_by_itself) {
    ManualClock clock;
    SeededRandom random(1);
    TrafficCut cut(clock, random);
    BOOST_TEST(!cut.hits("caldav", "acc"));
    BOOST_TEST(cut.cut("caldav", 100, std::chrono::seconds{10}));
    BOOST_TEST(cut.hits("caldav", "acc"));
    BOOST_TEST(!cut.hits("google", "acc"));
    clock.advance(std::chrono::seconds{9});
    BOOST_TEST(!cut.cut("caldav", 100, std::chrono::seconds{10}));  // Renewed.
    clock.advance(std::chrono::seconds{9});
    BOOST_TEST(cut.hits("caldav", "acc"));
    clock.advance(std::chrono::seconds{1});
    BOOST_TEST(!cut.hits("caldav", "acc"));
    BOOST_TEST(cut.now().empty());
    cut.cut("acc", 100, std::chrono::seconds{10});
    BOOST_TEST(cut.hits("caldav", "acc"));
    cut.lift();
    BOOST_TEST(!cut.hits("caldav", "acc"));
}

BOOST_AUTO_TEST_CASE(a_part_of_the_calls_is_cut) {
    ManualClock clock;
    SeededRandom random(1);
    TrafficCut cut(clock, random);
    cut.cut("caldav", 60, std::chrono::seconds{10});
    int failed = 0;
    for (int i = 0; i < 10'000; ++i) failed += cut.hits("caldav", "acc") ? 1 : 0;
    BOOST_TEST(failed > 5'800);
    BOOST_TEST(failed < 6'200);
}

BOOST_AUTO_TEST_SUITE_END()
