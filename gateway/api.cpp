#include "gateway/api.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/identity.hpp"
#include "gateway/api_json.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

/// Matches "/v1/staff/{id}"; fills `values`.
bool matches(std::string_view pattern, std::string_view path, PathValues& values) {
    while (true) {
        const auto pattern_slash = pattern.find('/', 1);
        const auto path_slash = path.find('/', 1);
        const std::string_view part = pattern.substr(0, pattern_slash);
        const std::string_view given = path.substr(0, path_slash);
        if (part.size() > 2 && part[1] == '{') {
            if (given.size() < 2) return false;
            values[std::string(part.substr(2, part.size() - 3))] = std::string(given.substr(1));
        } else if (part != given) {
            return false;
        }
        if ((pattern_slash == std::string_view::npos) != (path_slash == std::string_view::npos)) return false;
        if (pattern_slash == std::string_view::npos) return true;
        pattern.remove_prefix(pattern_slash);
        path.remove_prefix(path_slash);
    }
}

}  // namespace

const std::vector<Api::Route>& Api::routes() {
    static const std::vector<std::string> kAccount = {"kind", "url", "user", "password", "address", "mailbox"};
    static const std::vector<std::string> kExport = {
        "format", "staff", "services", "appointments", "accounts", "calendars", "conflicts", "icalendar"};
    static const std::vector<std::string> kApplication = {
        "kind",
        "access",
        "service_account",
        "subject",
        "tenant",
        "client_id",
        "client_secret",
        "certificate",
        "mailbox",
        "url"};
    static const std::vector<std::string> kSignIn = {
        "provider", "access", "account", "redirect_uri", "login_hint", "confirm_other_person"};
    static const std::vector<std::string> kCalendar = {"account", "href", "name", "staff", "mirror", "busy", "show"};
    // clang-format off
    static const std::vector<Route> kRoutes = {
        {"PUT", "/v1/appointments/{id}", Lane::Store, false, "Book or change an appointment; Idempotency-Key and If-Match are honoured.", {"force"}, appointment_fields(), &Api::put_appointment, {"Idempotency-Key", "If-Match"}},
        {"GET", "/v1/appointments/{id}", Lane::Store, false, "One appointment with the state of its copies.", {}, {}, &Api::get_appointment},
        {"DELETE", "/v1/appointments/{id}", Lane::Store, false, "Cancel an appointment; it is never erased.", {}, {}, &Api::delete_appointment, {"If-Match"}},
        {"GET", "/v1/appointments/{id}/history", Lane::Store, false, "Every revision, who made it and why, with its conflicts.", {}, {}, &Api::get_history},
        {"GET", "/v1/appointments", Lane::Store, false, "All appointments by id, paged.", {"after", "limit"}, {}, &Api::list_appointments},
        {"GET", "/v1/availability", Lane::Inline, false, "Busy and free time with the age of every source; from memory only.", {"staff", "from", "to"}, {}, &Api::get_availability},
        {"GET", "/v1/slots", Lane::Inline, false, "When a service can begin, with whom, and how old the data behind it is; from memory only.", {"service", "staff", "from", "to", "zone"}, {}, &Api::get_slots},
        {"POST", "/v1/holds", Lane::Store, false, "Hold a slot for a while, of the person named or of the one who has least to do; confirm it with PUT /v1/appointments/{id}.", {}, hold_fields(), &Api::post_hold, {"Idempotency-Key"}},
        {"GET", "/v1/staff", Lane::Store, false, "Everybody.", {}, {}, &Api::list_staff},
        {"GET", "/v1/staff/{id}", Lane::Store, false, "One person, room or device.", {}, {}, &Api::get_staff},
        {"PUT", "/v1/staff/{id}", Lane::Store, false, "Create or replace a person, room or device.", {}, staff_fields(), &Api::put_staff},
        {"GET", "/v1/services", Lane::Store, false, "All services.", {}, {}, &Api::list_services},
        {"GET", "/v1/services/{id}", Lane::Store, false, "One service.", {}, {}, &Api::get_service},
        {"PUT", "/v1/services/{id}", Lane::Store, false, "Create or replace a service.", {}, service_fields(), &Api::put_service},
        {"GET", "/v1/accounts", Lane::Store, false, "Accounts at calendar services; never their passwords.", {}, {}, &Api::list_accounts},
        {"POST", "/v1/accounts", Lane::Provider, false, "Sign in at iCloud, a CalDAV or an Exchange (EWS) server and list its calendars; again with a new password to reconnect.", {}, kAccount, &Api::post_account},
        {"POST", "/v1/accounts/application", Lane::Provider, false, "Connect without a person: a Google service account, or a Microsoft application at Graph or an Exchange server that takes its tokens.", {}, kApplication, &Api::post_application},
        {"POST", "/v1/accounts/sign-in", Lane::Store, false, "Begin a person's sign-in at google or microsoft: an address to open, good once, for ten minutes, for this key.", {}, kSignIn, &Api::post_sign_in},
        {"GET", "/v1/accounts/sign-in/{id}", Lane::Store, false, "How a sign-in stands; only for the key that began it.", {}, {}, &Api::get_sign_in},
        {"POST", "/v1/accounts/sign-in/{id}", Lane::Provider, false, "Finish a sign-in whose browser came back to the caller; only for the key that began it.", {}, {"state", "code", "error"}, &Api::finish_sign_in},
        {"GET", "/oauth/callback", Lane::Provider, true, "Where the browser comes back to after a sign-in.", {"state", "code", "error", "error_description", "*"}, {}, &Api::get_callback},
        {"DELETE", "/v1/accounts/{id}", Lane::Provider, false, "Disconnect an account and its calendars: its secret is erased, appointments stay. remove_copies=true deletes our copies first.", {"remove_copies"}, {}, &Api::delete_account},
        {"GET", "/v1/calendars", Lane::Store, false, "Calendars in use.", {}, {}, &Api::list_calendars},
        {"POST", "/v1/calendars", Lane::Store, false, "Use a calendar as mirror, busy source, both or neither.", {}, kCalendar, &Api::post_calendar},
        {"DELETE", "/v1/calendars/{id}", Lane::Provider, false, "Disconnect a calendar; appointments stay. remove_copies=true deletes our copies there first.", {"remove_copies"}, {}, &Api::delete_calendar},
        {"POST", "/v1/calendars/{id}/sync", Lane::Provider, false, "Read this calendar soon.", {}, {}, &Api::sync_calendar},
        {"POST", "/v1/calendars/{id}/preview", Lane::Provider, false, "What a sync would do now; reads only.", {}, {}, &Api::preview_calendar},
        {"POST", "/v1/calendars/{id}/verify", Lane::Provider, false, "Compare every copy by content; reads only.", {}, {}, &Api::verify_calendar},
        {"POST", "/v1/calendars/{id}/drill", Lane::Provider, false, "Restore this target into a scratch store and compare it with the living one; writes nowhere.", {}, {}, &Api::drill_calendar},
        {"POST", "/v1/calendars/{id}/rehearsal", Lane::Provider, false, "In a copy of the store: what a revoked sign-in (drill revoked) or a wall clock set by jump_s (drill clock) leads to; the calendar is read, nothing is written.", {}, {"drill", "jump_s"}, &Api::rehearse},
        {"PUT", "/v1/drills/schedule", Lane::Store, false, "How often every target is restored into a scratch store by itself; every_s 0 ends that.", {}, {"every_s"}, &Api::put_drill_schedule},
        {"PUT", "/v1/drills/cut", Lane::Store, false, "Cut calls to a provider off for a few seconds; given again, it lasts on.", {}, {"provider", "percent", "lease_s"}, &Api::cut_traffic},
        {"DELETE", "/v1/drills/cut", Lane::Store, false, "End every cut now.", {}, {}, &Api::lift_cut},
        {"POST", "/v1/drills/result", Lane::Store, false, "Record how a drill ended.", {}, {"drill", "good"}, &Api::post_drill_result},
        {"GET", "/v1/changes", Lane::Store, false, "The change feed after a sequence number.", {"after", "limit"}, {}, &Api::list_changes},
        {"GET", "/v1/conflicts", Lane::Store, false, "What waits for a person; all=true shows settled ones too.", {"all"}, {}, &Api::list_conflicts},
        {"POST", "/v1/conflicts/{id}/resolution", Lane::Store, false, "Decide a conflict: ours, theirs, or merged with the fields that are given.", {}, {"resolution", "start", "end", "title", "place", "notes"}, &Api::resolve_conflict},
        {"GET", "/v1/runs", Lane::Store, false, "What was taken over from calendars, run by run.", {}, {}, &Api::list_runs},
        {"POST", "/v1/runs/{id}/undo", Lane::Store, false, "Take back what a run took over, where nobody changed it since.", {}, {}, &Api::post_undo},
        {"GET", "/v1/status", Lane::Store, false, "What is live, what is cached since when, what waits.", {}, {}, &Api::get_status},
        {"GET", "/v1/keys", Lane::Store, false, "API keys: hashes and labels.", {}, {}, &Api::list_keys},
        {"POST", "/v1/keys", Lane::Store, false, "Make an API key; it is shown once.", {}, {"label"}, &Api::post_key},
        {"DELETE", "/v1/keys/{id}", Lane::Store, false, "Revoke an API key by its hash.", {}, {}, &Api::delete_key},
        {"POST", "/v1/keys/rotate", Lane::Provider, false, "Make a new vault key and seal every stored secret with it.", {}, {}, &Api::rotate_keys},
        {"GET", "/v1/export", Lane::Store, false, "Everything but secrets, as one JSON document.", {}, {}, &Api::get_export},
        {"POST", "/v1/import", Lane::Store, false, "Take in an export; a dry run unless apply=true.", {"apply"}, kExport, &Api::post_import},
        {"POST", "/hooks/google", Lane::Inline, true, "Google's notifications: a hint to read a calendar, nothing more.", {}, {}, &Api::post_google_hook},
        {"POST", "/hooks/graph", Lane::Inline, true, "Microsoft's notifications: a hint to read a calendar, nothing more.", {"validationToken"}, {}, &Api::post_graph_hook},
        {"GET", "/live", Lane::Inline, true, "The process answers.", {}, {}, &Api::get_live},
        {"GET", "/ready", Lane::Inline, true, "The gateway takes bookings.", {}, {}, &Api::get_ready},
        {"GET", "/metrics", Lane::Store, false, "For Prometheus.", {}, {}, &Api::get_metrics},
        {"GET", "/v1/openapi.json", Lane::Inline, true, "This description.", {}, {}, &Api::get_openapi},
    };
    // clang-format on
    return kRoutes;
}

