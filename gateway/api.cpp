#include "gateway/api.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/identity.hpp"
#include "gateway/api_json.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::nullopt_t kOpen = std::nullopt;
constexpr std::string_view kBearer = "Bearer ";

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

HttpResponse no_key(const HttpRequest& request) {
    std::string_view sent = request.header("authorization");
    sent.remove_prefix(std::min(sent.size(), kBearer.size()));
    auto refused = problem(
        401,
        "Unauthorized",
        is_damaged_key(sent) ? "This API key is damaged: a character is wrong. Copy it again from where it was kept."
                             : "Send a valid API key as Authorization: Bearer cg_…; calgate keys create makes one."
    );
    refused.headers.emplace_back("WWW-Authenticate", "Bearer");
    return refused;
}

/// RFC 6750 3.1.
HttpResponse too_little(const ApiKey& key, KeyScope needed) {
    auto refused = problem(
        403,
        "Forbidden",
        "This key is for \"" + std::string(to_string(key.scope)) + "\" and this takes \"" + to_string(needed) +
            "\"; make another with calgate keys create LABEL --scope " + to_string(needed) + "."
    );
    refused.headers.emplace_back(
        "WWW-Authenticate", "Bearer error=\"insufficient_scope\", scope=\"" + std::string(to_string(needed)) + "\""
    );
    return refused;
}

/// RFC 6585 4.
HttpResponse too_many(const std::string& whose, std::chrono::seconds wait) {
    const std::string seconds = std::to_string(wait.count());
    auto refused = problem(
        429,
        "Too Many Requests",
        "Too many requests came " + whose + "; ask again in " + seconds + " s, and less often."
    );
    refused.headers.emplace_back("Retry-After", seconds);
    return refused;
}

}  // namespace

