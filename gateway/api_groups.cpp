// Several people or rooms at one time: all of them, or none.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/slots.hpp"
#include "gateway/api.hpp"
#include "gateway/api_booking.hpp"
#include "gateway/api_json.hpp"

namespace calgate {
using Json = nlohmann::json;

HttpResponse Api::write_together(
    const HttpRequest& request, const std::function<HttpResponse(Writer&, std::vector<BookingResult>&)>& work
) {
    std::vector<BookingResult> booked;
    try {
        const HttpResponse response = write_once(request, [&](Writer& writer) { return work(writer, booked); });
        for (const BookingResult& one : booked) apply(one);
        return response;
    } catch (const Refused& refused) {
        return refused.response;
    }
}

HttpResponse Api::hold_group(
    const HttpRequest& request,
    const Service& service,
    const Appointment& wanted,
    const std::vector<StaffId>& group,
    Booker booker
) {
    if (group.empty() || group.size() > kMostSlotPeople)
        throw InputError("The field \"all\" names 1 to " + std::to_string(kMostSlotPeople) + " people.");
    const Instant now = parts_.clock.now();
    const Instant start = parts_.zones.to_instant(wanted.start, wanted.zone);
    SlotQuestion question{service, {start, start + std::chrono::seconds{1}}, now, {}, 0};
    for (const StaffId& name : group) {
        const auto person = parts_.index.person(name);
        if (!person) return problem(422, "Unprocessable Content", "There is no person " + name.value + ".");
        question.all |= std::uint64_t{1} << question.people.size();
        question.people.push_back(person);
    }
    const auto taken = [] {
        return problem(409, "Conflict", "This time is not free for all of them; ask /v1/slots and choose another.");
    };
    const bool free = !slots_for(question, parts_.zones).empty();
    return write_together(request, [&](Writer& writer, std::vector<BookingResult>& booked) {
        if (!free) throw Refused{taken()};
        const auto business = writer.business().value_or(Business{});
        Json with = Json::array();
        // To the customer a group is one appointment: it counts once, as its first.
        if (const auto broken = judge(writer, wanted, booker, now)) throw Refused{rule_answer(*broken)};
        for (const StaffId& name : group) {
            Appointment hold = wanted;
            hold.customer = booker.customer;
            hold.staff = name;
            if (!booked.empty()) hold.id = AppointmentId{checked_id(wanted.id.value + "." + name.value, "a hold")};
            const auto person = parts_.index.person(name);
            if (!person) throw Refused{taken()};
            if (auto no = check_external(hold, *person, business, now, false, parts_.zones))
                throw Refused{std::move(*no)};
            booked.push_back(place_appointment(writer, hold, std::nullopt, parts_.zones, now, who(request), ""));
            if (booked.back().outcome == BookingOutcome::Overlap) throw Refused{taken()};
            const HttpResponse one = booking_answer(booked.back(), {});
            if (one.status >= 300) throw Refused{one};
            with.push_back({{"id", hold.id.value}, {"staff", name.value}});
        }
        note_booker(writer, booked.front(), booker, now);
        HttpResponse made = booking_answer(booked.front(), {});
        Json body = Json::parse(made.body);
        body["holds"] = with;
        made.body = body.dump();
        return made;
    });
}

HttpResponse Api::post_confirmation(const HttpRequest& request, const PathValues&) {
    const JsonInput in(request.body, {"appointments", "title", "place", "customer", "notes"});
    const auto ids = in.texts_or("appointments", kMostSlotPeople, 128);
    if (ids.empty()) throw InputError("The field \"appointments\" lists the ids of the holds.");
    std::vector<StaffId> people;
    parts_.store.read([&](const Reader& reader) {
        for (const std::string& id : ids)
            if (const auto hold = reader.appointment(AppointmentId{id})) people.push_back(hold->staff);
    });
    freshen(people);
    const Instant now = parts_.clock.now();
    return write_together(request, [&](Writer& writer, std::vector<BookingResult>& booked) {
        const auto business = writer.business().value_or(Business{});
        Json list = Json::array();
        for (const std::string& id : ids) {
            auto hold = writer.appointment(AppointmentId{id});
            if (!hold) throw Refused{problem(404, "Not Found", "There is no hold " + id + "; nothing was confirmed.")};
            if (hold->state == AppointmentState::Cancelled || (hold->hold_until && *hold->hold_until <= now))
                throw Refused{problem(
                    409, "Conflict", "The hold " + id + " has run out; nothing was confirmed. Hold the time again."
                )};
            hold->state = AppointmentState::Confirmed;
            hold->hold_until.reset();
            hold->title = in.text_or("title", kMaxShort, hold->title);
            hold->place = in.text_or("place", kMaxShort, hold->place);
            hold->customer = in.text_or("customer", kMaxShort, hold->customer);
            hold->notes = in.text_or("notes", kMaxText, hold->notes);
            Booker booker;
            booker.customer = hold->customer;
            const bool counts = writer.booking_origin(hold->id).has_value();
            const auto broken = counts ? judge(writer, *hold, booker, now) : std::nullopt;
            if (broken) throw Refused{rule_answer(*broken)};
            const auto person = parts_.index.person(hold->staff);
            if (person)
                if (auto no = check_external(*hold, *person, business, now, false, parts_.zones))
                    throw Refused{std::move(*no)};
            booked.push_back(place_appointment(writer, *hold, std::nullopt, parts_.zones, now, who(request), ""));
            const HttpResponse one = booking_answer(booked.back(), {});
            if (one.status >= 300) throw Refused{one};
            if (counts) note_booker(writer, booked.back(), booker, now);
            list.push_back(Json::parse(one.body));
        }
        const std::int64_t revision = booked.front().appointment->revision;
        return answer(200, Json{{"appointments", list}, {"revision", revision}});
    });
}

}  // namespace calgate
