#include "core/booking_rules.hpp"

#include <algorithm>
#include <array>

namespace calgate {
namespace {

constexpr int kFreeAttempts = 5;
constexpr int kMostWaitDoublings = 9;
constexpr std::chrono::seconds kLongestWait{600};

bool reached(int limit, int there) { return limit > 0 && there >= limit; }

struct BookingRuleRow {
    BookingRule rule;
    bool (*broken)(const BookingLimits&, const BookingFacts&);
};

using Limits = const BookingLimits&;
using Facts = const BookingFacts&;

constexpr std::array kBookingRules{
    BookingRuleRow{BookingRule::LinkInvalid, [](Limits, Facts f) { return f.link == LinkState::Invalid; }},
    BookingRuleRow{BookingRule::LinkUsed, [](Limits, Facts f) { return f.link == LinkState::Used; }},
    BookingRuleRow{BookingRule::LinkOfOtherService, [](Limits, Facts f) { return f.link == LinkState::OtherService; }},
    BookingRuleRow{
        BookingRule::LinkOfOtherCustomer, [](Limits, Facts f) { return f.link == LinkState::OtherCustomer; }},
    BookingRuleRow{
        BookingRule::LinkNeeded, [](Limits l, Facts f) { return l.links_only && f.link == LinkState::None; }},
    BookingRuleRow{
        BookingRule::OneAppointment, [](Limits l, Facts f) { return l.one_appointment && f.in_booking > 0; }},
    BookingRuleRow{BookingRule::OneService, [](Limits l, Facts f) { return l.one_service && f.other_service; }},
    BookingRuleRow{BookingRule::PerLink, [](Limits l, Facts f) { return reached(l.per_link, f.of_link); }},
    BookingRuleRow{BookingRule::PerCustomer, [](Limits l, Facts f) { return reached(l.per_customer, f.of_customer); }},
    BookingRuleRow{BookingRule::PerAddress, [](Limits l, Facts f) { return reached(l.per_address, f.of_address); }},
    BookingRuleRow{
        BookingRule::WithoutLink,
        [](Limits l, Facts f) { return f.link == LinkState::None && reached(l.without_link, f.without_link); }},
    BookingRuleRow{BookingRule::PerDay, [](Limits l, Facts f) { return reached(l.per_day, f.on_day); }},
};

}  // namespace

std::optional<BookingRule> broken_rule(const BookingLimits& limits, const BookingFacts& facts) {
    const auto found = std::find_if(kBookingRules.begin(), kBookingRules.end(), [&](const BookingRuleRow& rule) {
        return rule.broken(limits, facts);
    });
    return found == kBookingRules.end() ? std::nullopt : std::optional(found->rule);
}

std::chrono::seconds wait_after(int attempts) {
    if (attempts < kFreeAttempts) return std::chrono::seconds{0};
    const int doublings = std::min(attempts - kFreeAttempts + 1, kMostWaitDoublings + 1);
    return std::min(std::chrono::seconds{std::int64_t{1} << doublings}, kLongestWait);
}

}  // namespace calgate