const std::vector<Api::Route>& Api::routes() {
    static const std::vector<std::string> kAccount = {"kind", "url", "user", "password", "address", "mailbox"};
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
        {"PUT", "/v1/appointments/{id}", Lane::Store, KeyScope::Write, "Book or change an appointment; Idempotency-Key and If-Match are honoured.", {"force"}, appointment_fields(), &Api::put_appointment, {"Idempotency-Key", "If-Match"}},
        {"GET", "/v1/appointments/{id}", Lane::Store, KeyScope::Read, "One appointment with the state of its copies.", {}, {}, &Api::get_appointment},
        {"DELETE", "/v1/appointments/{id}", Lane::Store, KeyScope::Write, "Cancel an appointment; it is never erased.", {}, {}, &Api::delete_appointment, {"If-Match"}},
        {"GET", "/v1/appointments/{id}/history", Lane::Store, KeyScope::Read, "Every revision, who made it and why, with its conflicts.", {}, {}, &Api::get_history},
        {"GET", "/v1/appointments", Lane::Store, KeyScope::Read, "All appointments by id, paged.", {"after", "limit"}, {}, &Api::list_appointments},
        {"GET", "/v1/availability", Lane::Inline, KeyScope::Read, "Busy and free time with the age of every source; from memory only. As VFREEBUSY with format=ics or Accept: text/calendar.", {"staff", "from", "to", "format"}, {}, &Api::get_availability, {"Accept"}},
        {"GET", "/v1/slots", Lane::Inline, KeyScope::Read, "When a service can begin, with whom, and how old the data behind it is; from memory only.", {"service", "staff", "all", "from", "to", "zone"}, {}, &Api::get_slots},
        {"POST", "/v1/holds", Lane::Store, KeyScope::Write, "Hold a slot for a while, of the person named or of the one who has least to do; confirm it with PUT /v1/appointments/{id}.", {}, hold_fields(), &Api::post_hold, {"Idempotency-Key"}},
        {"GET", "/v1/links", Lane::Store, KeyScope::Write, "Links that let chosen customers book; never the links themselves.", {"limit"}, {}, &Api::list_links},
        {"POST", "/v1/links", Lane::Store, KeyScope::Write, "Make a link that lets a customer book, once or until it expires; it is shown once.", {}, {"customer", "service", "expires_in_s", "single_use"}, &Api::post_link},
        {"DELETE", "/v1/links/{id}", Lane::Store, KeyScope::Write, "Revoke a link; bookings made under it stay.", {}, {}, &Api::delete_link},
        {"GET", "/book", Lane::Inline, kOpen, "The public booking page, when [booking] page is on.", {}, {}, &Api::get_book_page},
        {"GET", "/book/services", Lane::Store, kOpen, "What the public page offers.", {}, {}, &Api::get_book_services},
        {"GET", "/book/slots", Lane::Store, kOpen, "When a service can begin on a day; says nothing about who is free or why others are not.", {"service", "day"}, {}, &Api::get_book_slots},
        {"POST", "/book/link", Lane::Store, kOpen, "What a link is good for.", {}, {"link"}, &Api::post_book_link},
        {"POST", "/book/holds", Lane::Store, kOpen, "Hold a time for a few minutes; gives the token that confirms and cancels it. With a token, one more in the same booking.", {}, {"service", "start", "link", "booking"}, &Api::post_book_hold},
        {"POST", "/book/confirm", Lane::Store, kOpen, "Make a held booking firm.", {}, {"booking", "name", "contact", "note"}, &Api::post_book_confirm},
        {"POST", "/book/look", Lane::Store, kOpen, "How a booking stands, for whoever has its token.", {}, {"booking"}, &Api::post_book_look},
        {"POST", "/book/cancel", Lane::Store, kOpen, "Cancel a booking by its token.", {}, {"booking"}, &Api::post_book_cancel},
        {"GET", "/v1/callbacks", Lane::Store, KeyScope::Monitor, "How far the booking system was told of changes, and what waits.", {}, {}, &Api::get_callbacks},
        {"POST", "/v1/callbacks/replay", Lane::Store, KeyScope::Admin, "Tell of every change after a sequence number again, and of what was given up.", {}, {"after"}, &Api::replay_callbacks},
        {"POST", "/v1/callbacks/secret", Lane::Store, KeyScope::Admin, "Make a new secret for callbacks; it is shown once. The one before signs beside it for overlap_s.", {}, {"overlap_s"}, &Api::rotate_callback_secret},
        {"POST", "/v1/confirmations", Lane::Store, KeyScope::Write, "Confirm several holds at once: all of them, or none.", {}, {"appointments", "title", "place", "customer", "notes"}, &Api::post_confirmation, {"Idempotency-Key"}},
        {"GET", "/v1/feeds", Lane::Store, KeyScope::Admin, "Calendar feeds that phones subscribe to; never their addresses.", {}, {}, &Api::list_feeds},
        {"POST", "/v1/feeds", Lane::Store, KeyScope::Admin, "Make a feed of a person's time, busy or full; its address is shown once.", {}, {"staff", "label", "detail"}, &Api::post_feed},
        {"DELETE", "/v1/feeds/{id}", Lane::Store, KeyScope::Admin, "Revoke a feed; the next request for it is refused.", {}, {}, &Api::delete_feed},
        {"GET", "/feeds/{id}", Lane::Store, kOpen, "A person's time as iCalendar, for a phone; the address has the token in it.", {}, {}, &Api::get_feed, {"If-None-Match"}},
        {"GET", "/v1/staff", Lane::Store, KeyScope::Read, "Everybody.", {}, {}, &Api::list_staff},
        {"GET", "/v1/staff/{id}", Lane::Store, KeyScope::Read, "One person, room or device.", {}, {}, &Api::get_staff},
        {"PUT", "/v1/staff/{id}", Lane::Store, KeyScope::Write, "Create or replace a person, room or device.", {}, staff_fields(), &Api::put_staff},
        {"GET", "/v1/services", Lane::Store, KeyScope::Read, "All services.", {}, {}, &Api::list_services},
        {"GET", "/v1/services/{id}", Lane::Store, KeyScope::Read, "One service.", {}, {}, &Api::get_service},
        {"PUT", "/v1/services/{id}", Lane::Store, KeyScope::Write, "Create or replace a service.", {}, service_fields(), &Api::put_service},
        {"GET", "/v1/accounts", Lane::Store, KeyScope::Admin, "Accounts at calendar services; never their passwords.", {}, {}, &Api::list_accounts},
        {"POST", "/v1/accounts", Lane::Provider, KeyScope::Admin, "Sign in at iCloud, a CalDAV or an Exchange (EWS) server and list its calendars; again with a new password to reconnect.", {}, kAccount, &Api::post_account},
        {"POST", "/v1/accounts/application", Lane::Provider, KeyScope::Admin, "Connect without a person: a Google service account, or a Microsoft application at Graph or an Exchange server that takes its tokens.", {}, kApplication, &Api::post_application},
        {"POST", "/v1/accounts/sign-in", Lane::Store, KeyScope::Admin, "Begin a person's sign-in at google or microsoft: an address to open, good once, for ten minutes, for this key.", {}, kSignIn, &Api::post_sign_in},
        {"GET", "/v1/accounts/sign-in/{id}", Lane::Store, KeyScope::Admin, "How a sign-in stands; only for the key that began it.", {}, {}, &Api::get_sign_in},
        {"POST", "/v1/accounts/sign-in/{id}", Lane::Provider, KeyScope::Admin, "Finish a sign-in whose browser came back to the caller; only for the key that began it.", {}, {"state", "code", "error"}, &Api::finish_sign_in},
        {"GET", "/oauth/callback", Lane::Provider, kOpen, "Where the browser comes back to after a sign-in.", {"state", "code", "error", "error_description", "*"}, {}, &Api::get_callback},
        {"DELETE", "/v1/accounts/{id}", Lane::Provider, KeyScope::Admin, "Disconnect an account and its calendars: its secret is erased, appointments stay. remove_copies=true deletes our copies first.", {"remove_copies"}, {}, &Api::delete_account},
        {"GET", "/v1/calendars", Lane::Store, KeyScope::Read, "Calendars in use.", {}, {}, &Api::list_calendars},
        {"GET", "/v1/parked", Lane::Store, KeyScope::Read, "Events of others that are not, or not wholly, understood: where, why, and whether they block time.", {}, {}, &Api::list_parked},
        {"POST", "/v1/calendars", Lane::Store, KeyScope::Admin, "Use a calendar as mirror, busy source, both or neither.", {}, kCalendar, &Api::post_calendar},
        {"DELETE", "/v1/calendars/{id}", Lane::Provider, KeyScope::Admin, "Disconnect a calendar; appointments stay. remove_copies=true deletes our copies there first.", {"remove_copies"}, {}, &Api::delete_calendar},
        {"POST", "/v1/calendars/{id}/sync", Lane::Provider, KeyScope::Write, "Read this calendar soon.", {}, {}, &Api::sync_calendar},
        {"POST", "/v1/calendars/{id}/preview", Lane::Provider, KeyScope::Write, "What a sync would do now; reads only.", {}, {}, &Api::preview_calendar},
        {"POST", "/v1/calendars/{id}/verify", Lane::Provider, KeyScope::Write, "Compare every copy by content; reads only.", {}, {}, &Api::verify_calendar},
        {"POST", "/v1/calendars/{id}/drill", Lane::Provider, KeyScope::Admin, "Restore this target into a scratch store and compare it with the living one; writes nowhere.", {}, {}, &Api::drill_calendar},
        {"POST", "/v1/calendars/{id}/rehearsal", Lane::Provider, KeyScope::Admin, "In a copy of the store: what a revoked sign-in (drill revoked), a wall clock set by jump_s (drill clock) or a service away for for_s (drill outage, on a simulated clock) leads to; the calendar is read at most, nothing is written.", {}, {"drill", "jump_s", "for_s", "percent", "changes"}, &Api::rehearse},
        {"PUT", "/v1/drills/schedule", Lane::Store, KeyScope::Admin, "How often every target is restored into a scratch store by itself; every_s 0 ends that.", {}, {"every_s"}, &Api::put_drill_schedule},
        {"PUT", "/v1/drills/cut", Lane::Store, KeyScope::Admin, "Cut calls to a provider off for a few seconds; given again, it lasts on.", {}, {"provider", "percent", "lease_s"}, &Api::cut_traffic},
        {"DELETE", "/v1/drills/cut", Lane::Store, KeyScope::Admin, "End every cut now.", {}, {}, &Api::lift_cut},
        {"POST", "/v1/drills/result", Lane::Store, KeyScope::Admin, "Record how a drill ended.", {}, {"drill", "good"}, &Api::post_drill_result},
        {"GET", "/v1/changes", Lane::Store, KeyScope::Read, "The change feed after a sequence number; as server-sent events with Accept: text/event-stream.", {"after", "limit"}, {}, &Api::list_changes, {"Accept", "Last-Event-ID"}},
        {"GET", "/v1/conflicts", Lane::Store, KeyScope::Read, "What waits for a person; all=true shows settled ones too.", {"all"}, {}, &Api::list_conflicts},
        {"POST", "/v1/conflicts/{id}/resolution", Lane::Store, KeyScope::Write, "Decide a conflict: ours, theirs, or merged with the fields that are given.", {}, {"resolution", "start", "end", "title", "place", "notes"}, &Api::resolve_conflict},
        {"GET", "/v1/runs", Lane::Store, KeyScope::Read, "What was taken over from calendars, run by run.", {}, {}, &Api::list_runs},
        {"POST", "/v1/runs/{id}/undo", Lane::Store, KeyScope::Write, "Take back what a run took over, where nobody changed it since.", {}, {}, &Api::post_undo},
        {"POST", "/v1/take-over", Lane::Store, KeyScope::Admin, "Make this gateway the one that writes, after two met or another took over; every other one stops.", {}, {}, &Api::post_take_over},
        {"GET", "/v1/status", Lane::Store, KeyScope::Monitor, "What is live, what is cached since when, what waits.", {}, {}, &Api::get_status},
        {"GET", "/v1/keys", Lane::Store, KeyScope::Admin, "API keys: ids, labels, what each may do and until when.", {}, {}, &Api::list_keys},
        {"POST", "/v1/keys", Lane::Store, KeyScope::Admin, "Make an API key; it is shown once.", {}, {"label", "scope", "expires_in_s"}, &Api::post_key},
        {"DELETE", "/v1/keys/{id}", Lane::Store, KeyScope::Admin, "Revoke an API key by its id; the next request under it is refused.", {}, {}, &Api::delete_key},
        {"POST", "/v1/keys/rotate", Lane::Provider, KeyScope::Admin, "Make a new vault key and seal every stored secret with it.", {}, {}, &Api::rotate_keys},
        {"GET", "/v1/export", Lane::Store, KeyScope::Admin, "Everything but secrets, as one JSON document.", {}, {}, &Api::get_export},
        {"POST", "/v1/import", Lane::Store, KeyScope::Admin, "Put an export back as it was, or with merge=true take its bookings in as new ones; a dry run unless apply=true.", {"apply", "merge"}, export_fields(), &Api::post_import},
        {"POST", "/v1/erasures", Lane::Store, KeyScope::Admin, "What names this customer, and with apply true: erase them, here and in every copy. Given again, it goes on and says how it stands.", {}, {"customer", "apply"}, &Api::post_erasure},
        {"GET", "/v1/erasures", Lane::Store, KeyScope::Admin, "Erased customers as keyed hashes, and whose copies still wait to be rewritten.", {}, {}, &Api::list_erasures},
        {"POST", "/v1/erasures/run", Lane::Store, KeyScope::Admin, "Go on with erasures that are not done; the gateway does so by itself every half minute.", {}, {}, &Api::post_erasures_on},
        {"GET", "/v1/datamap", Lane::Store, KeyScope::Admin, "What personal data goes where: every place with its host, country and fields.", {}, {}, &Api::get_datamap},
        {"POST", "/v1/audit/verify", Lane::Provider, KeyScope::Admin, "Recompute the chain of the change feed and compare it with what the marker of every target has seen.", {}, {}, &Api::verify_audit},
        {"POST", "/hooks/google", Lane::Inline, kOpen, "Google's notifications: a hint to read a calendar, nothing more.", {}, {}, &Api::post_google_hook},
        {"POST", "/hooks/graph", Lane::Inline, kOpen, "Microsoft's notifications: a hint to read a calendar, nothing more.", {"validationToken"}, {}, &Api::post_graph_hook},
        {"GET", "/live", Lane::Inline, kOpen, "The process answers.", {}, {}, &Api::get_live},
        {"GET", "/ready", Lane::Inline, kOpen, "The gateway takes bookings.", {}, {}, &Api::get_ready},
        {"GET", "/metrics", Lane::Store, KeyScope::Monitor, "For Prometheus.", {}, {}, &Api::get_metrics},
        {"GET", "/v1/openapi.json", Lane::Inline, kOpen, "This description.", {}, {}, &Api::get_openapi},
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
        operation["security"] = Json::array();
        if (route.scope) operation["security"].push_back({{"key", {to_string(*route.scope)}}});
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
        {"paths", paths},
    };
    return document.dump(2);
}