std::string Api::openapi() {
    Json paths = Json::object();
    for (const Route& route : routes()) {
        Json parameters = Json::array();
        if (route.pattern.find("{id}") != std::string::npos) {
            parameters.push_back({{"name", "id"}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}}
            );
        }
        for (const std::string& name : route.parameters) {
            if (name != "*") parameters.push_back({{"name", name}, {"in", "query"}, {"schema", {{"type", "string"}}}});
        }
        for (const std::string& name : route.headers)
            parameters.push_back({{"name", name}, {"in", "header"}, {"schema", {{"type", "string"}}}});
        Json operation = {
            {"summary", route.summary},
            {"parameters", parameters},
            {"responses",
             {{"2XX", {{"description", "Done."}}},
              {"default",
               {{"description", "A problem document (RFC 9457)."},
                {"content", {{"application/problem+json", Json::object()}}}}}}}};
        if (route.open) operation["security"] = Json::array();
        if (!route.fields.empty()) {
            Json properties = Json::object();
            for (const std::string& field : route.fields) properties[field] = Json::object();
            operation["requestBody"] = {
                {"required", true},
                {"content",
                 {{"application/json",
                   {{"schema", {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}}}}}}}};
        }
        std::string method = route.method;
        for (char& c : method) c = static_cast<char>(c | 0x20);
        paths[route.pattern][method] = operation;
    }
    const Json document = {
        {"openapi", "3.1.0"},
        {"info", {{"title", "calgate"}, {"version", "1"}}},
        {"components", {{"securitySchemes", {{"key", {{"type", "http"}, {"scheme", "bearer"}}}}}}},
        {"security", Json::array({{{"key", Json::array()}}})},
        {"paths", paths},
    };
    return document.dump(2);
}

