#include <boost/test/data/test_case.hpp>
#include <cstdlib>
#include <map>
#include <set>

#include "tests/services/salon.hpp"
#include "tests/sim/caldav_sim.hpp"
#include "tests/sim/ews_sim.hpp"

/// A thousand appointments with edits from both sides, at servers as unlike the ones in the books as servers get.
namespace calgate::testing {

namespace {

constexpr int kForeign = 40;

struct Year : Salon {
    explicit Year(const std::string& name) : Salon(name) {}

    static std::string id(int i) { return "n" + std::to_string(i); }
    /// Five a day, with room to be moved.
    static LocalSeconds slot(int i) { return at(9, 7) + std::chrono::days(i / 5) + 2h * (i % 5); }
    std::map<std::string, std::string> foreign() {
        std::map<std::string, std::string> out;
        for (const auto& event : events())
            if (event.event.mark.empty())
                out[event.href.value] = event.version.value_or(Version{}).value + event.event.source;
        return out;
    }
    /// What differs between the appointments and what lies in the calendar.
    std::vector<std::string> differences(int count) {
        std::map<std::string, std::vector<RemoteEvent>> copies;
        for (auto& event : events())
            if (!event.event.mark.empty()) copies[event.event.uid.value].push_back(std::move(event));
        std::vector<std::string> out;
        for (int i = 0; i < count; ++i) {
            const Appointment wanted = appointment(id(i));
            const auto held = copies.extract(mirror(id(i)).uid.value);
            const std::size_t number = held.empty() ? 0 : held.mapped().size();
            const bool lives = wanted.state == AppointmentState::Confirmed;
            if (number != (lives ? 1u : 0u)) out.push_back(id(i) + " has " + std::to_string(number) + " copies");
            if (number != 1 || !lives) continue;
            const EventInstance& copy = held.mapped().front().event.master;
            const Instant start = zones.to_instant(copy.start, "Europe/Berlin");
            const Instant end = zones.to_instant(copy.end, "Europe/Berlin");
            const auto instant = [&](LocalSeconds local) {
                return zones.to_instant({When::Kind::Zoned, local, "Europe/Berlin"}, "Europe/Berlin");
            };
            if (copy.title != wanted.title || start != instant(wanted.start) || end != instant(wanted.end))
                out.push_back(id(i) + " differs: " + copy.title);
        }
        for (const auto& [uid, more] : copies) out.push_back("a copy too many: " + uid);
        return out;
    }
};

struct Server {
    const char* name;
    int count;
};
std::ostream& operator<<(std::ostream& out, const Server& row) { return out << row.name; }
const Server kServers[] = {{"ews_stranger", 100}, {"ews_worst", 80}, {"icloud", 100}};

}  // namespace

BOOST_AUTO_TEST_SUITE(thousand)

BOOST_DATA_TEST_CASE(
    edits_of_both_sides_lose_nothing_double_nothing_and_touch_nothing_foreign,
    boost::unit_test::data::make(kServers),
    row
) {
    const int count = std::getenv("CALGATE_LONG") ? 1000 : row.count;
    Year year(row.name);
    for (int i = 0; i < kForeign; ++i) year.block("f" + std::to_string(i), Salon::at(9, 19) + std::chrono::days(i));
    const auto foreign = year.foreign();
    BOOST_REQUIRE(foreign.size() == static_cast<std::size_t>(kForeign));
    for (int i = 0; i < count; ++i) year.book(Year::id(i), Year::slot(i));
    for (int minutes = 0; year.waiting() > 0 && minutes < 120; ++minutes) year.run(60s, 2s);
    BOOST_REQUIRE(year.waiting() == 0);
    year.run(90s);
    BOOST_TEST(year.differences(count) == std::vector<std::string>{}, boost::test_tools::per_element());

    std::map<std::string, std::string> titles;
    std::map<std::string, LocalSeconds> starts;
    std::set<std::string> gone;
    for (int round = 0; round < 4; ++round) {
        // Fewer than a fifth of the copies, beyond which a person is asked (I13).
        for (int i = round; i < count; i += 20) {
            const std::string id = Year::id(i);
            const std::string title = "Phone " + std::to_string(round) + " " + id;
            year.edit(id, [&](EventInstance& event) { event.title = title; });
            titles[id] = title;
        }
        for (int i = 5 + round; i < count; i += 20) {
            const std::string id = Year::id(i);
            // Each by another span: many by the same one would wait for a person (R11).
            const std::chrono::minutes later(6 + i / 20);
            year.edit(id, [&](EventInstance& event) {
                event.start.local += later;
                event.end.local += later;
            });
            starts[id] = Year::slot(i) + later;
        }
        for (int i = 10 + round; i < count; i += 20) year.book(Year::id(i), Year::slot(i) + 5min);
        if (15 + round * 20 < count) year.cancel(Year::id(15 + round * 20));
        year.erase(Year::id(19 + round * 20));
        gone.insert(Year::id(15 + round * 20));
        gone.insert(Year::id(19 + round * 20));
        // A SyncState, or sync token, that means nothing any more, with edits that nobody was told about. What a
        // listing leaves out is believed gone after the consistency window only (I11).
        if (round == 2) year.service->forget_tokens();
        year.run(round == 2 ? 2400s : 400s, 2s);
        BOOST_TEST(year.waiting() == 0);
        BOOST_TEST(year.differences(count) == std::vector<std::string>{}, boost::test_tools::per_element());
    }
    for (const auto& [id, title] : titles)
        if (!gone.contains(id)) BOOST_TEST(year.appointment(id).title == title);
    for (const auto& [id, start] : starts)
        if (!gone.contains(id)) BOOST_TEST((year.appointment(id).start == start));
    for (const std::string& id : gone) BOOST_TEST((year.appointment(id).state == AppointmentState::Cancelled));
    BOOST_TEST((year.foreign() == foreign));
    BOOST_TEST(year.service->mails() == 0);
    BOOST_TEST(year.noted("copy.parked") == 0);
    BOOST_TEST_MESSAGE(row.name << ": " << count << " appointments, " << year.wire.calls << " calls");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