Api::Api(ApiParts parts)
    : parts_(std::move(parts)),
      sign_ins_(parts_.clock, parts_.random),
      keys_(read(parts_.store, [](const Reader& r) { return r.api_keys(); }), parts_.admin_token),
      feeds_(read(parts_.store, [](const Reader& r) { return read_feeds(r); })),
      stream_seats_(parts_.limits.streams_per_key, parts_.limits.streams),
      key_limits_(parts_.limits.per_key),
      address_limits_(parts_.limits.per_address),
      links_(parts_.store, parts_.connectors.vault(), parts_.random) {
    policy_ = read(parts_.store, [](const Reader& r) { return r.business(); }).value_or(Business{});
}

Lane Api::lane(const HttpRequest& request) const {
    for (const Route& route : routes()) {
        PathValues values;
        if (route.method == request.method && matches(route.pattern, request.path, values)) return route.lane;
    }
    return Lane::Inline;
}

bool Api::is_open(const HttpRequest& request) {
    return std::ranges::any_of(routes(), [&](const Route& route) {
        PathValues values;
        return !route.scope && route.method == request.method && matches(route.pattern, request.path, values);
    });
}

bool Api::knows(const HttpRequest& request) const {
    const std::string hash = caller_of(request);
    return !hash.empty() && keys_.find(hash, parts_.clock.now()).has_value();
}