Api::Api(ApiParts parts) : parts_(std::move(parts)), sign_ins_(parts_.clock, parts_.random) {
    for (const auto& [hash, label] : read(parts_.store, [](const Reader& r) { return r.api_keys(); }))
        key_hashes_.insert(hash);
    policy_ = read(parts_.store, [](const Reader& r) { return r.business(); }).value_or(Business{});
}

Lane Api::lane(const HttpRequest& request) const {
    for (const Route& route : routes()) {
        PathValues values;
        if (route.method == request.method && matches(route.pattern, request.path, values)) return route.lane;
    }
    return Lane::Inline;
}

std::string Api::caller_of(const HttpRequest& request) {
    const std::string_view header = request.header("authorization");
    constexpr std::string_view kBearer = "Bearer ";
    if (!header.starts_with(kBearer) || header.size() > 512) return {};
    return sha256_hex(header.substr(kBearer.size()));
}

bool Api::is_valid_caller(const std::string& hash) {
    if (hash.empty()) return false;
    if (!parts_.admin_token.empty() && equal_in_constant_time(hash, sha256_hex(parts_.admin_token))) return true;
    const std::lock_guard lock(mutex_);
    return key_hashes_.contains(hash);
}

bool Api::authorized(const HttpRequest& request) { return is_valid_caller(caller_of(request)); }

