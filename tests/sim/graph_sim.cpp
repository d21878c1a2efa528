#include "tests/sim/graph_sim.hpp"

#include <algorithm>
#include <exception>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

Error error(ErrorCode code, const std::string& sentence) { return {code, sentence, {}}; }

http::Response plain_answer(int status, http::Headers headers, std::string body) {
    http::Response response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = std::move(body);
    return response;
}

http::Response instead(const SimFault& fault) {
    http::Headers headers;
    if (!fault.retry_after.empty()) headers.emplace_back("Retry-After", fault.retry_after);
    if (fault.kind == SimFault::Kind::Refusal) return plain_answer(fault.status, headers, fault.body);
    headers.emplace_back("Content-Type", "text/html");
    return plain_answer(fault.status, headers, "<!DOCTYPE html><html><body>Service unavailable</body></html>");
}

/// What nobody thought of is a bad request, and never the end of the simulator.
http::Response guarded(const std::function<http::Response()>& run) {
    try {
        return run();
    } catch (const std::exception&) {
        return graph_error(400, "BadRequest", "The request is not valid.");
    }
}

std::optional<SimFault> take(std::deque<SimFault>& faults, const std::string& method) {
    const auto found = std::find_if(faults.begin(), faults.end(), [&](const SimFault& fault) {
        return fault.method.empty() || fault.method == method;
    });
    if (found == faults.end()) return std::nullopt;
    const SimFault fault = *found;
    if (found->times > 0 && --found->times == 0) faults.erase(found);
    return fault;
}

}  // namespace

http::Response graph_json(int status, const Json& body, http::Headers headers) {
    headers.emplace_back("request-id", "00000000-0000-0000-0000-000000000001");
    headers.emplace_back("Content-Type", "application/json; odata.metadata=minimal; charset=utf-8");
    return plain_answer(status, std::move(headers), body.is_null() ? "" : body.dump());
}

http::Response graph_error(int status, const std::string& code, const std::string& message, Json more) {
    more["code"] = code;
    more["message"] = message;
    more["innerError"] = {
        {"date", "2026-03-02T09:15:00"},
        {"request-id", "00000000-0000-0000-0000-000000000001"},
        {"client-request-id", "00000000-0000-0000-0000-000000000001"}};
    return graph_json(status, {{"error", more}});
}

std::string seven_digits(LocalSeconds local) { return format_local(local) + ".0000000"; }
std::string seven_digits(Instant instant) {
    const std::string text = format_instant(instant);
    return text.substr(0, text.size() - 1) + ".1234567Z";
}

GraphSim::State::State(const Clock& given_clock, const ZoneResolver& given_zones, GraphQuirks given)
    : clock(given_clock), zones(given_zones), quirks(std::move(given)) {}

/// Two names after each other differ in the case of one letter only: ids are case-sensitive.
std::string GraphSim::State::next_name(const std::string& prefix) {
    ++made;
    return prefix + std::to_string(made / 2 + 1000) + (made % 2 == 0 ? "a" : "A") + "AA=";
}

http::Response GraphSim::State::answer(const http::Request& request, const http::Url& url) {
    if (url.origin() == kLoginOrigin) return guarded([&] { return login(request, url); });
    if (url.origin() == kGraphOrigin && url.path.starts_with("/v1.0/")) return api(request, url);
    return graph_error(404, "ResourceNotFound", "Resource not found.");
}

http::Response GraphSim::State::api(const http::Request& request, const http::Url& url) {
    return guarded([&] { return called(request, url); });
}

http::Response GraphSim::State::called(const http::Request& request, const http::Url& url) {
    const std::string authorization = graph_header(request, "Authorization");
    const std::string token = authorization.starts_with("Bearer ") ? authorization.substr(7) : "";
    const auto good = access.find(token);
    if (good == access.end() || good->second.until <= clock.now()) {
        http::Response response =
            graph_error(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.");
        response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"\", error=\"invalid_token\"");
        return response;
    }
    if (const auto refused = too_many()) return *refused;
    GraphCall call = graph_call_of(request, url, zones);
    if (call.refused) return *call.refused;
    call.app_only = good->second.app_only;
    call.path.erase(call.path.begin());  // v1.0
    if (call.path.empty()) return graph_error(404, "ResourceNotFound", "Resource not found.");
    if (!permits(good->second.scope, call))
        return graph_error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.");
    http::Response response = call.path[0] == "subscriptions" ? subscription_call(call)
                              : call.path[0] == "$batch"      ? batch(call)
                                                              : mailbox(call);
    if (const auto id = graph_header(request, "client-request-id"); !id.empty())
        response.headers.emplace_back("client-request-id", id);
    if (!call.applied.empty() && response.status <= 299)
        response.headers.emplace_back("Preference-Applied", call.applied);
    if (quirks.notes_before_answers) deliver();
    return response;
}