std::string Api::caller_of(const HttpRequest& request) {
    const std::string_view header = request.header("authorization");
    if (!header.starts_with(kBearer) || header.size() > 512) return {};
    return sha256_hex(header.substr(kBearer.size()));
}

std::string Api::who(const HttpRequest& request) const {
    const std::string hash = caller_of(request);
    const auto key = hash.empty() || keys_.is_admin(hash) ? std::nullopt : keys_.find(hash, parts_.clock.now());
    return key ? "api:" + key->label : "api";
}

std::optional<HttpResponse> Api::turned_away(const HttpRequest& request, const Route& route) {
    const SteadyInstant now = parts_.clock.steady();
    const std::string hash = caller_of(request);
    const auto key = route.scope && !hash.empty() ? keys_.find(hash, parts_.clock.now()) : std::nullopt;
    if (!key) {
        // Answered at once from memory, and told by those who have to tell: nothing to protect.
        const bool light = !route.scope && route.lane == Lane::Inline;
        const bool counted = !light && !request.address.empty();
        const auto wait = counted ? address_limits_.take(client_of(request, parts_.limits.behind_proxy), now)
                                  : std::chrono::seconds{0};
        if (wait.count() > 0) return too_many("without a valid key from your address", wait);
        return route.scope ? std::optional(no_key(request)) : std::nullopt;
    }
    if (keys_.is_admin(hash)) return std::nullopt;
    const auto wait = key_limits_.take(hash, now);
    if (wait.count() > 0) return too_many("under this key", wait);
    return key->scope < *route.scope ? std::optional(too_little(*key, *route.scope)) : std::nullopt;
}

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
        // Of an address that has a token in it only the beginning (I25).
        const bool secret = request.path.starts_with("/feeds/");
        spdlog::error("event=unexpected path={} what={}", secret ? "/feeds/" : request.path, error.what());
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
        if (auto refusal = turned_away(request, route)) return *refusal;
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
    static const std::string kDescription = openapi();
    response.body = kDescription;
    return response;
}

void Api::apply(const BookingResult& result) {
    show_booking(parts_.index, result);
    parts_.engine.wake(result.targets);
}

}  // namespace calgate
