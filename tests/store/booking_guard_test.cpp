#include "store/booking_guard.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <random>
#include <thread>

#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"
#include "tests/support/fault_vfs.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

struct Stage {
    Stage() {
        store->write([](Writer& writer) { set_up(writer, 100); });
    }
    /// As the API does it: judged and placed in one transaction.
    std::optional<BookingRule> take(
        const Appointment& wanted, BookingOrigin origin, LinkState link = LinkState::None, Instant now = kNow
    ) {
        origin.appointment = wanted.id;
        return write(*store, [&](Writer& writer) {
            const auto broken = rule_against(writer, limits, wanted, origin, link, zones(), now);
            if (broken) return broken;
            place_appointment(writer, wanted, std::nullopt, zones(), now, "book", "");
            writer.put(origin);
            return broken;
        });
    }
    BookingTally tally(const BookingOrigin& origin, Instant now = kNow) const {
        return read(*store, [&](const Reader& reader) { return reader.booking_tally(origin, {now, now}, now); });
    }

    std::unique_ptr<SqliteStore> store = SqliteStore::open(":memory:");
    BookingLimits limits{};
};

BookingOrigin of_customer(const std::string& customer) {
    BookingOrigin origin;
    origin.customer = customer;
    return origin;
}

Appointment hold_of(const std::string& id, int hour, Instant until) {
    Appointment hold = hour_of(id, hour);
    hold.state = AppointmentState::Held;
    hold.hold_until = until;
    return hold;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(booking_guard, Stage)

BOOST_AUTO_TEST_CASE(what_is_over_cancelled_or_ran_out_makes_room_again) {
    limits.per_customer = 1;
    const auto anna = of_customer("anna");
    BOOST_TEST(!take(hour_of("a", 1), anna).has_value());
    BOOST_TEST((take(hour_of("b", 2), anna) == BookingRule::PerCustomer));
    BOOST_TEST(!take(hour_of("c", 2), of_customer("ben")).has_value());
    store->write([](Writer& writer) { cancel(writer, "a"); });
    BOOST_TEST(!take(hold_of("d", 3, kNow + std::chrono::minutes{5}), anna).has_value());
    BOOST_TEST((take(hour_of("e", 4), anna) == BookingRule::PerCustomer));
    const Instant later = kNow + std::chrono::minutes{5};
    BOOST_TEST(!take(hour_of("e", 4), anna, LinkState::None, later).has_value());
    const Instant ended = instant("2026-04-01T05:00:00Z");
    BOOST_TEST(
        (take(hour_of("f", 24), anna, LinkState::None, ended - std::chrono::seconds{1}) == BookingRule::PerCustomer)
    );
    BOOST_TEST(!take(hour_of("f", 24), anna, LinkState::None, ended).has_value());
}

BOOST_AUTO_TEST_CASE(a_booking_that_is_changed_adds_to_nothing_where_it_counts_already) {
    limits.per_customer = limits.per_day = 1;
    limits.one_appointment = true;
    auto anna = of_customer("anna");
    anna.booking = "basket";
    BOOST_TEST(!take(hour_of("a", 1), anna).has_value());
    BOOST_TEST(!take(hour_of("a", 5), anna).has_value());
    BOOST_TEST(!take(hour_of("b", 25), of_customer("ben")).has_value());
    BOOST_TEST((take(hour_of("a", 26), anna) == BookingRule::PerDay));
    limits = {};
    limits.per_customer = 1;
    BOOST_TEST((take(hour_of("a", 5), of_customer("ben")) == BookingRule::PerCustomer));
}

BOOST_AUTO_TEST_CASE(a_limit_that_is_lowered_takes_no_booking_away) {
    limits = {2, 2, 2, 2, 0, false, false, false};
    BookingOrigin anna{{}, "basket", "anna", "home", "link"};
    for (const int hour : {1, 2}) BOOST_TEST(!take(hour_of("a" + std::to_string(hour), hour), anna, LinkState::Good));
    limits = {1, 1, 1, 1, 0, true, true, false};
    BOOST_TEST(!take(hour_of("a1", 5), anna, LinkState::Good).has_value());
    BOOST_TEST((take(hour_of("a3", 6), anna, LinkState::Good) == BookingRule::OneAppointment));
    limits = {};
    limits.without_link = 2;
    anna.link.clear();
    BOOST_TEST(!take(hour_of("b1", 7), anna).has_value());
    BOOST_TEST(!take(hour_of("b2", 8), anna).has_value());
    limits.without_link = 1;
    BOOST_TEST(!take(hour_of("b2", 9), anna).has_value());
    BOOST_TEST((take(hour_of("b3", 9), anna) == BookingRule::WithoutLink));
}

BOOST_AUTO_TEST_CASE(a_booking_has_one_service_or_one_appointment) {
    store->write([](Writer& writer) {
        for (const char* id : {"cut", "colour"}) {
            Service service;
            service.id = {id};
            writer.put(service);
        }
    });
    const auto with_service = [](Appointment appointment, const char* service) {
        appointment.service = {service};
        return appointment;
    };
    BookingOrigin basket;
    basket.booking = "basket";
    limits.one_service = true;
    BOOST_TEST(!take(with_service(hour_of("a", 1), "cut"), basket).has_value());
    BOOST_TEST(!take(with_service(hour_of("b", 2), "cut"), basket).has_value());
    BOOST_TEST((take(with_service(hour_of("c", 3), "colour"), basket) == BookingRule::OneService));
    BOOST_TEST((take(with_service(hour_of("a", 1), "colour"), basket) == BookingRule::OneService));
    limits = {};
    limits.one_appointment = true;
    BOOST_TEST((take(with_service(hour_of("c", 3), "cut"), basket) == BookingRule::OneAppointment));
    BOOST_TEST(!take(with_service(hour_of("c", 3), "cut"), {}).has_value());
}

BOOST_AUTO_TEST_CASE(what_staff_move_counts_on_its_new_day) {
    limits.per_day = 1;
    BOOST_TEST(!take(hour_of("a", 1), {}).has_value());
    store->write([](Writer& writer) { book(writer, hour_of("a", 49)); });
    BOOST_TEST(!take(hour_of("b", 2), {}).has_value());
    BOOST_TEST((take(hour_of("c", 50), {}) == BookingRule::PerDay));
}

BOOST_AUTO_TEST_CASE(a_link_is_good_for_its_service_its_customer_its_time_and_once) {
    BookingLink link{"L", "anna", {"cut"}, kNow, kNow + std::chrono::hours{1}, true, false, std::nullopt};
    const auto state = [&](const std::optional<BookingLink>& asked,
                           const char* service,
                           const char* customer,
                           const char* appointment = "x",
                           Instant now = kNow) {
        return read(*store, [&](const Reader& reader) {
            return state_of_link(reader, asked, {service}, customer, {appointment}, now);
        });
    };
    BOOST_TEST((state(link, "cut", "anna") == LinkState::Good));
    BOOST_TEST((state(link, "cut", "") == LinkState::Good));
    BOOST_TEST((state(std::nullopt, "cut", "anna") == LinkState::Invalid));
    BOOST_TEST((state(link, "colour", "anna") == LinkState::OtherService));
    BOOST_TEST((state(link, "cut", "ben") == LinkState::OtherCustomer));
    BOOST_TEST((state(link, "cut", "anna", "x", link.expires) == LinkState::Invalid));
    BookingOrigin under;
    under.link = "L";
    BOOST_TEST(!take(hold_of("h", 1, kNow + std::chrono::minutes{5}), under, LinkState::Good).has_value());
    BOOST_TEST((state(link, "cut", "anna") == LinkState::Used));
    BOOST_TEST((state(link, "cut", "anna", "h") == LinkState::Good));
    BOOST_TEST((state(link, "cut", "anna", "x", kNow + std::chrono::minutes{5}) == LinkState::Good));
    link.used = kNow;
    BOOST_TEST((state(link, "cut", "anna", "h", kNow + std::chrono::minutes{5}) == LinkState::Used));
    link.single_use = false;
    BOOST_TEST((state(link, "cut", "anna") == LinkState::Good));
    link.revoked = true;
    BOOST_TEST((state(link, "cut", "anna") == LinkState::Invalid));
}

BOOST_AUTO_TEST_CASE(records_come_back_and_old_ones_are_forgotten) {
    BookingOrigin origin{{"a"}, "basket", "anna", "net", "L"};
    BOOST_TEST(!take(hour_of("a", 1), origin).has_value());
    const BookingLink link{"L", "anna", {}, kNow, kNow + std::chrono::hours{1}, false, true, kNow};
    const CallbackWait wait{"a", 7, 3, kNow, kNow + std::chrono::seconds{9}, true};
    const CallbackWait due{"b", 9, 1, kNow, kNow + std::chrono::hours{9}, false};
    store->write([&](Writer& writer) {
        writer.put(link);
        writer.put(wait);
        writer.put(due);
    });
    store->read([&](const Reader& reader) {
        BOOST_TEST((reader.booking_origin({"a"}) == origin));
        BOOST_TEST((reader.booking_origins("basket") == std::vector{origin}));
        BOOST_TEST(reader.booking_origins("").empty());
        BOOST_TEST((reader.booking_link("L") == link));
        BOOST_TEST((reader.booking_links(5) == std::vector{link}));
        BOOST_TEST((reader.callback_wait("a") == wait));
        BOOST_TEST((reader.callback_waits(5) == std::vector{due, wait}));
    });
    const Instant after = instant("2026-04-01T02:00:01Z");
    store->write([&](Writer& writer) {
        writer.forget_booking_origins(after - std::chrono::seconds{1});
        writer.forget_booking_links(link.expires);
    });
    store->read([&](const Reader& reader) {
        BOOST_TEST(reader.booking_origin({"a"}).has_value());
        BOOST_TEST(reader.booking_link("L").has_value());
    });
    store->write([&](Writer& writer) {
        writer.forget_booking_origins(after);
        writer.forget_booking_links(link.expires + std::chrono::seconds{1});
        writer.erase_callback_wait("a");
    });
    store->read([&](const Reader& reader) {
        BOOST_TEST(!reader.booking_origin({"a"}).has_value());
        BOOST_TEST(!reader.booking_link("L").has_value());
        BOOST_TEST((reader.callback_waits(5) == std::vector{due}));
    });
}

BOOST_AUTO_TEST_CASE(of_64_who_ask_at_once_as_many_get_in_as_the_limit_allows) {
    limits.per_customer = 3;
    std::atomic<int> taken{0}, refused{0};
    {
        std::vector<std::jthread> crowd;
        for (int i = 0; i < 64; ++i) {
            crowd.emplace_back([this, i, &taken, &refused] {
                const auto broken = take(hour_of("a" + std::to_string(i), i % 20), of_customer("anna"));
                ++(broken ? refused : taken);
            });
        }
    }
    BOOST_TEST(taken == 3);
    BOOST_TEST(refused == 61);
    BOOST_TEST(tally(of_customer("anna")).of_customer == 3);
}

/// One person with 200 half hours. A robot tries all of them over and over from 4,000 addresses, with forged links too
/// and with one that leaked; in between, 100 customers come with links of their own.
BOOST_AUTO_TEST_CASE(F39_a_robot_with_10000_attempts_holds_what_is_configured_and_100_customers_book) {
    store->write([](Writer& writer) { set_up(writer, 1); });
    limits.without_link = 20;
    limits.per_link = 1;
    limits.per_address = 5;
    const auto half_hour = [](const std::string& id, int slot, Instant until) {
        Appointment hold = hold_of(id, 0, until);
        hold.start += std::chrono::minutes{30 * slot};
        hold.end = hold.start + std::chrono::minutes{30};
        return hold;
    };
    std::mt19937 chance(39);
    Instant now = kNow;
    const auto attempt = [&](const Appointment& hold, BookingOrigin origin, LinkState link) {
        origin.appointment = hold.id;
        return write(*store, [&](Writer& writer) {
            if (rule_against(writer, limits, hold, origin, link, zones(), now)) return false;
            if (place_appointment(writer, hold, std::nullopt, zones(), now, "book", "").outcome !=
                BookingOutcome::Created)
                return false;
            writer.put(origin);
            return true;
        });
    };
    int most = 0, honest = 0, at_first = 0;
    for (int i = 0; i < 10'000; ++i) {
        if (i % 2 == 0) now += std::chrono::seconds{1};
        BookingOrigin robot;
        robot.network = "net" + std::to_string(chance() % 4000);
        const auto kind = chance() % 10;
        if (kind == 0) robot.link = "leaked";
        const LinkState link = kind == 0 ? LinkState::Good : kind == 1 ? LinkState::Invalid : LinkState::None;
        const int slot = static_cast<int>(chance() % 200);
        attempt(half_hour("robot" + std::to_string(i), slot, now + std::chrono::minutes{5}), robot, link);
        const auto tally = this->tally({}, now);
        BookingOrigin leaked;
        leaked.link = "leaked";
        most = std::max(most, tally.without_link + this->tally(leaked, now).of_link);
        if (i % 100 != 50) continue;
        BookingOrigin customer;
        customer.link = "link" + std::to_string(i);
        customer.network = "home" + std::to_string(i);
        bool done = false;
        for (int choice = 0; choice < 200 && !done; ++choice) {
            const int wanted = static_cast<int>((chance() + 1) % 200);
            done = attempt(
                half_hour("customer" + std::to_string(i), wanted, now + std::chrono::hours{900}),
                customer,
                LinkState::Good
            );
            at_first += choice == 0 && done;
        }
        honest += done;
    }
    BOOST_TEST(most == 21);
    BOOST_TEST(honest >= 99);
    BOOST_TEST_MESSAGE(
        "robot held " << most << " at most, customers served " << honest << ", at their first choice " << at_first
    );
}

BOOST_AUTO_TEST_SUITE_END()
