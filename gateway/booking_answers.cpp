#include "gateway/booking_answers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/api_json.hpp"
#include "gateway/holidays.hpp"

namespace calgate {

std::string etag(std::int64_t revision) { return "\"" + std::to_string(revision) + "\""; }

HttpResponse booking_answer(const BookingResult& result, const std::vector<Mirror>& mirrors) {
    switch (result.outcome) {
        case BookingOutcome::Created:
        case BookingOutcome::Changed:
        case BookingOutcome::Unchanged: {
            auto response =
                answer(result.outcome == BookingOutcome::Created ? 201 : 200, shown(*result.appointment, mirrors));
            response.headers.emplace_back("ETag", etag(result.appointment->revision));
            return response;
        }
        case BookingOutcome::Overlap:
            return problem(
                409,
                "Conflict",
                "That person is booked at this time already; ask /v1/availability for free time and choose another."
            );
        case BookingOutcome::RevisionMismatch:
            return problem(
                412,
                "Precondition Failed",
                "The appointment is at another revision than If-Match says; read it again and decide."
            );
        case BookingOutcome::UnknownStaff:
            return problem(
                422, "Unprocessable Content", "There is no such person; create them with PUT /v1/staff/{id} first."
            );
        case BookingOutcome::UnknownService:
            return problem(
                422, "Unprocessable Content", "There is no such service; create it with PUT /v1/services/{id} first."
            );
        case BookingOutcome::NotFound:
            return problem(404, "Not Found", "There is no appointment with this id.");
    }
    return problem(500, "Internal Server Error", "The booking ended in an unknown way; read the appointment.");
}

namespace {

/// What external calendars say about a wanted time.
struct ExternalTime {
    bool busy = false;
    bool stale = false;
};

ExternalTime external_time(const PersonBusy& person, Interval when, Instant now, std::chrono::seconds stale_after) {
    ExternalTime out;
    for (const auto& [source, state] : person.sources) {
        if (source == "appointments") continue;
        out.stale = out.stale || is_stale(source, state, now, stale_after);
    }
    const auto busy = external_within(person, when);
    out.busy = std::any_of(busy.begin(), busy.end(), [](const BusyInterval& b) { return b.kind == BusyKind::Busy; });
    return out;
}

}  // namespace

std::optional<HttpResponse> check_external(
    Appointment& wanted,
    const PersonBusy& person,
    const Business& business,
    Instant now,
    bool force,
    const ZoneResolver& zones
) {
    const auto external = external_time(person, occupied_by(wanted, zones), now, business.stale_after);
    if (external.busy && !force)
        return problem(
            409, "Conflict", "A calendar of that person is busy at this time; choose another, or send override_busy."
        );
    if (external.stale && business.stale == StalePolicy::Refuse)
        return problem(
            409,
            "Conflict",
            "A calendar of that person was not read for too long, and the business refuses bookings then; try again "
            "later."
        );
    wanted.provisional = external.stale && business.stale == StalePolicy::Provisional;
    return std::nullopt;
}

}  // namespace calgate
