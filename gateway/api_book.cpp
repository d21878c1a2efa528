#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/identity.hpp"
#include "core/slots.hpp"
#include "gateway/api.hpp"
#include "gateway/api_booking.hpp"
#include "gateway/api_json.hpp"
#include "gateway/book_page.hpp"
#include "gateway/keys.hpp"
#include "store/booking_guard.hpp"

/// The public page and what it asks. Answers say nothing about others: not who is free, not why a time is gone, not
/// whether somebody has booked.
namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr const char* kActor = "book";
constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kMostName = 100;
constexpr std::size_t kMostContact = 120;
constexpr std::size_t kMostNote = 500;
constexpr std::size_t kMostInBooking = 20;

HttpResponse nothing_here() { return problem(404, "Not Found", "There is nothing at this address."); }
HttpResponse gone() { return problem(409, "Conflict", "This time is not free any more; choose another."); }
HttpResponse no_such_booking() {
    return problem(404, "Not Found", "There is no such booking; open the address that was shown when it was made.");
}
HttpResponse ran_out() {
    return problem(410, "Gone", "The time was kept for you, but not long enough; choose a time again.");
}

/// What a stranger may be told. What depends on others is told as one and the same.
HttpResponse told(BookingRule rule, bool with_link) {
    const auto no = [](const char* sentence) { return problem(403, "Not Allowed", sentence); };
    switch (rule) {
        case BookingRule::LinkInvalid:
        case BookingRule::LinkOfOtherCustomer:
            return no("This link is not good any more; ask the business for a new one.");
        case BookingRule::LinkUsed:
            return no("This link was used already; ask the business for a new one.");
        case BookingRule::LinkOfOtherService:
            return no("This link is for another service; choose that one, or ask the business for another link.");
        case BookingRule::OneAppointment:
        case BookingRule::OneService:
            return no("This booking is complete; make another one for more.");
        case BookingRule::PerLink:
            return no("As much as may be is booked under this link; cancel one of your bookings first.");
        case BookingRule::PerCustomer:
        case BookingRule::PerAddress:
            if (with_link) return no("You have as many bookings as may be; cancel one of them first.");
            break;
        case BookingRule::PerDay:
            return gone();
        case BookingRule::LinkNeeded:
        case BookingRule::WithoutLink:
            break;
    }
    return no("At present, times are booked with a link from the business only; ask it for one.");
}

Json told_appointment(const Appointment& a, const Reader& reader, const ZoneResolver& zones) {
    const Interval when = interval_of(a, zones);
    const auto service = reader.service(a.service);
    return Json{
        {"service_name", service ? service->name : a.title},
        {"start", format_instant(when.start)},
        {"end", format_instant(when.end)},
        {"state", to_string(a.state)}};
}

/// As one: firm when any is, held when nothing is firm.
const char* state_of_booking(const std::vector<Appointment>& appointments) {
    const auto any = [&](AppointmentState state) {
        return std::any_of(appointments.begin(), appointments.end(), [&](const auto& a) { return a.state == state; });
    };
    if (any(AppointmentState::Confirmed)) return "confirmed";
    return any(AppointmentState::Held) ? "held" : "cancelled";
}

Json told_booking(
    const std::vector<Appointment>& appointments,
    const Reader& reader,
    const std::string& zone,
    const ZoneResolver& zones
) {
    Json list = Json::array();
    for (const Appointment& appointment : appointments) list.push_back(told_appointment(appointment, reader, zones));
    return Json{{"state", state_of_booking(appointments)}, {"zone", zone}, {"appointments", list}};
}

std::vector<Appointment> appointments_of(const Reader& reader, const std::string& booking) {
    std::vector<Appointment> out;
    for (const BookingOrigin& origin : reader.booking_origins(booking)) {
        if (auto appointment = reader.appointment(origin.appointment)) out.push_back(std::move(*appointment));
    }
    return out;
}

}  // namespace

std::optional<HttpResponse> Api::page_is_off(const HttpRequest& request) const {
    if (!parts_.booking.page) return nothing_here();
    // A form on another site cannot send this type without asking first, and is not let.
    if (request.method == "POST" && !request.header("content-type").starts_with("application/json"))
        return problem(415, "Unsupported Media Type", "Send JSON, as Content-Type: application/json.");
    return std::nullopt;
}

HttpResponse Api::get_book_page(const HttpRequest& request, const PathValues&) {
    if (auto off = page_is_off(request)) return *off;
    HttpResponse response;
    response.type = "text/html; charset=utf-8";
    response.body = book_page();
    response.headers = {{"Content-Security-Policy", book_page_policy()}, {"Referrer-Policy", "no-referrer"}};
    return response;
}

