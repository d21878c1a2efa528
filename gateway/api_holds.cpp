#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/slots.hpp"
#include "gateway/api.hpp"
#include "gateway/api_booking.hpp"
#include "gateway/api_json.hpp"

namespace calgate {

namespace {

/// The person of the hold and those of "all", each once.
std::vector<StaffId> group_of(const JsonInput& in, const Appointment& wanted) {
    std::vector<StaffId> group;
    if (!wanted.staff.empty()) group.push_back(wanted.staff);
    for (const std::string& name : in.texts_or("all", kMostSlotPeople, 128))
        if (std::find(group.begin(), group.end(), StaffId{name}) == group.end()) group.push_back(StaffId{name});
    return group;
}

}  // namespace

std::vector<Load> Api::free_for(const Service& service, const Appointment& wanted, Instant now) const {
    const Instant start = parts_.zones.to_instant(wanted.start, wanted.zone);
    const std::vector<StaffId> names = wanted.staff.empty() ? service.staff : std::vector{wanted.staff};
    std::vector<Load> free;
    for (const StaffId& name : names) {
        const auto person = parts_.index.person(name);
        if (!person) continue;
        const SlotQuestion question{service, {start, start + std::chrono::seconds{1}}, now, {person}};
        if (!slots_for(question, parts_.zones).empty()) free.push_back(load_of(*person, start, parts_.zones));
    }
    return fairest_first(std::move(free));
}

Api::Held Api::hold_first(
    Writer& writer, const Appointment& wanted, const std::vector<Load>& free, Instant now, const std::string& actor
) const {
    Held held;
    held.refusal = problem(409, "Conflict", "This time is not free any more; ask /v1/slots and choose another.");
    const auto business = writer.business().value_or(Business{});
    for (auto choice = free.begin(); choice != free.end(); ++choice) {
        Appointment hold = wanted;
        hold.staff = choice->staff;
        const auto person = parts_.index.person(hold.staff);
        if (!person) continue;
        if (auto no = check_external(hold, *person, business, now, false, parts_.zones)) {
            held.refusal = std::move(*no);
            continue;
        }
        BookingResult result = place_appointment(writer, hold, std::nullopt, parts_.zones, now, actor, "");
        // Taken a moment ago: the next one.
        if (result.outcome == BookingOutcome::Overlap) continue;
        held.why = why_chosen({choice, free.end()});
        held.booked = std::move(result);
        return held;
    }
    return held;
}

HttpResponse Api::post_hold(const HttpRequest& request, const PathValues&) {
    const JsonInput in(request.body, hold_fields());
    const auto service = parts_.index.service(ServiceId{in.text("service", 128)});
    if (!service)
        return problem(422, "Unprocessable Content", "There is no such service; GET /v1/services lists them.");
    const Instant now = parts_.clock.now();
    Appointment wanted = hold_from(in, *service, parts_.zones, now, parts_.random);
    Booker booker = booker_from(in);
    if (auto refusal = too_many_attempts(booker)) return *refusal;
    if (in.has("all")) return hold_group(request, *service, wanted, group_of(in, wanted), std::move(booker));
    const auto free = free_for(*service, wanted, now);
    std::optional<BookingResult> booked;
    const HttpResponse response = write_once(request, [&](Writer& writer) {
        if (const auto broken = judge(writer, wanted, booker, now)) return rule_answer(*broken);
        wanted.customer = booker.customer;
        Held held = hold_first(writer, wanted, free, now, who(request));
        if (!held.booked) return held.refusal;
        note_booker(writer, *held.booked, booker, now);
        HttpResponse made = booking_answer(*held.booked, {});
        if (made.status < 300) {
            nlohmann::json shown_hold = nlohmann::json::parse(made.body);
            shown_hold["why"] = held.why;
            made.body = shown_hold.dump();
        }
        booked = std::move(held.booked);
        return made;
    });
    if (booked && response.status < 300) apply(*booked);
    return response;
}

}  // namespace calgate
