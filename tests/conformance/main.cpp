#define BOOST_TEST_NO_MAIN
#define BOOST_TEST_ALTERNATIVE_INIT_API
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <iterator>

#include "tests/conformance/rows.hpp"

namespace calgate::testing {

namespace {

namespace ut = boost::unit_test;

struct NamedSubject {
    std::string name;
    std::unique_ptr<Subject> subject;
};

std::vector<NamedSubject> all_subjects(const ZoneResolver& zones) {
    std::vector<NamedSubject> subjects;
    subjects.push_back({"memory", memory_subject(zones)});
    for (const char* profile :
         {"rfc",
          "icloud",
          "icloud_etags",
          "radicale",
          "xandikos",
          "cyrus",
          "sabre",
          "sogo",
          "proxied",
          "weak_etags",
          "stuck_pages",
          "odd_reports",
          "no_etags"})
        subjects.push_back({std::string("sim_") + profile, simulated_subject(zones, profile)});
    subjects.push_back({"google", google_subject(zones, false)});
    subjects.push_back({"google_https", google_subject(zones, true)});
    for (const char* profile : {"plain", "dup_409", "dup_existing", "small_pages", "sloppy", "rewriting"})
        subjects.push_back({std::string("graph_") + profile, graph_subject(zones, profile, false)});
    subjects.push_back({"graph_https", graph_subject(zones, "plain", true)});
    for (const char* profile :
         {"plain", "scrambled", "lax", "amnesiac", "assistant", "html", "blind", "worst", "stranger"})
        subjects.push_back({std::string("ews_") + profile, ews_subject(zones, profile)});
    subjects.push_back({"radicale", radicale_subject(zones)});
    subjects.push_back({"xandikos", xandikos_subject(zones)});
    return subjects;
}

std::vector<Row> all_rows() {
    std::vector<Row> rows;
    for (const auto& part :
         {calendar_rows(),
          writing_rows(),
          reading_rows(),
          change_rows(),
          content_rows(),
          failure_rows(),
          answer_rows(),
          batch_rows(),
          hint_rows(),
          restore_rows(),
          series_rows(),
          times_rows()})
        std::copy(part.begin(), part.end(), std::back_inserter(rows));
    return rows;
}

/// What the connector did wrong; empty when it kept its promise. Trouble with the subject itself is an exception.
std::string finding_of(const Row& row, Subject& subject, const ZoneResolver& zones) {
    try {
        Stage stage(subject, zones, row.name);
        row.run(stage);
        return {};
    } catch (const Finding& finding) {
        return finding.what();
    }
}

void run(const Row& row, Subject& subject, const ZoneResolver& zones, const std::optional<Deviation>& deviation) {
    const std::string finding = finding_of(row, subject, zones);
    if (!deviation) {
        BOOST_TEST(finding.empty(), finding);
    } else {
        BOOST_TEST(!finding.empty(), "holds, although a deviation is declared; remove it: " << deviation->reason);
    }
}

std::optional<Deviation> deviation_of(const std::string& subject, const std::string& row) {
    for (const Deviation& deviation : declared_deviations())
        if (deviation.subject == subject && deviation.row == row) return deviation;
    return std::nullopt;
}

/// A deviation whose row or subject was renamed or disabled would excuse nothing and hide that.
void every_deviation_names_a_row(const std::vector<NamedSubject>& subjects) {
    const auto rows = all_rows();
    for (const Deviation& deviation : declared_deviations()) {
        const auto row =
            std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.name == std::string(deviation.row); });
        const auto subject =
            std::find_if(subjects.begin(), subjects.end(), [&](const auto& s) { return s.name == deviation.subject; });
        BOOST_TEST((row != rows.end() && subject != subjects.end()), deviation.subject << "/" << deviation.row);
        const bool runs = row != rows.end() && subject != subjects.end() &&
                          (!row->needs || subject->subject->features().*(row->needs));
        BOOST_TEST(runs, deviation.subject << "/" << deviation.row << " is disabled");
    }
}

void register_all(const std::vector<NamedSubject>& subjects, const ZoneResolver& zones) {
    auto& master = ut::framework::master_test_suite();
    for (const auto& [name, subject] : subjects) {
        auto* suite = BOOST_TEST_SUITE(name);
        for (const Row& row : all_rows()) {
            const auto deviation = deviation_of(name, row.name);
            Subject& target = *subject;
            auto* test = ut::make_test_case(
                [row, &target, &zones, deviation] { run(row, target, zones, deviation); }, row.name, __FILE__, __LINE__
            );
            const bool offered = !row.needs || subject->features().*(row.needs);
            if (!offered) test->p_default_status.value = ut::test_unit::RS_DISABLED;
            suite->add(test);
        }
        master.add(suite);
    }
    master.add(ut::make_test_case(
        [&subjects] { every_deviation_names_a_row(subjects); }, "every_deviation_names_a_row", __FILE__, __LINE__
    ));
}

}  // namespace

}  // namespace calgate::testing

int main(int argc, char** argv) {
    using namespace calgate::testing;
    static const calgate::ZoneResolver zones;
    static const auto subjects = all_subjects(zones);
    const auto start = [] {
        register_all(subjects, zones);
        return true;
    };
    return boost::unit_test::unit_test_main(start, argc, argv);
}
