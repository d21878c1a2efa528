#include <algorithm>

#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::string_view kApi = "/calendar/v3/";

http::Response not_found() { return google_error(404, "notFound"); }

std::vector<std::string> segments(std::string_view path) {
    std::vector<std::string> out{""};
    for (const char c : path) {
        if (c == '/')
            out.emplace_back();
        else
            out.back() += c;
    }
    for (std::string& segment : out) segment = http::percent_decode(segment);
    return out;
}

bool is_write(const std::string& role) { return role == "owner" || role == "writer"; }

/// A POST that stands for another method, for clients behind proxies that let no other through; GET brings its query in
/// the body.
void take_override(GoogleCall& call) {
    const std::string meant = call.method == "POST" ? call.header("X-HTTP-Method-Override") : "";
    if (meant == "PATCH" || meant == "PUT" || meant == "DELETE" || meant == "GET") call.method = meant;
    if (meant == "GET") call.query.merge(query_of(call.request.body));
}

}  // namespace

http::Response GoogleSim::State::answer(const http::Request& request, const http::Url& url) {
    const Query query = query_of(url.query);
    if (url.path == "/o/oauth2/v2/auth" || url.path == "/o/oauth2/auth") return authorize(query);
    if (url.path == "/token" && request.method == "POST") return token(query_of(request.body), request.credentials);
    if (url.path == "/revoke" && request.method == "POST") {
        return revoke(query.contains("token") ? query : query_of(request.body));
    }
    if (url.path == "/batch/calendar/v3" && request.method == "POST") return batch(request);
    if (!url.path.starts_with(kApi)) return not_found();
    GoogleCall call{request.method, segments(std::string_view(url.path).substr(kApi.size())), query, request};
    take_override(call);
    if (const auto refused = refused_access(call)) return *refused;
    if (const auto refused = over_the_limit(call)) return *refused;
    return api(call);
}

std::optional<http::Response> GoogleSim::State::over_the_limit(const GoogleCall& call) {
    if (quirks.calls_per_minute <= 0 && quirks.project_calls_per_minute <= 0) return std::nullopt;
    std::size_t of_all = 0;
    for (auto& [user, calls] : recent_calls) {
        while (!calls.empty() && calls.front() <= clock.now() - std::chrono::minutes(1)) calls.pop_front();
        of_all += calls.size();
    }
    std::string user = call.header("X-Goog-Quota-User");
    if (const auto named = call.query.find("quotaUser"); user.empty() && named != call.query.end())
        user = named->second;
    auto& own = recent_calls[user];
    const std::size_t cost = call.method == "PATCH" ? 3 : 1;
    const auto exceeds = [&](std::size_t calls, int limit) {
        return limit > 0 && calls + cost > static_cast<std::size_t>(limit);
    };
    const bool of_user = exceeds(own.size(), quirks.calls_per_minute);
    if (of_user || exceeds(of_all, quirks.project_calls_per_minute)) {
        if (quirks.limit_is_429) return google_error(429, "rateLimitExceeded");
        return google_error(403, of_user ? "userRateLimitExceeded" : "rateLimitExceeded");
    }
    own.insert(own.end(), cost, clock.now());
    return std::nullopt;
}

http::Response GoogleSim::State::api(const GoogleCall& call) {
    const auto& path = call.path;
    if (path.size() >= 3 && path[0] == "users" && path[1] == "me" && path[2] == "calendarList")
        return calendar_list(call);
    if (path.size() == 1 && path[0] == "freeBusy" && call.method == "POST") return free_busy(call);
    if (path.size() == 2 && path[0] == "channels" && path[1] == "stop" && call.method == "POST") return stop(call);
    if (path.empty() || path[0] != "calendars") return not_found();
    if (path.size() <= 2 || (path.size() == 3 && path[2] == "clear")) return calendar_resource(call);
    GoogleCalendar* owner = calendar(path[1]);
    if (!owner || path[2] != "events") return not_found();
    const bool reads = call.method == "GET" || (path.size() == 4 && path[3] == "watch");
    if (!reads && !is_write(owner->role)) return google_error(403, "requiredAccessLevel");
    return path.size() == 3 ? event_collection(*owner, call) : event_resource(*owner, call);
}

http::Response GoogleSim::State::event_collection(GoogleCalendar& owner, const GoogleCall& call) {
    if (call.method == "GET") return list(owner, call);
    if (call.method == "POST") return insert(owner, call);
    return not_found();
}

http::Response GoogleSim::State::event_resource(GoogleCalendar& owner, const GoogleCall& call) {
    const std::string& id = call.path[3];
    if (call.path.size() == 5) {
        if (call.path[4] == "instances" && call.method == "GET") return instances(owner, call, id);
        if (call.path[4] == "move" && call.method == "POST") return move(owner, call, id);
        return not_found();
    }
    if (call.path.size() != 4) return not_found();
    if (call.method == "POST" && id == "watch") return watch(owner.id, call);
    if (call.method == "POST" && id == "import") return import(owner, call);
    if (call.method == "PATCH") return change_event(owner, call, id, false);
    if (call.method == "PUT") return change_event(owner, call, id, true);
    if (call.method == "DELETE") return remove(owner, call, id);
    if (call.method != "GET") return not_found();
    const auto at = owner.events.find(id);
    const auto event = at == owner.events.end() ? instance(owner, id) : std::optional(at->second);
    if (!event) return not_found();
    const GoogleJson body = shown(owner, *event);
    if (!call.header("If-None-Match").empty() && call.header("If-None-Match") == text_of(body, "etag")) {
        http::Response unchanged;
        unchanged.status = 304;
        return unchanged;
    }
    return google_answer(200, masked(body, call.one("fields")));
}

}  // namespace calgate::testing
