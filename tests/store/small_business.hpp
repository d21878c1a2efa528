#pragma once

#include <string>

#include "core/zone.hpp"
#include "store/booking.hpp"
#include "store/store.hpp"

/// One business with two people, an account and a target calendar each.
namespace calgate::testing {

inline const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

inline Instant instant(const std::string& text) { return parse_instant(text).value(); }
inline const Instant kNow = Instant{std::chrono::sys_days{std::chrono::year{2026} / 3 / 2}};

inline void set_up(Writer& writer, int capacity = 1) {
    Business business;
    business.id = "biz";
    business.zone = "UTC";
    writer.put(business);
    Account account;
    account.id = {"acc"};
    account.kind = "memory";
    writer.put(account);
    for (const std::string name : {"ann", "bob"}) {
        Staff staff;
        staff.id = {name};
        staff.zone = "UTC";
        staff.capacity = capacity;
        writer.put(staff);
        Calendar calendar;
        calendar.id = {"cal-" + name};
        calendar.account = account.id;
        calendar.staff = staff.id;
        calendar.href = {"/" + name + "/"};
        calendar.mirror = true;
        writer.put(calendar);
    }
}

/// An hour of Ann's, `hour` hours after 2026-04-01T00:00 UTC.
inline Appointment hour_of(const std::string& id, int hour, const std::string& staff = "ann") {
    Appointment appointment;
    appointment.id = {id};
    appointment.staff = {staff};
    appointment.zone = "UTC";
    appointment.start =
        LocalSeconds{std::chrono::local_days{std::chrono::year{2026} / 4 / 1}} + std::chrono::hours{hour};
    appointment.end = appointment.start + std::chrono::hours{1};
    appointment.title = "Appointment " + id;
    return appointment;
}

inline BookingResult book(Writer& writer, const Appointment& wanted, std::optional<std::int64_t> if_match = {}) {
    return place_appointment(writer, wanted, if_match, zones(), kNow, "api", "test");
}

inline BookingResult cancel(Writer& writer, const std::string& id, std::optional<std::int64_t> if_match = {}) {
    return cancel_appointment(writer, {id}, if_match, zones(), kNow, "api", "test");
}

/// Marks what is wanted as done, as a pass over the calendar would.
inline void confirm(Writer& writer, const std::string& id, const std::string& calendar) {
    Mirror mirror = writer.mirror({id}, {calendar}).value();
    mirror.confirmed = mirror.wanted;
    writer.put(mirror);
}

}  // namespace calgate::testing
