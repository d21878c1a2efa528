#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <map>

#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"

namespace calgate::testing {
namespace {

using Hours = std::map<std::string, int>;

struct TogetherRow {
    const char* name;
    int capacity;
    Hours booked;
    Hours wanted;
    Hours after;  ///< Of those that were wanted elsewhere.
};
std::ostream& operator<<(std::ostream& out, const TogetherRow& row) { return out << row.name; }

const TogetherRow kTogether[] = {
    {"two_change_places", 1, {{"a", 9}, {"b", 10}}, {{"a", 10}, {"b", 9}}, {{"a", 10}, {"b", 9}}},
    {"three_in_a_ring",
     1,
     {{"a", 9}, {"b", 10}, {"c", 11}},
     {{"a", 10}, {"b", 11}, {"c", 9}},
     {{"a", 10}, {"b", 11}, {"c", 9}}},
    {"one_makes_room_for_another", 1, {{"a", 9}, {"b", 10}}, {{"a", 10}, {"b", 14}}, {{"a", 10}, {"b", 14}}},
    {"another_stands_there", 1, {{"a", 9}, {"b", 10}}, {{"a", 10}}, {{"a", 9}}},
    {"who_stays_is_in_the_way", 1, {{"a", 9}, {"b", 10}, {"c", 11}}, {{"a", 10}, {"b", 11}}, {{"a", 9}, {"b", 10}}},
    {"both_want_one_hour", 1, {{"a", 9}, {"b", 10}}, {{"a", 14}, {"b", 14}}, {{"a", 9}, {"b", 10}}},
    {"a_pair_beside_one_without_room",
     1,
     {{"a", 9}, {"b", 10}, {"c", 11}, {"d", 12}},
     {{"a", 10}, {"b", 9}, {"c", 12}},
     {{"a", 10}, {"b", 9}, {"c", 11}}},
    {"two_at_once_are_allowed", 2, {{"a", 9}, {"b", 10}, {"c", 10}}, {{"a", 10}, {"b", 9}}, {{"a", 10}, {"b", 9}}},
    {"three_at_once_are_not", 2, {{"a", 9}, {"b", 10}, {"c", 10}}, {{"a", 10}}, {{"a", 9}}},
};

struct Agenda {
    explicit Agenda(int capacity = 1) {
        store->write([&](Writer& writer) { set_up(writer, capacity); });
    }
    void book_all(const Hours& hours) {
        store->write([&](Writer& writer) {
            for (const auto& [id, hour] : hours)
                BOOST_TEST((book(writer, hour_of(id, hour)).outcome == BookingOutcome::Created));
        });
    }
    std::vector<BookingResult> place(std::vector<Placing> all) {
        return write(*store, [&](Writer& writer) {
            return place_together(writer, std::move(all), zones(), kNow, "test");
        });
    }
    std::optional<Appointment> appointment(const std::string& id) {
        return read(*store, [&](const Reader& reader) { return reader.appointment({id}); });
    }
    std::unique_ptr<SqliteStore> store = SqliteStore::open(":memory:");
};

std::vector<Placing> placings(const Hours& hours) {
    std::vector<Placing> out;
    for (const auto& [id, hour] : hours) out.push_back({hour_of(id, hour), "They changed places."});
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(together)

BOOST_DATA_TEST_CASE(I15_those_with_room_at_the_end_are_placed, kTogether, row) {
    Agenda agenda(row.capacity);
    agenda.book_all(row.booked);
    const auto placed = agenda.place(placings(row.wanted));
    for (const auto& [id, hour] : row.after) {
        const auto stands = agenda.appointment(id).value();
        const bool moved = hour != row.booked.at(id);
        BOOST_TEST((stands.start == hour_of(id, hour).start), id);
        BOOST_TEST(stands.revision == (moved ? 2 : 1));
        const auto told = std::count_if(placed.begin(), placed.end(), [&, &id = id](const BookingResult& one) {
            return one.appointment->id.value == id && one.outcome == BookingOutcome::Changed && one.before && one.after;
        });
        BOOST_TEST(told == (moved ? 1 : 0));
        const auto mirror =
            read(*agenda.store, [&id = id](const Reader& r) { return r.mirror({id}, {"cal-ann"}).value(); });
        BOOST_TEST(mirror.wanted == stands.revision);
    }
    BOOST_TEST(agenda.store->check_integrity() == "");
}

/// The time that each has counts again afterwards.
BOOST_AUTO_TEST_CASE(what_changed_places_is_in_the_way_as_ever) {
    Agenda agenda;
    agenda.book_all({{"a", 9}, {"b", 10}});
    BOOST_TEST(agenda.place(placings({{"a", 10}, {"b", 9}})).size() == 2u);
    agenda.store->write([&](Writer& writer) {
        for (const int hour : {9, 10})
            BOOST_TEST((book(writer, hour_of("new", hour)).outcome == BookingOutcome::Overlap));
    });
}

BOOST_AUTO_TEST_CASE(what_is_unknown_or_too_much_stays) {
    Agenda agenda;
    agenda.book_all({{"a", 9}, {"b", 10}});
    auto all = placings({{"a", 10}, {"b", 9}, {"never-booked", 12}});
    all[1].wanted.service = {"forgotten"};
    BOOST_TEST(agenda.place(all).empty());
    all = placings({{"a", 10}, {"b", 9}});
    while (all.size() <= kMostTogether) all.push_back({hour_of("more" + std::to_string(all.size()), 20), ""});
    BOOST_TEST(agenda.place(all).empty());
    BOOST_TEST((agenda.appointment("a")->start == hour_of("a", 9).start));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
