#include "core/busy.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

const std::map<std::string, ShownAs> kShown = {
    {"unsaid", ShownAs::Unsaid},
    {"free", ShownAs::Free},
    {"tentative", ShownAs::Tentative},
    {"busy", ShownAs::Busy},
    {"out of office", ShownAs::OutOfOffice},
    {"working elsewhere", ShownAs::WorkingElsewhere}};
const std::map<std::string, EventStatus> kStatus = {
    {"confirmed", EventStatus::Confirmed},
    {"tentative", EventStatus::Tentative},
    {"cancelled", EventStatus::Cancelled}};
const std::map<std::string, Reply> kReply = {
    {"none", Reply::None},
    {"accepted", Reply::Accepted},
    {"tentative", Reply::Tentative},
    {"declined", Reply::Declined},
    {"needs action", Reply::NeedsAction}};
const std::map<std::string, Transparency> kTransparency = {
    {"opaque", Transparency::Opaque}, {"transparent", Transparency::Transparent}};
const std::map<std::string, Classification> kClass = {
    {"public", Classification::Public},
    {"private", Classification::Private},
    {"confidential", Classification::Confidential}};

/// One line of the published table; "any" matches everything.
struct Line {
    std::vector<std::string> cells{};  ///< transparency, status, reply, shown as, all-day, class, answer.
};

std::string trimmed(std::string text) {
    const auto first = text.find_first_not_of(" `");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" `") - first + 1);
}

std::vector<Line> published() {
    std::ifstream file(CALGATE_SOURCE_DIR "/docs/busy-table.md");
    std::vector<Line> out;
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("| ") || line.starts_with("| TRANSP")) continue;
        Line row;
        std::istringstream cells(line.substr(1));
        for (std::string cell; std::getline(cells, cell, '|');) row.cells.push_back(trimmed(cell));
        out.push_back(std::move(row));
    }
    return out;
}

std::string answer(const std::vector<Line>& table, const std::vector<std::string>& asked) {
    for (const Line& line : table) {
        bool fits = true;
        for (std::size_t i = 0; i < asked.size(); ++i)
            fits = fits && (line.cells.at(i) == "any" || line.cells.at(i) == asked[i]);
        if (fits) return line.cells.at(asked.size());
    }
    return "no line";
}

std::string spoken(const std::optional<BusyKind>& kind) {
    if (!kind) return "free";
    return *kind == BusyKind::Busy ? "busy" : "tentative";
}