http::Response GraphSim::State::mailbox(GraphCall& call) {
    const bool is_me = call.path[0] == "me";
    const bool is_user = call.path[0] == "users" && call.path.size() > 1;
    if (!is_me && !is_user) return graph_error(404, "ResourceNotFound", "Resource not found for the segment.");
    if (is_me && call.app_only)
        return graph_error(400, "BadRequest", "/me request is only valid with delegated authentication flow.");
    if (is_user && !same_without_case(call.path[1], GraphSim::user_id()) &&
        !same_without_case(call.path[1], kGraphPerson))
        return graph_error(404, "ErrorInvalidUser", "The requested user is invalid.");
    call.path.erase(call.path.begin(), call.path.begin() + (is_me ? 1 : 2));
    if (call.path.empty())
        return graph_json(
            200, {{"id", GraphSim::user_id()}, {"displayName", "Shop"}, {"userPrincipalName", kGraphPerson}}
        );
    if (quirks.denies_mailbox) return graph_error(403, "ErrorAccessDenied", "Access to OData is disabled.");
    if (quirks.lacks_mailbox)
        return graph_error(404, "MailboxNotEnabledForRESTAPI", "REST API is not yet supported for this mailbox.");
    const std::string first = call.path[0];
    if (first == "outlook") return supported_zones(call);
    if (first == "translateExchangeIds") return translate(call);
    if (first == "calendars" && call.path.size() == 1) return calendar_list(call);
    if (first == "calendars") return calendar(call, call.path[1]);
    const auto own = std::find_if(calendar_order.begin(), calendar_order.end(), [&](const std::string& id) {
        return calendars.at(id).is_default && !calendars.at(id).removed;
    });
    if (own == calendar_order.end()) return graph_error(404, "ErrorItemNotFound", "There is no default calendar.");
    if (first == "calendar") {
        call.path.insert(call.path.begin() + 1, *own);
        return calendar(call, *own);
    }
    if (first == "events" && call.path.size() > 1 && call.path[1] != "delta") return event(call, "", call.path[1], 2);
    return in_calendar(call, *own, 0);
}

http::Response GraphSim::State::in_calendar(GraphCall& call, const std::string& id, std::size_t at) {
    const std::string what = call.path[at], next = at + 1 < call.path.size() ? call.path[at + 1] : "";
    if ((what == "events" || what == "calendarView") && next == "delta") return delta(call, id, what);
    if (what == "calendarView" && next.empty() && call.method == "GET") return view(call, id);
    if (what == "events" && next.empty() && call.method == "GET") return event_list(call, id);
    if (what == "events" && next.empty() && call.method == "POST") return create(call, id);
    if (what == "getSchedule" && call.method == "POST") return schedule(call, id);
    if (what == "events" && !next.empty()) return event(call, id, next, at + 2);
    return graph_error(404, "ResourceNotFound", "Resource not found for the segment '" + what + "'.");
}

// Its own face ----------------------------------------------------------------------------------------------------

GraphSim::GraphSim(const Clock& clock, const ZoneResolver& zones, GraphQuirks quirks)
    : state_(std::make_shared<State>(clock, zones, std::move(quirks))) {
    const std::string id = make_calendar("Calendar");
    state_->calendars.at(id).is_default = true;
}

GraphSim::~GraphSim() = default;

Result<http::Response> GraphSim::send(const http::Request& request, const Context& context) {
    using Kind = SimFault::Kind;
    if (context.stop.stop_requested()) return error(ErrorCode::Cancelled, "The call was stopped.");
    if (context.deadline <= state_->clock.steady())
        return error(ErrorCode::Unavailable, "There was no time left to ask the service.");
    const auto url = http::parse_url(request.url);
    if (!url) return error(ErrorCode::Rejected, "This is no URL.");
    const bool with_token = !graph_header(request, "Authorization").empty();
    state_->requests.push_back({request.method, request.url, request.body.size(), with_token});
    state_->exchanges.push_back(request);
    if (state_->down) return error(ErrorCode::Unavailable, "No connection to " + url->origin() + ".");
    const auto fault = take(state_->faults, request.method);
    if (fault && fault->kind == Kind::NoConnection)
        return error(ErrorCode::Unavailable, "No connection to " + url->origin() + ".");
    const bool replaced = fault && (fault->kind == Kind::HtmlPage || fault->kind == Kind::Refusal);
    http::Response response = replaced ? instead(*fault) : state_->answer(request, *url);
    if (fault && fault->kind == Kind::LostAnswer)
        return error(ErrorCode::Timeout, url->origin() + " did not answer in time.");
    if (fault && fault->kind == Kind::ResetMidBody)
        return error(ErrorCode::InvalidResponse, url->origin() + " broke off its answer.");
    if (fault && fault->kind == Kind::TruncatedXml) response.body.resize(response.body.size() / 2);
    if (fault && fault->kind == Kind::ControlCharacters)
        if (const auto at = response.body.find("\"subject\":\""); at != std::string::npos)
            response.body.insert(at + 11, "\x01\x0b");
    response.url = url->text();
    return response;
}

}  // namespace calgate::testing
