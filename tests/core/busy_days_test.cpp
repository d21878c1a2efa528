#include "core/busy_days.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

#include "core/availability.hpp"
#include "core/busy.hpp"

using namespace calgate;

namespace {

using Busy = std::vector<BusyInterval>;

constexpr std::int64_t kDay = 86'400;
const StaffId kAnna{"anna"};
const SourceState kWork{"work", std::nullopt, SourceState::Freshness::Live};

BusyInterval busy(std::int64_t from, std::int64_t to, BusyKind kind = BusyKind::Busy) {
    return {Instant{std::chrono::seconds{from}}, Instant{std::chrono::seconds{to}}, kind};
}

Busy all_of(const AvailabilityIndex& index) {
    return busy_within(*index.person(kAnna), {Instant{std::chrono::seconds{-400 * kDay}}, kFarFuture});
}

/// Around the beginning of 1970, so that days before it count too; some over midnights, some of months.
BusyInterval drawn(std::mt19937& random) {
    const auto pick = [&](std::int64_t from, std::int64_t to) {
        return from + static_cast<std::int64_t>(random()) % (to - from);
    };
    const std::int64_t from = pick(-4, 8) * kDay + pick(0, 5) * (kDay / 4);
    const std::int64_t lengths[] = {1, kDay / 4, kDay / 2, kDay, 2 * kDay + 1, 31 * kDay, 31 * kDay + 1, 90 * kDay};
    return busy(from, from + lengths[pick(0, 8)], pick(0, 3) == 0 ? BusyKind::Tentative : BusyKind::Busy);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(busy_days)

BOOST_AUTO_TEST_CASE(what_a_midnight_cuts_is_one_again) {
    AvailabilityIndex index;
    index.set_source(kAnna, kWork, {busy(kDay - 60, kDay + 60), busy(-60, 3 * kDay / 2, BusyKind::Tentative)});
    const Busy wanted = {
        busy(-60, kDay - 60, BusyKind::Tentative),
        busy(kDay - 60, kDay + 60),
        busy(kDay + 60, 3 * kDay / 2, BusyKind::Tentative)};
    BOOST_TEST((all_of(index) == wanted));
}

BOOST_AUTO_TEST_CASE(what_is_not_in_a_source_cannot_leave_it) {
    BusySource source({busy(0, 60), busy(0, 60), busy(0, 90 * kDay)});
    BOOST_TEST(!source.change(Busy{busy(0, 60), busy(0, 60), busy(0, 60)}, Busy{busy(5, 6)}).has_value());
    BOOST_TEST(!source.change(Busy{busy(0, 60), busy(0, 91 * kDay)}, {}).has_value());
    BOOST_TEST((source.all() == Busy{busy(0, 60), busy(0, 60), busy(0, 90 * kDay)}));
    BOOST_TEST(source.change(Busy{busy(0, 60), busy(0, 90 * kDay)}, {}).has_value());
    BOOST_TEST((source.all() == Busy{busy(0, 60)}));
    BOOST_TEST(source.change(Busy{busy(0, 60)}, {}).has_value());
    BOOST_TEST(source.empty());
}

BOOST_AUTO_TEST_CASE(a_change_touches_the_days_that_it_reaches) {
    BusySource source;
    const auto touched = source.change({}, Busy{busy(kDay - 1, 2 * kDay), busy(5 * kDay, 5 * kDay + 1)});
    BOOST_REQUIRE(touched.has_value());
    BOOST_TEST((touched->days == std::set<BusyDay>{0, 1, 5}));
    BOOST_TEST(!touched->longer);
    BOOST_TEST(source.change({}, Busy{busy(0, 32 * kDay)})->longer);
}

BOOST_AUTO_TEST_CASE(a_change_rests_on_what_the_source_said) {
    AvailabilityIndex index;
    index.set_source(kAnna, kWork, {busy(0, 60)});
    const Told before = index.told(kAnna, "work");
    BOOST_TEST(index.change_source_since(before, kAnna, kWork, {}, {busy(60, 90)}));
    BOOST_TEST((all_of(index) == Busy{busy(0, 90)}));
    BOOST_TEST(!index.change_source_since(before, kAnna, kWork, {}, {busy(200, 210)}));
    BOOST_TEST(!index.set_source_since(before, kAnna, kWork, {}));
    BOOST_TEST(!index.change_source_since(index.told(kAnna, "work"), kAnna, kWork, {busy(7, 8)}, {}));
    BOOST_TEST((all_of(index) == Busy{busy(0, 90)}));
    BOOST_TEST(index.set_source_since(index.told(kAnna, "work"), kAnna, kWork, {}));
    BOOST_TEST(all_of(index).empty());
    BOOST_TEST(!index.told(kAnna, "home"));
    BOOST_TEST(index.change_source_since(nullptr, kAnna, {"home", {}, {}}, {}, {busy(1, 2)}));
    BOOST_TEST((all_of(index) == Busy{busy(1, 2)}));
}

BOOST_AUTO_TEST_CASE(changes_one_by_one_give_what_all_at_once_gives) {
    std::mt19937 random(17);
    AvailabilityIndex index;
    std::map<std::string, Busy> said;
    for (int change = 0; change < 2'000; ++change) {
        const std::string source = std::vector{"work", "home", "appointments"}[random() % 3];
        Busy& now = said[source];
        Busy gone, come;
        for (auto left = random() % 3; left > 0 && !now.empty(); --left) {
            std::swap(now[random() % now.size()], now.back());
            gone.push_back(now.back());
            now.pop_back();
        }
        for (auto more = random() % 3; more > 0 && now.size() < 12; --more) {
            come.push_back(drawn(random));
            if (source == "appointments") come.back().kind = BusyKind::Busy;
            now.push_back(come.back());
        }
        if (random() % 50 == 0)
            index.set_person(
                {.id = kAnna, .name = "Anna", .zone = "UTC", .capacity = 1 + static_cast<int>(random() % 2)}
            );
        BOOST_REQUIRE(index.change_source_since(index.told(kAnna, source), kAnna, {source, {}, {}}, gone, come));

        AvailabilityIndex whole;
        whole.set_person(index.person(kAnna)->staff);
        for (const auto& [name, intervals] : said) whole.set_source(kAnna, {name, {}, {}}, intervals);
        BOOST_REQUIRE_MESSAGE(all_of(index) == all_of(whole), "change " << change);
        Busy foreign = said["work"];
        foreign.insert(foreign.end(), said["home"].begin(), said["home"].end());
        const Interval window{Instant{std::chrono::seconds{-kDay}}, Instant{std::chrono::seconds{9 * kDay / 2}}};
        Busy wanted;
        for (const BusyInterval& one : merged(foreign))
            if (one.start < window.end && one.end > window.start)
                wanted.push_back({std::max(one.start, window.start), std::min(one.end, window.end), one.kind});
        BOOST_REQUIRE_MESSAGE(external_within(*index.person(kAnna), window) == wanted, "change " << change);
    }
}

BOOST_AUTO_TEST_SUITE_END()