BusyInterval interval(int from, int to, BusyKind kind = BusyKind::Busy) {
    return {Instant{1h * from}, Instant{1h * to}, kind};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(busy)

BOOST_AUTO_TEST_CASE(the_published_table_is_what_happens) {
    const auto table = published();
    BOOST_REQUIRE(table.size() >= 10u);
    int rows = 0;
    for (const auto& [transparency_name, transparency] : kTransparency) {
        for (const auto& [status_name, status] : kStatus) {
            for (const auto& [reply_name, reply] : kReply) {
                for (const auto& [shown_name, shown] : kShown) {
                    for (const bool all_day : {false, true}) {
                        for (const auto& [class_name, classification] : kClass) {
                            EventInstance instance;
                            instance.transparency = transparency;
                            instance.status = status;
                            instance.reply = reply;
                            instance.shown_as = shown;
                            instance.classification = classification;
                            const std::string wanted = answer(
                                table,
                                {transparency_name,
                                 status_name,
                                 reply_name,
                                 shown_name,
                                 all_day ? "yes" : "no",
                                 class_name}
                            );
                            BOOST_TEST(
                                spoken(busy_kind(instance, all_day)) == wanted,
                                transparency_name << " " << status_name << " " << reply_name << " " << shown_name << " "
                                                  << wanted
                            );
                            ++rows;
                        }
                    }
                }
            }
        }
    }
    BOOST_TEST(rows == 2 * 3 * 5 * 6 * 2 * 3);
}

BOOST_AUTO_TEST_CASE(the_published_table_is_made_from_the_rules_that_decide) {
    std::ifstream file(CALGATE_SOURCE_DIR "/docs/busy-table.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    BOOST_TEST(page.find("\n\n" + busy_table() + "\n") != std::string::npos, "put this there:\n" + busy_table());
    // Each line decides something that no line before it does.
    for (std::size_t n = 0; n < busy_rules().size(); ++n) {
        const BusyRule& rule = busy_rules()[n];
        EventInstance instance;
        instance.transparency = rule.transparency.value_or(Transparency::Opaque);
        instance.status = rule.status.value_or(EventStatus::Confirmed);
        instance.reply = rule.reply.value_or(Reply::None);
        instance.shown_as = rule.shown_as.value_or(ShownAs::Unsaid);
        BOOST_TEST((busy_kind(instance, false) == rule.answer), "line " << n + 1);
    }
}

/// A process that waits for its turn between any two readings of the clock.
class StalledClock final : public Clock {
public:
    Instant now() const override { return {}; }
    SteadyInstant steady() const override { return SteadyInstant{std::chrono::milliseconds{400 * ++reads_}}; }

private:
    mutable std::int64_t reads_ = 0;
};

BOOST_AUTO_TEST_CASE(I16_a_machine_that_stalls_leaves_no_time_of_a_series_free) {
    const ZoneResolver zones;
    Event event;
    event.master.start = When{When::Kind::Utc, *parse_local("2026-06-01T09:00"), {}};
    event.master.end = When{When::Kind::Utc, *parse_local("2026-06-01T10:00"), {}};
    event.master.rules = {"FREQ=DAILY;COUNT=300"};
    const Interval years{*parse_instant("2026-06-01T00:00:00Z"), *parse_instant("2028-06-01T00:00:00Z")};
    const BusyExpansion busy = busy_time(event, years, zones, "UTC", StalledClock{});
    BOOST_TEST(busy.intervals.size() == 300u);
    BOOST_TEST(!busy.truncated);
}

BOOST_AUTO_TEST_CASE(zero_length_occurrences_take_no_time) {
    const ZoneResolver zones;
    Event event;
    event.master.start = When{When::Kind::Utc, *parse_local("2026-06-01T09:00"), {}};
    event.master.end = event.master.start;
    event.master.rules = {"FREQ=DAILY;COUNT=3"};
    const Interval june{*parse_instant("2026-06-01T00:00:00Z"), *parse_instant("2026-07-01T00:00:00Z")};
    BOOST_TEST(busy_time(event, june, zones, "UTC", ManualClock{}).intervals.empty());
    event.master.end.local += 1h;
    BOOST_TEST(busy_time(event, june, zones, "UTC", ManualClock{}).intervals.size() == 3u);
    event.master.transparency = Transparency::Transparent;
    BOOST_TEST(busy_time(event, june, zones, "UTC", ManualClock{}).intervals.empty());
}

BOOST_AUTO_TEST_CASE(a_cancelled_occurrence_frees_its_time_only) {
    const ZoneResolver zones;
    Event event;
    event.master.start = When{When::Kind::Utc, *parse_local("2026-06-01T09:00"), {}};
    event.master.end = When{When::Kind::Utc, *parse_local("2026-06-01T10:00"), {}};
    event.master.rules = {"FREQ=DAILY;COUNT=3"};
    EventInstance gone = event.master;
    gone.rules.clear();
    gone.start.local += 24h;
    gone.end.local += 24h;
    gone.recurrence_id = gone.start;
    gone.status = EventStatus::Cancelled;
    event.overrides = {gone};
    const Interval june{*parse_instant("2026-06-01T00:00:00Z"), *parse_instant("2026-07-01T00:00:00Z")};
    const auto busy = busy_time(event, june, zones, "UTC", ManualClock{});
    BOOST_REQUIRE(busy.intervals.size() == 2u);
    BOOST_TEST(format_instant(busy.intervals[1].start) == "2026-06-03T09:00:00Z");
}

BOOST_AUTO_TEST_CASE(warnings_of_the_expansion_come_along) {
    const ZoneResolver zones;
    Event event;
    event.master.start = When{When::Kind::Utc, *parse_local("2026-06-01T09:00"), {}};
    event.master.end = When{When::Kind::Utc, *parse_local("2026-06-01T10:00"), {}};
    event.master.rules = {"FREQ=SECONDLY"};
    const auto busy = busy_time(
        event,
        {*parse_instant("2026-06-01T00:00:00Z"), *parse_instant("2026-07-01T00:00:00Z")},
        zones,
        "UTC",
        ManualClock{}
    );
    BOOST_TEST(busy.intervals.size() == 1u);
    BOOST_TEST(busy.warnings.size() == 1u);
}

struct Union {
    const char* name;
    std::vector<BusyInterval> given;
    std::vector<BusyInterval> wanted;
};
static std::ostream& operator<<(std::ostream& out, const Union& row) { return out << row.name; }

constexpr BusyKind kMaybe = BusyKind::Tentative;
static const std::vector<Union> kUnions = {
    {"nothing", {}, {}},
    {"apart", {interval(4, 5), interval(1, 2)}, {interval(1, 2), interval(4, 5)}},
    {"touching", {interval(1, 2), interval(2, 3)}, {interval(1, 3)}},
    {"nested", {interval(1, 9), interval(2, 3)}, {interval(1, 9)}},
    {"busy_wins_in_the_middle",
     {interval(1, 9, kMaybe), interval(4, 5)},
     {interval(1, 4, kMaybe), interval(4, 5), interval(5, 9, kMaybe)}},
    {"busy_wins_at_the_start", {interval(1, 4), interval(3, 6, kMaybe)}, {interval(1, 4), interval(4, 6, kMaybe)}},
    {"busy_wins_at_the_end", {interval(1, 4, kMaybe), interval(3, 6)}, {interval(1, 3, kMaybe), interval(3, 6)}},
    {"busy_covers", {interval(2, 3, kMaybe), interval(1, 4)}, {interval(1, 4)}},
    {"empty_ones_vanish", {interval(2, 2), interval(3, 1, kMaybe)}, {}},
};

BOOST_DATA_TEST_CASE(union_, data::make(kUnions), row) { BOOST_TEST((merged(row.given) == row.wanted)); }

BOOST_AUTO_TEST_CASE(random_unions_agree_with_painting_each_hour) {
    SeededRandom random(7);
    for (int round = 0; round < 500; ++round) {
        std::vector<BusyInterval> given;
        std::string painted(50, '.');
        for (int i = random.between(0, 12); i > 0; --i) {
            const int from = random.between(0, 45);
            given.push_back(interval(from, from + random.between(0, 4), random.one_in(2) ? BusyKind::Busy : kMaybe));
        }
        for (const BusyKind kind : {kMaybe, BusyKind::Busy}) {
            for (const BusyInterval& one : given) {
                for (Instant at = one.start; one.kind == kind && at < one.end; at += 1h) {
                    painted[static_cast<std::size_t>(at.time_since_epoch() / 1h)] = kind == BusyKind::Busy ? 'B' : 't';
                }
            }
        }
        std::string got(50, '.');
        Instant last = Instant::min();
        for (const BusyInterval& one : merged(given)) {
            BOOST_REQUIRE(one.start < one.end);
            BOOST_REQUIRE(one.start >= last);
            last = one.end;
            for (Instant at = one.start; at < one.end; at += 1h)
                got[static_cast<std::size_t>(at.time_since_epoch() / 1h)] = one.kind == BusyKind::Busy ? 'B' : 't';
        }
        BOOST_REQUIRE_EQUAL(got, painted);
    }
}

BOOST_AUTO_TEST_SUITE_END()
