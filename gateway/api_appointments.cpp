#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/identity.hpp"
#include "gateway/api.hpp"
#include "gateway/api_booking.hpp"
#include "gateway/api_json.hpp"
#include "gateway/booking_answers.hpp"
#include "gateway/holidays.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr const char* kOverridden = "The booking system set the limits aside.";
constexpr int kMostRechecks = 4;
constexpr auto kAnswersKept = std::chrono::hours{24 * 7};  // Longer than a booking system is down and retries.

std::optional<std::int64_t> if_match_of(const HttpRequest& request) {
    std::string_view text = request.header("if-match");
    if (text.empty()) return std::nullopt;
    if (text.size() > 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    std::int64_t revision = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
    if (error != std::errc{} || end != text.data() + text.size())
        throw InputError("The header If-Match takes a revision such as \"3\".");
    return revision;
}

/// Whether the person's calendars have a say: the time is another one, or a hold becomes an appointment.
bool takes_time_anew(const std::optional<Appointment>& before, const Appointment& wanted) {
    if (!before || before->start != wanted.start || before->end != wanted.end) return true;
    if (before->zone != wanted.zone || before->staff != wanted.staff) return true;
    return before->hold_until && wanted.state == AppointmentState::Confirmed;
}

std::vector<CalendarId> stale_calendars(const PersonBusy& person, Instant now, std::chrono::seconds stale_after) {
    std::vector<CalendarId> out;
    for (const auto& [source, state] : person.sources)
        if (source != "appointments" && is_stale(source, state, now, stale_after)) out.push_back(CalendarId{source});
    return out;
}

}  // namespace

void Api::freshen(const std::vector<StaffId>& people) {
    if (parts_.recheck.count() == 0 || !parts_.engine_running) return;
    const Instant now = parts_.clock.now();
    std::vector<CalendarId> stale;
    for (const StaffId& id : people) {
        const auto person = parts_.index.person(id);
        if (!person) continue;
        const auto found = stale_calendars(*person, now, policy_.stale_after);
        stale.insert(stale.end(), found.begin(), found.end());
    }
    if (stale.empty()) return;
    // So that a service that hangs never takes all threads of those whose calendars are fresh.
    if (rechecks_.fetch_add(1) < kMostRechecks) parts_.engine.read_within(stale, parts_.recheck);
    rechecks_.fetch_sub(1);
}

HttpResponse Api::put_appointment(const HttpRequest& request, const PathValues& path) {
    const JsonInput in(request.body, appointment_fields());
    Appointment wanted = appointment_from(in, path.at("id"));
    if (!parts_.zones.knows(wanted.zone))
        return problem(
            422,
            "Unprocessable Content",
            "The time zone " + wanted.zone + " is not known; use an IANA name such as Europe/Berlin."
        );
    const auto if_match = if_match_of(request);
    const bool force = in.flag_or("override_busy", false) || request.parameter("force") == "true";
    const Instant now = parts_.clock.now();
    const bool live = wanted.state != AppointmentState::Cancelled;
    Booker booker = booker_from(in);
    if (live && !(booker.link.empty() && booker.origin.network.empty())) {
        const bool known = read(parts_.store, [&](const Reader& r) { return r.appointment(wanted.id).has_value(); });
        auto refusal = known ? std::nullopt : too_many_attempts(booker);
        if (refusal) return *refusal;
    }
    // The store is asked only when there is something to read anew.
    const auto asked = parts_.index.person(wanted.staff);
    const bool stale = asked && !stale_calendars(*asked, now, policy_.stale_after).empty();
    if (live && stale &&
        takes_time_anew(read(parts_.store, [&](const Reader& r) { return r.appointment(wanted.id); }), wanted))
        freshen({wanted.staff});
    std::optional<BookingResult> booked;
    const HttpResponse response = write_once(request, [&](Writer& writer) {
        const auto business = writer.business();
        const auto before = writer.appointment(wanted.id);
        if (live) {
            if (const auto broken = judge(writer, wanted, booker, now)) return rule_answer(*broken);
            if (wanted.customer.empty()) wanted.customer = booker.customer;
        }
        const bool anew = takes_time_anew(before, wanted);
        if (before && !anew) wanted.provisional = before->provisional;
        const auto person = parts_.index.person(wanted.staff);
        if (live && anew && person && business) {
            if (const auto no = check_external(wanted, *person, *business, now, force, parts_.zones)) return *no;
        }
        BookingResult result = place_appointment(
            writer, wanted, if_match, parts_.zones, now, who(request), booker.exempt ? kOverridden : ""
        );
        note_booker(writer, result, booker, now);
        HttpResponse made = booking_answer(
            result, result.appointment ? writer.mirrors_of(result.appointment->id) : std::vector<Mirror>{}
        );
        booked = std::move(result);
        return made;
    });
    if (booked && response.status < 300) apply(*booked);
    return response;
}