HttpResponse Api::get_book_services(const HttpRequest& request, const PathValues&) {
    if (auto off = page_is_off(request)) return *off;
    Json services = Json::array();
    for (const Service& service : read(parts_.store, [](const Reader& r) { return r.services(); })) {
        if (service.staff.empty()) continue;
        services.push_back(
            {{"id", service.id.value}, {"name", service.name}, {"duration_min", service.duration.count()}}
        );
    }
    const std::string today = format_local(parts_.zones.to_local(parts_.clock.now(), policy_.zone)).substr(0, 10);
    return answer(
        200, Json{{"business", policy_.name}, {"zone", policy_.zone}, {"today", today}, {"services", services}}
    );
}

HttpResponse Api::get_book_slots(const HttpRequest& request, const PathValues&) {
    if (auto off = page_is_off(request)) return *off;
    const auto service = parts_.index.service(ServiceId{std::string(request.parameter("service"))});
    if (!service) return problem(404, "Not Found", "There is no such service; choose one that is offered.");
    const std::string day_text(request.parameter("day"));
    const auto day = day_text.size() == 10 ? parse_local(day_text) : std::nullopt;
    if (!day) throw InputError("The parameter \"day\" is a date such as 2026-12-24.");
    SlotQuestion question{*service, {}, parts_.clock.now(), {}};
    question.window = {
        parts_.zones.to_instant(*day, policy_.zone),
        parts_.zones.to_instant(*day + std::chrono::days{1}, policy_.zone)};
    for (const StaffId& id : service->staff) {
        const auto person = parts_.index.person(id);
        if (!person || question.people.size() == kMostSlotPeople) continue;
        const bool refused =
            policy_.stale == StalePolicy::Refuse && is_stale(*person, question.now, policy_.stale_after);
        if (!refused) question.people.push_back(person);
    }
    Json slots = Json::array();
    for (const Slot& slot : slots_for(question, parts_.zones))
        if (slot.start > question.now) slots.push_back({{"start", format_instant(slot.start)}});
    return answer(200, Json{{"day", day_text}, {"zone", policy_.zone}, {"slots", slots}});
}

HttpResponse Api::post_book_link(const HttpRequest& request, const PathValues&) {
    if (auto off = page_is_off(request)) return *off;
    const JsonInput in(request.body, {"link"});
    const std::string token = in.text("link", 100);
    links_.ready();
    return read(parts_.store, [&](const Reader& reader) {
        const auto link = links_.find(reader, token);
        const ServiceId service = link ? link->service : ServiceId{};
        const LinkState state = state_of_link(reader, link, service, "", {}, parts_.clock.now());
        if (state == LinkState::Used) return told(BookingRule::LinkUsed, true);
        if (state != LinkState::Good) return told(BookingRule::LinkInvalid, true);
        return answer(200, Json{{"service", service.value}, {"expires", format_instant(link->expires)}});
    });
}

Appointment Api::page_hold(const Service& service, Instant start, Instant now) const {
    Appointment hold;
    hold.id.value = "book-" + base64url(random_bytes(parts_.random, 12));
    hold.service = service.id;
    hold.zone = policy_.zone;
    hold.start = parts_.zones.to_local(start, policy_.zone);
    hold.end = parts_.zones.to_local(start + service.duration, policy_.zone);
    hold.buffer_before = service.buffer_before;
    hold.buffer_after = service.buffer_after;
    hold.title = service.name;
    hold.state = AppointmentState::Held;
    hold.hold_until = now + parts_.booking.hold;
    return hold;
}

HttpResponse Api::post_book_hold(const HttpRequest& request, const PathValues&) {
    if (auto off = page_is_off(request)) return *off;
    const JsonInput in(request.body, {"service", "start", "link", "booking"});
    const auto service = parts_.index.service(ServiceId{in.text("service", 128)});
    const auto start = parse_instant(in.text("start", 40));
    if (!service || service->staff.empty() || !start)
        throw InputError("\"service\" and \"start\" are a service and a time that /book/slots gave.");
    const Instant now = parts_.clock.now();
    const std::string earlier = in.text_or("booking", 100, "");
    const std::string token = earlier.empty() ? base64url(random_bytes(parts_.random, kTokenBytes)) : earlier;
    Booker booker;
    booker.from_page = true;
    booker.link = in.text_or("link", 100, "");
    booker.origin.network = links_.hidden("network", client_of(request, parts_.limits.behind_proxy));
    booker.origin.booking = links_.hidden("page booking", token);
    if (auto refusal = too_many_attempts(booker)) return *refusal;
    if (*start <= now) return gone();
    const Appointment wanted = page_hold(*service, *start, now);
    const auto free = free_for(*service, wanted, now);
    std::optional<BookingResult> booked;
    const HttpResponse response = write(parts_.store, [&](Writer& writer) {
        const auto there = writer.booking_origins(booker.origin.booking).size();
        if (!earlier.empty() && there == 0) return no_such_booking();
        if (there >= kMostInBooking) return told(BookingRule::OneAppointment, false);
        if (const auto broken = judge(writer, wanted, booker, now)) return told(*broken, !booker.link.empty());
        Appointment named = wanted;
        named.customer = booker.customer;
        Held held = hold_first(writer, named, free, now, kActor);
        if (!held.booked || held.booked->outcome != BookingOutcome::Created) return gone();
        note_booker(writer, *held.booked, booker, now);
        Json body = told_booking({*held.booked->appointment}, writer, policy_.zone, parts_.zones);
        body["booking"] = token;
        body["until"] = format_instant(*wanted.hold_until);
        booked = std::move(held.booked);
        return answer(201, body);
    });
    if (booked) apply(*booked);
    return response;
}

