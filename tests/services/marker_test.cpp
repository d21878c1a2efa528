#include "tests/services/salon.hpp"

/// The event that tells an emptied calendar from a deletion (I11), in the hands of its owner.
namespace calgate::testing {

namespace {

struct Marked : Salon {
    explicit Marked(const std::string& name) : Salon(name) {
        for (int i = 0; i < 3; ++i) book("a" + std::to_string(i), at(20 + i, 9));
        run(60s);
        BOOST_REQUIRE(waiting() == 0);
        BOOST_REQUIRE(row().marker.has_value());
    }
    Calendar row() const {
        return calgate::read(store, [&](const Reader& r) { return *r.calendar(calendar); });
    }
    /// As its owner does who cleans up.
    void erase_marker() {
        const auto held = phone->fetch_event(context(), *row().marker);
        BOOST_REQUIRE(held.has_value());
        BOOST_REQUIRE(phone->delete_event(context(), held->href, *held->version).has_value());
    }
    int markers() {
        int count = 0;
        const auto page = phone->fetch_changes(context(), service->calendar(), {}, {});
        BOOST_REQUIRE(page.has_value());
        for (const auto& event : page->changed) count += event.event.master.title == "calgate marker" ? 1 : 0;
        return count;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(marker)

/// F16: at Google an id is used up for ever.
BOOST_AUTO_TEST_CASE(a_marker_whose_name_is_used_up_gets_the_next_one_and_deletions_are_believed_again) {
    for (const char* name : {"google", "caldav", "icloud", "graph", "ews"}) {
        BOOST_TEST_CONTEXT(name) {
            Marked salon(name);
            salon.erase_marker();
            // As after the answer of a person who was asked whether the calendar was emptied.
            salon.store.write([&](Writer& writer) {
                auto row = *writer.calendar(salon.calendar);
                row.marker.reset();
                writer.put(row);
            });
            salon.engine->poll_now(salon.calendar);
            salon.run(2h + 10min, 5s);
            BOOST_TEST(salon.row().marker.has_value());
            BOOST_TEST(salon.markers() == 1);
            const int generation = calgate::read(salon.store, [&](const Reader& reader) {
                return std::stoi(reader.setting("marker.generation." + salon.calendar.value).value_or("1"));
            });
            BOOST_TEST(generation == (std::string(name) == "google" ? 2 : 1));
            salon.erase("a1");
            salon.engine->poll_now(salon.calendar);
            salon.run(1h, 5s);
            BOOST_TEST((salon.appointment("a1").state == AppointmentState::Cancelled));
            BOOST_TEST((salon.appointment("a0").state == AppointmentState::Confirmed));
            // Another store finds it by what it says of itself.
            salon.store.write([&](Writer& writer) {
                auto row = *writer.calendar(salon.calendar);
                row.marker.reset();
                row.sync_token.reset();
                row.full_listing.reset();
                writer.put(row);
                writer.put_setting("marker.generation." + salon.calendar.value, "");
            });
            salon.engine->poll_now(salon.calendar);
            salon.run(60s);
            BOOST_TEST(salon.row().marker.has_value());
            BOOST_TEST(salon.markers() == 1);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