HttpResponse Api::write_once(const HttpRequest& request, const std::function<HttpResponse(Writer&)>& work) {
    const std::string key(request.header("idempotency-key"));
    if (key.size() > 255) throw InputError("The header Idempotency-Key has 255 characters at most.");
    if (key.empty()) return write(parts_.store, work);
    const std::string digest = sha256_hex(request.method + " " + request.path + " " + request.body);
    {
        const std::lock_guard lock(mutex_);
        if (!running_keys_.insert(key).second)
            return problem(409, "Conflict", "A request under this Idempotency-Key is running; ask again in a moment.");
    }
    struct Release {
        Api& api;
        const std::string& key;
        ~Release() {
            const std::lock_guard lock(api.mutex_);
            api.running_keys_.erase(key);
        }
    } release{*this, key};
    const Instant now = parts_.clock.now();
    return write(parts_.store, [&](Writer& writer) {
        if (const auto earlier = writer.idempotent_answer(key)) {
            if (earlier->request_digest != digest)
                return problem(
                    422, "Unprocessable Content", "This Idempotency-Key was used for another request; use a new one."
                );
            HttpResponse same;
            same.status = earlier->status;
            same.body = earlier->body;
            same.headers.emplace_back("ETag", etag(Json::parse(same.body).at("revision").get<std::int64_t>()));
            return same;
        }
        HttpResponse made = work(writer);
        if (made.status < 300) {
            writer.forget_idempotent_answers(now - kAnswersKept);
            writer.put_idempotent_answer(key, IdempotentAnswer{digest, made.status, made.body, now});
        }
        return made;
    });
}

HttpResponse Api::get_appointment(const HttpRequest&, const PathValues& path) {
    const AppointmentId id{path.at("id")};
    return read(parts_.store, [&](const Reader& reader) {
        const auto found = reader.appointment(id);
        if (!found) return problem(404, "Not Found", "There is no appointment with this id.");
        auto response = answer(200, shown(*found, reader.mirrors_of(id)));
        response.headers.emplace_back("ETag", etag(found->revision));
        return response;
    });
}

HttpResponse Api::delete_appointment(const HttpRequest& request, const PathValues& path) {
    const AppointmentId id{path.at("id")};
    const auto if_match = if_match_of(request);
    std::vector<Mirror> mirrors;
    const auto result = write(parts_.store, [&](Writer& writer) {
        auto cancelled = cancel_appointment(writer, id, if_match, parts_.zones, parts_.clock.now(), who(request), "");
        mirrors = writer.mirrors_of(id);
        return cancelled;
    });
    const auto response = booking_answer(result, mirrors);
    if (response.status < 300) apply(result);
    return response;
}

HttpResponse Api::list_appointments(const HttpRequest& request, const PathValues&) {
    const std::size_t limit = limit_of(request);
    const AppointmentId after{std::string(request.parameter("after"))};
    return read(parts_.store, [&](const Reader& reader) {
        const auto page = reader.appointments(after, limit);
        Json list = Json::array();
        for (const Appointment& appointment : page)
            list.push_back(shown(appointment, reader.mirrors_of(appointment.id)));
        Json body = {{"appointments", list}};
        if (page.size() == limit) body["next"] = page.back().id.value;
        return answer(200, body);
    });
}

}  // namespace calgate