BookingResult Api::confirm_one(Writer& writer, Appointment held, Booker booker, const std::string& note, Instant now) {
    const auto business = writer.business().value_or(Business{});
    const auto person = parts_.index.person(held.staff);
    held.state = AppointmentState::Confirmed;
    held.hold_until.reset();
    held.notes = note;
    const auto origin = writer.booking_origin(held.id);
    const bool with_link = origin && !origin->link.empty();
    // Under a link, the customer is the one it was sent to.
    if (with_link && !held.customer.empty()) booker.customer = booker.identity = held.customer;
    held.customer = booker.customer;
    if (held.customer.empty()) throw InputError("The field \"name\" is missing; say who comes.");
    if (const auto broken = judge(writer, held, booker, now)) throw Refused(told(*broken, with_link));
    if (!person || check_external(held, *person, business, now, false, parts_.zones)) throw Refused(gone());
    auto result = place_appointment(writer, held, std::nullopt, parts_.zones, now, kActor, "");
    if (result.outcome != BookingOutcome::Changed) throw Refused(gone());
    note_booker(writer, result, booker, now);
    return result;
}

HttpResponse Api::post_book_confirm(const HttpRequest& request, const PathValues&) {
    if (auto off = page_is_off(request)) return *off;
    const JsonInput in(request.body, {"booking", "name", "contact", "note"});
    const std::string booking = links_.hidden("page booking", in.text("booking", 100));
    const std::string name = in.text_or("name", kMostName, ""), contact = in.text_or("contact", kMostContact, "");
    const std::string note = in.text_or("note", kMostNote, "");
    Booker booker;
    booker.from_page = true;
    booker.customer = name + (name.empty() || contact.empty() ? "" : ", ") + contact;
    booker.identity = contact.empty() ? name : contact;
    std::vector<StaffId> people;
    parts_.store.read([&](const Reader& reader) {
        for (const Appointment& one : appointments_of(reader, booking)) people.push_back(one.staff);
    });
    freshen(people);
    const Instant now = parts_.clock.now();
    std::vector<BookingResult> booked;
    HttpResponse response;
    try {
        response = write(parts_.store, [&](Writer& writer) {
            const auto before = appointments_of(writer, booking);
            if (before.empty()) return no_such_booking();
            for (const Appointment& one : before) {
                if (one.state == AppointmentState::Held && one.hold_until && *one.hold_until > now)
                    booked.push_back(confirm_one(writer, one, booker, note, now));
            }
            const auto after = appointments_of(writer, booking);
            if (booked.empty() && std::string_view(state_of_booking(after)) != "confirmed") return ran_out();
            return answer(200, told_booking(after, writer, policy_.zone, parts_.zones));
        });
    } catch (const Refused& refused) {
        return refused.response;
    }
    for (const BookingResult& one : booked) apply(one);
    return response;
}

HttpResponse Api::post_book_look(const HttpRequest& request, const PathValues&) {
    if (auto off = page_is_off(request)) return *off;
    const JsonInput in(request.body, {"booking"});
    const std::string booking = links_.hidden("page booking", in.text("booking", 100));
    return read(parts_.store, [&](const Reader& reader) {
        const auto found = appointments_of(reader, booking);
        if (found.empty()) return no_such_booking();
        return answer(200, told_booking(found, reader, policy_.zone, parts_.zones));
    });
}

HttpResponse Api::post_book_cancel(const HttpRequest& request, const PathValues&) {
    if (auto off = page_is_off(request)) return *off;
    const JsonInput in(request.body, {"booking"});
    const std::string booking = links_.hidden("page booking", in.text("booking", 100));
    const Instant now = parts_.clock.now();
    std::vector<BookingResult> ended;
    const HttpResponse response = write(parts_.store, [&](Writer& writer) {
        const auto before = appointments_of(writer, booking);
        if (before.empty()) return no_such_booking();
        for (const Appointment& one : before) {
            if (one.state == AppointmentState::Cancelled) continue;
            if (interval_of(one, parts_.zones).start <= now)
                return problem(409, "Conflict", "This appointment has begun; call the business.");
        }
        for (const Appointment& one : before)
            ended.push_back(cancel_appointment(writer, one.id, std::nullopt, parts_.zones, now, kActor, ""));
        return answer(200, told_booking(appointments_of(writer, booking), writer, policy_.zone, parts_.zones));
    });
    for (const BookingResult& one : ended) apply(one);
    return response;
}

}  // namespace calgate
