#include "gateway/api_booking.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "gateway/holidays.hpp"
#include "store/booking_guard.hpp"

namespace calgate {
namespace {

constexpr auto kOriginsKept = std::chrono::hours{24};

struct RuleWords {
    BookingRule rule;
    const char* name;
    const char* sentence;
};

constexpr RuleWords kRuleWords[] = {
    {BookingRule::LinkInvalid, "link_invalid", "This link is not good any more; send the customer a new one."},
    {BookingRule::LinkUsed,
     "link_used",
     "This link was good for one booking and was used; send the customer a new one."},
    {BookingRule::LinkOfOtherService,
     "link_service",
     "This link is for another service; book that one, or send a link for this."},
    {BookingRule::LinkOfOtherCustomer,
     "link_customer",
     "This link was sent to another customer; name that one, or leave customer out."},
    {BookingRule::LinkNeeded, "links_only", "Bookings are taken with a link only; calgate links create makes one."},
    {BookingRule::OneAppointment,
     "one_appointment",
     "A booking has one appointment here; make another booking for the next."},
    {BookingRule::OneService, "one_service", "A booking has one service here; make another booking for the other."},
    {BookingRule::PerLink, "per_link", "As many bookings as allowed are open under this link; cancel one first."},
    {BookingRule::PerCustomer, "per_customer", "This customer has as many open bookings as allowed; cancel one first."},
    {BookingRule::PerAddress,
     "per_address",
     "As many bookings as allowed are open from this address; cancel one first."},
    {BookingRule::WithoutLink,
     "without_link",
     "As many bookings as allowed are open without a link; send the customer a link."},
    {BookingRule::PerDay, "per_day", "As many bookings as allowed are open for this day; choose another day."},
};

const RuleWords& words_of(BookingRule rule) {
    return *std::find_if(std::begin(kRuleWords), std::end(kRuleWords), [&](const auto& w) { return w.rule == rule; });
}

}  // namespace

bool is_stale(const PersonBusy& person, Instant now, std::chrono::seconds stale_after) {
    return std::any_of(person.sources.begin(), person.sources.end(), [&](const auto& one) {
        return one.first != "appointments" && is_stale(one.first, one.second, now, stale_after);
    });
}

const char* to_string(BookingRule rule) { return words_of(rule).name; }

HttpResponse rule_answer(BookingRule rule) {
    HttpResponse refused =
        problem(403, "Not Allowed", std::string(words_of(rule).sentence) + " (override_limits books all the same.)");
    nlohmann::json body = nlohmann::json::parse(refused.body);
    body["rule"] = to_string(rule);
    refused.body = body.dump();
    return refused;
}

HttpResponse too_soon(std::chrono::seconds wait) {
    const std::string seconds = std::to_string(wait.count());
    auto refused = problem(
        429, "Too Many Requests", "Many times were chosen in a short while; try again in " + seconds + " seconds."
    );
    refused.headers.emplace_back("Retry-After", seconds);
    return refused;
}

Api::Booker Api::booker_from(const JsonInput& in) {
    Booker booker;
    booker.customer = in.text_or("customer", kMaxShort, "");
    booker.link = in.text_or("link", 100, "");
    booker.exempt = in.flag_or("override_limits", false);
    const std::string address = in.text_or("client_address", 64, "");
    const auto network = network_of(address);
    if (!address.empty() && !network)
        throw InputError("The field \"client_address\" is the customer's IP address, as your web server saw it.");
    const bool counts = parts_.booking.limits.any() || !booker.link.empty();
    if (counts && !booker.exempt) links_.ready();
    if (network) booker.origin.network = links_.hidden("network", *network);
    const std::string booking = in.text_or("booking", 128, "");
    if (!booking.empty()) booker.origin.booking = links_.hidden("booking", booking);
    return booker;
}

std::optional<HttpResponse> Api::too_many_attempts(const Booker& booker) {
    if (!parts_.booking.growing_wait || booker.exempt) return std::nullopt;
    const SteadyInstant now = parts_.clock.steady();
    // A link counts for itself: many who share an address do not wait for each other.
    const auto link = booker.link.empty()
                          ? std::nullopt
                          : read(parts_.store, [&](const Reader& reader) { return links_.find(reader, booker.link); });
    auto wait = std::chrono::seconds{0};
    if (link)
        wait = link_costs_.take(link->id, now);
    else if (!booker.origin.network.empty())
        wait = address_costs_.take(booker.origin.network, now);
    return wait.count() > 0 ? std::optional(too_soon(wait)) : std::nullopt;
}

std::optional<BookingRule> Api::judge(const Reader& reader, const Appointment& wanted, Booker& booker, Instant now) {
    const auto earlier = reader.booking_origin(wanted.id);
    booker.counted =
        !booker.exempt && (parts_.booking.limits.any() || !booker.link.empty() || booker.from_page || earlier);
    if (!booker.counted) return std::nullopt;
    booker.origin.appointment = wanted.id;
    LinkState state = LinkState::None;
    if (!booker.link.empty()) {
        const auto link = links_.find(reader, booker.link);
        state = state_of_link(reader, link, wanted.service, booker.customer, wanted.id, now);
        if (link) booker.origin.link = link->id;
        if (link && booker.customer.empty()) booker.customer = link->customer;
    } else if (earlier && !earlier->link.empty()) {  // Let in by it before; only taking it back ends that.
        const auto link = reader.booking_link(earlier->link);
        state = !link || link->revoked ? LinkState::Invalid : LinkState::Good;
        booker.origin.link = earlier->link;
    }
    if (earlier && booker.origin.network.empty()) booker.origin.network = earlier->network;
    if (earlier && booker.origin.booking.empty()) booker.origin.booking = earlier->booking;
    const std::string customer = plain_customer(booker.identity.empty() ? booker.customer : booker.identity);
    if (!customer.empty()) booker.origin.customer = links_.hidden("customer", customer);
    if (customer.empty() && earlier) booker.origin.customer = earlier->customer;
    return rule_against(reader, parts_.booking.limits, wanted, booker.origin, state, parts_.zones, now);
}

void Api::note_booker(Writer& writer, const BookingResult& result, const Booker& booker, Instant now) {
    const bool done = result.outcome == BookingOutcome::Created || result.outcome == BookingOutcome::Changed;
    if (!booker.counted || !done) return;
    BookingOrigin origin = booker.origin;
    origin.appointment = result.appointment->id;
    writer.forget_booking_origins(now - kOriginsKept);
    writer.put(origin);
    if (result.appointment->state != AppointmentState::Confirmed || origin.link.empty()) return;
    auto link = writer.booking_link(origin.link);
    if (!link) return;
    link->used = now;
    writer.put(*link);
}

}  // namespace calgate
