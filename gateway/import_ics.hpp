#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/zone.hpp"

namespace calgate {

/// What a plain calendar file (RFC 5545) asks to book.
struct IcsBookings {
    struct Booking {
        std::string id{};         ///< From the UID, so that the same file gives the same ids.
        nlohmann::json fields{};  ///< Of PUT /v1/appointments/{id}.
    };
    std::vector<Booking> bookings{};
    std::vector<std::string> refused{};  ///< A sentence for each event that cannot become an appointment.
};

/// @param staff whose appointments they become. @param zone for all-day and floating times.
/// @return Rejected when the text is no calendar, or holds more than 20 000 events.
Result<IcsBookings>
read_ics(std::string_view text, const std::string& staff, const std::string& zone, const ZoneResolver&);

}  // namespace calgate