HttpResponse Api::handle(const HttpRequest& request) {
    HttpResponse response;
    try {
        response = dispatch(request);
    } catch (const InputError& error) {
        response = problem(400, "Bad Request", error.what());
    } catch (const StoreFailure& error) {
        response = problem(503, "Service Unavailable", error.what());
        response.headers.emplace_back("Retry-After", "5");
    } catch (const std::exception& error) {
        spdlog::error("event=unexpected path={} what={}", request.path, error.what());
        response = problem(500, "Internal Server Error", "The gateway met something unexpected; look into its log.");
    }
    const std::lock_guard lock(mutex_);
    ++answers_[response.status];
    return response;
}

HttpResponse Api::dispatch(const HttpRequest& request) {
    std::string allowed;
    for (const Route& route : routes()) {
        PathValues values;
        if (!matches(route.pattern, request.path, values)) continue;
        allowed += (allowed.empty() ? "" : ", ") + route.method;
        if (route.method != request.method) continue;
        if (!route.open && !authorized(request)) {
            auto refused = problem(
                401, "Unauthorized", "Send a valid API key as Authorization: Bearer cg_…; calgate keys add makes one."
            );
            refused.headers.emplace_back("WWW-Authenticate", "Bearer");
            return refused;
        }
        const bool any = !route.parameters.empty() && route.parameters.back() == "*";
        for (const auto& [name, value] : request.query) {
            if (!any && std::find(route.parameters.begin(), route.parameters.end(), name) == route.parameters.end()) {
                throw InputError(
                    "The parameter \"" + name.substr(0, 60) + "\" is not known here; remove it or mend its name."
                );
            }
        }
        return (this->*route.run)(request, values);
    }
    if (!allowed.empty()) {
        auto refused = problem(
            405, "Method Not Allowed", "This address does not take " + request.method + "; see /v1/openapi.json."
        );
        refused.headers.emplace_back("Allow", allowed);
        return refused;
    }
    return problem(404, "Not Found", "There is nothing at this address; see /v1/openapi.json.");
}

HttpResponse Api::get_live(const HttpRequest&, const PathValues&) { return answer(200, Json{{"live", true}}); }

HttpResponse Api::get_ready(const HttpRequest&, const PathValues&) {
    if (parts_.store.writable()) return answer(200, Json{{"ready", true}});
    return problem(
        503,
        "Service Unavailable",
        "The disk failed, so no booking is taken; availability is still served. Check the disk, then restart the "
        "gateway."
    );
}

HttpResponse Api::get_openapi(const HttpRequest&, const PathValues&) {
    HttpResponse response;
    response.body = openapi();
    return response;
}

void Api::apply(const BookingResult& result) {
    show_booking(parts_.index, result);
    parts_.engine.wake(result.targets);
}

}  // namespace calgate
