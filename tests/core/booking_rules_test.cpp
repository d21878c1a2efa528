#include "core/booking_rules.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

using namespace calgate;

namespace {

struct Row {
    const char* name;
    BookingLimits limits;
    BookingFacts facts;
    std::optional<BookingRule> broken;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

BookingFacts with(void (*change)(BookingFacts&)) {
    BookingFacts facts;
    change(facts);
    return facts;
}

BookingLimits only(void (*change)(BookingLimits&)) {
    BookingLimits limits;
    change(limits);
    return limits;
}

/// Everything reached that can be, with a good link.
BookingFacts much() {
    BookingFacts facts;
    facts.link = LinkState::Good;
    facts.of_customer = facts.of_address = facts.of_link = facts.on_day = facts.without_link = facts.in_booking = 9;
    facts.other_service = true;
    return facts;
}

const BookingLimits kAll{1, 1, 1, 1, 1, true, true, true};

const Row kRows[] = {
    {"no limit refuses nothing", {}, much(), {}},
    {"all limits and nothing there, with a link", kAll, with([](auto& f) { f.link = LinkState::Good; }), {}},
    {"below the limit of a customer",
     only([](auto& l) { l.per_customer = 3; }),
     with([](auto& f) { f.of_customer = 2; }),
     {}},
    {"at the limit of a customer",
     only([](auto& l) { l.per_customer = 3; }),
     with([](auto& f) { f.of_customer = 3; }),
     BookingRule::PerCustomer},
    {"above a limit that was lowered",
     only([](auto& l) { l.per_customer = 3; }),
     with([](auto& f) { f.of_customer = 7; }),
     BookingRule::PerCustomer},
    {"below the limit of an address",
     only([](auto& l) { l.per_address = 2; }),
     with([](auto& f) { f.of_address = 1; }),
     {}},
    {"at the limit of an address",
     only([](auto& l) { l.per_address = 2; }),
     with([](auto& f) { f.of_address = 2; }),
     BookingRule::PerAddress},
    {"below the limit of a link", only([](auto& l) { l.per_link = 2; }), with([](auto& f) { f.of_link = 1; }), {}},
    {"at the limit of a link",
     only([](auto& l) { l.per_link = 2; }),
     with([](auto& f) { f.of_link = 2; }),
     BookingRule::PerLink},
    {"below the limit of a day", only([](auto& l) { l.per_day = 5; }), with([](auto& f) { f.on_day = 4; }), {}},
    {"at the limit of a day",
     only([](auto& l) { l.per_day = 5; }),
     with([](auto& f) { f.on_day = 5; }),
     BookingRule::PerDay},
    {"below what all without a link may have",
     only([](auto& l) { l.without_link = 20; }),
     with([](auto& f) { f.without_link = 19; }),
     {}},
    {"at what all without a link may have",
     only([](auto& l) { l.without_link = 20; }),
     with([](auto& f) { f.without_link = 20; }),
     BookingRule::WithoutLink},
    {"with a link that does not count",
     only([](auto& l) { l.without_link = 20; }),
     with([](auto& f) { f.without_link = 20, f.link = LinkState::Good; }),
     {}},
    {"one service, the same again",
     only([](auto& l) { l.one_service = true; }),
     with([](auto& f) { f.in_booking = 1; }),
     {}},
    {"one service, another",
     only([](auto& l) { l.one_service = true; }),
     with([](auto& f) { f.in_booking = 1, f.other_service = true; }),
     BookingRule::OneService},
    {"one appointment, the first", only([](auto& l) { l.one_appointment = true; }), {}, {}},
    {"one appointment, a second",
     only([](auto& l) { l.one_appointment = true; }),
     with([](auto& f) { f.in_booking = 1; }),
     BookingRule::OneAppointment},
    {"links only, none", only([](auto& l) { l.links_only = true; }), {}, BookingRule::LinkNeeded},
    {"links only, a good one",
     only([](auto& l) { l.links_only = true; }),
     with([](auto& f) { f.link = LinkState::Good; }),
     {}},
    {"a bad link where none is needed",
     {},
     with([](auto& f) { f.link = LinkState::Invalid; }),
     BookingRule::LinkInvalid},
    {"a used link where none is needed", {}, with([](auto& f) { f.link = LinkState::Used; }), BookingRule::LinkUsed},
    {"a link for another service",
     {},
     with([](auto& f) { f.link = LinkState::OtherService; }),
     BookingRule::LinkOfOtherService},
    {"a link of another customer",
     {},
     with([](auto& f) { f.link = LinkState::OtherCustomer; }),
     BookingRule::LinkOfOtherCustomer},
    {"the caller's own rules come first", kAll, much(), BookingRule::OneAppointment},
    {"the day of everybody comes last",
     only([](auto& l) { l.per_day = 1, l.per_address = 1; }),
     with([](auto& f) { f.on_day = 1, f.of_address = 1; }),
     BookingRule::PerAddress},
};

struct WaitRow {
    int attempts;
    std::int64_t seconds;
};
std::ostream& operator<<(std::ostream& out, const WaitRow& row) { return out << row.attempts << " attempts"; }

const WaitRow kWaits[] = {{0, 0}, {1, 0}, {4, 0}, {5, 2}, {6, 4}, {9, 32}, {13, 512}, {14, 600}, {1'000'000, 600}};

}  // namespace

BOOST_AUTO_TEST_SUITE(booking_rules)

BOOST_DATA_TEST_CASE(F39_row_by_row, boost::unit_test::data::make(kRows), row) {
    BOOST_TEST((broken_rule(row.limits, row.facts) == row.broken));
}

BOOST_DATA_TEST_CASE(an_attempt_costs_more_each_time, boost::unit_test::data::make(kWaits), row) {
    BOOST_TEST(wait_after(row.attempts).count() == row.seconds);
}

BOOST_AUTO_TEST_SUITE_END()
