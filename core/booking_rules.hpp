#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace calgate {

/// What a business allows those who book for themselves (F39). Each on its own; 0 or false: no limit. "Open" is a hold
/// that has not run out, or a booking that has not ended.
struct BookingLimits {
    int per_customer = 0;          ///< Open ones of one customer.
    int per_address = 0;           ///< Open ones from one address; of IPv6 one /64.
    int per_link = 0;              ///< Open ones under one link.
    int per_day = 0;               ///< Open ones on one day of the business's zone, of everybody together.
    int without_link = 0;          ///< Open ones of everybody who has no link, together.
    bool one_service = false;      ///< A booking has one service.
    bool one_appointment = false;  ///< A booking has one appointment.
    bool links_only = false;       ///< Nobody books without a link.
    bool operator==(const BookingLimits&) const = default;

    bool any() const { return *this != BookingLimits{}; }
};

/// What the link is that somebody came with.
enum class LinkState : std::uint8_t {
    None,
    Good,
    Invalid,        ///< Not ours, changed, revoked, or its time is over.
    Used,           ///< Good for one booking, and that was made, or is being made.
    OtherService,   ///< For another service than the one asked for.
    OtherCustomer,  ///< Sent to another customer than the one named.
};

/// What is there already that a booking would add to. What it does not add to (it counts there as it is) is 0.
struct BookingFacts {
    LinkState link = LinkState::None;
    int of_customer = 0;
    int of_address = 0;
    int of_link = 0;
    int on_day = 0;
    int without_link = 0;
    int in_booking = 0;          ///< Other appointments of the same booking.
    bool other_service = false;  ///< One of those has another service.
};

/// Why a booking is not taken.
enum class BookingRule : std::uint8_t {
    LinkInvalid,
    LinkUsed,
    LinkOfOtherService,
    LinkOfOtherCustomer,
    LinkNeeded,
    OneAppointment,
    OneService,
    PerLink,
    PerCustomer,
    PerAddress,
    WithoutLink,
    PerDay,
};

/// The rule that a booking would break, nothing when it breaks none. A link that is no good refuses also where no link
/// is needed. What is about the caller alone comes before what is about everybody.
std::optional<BookingRule> broken_rule(const BookingLimits&, const BookingFacts&);

/// How long somebody waits between two attempts after `attempts` of them: nothing for the first five, then 2 s, doubled
/// each time, ten minutes at most.
std::chrono::seconds wait_after(int attempts);

}  // namespace calgate
