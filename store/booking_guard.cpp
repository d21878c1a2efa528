#include "store/booking_guard.hpp"

#include <algorithm>

#include "store/booking.hpp"

namespace calgate {
namespace {

bool open_at(const Appointment& appointment, const ZoneResolver& zones, Instant now) {
    if (appointment.state == AppointmentState::Cancelled) return false;
    return (appointment.hold_until ? *appointment.hold_until : occupied_by(appointment, zones).end) > now;
}

/// The day, in the business's zone, on which an appointment begins.
Interval day_of(const Appointment& appointment, const std::string& zone, const ZoneResolver& zones) {
    const auto local = zones.to_local(occupied_by(appointment, zones).start, zone);
    const auto day = std::chrono::floor<std::chrono::days>(local);
    return {
        zones.to_instant(LocalSeconds{day}, zone), zones.to_instant(LocalSeconds{day + std::chrono::days{1}}, zone)};
}

}  // namespace

std::optional<BookingRule> rule_against(
    const Reader& reader,
    const BookingLimits& limits,
    const Appointment& wanted,
    const BookingOrigin& origin,
    LinkState link,
    const ZoneResolver& zones,
    Instant now
) {
    const std::string zone = reader.business().value_or(Business{}).zone;
    const Interval day = day_of(wanted, zone, zones);
    const BookingTally tally = reader.booking_tally(origin, day, now);
    BookingFacts facts;
    facts.link = link;
    facts.of_customer = tally.of_customer;
    facts.of_address = tally.of_network;
    facts.of_link = tally.of_link;
    facts.without_link = tally.without_link;
    facts.on_day = tally.on_day;
    for (const BookingOrigin& other : reader.booking_origins(origin.booking)) {
        if (other.appointment == wanted.id) continue;
        const auto there = reader.appointment(other.appointment);
        if (!there || !open_at(*there, zones, now)) continue;
        ++facts.in_booking;
        facts.other_service = facts.other_service || !(there->service == wanted.service);
    }
    const auto before = reader.appointment(wanted.id);
    const auto earlier = reader.booking_origin(wanted.id);
    if (before && earlier && open_at(*before, zones, now)) {
        if (earlier->customer == origin.customer) facts.of_customer = 0;
        if (earlier->network == origin.network) facts.of_address = 0;
        if (earlier->link == origin.link) facts.of_link = facts.without_link = 0;
        if (earlier->booking == origin.booking && before->service == wanted.service) {
            facts.in_booking = 0;
            facts.other_service = false;
        }
        if (day_of(*before, zone, zones) == day) facts.on_day = 0;
    }
    return broken_rule(limits, facts);
}

LinkState state_of_link(
    const Reader& reader,
    const std::optional<BookingLink>& link,
    const ServiceId& service,
    const std::string& customer,
    const AppointmentId& appointment,
    Instant now
) {
    if (!link || link->revoked || link->expires <= now) return LinkState::Invalid;
    if (!link->service.empty() && !(link->service == service)) return LinkState::OtherService;
    if (!customer.empty() && customer != link->customer) return LinkState::OtherCustomer;
    BookingOrigin under;
    under.appointment = appointment;
    under.link = link->id;
    const bool being_used = reader.booking_tally(under, {now, now}, now).of_link > 0;
    return link->single_use && (link->used || being_used) ? LinkState::Used : LinkState::Good;
}

}  // namespace calgate
