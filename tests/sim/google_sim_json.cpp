#include <algorithm>
#include <charconv>
#include <cstdio>

#include "core/identity.hpp"
#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

std::string decoded(std::string text) {
    std::replace(text.begin(), text.end(), '+', ' ');
    return http::percent_decode(text);
}

/// One level of a mask: names, each with what is wanted below it.
std::map<std::string, std::string> mask_level(const std::string& fields) {
    std::map<std::string, std::string> level;
    std::string name, below;
    int depth = 0;
    bool slash = false;
    const auto done = [&] {
        if (!name.empty()) level[name] += (level[name].empty() || below.empty() ? "" : ",") + below;
        name.clear();
        below.clear();
        slash = false;
    };
    for (const char c : fields) {
        if (c == ')' && --depth == 0) continue;
        if (depth == 0 && c == ',') {
            done();
        } else if (depth == 0 && c == '/' && !slash) {
            slash = true;
        } else if (c == '(' && depth++ == 0) {
            continue;
        } else {
            (depth > 0 || slash ? below : name) += c;
        }
    }
    done();
    return level;
}

const char* default_message(const std::string& reason) {
    static const std::map<std::string, const char*> kMessages{
        {"notFound", "Not Found"},
        {"deleted", "Resource has been deleted"},
        {"duplicate", "The requested identifier already exists."},
        {"conditionNotMet", "Precondition Failed"},
        {"fullSyncRequired", "Sync token is no longer valid, a full sync is required."},
        {"authError", "Invalid Credentials"},
        {"insufficientPermissions", "Insufficient Permission"},
        {"userRateLimitExceeded", "User Rate Limit Exceeded"},
        {"rateLimitExceeded", "Rate Limit Exceeded"},
        {"quotaExceeded", "Calendar usage limits exceeded."},
        {"backendError", "Backend Error"},
        {"requiredAccessLevel", "You need to have writer access to this calendar."},
        {"updatedMinTooLongAgo", "The requested minimum modification time lies too far in the past."},
        {"timeRangeEmpty", "The specified time range is empty."},
        {"channelIdNotUnique", "Channel id not unique"},
    };
    const auto at = kMessages.find(reason);
    return at == kMessages.end() ? "Bad Request" : at->second;
}

std::string domain_of(const std::string& reason) {
    if (reason.ends_with("Exceeded") || reason == "accessNotConfigured") return "usageLimits";
    const bool calendar = reason == "fullSyncRequired" || reason == "timeRangeEmpty" ||
                          reason == "requiredAccessLevel" || reason == "updatedMinTooLongAgo" ||
                          reason == "forbiddenForNonOrganizer";
    return calendar ? "calendar" : "global";
}

}  // namespace

std::string GoogleCall::header(std::string_view name) const {
    http::Response wrapped;
    wrapped.headers = request.headers;
    return wrapped.header(name).value_or("");
}

std::string GoogleCall::one(const std::string& name) const {
    const auto at = query.find(name);
    return at == query.end() ? "" : at->second;
}

Query query_of(std::string_view text) {
    Query query;
    if (text.starts_with('?')) text.remove_prefix(1);
    while (!text.empty()) {
        const auto end = std::min(text.find('&'), text.size());
        const std::string pair(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        if (!pair.empty())
            query.emplace(
                decoded(pair.substr(0, equals)), equals < pair.size() ? decoded(pair.substr(equals + 1)) : ""
            );
    }
    return query;
}

http::Response google_answer(int status, const GoogleJson& body) {
    http::Response response;
    response.status = status;
    response.headers = {{"Content-Type", "application/json; charset=UTF-8"}};
    response.body = body.dump(1, ' ', false, GoogleJson::error_handler_t::replace);  // What came need not be UTF-8.
    return response;
}

http::Response google_error(
    int status, const std::string& domain, const std::string& reason, const std::string& message
) {
    GoogleJson error{{"code", status}, {"message", message}};
    GoogleJson entry{{"domain", domain}, {"message", message}};
    if (!reason.empty()) entry["reason"] = reason;
    error["errors"] = GoogleJson::array({entry});
    if (status == 401) error["status"] = "UNAUTHENTICATED";
    return google_answer(status, {{"error", error}});
}

http::Response google_error(int status, const std::string& reason) {
    return google_error(status, domain_of(reason), reason, default_message(reason));
}

void merge_patch(GoogleJson& into, const GoogleJson& patch) {
    if (!into.is_object()) into = GoogleJson::object();
    for (const auto& [name, value] : patch.items()) {
        if (value.is_null()) {
            into.erase(name);
        } else if (value.is_object()) {
            merge_patch(into[name], value);
        } else {
            into[name] = value;
        }
    }
}

GoogleJson masked(const GoogleJson& value, const std::string& fields) {
    if (fields.empty() || fields == "*") return value;
    if (value.is_array()) {
        GoogleJson out = GoogleJson::array();
        for (const auto& entry : value) out.push_back(masked(entry, fields));
        return out;
    }
    if (!value.is_object()) return value;
    GoogleJson out = GoogleJson::object();
    for (const auto& [name, below] : mask_level(fields)) {
        if (name == "*") return value;
        const auto at = value.find(name);
        if (at != value.end()) out[name] = masked(*at, below);
    }
    return out;
}

std::string text_of(const GoogleJson& object, const char* name) {
    const auto at = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool is_true(const GoogleJson& object, const char* name) {
    const auto at = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && at != object.end() && *at == true;
}

std::optional<Instant> google_instant(const std::string& text) {
    if (text.size() < 20 || (text[10] != 'T' && text[10] != 't')) return std::nullopt;
    std::size_t behind = 19;
    if (text[behind] == '.') {
        behind = text.find_first_not_of("0123456789", 20);
        if (behind == 20 || behind == std::string::npos) return std::nullopt;
    }
    return parse_instant(text.substr(0, 19) + text.substr(behind));
}

std::string with_offset(Instant instant, const std::string& zone, const ZoneResolver& zones) {
    const LocalSeconds local = zones.to_local(instant, zone);
    const auto offset =
        std::chrono::duration_cast<std::chrono::minutes>(local.time_since_epoch() - instant.time_since_epoch()).count();
    if (offset == 0) return format_local(local) + "Z";
    const auto size = offset < 0 ? -offset : offset;
    char text[8];
    std::snprintf(text, sizeof text, "%c%02d:%02d", offset < 0 ? '-' : '+', int(size / 60 % 100), int(size % 60));
    return format_local(local) + text;
}

std::optional<std::size_t> count_of(const std::string& text) {
    std::uint32_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(' ', at), text.size());
        if (end > at) out.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

std::string sealed(const std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& part : parts) all += part + "|";
    return base64url(all + sha256_hex(all).substr(0, 8)) + "=";
}

std::optional<std::vector<std::string>> opened(std::string token) {
    if (!token.ends_with('=')) return std::nullopt;
    token.pop_back();
    const auto all = from_base64url(token);
    const auto end = all ? all->rfind('|') : std::string::npos;
    if (end == std::string::npos || sha256_hex(all->substr(0, end + 1)).substr(0, 8) != all->substr(end + 1))
        return std::nullopt;
    std::vector<std::string> parts{""};
    for (const char c : all->substr(0, end)) {
        if (c == '|')
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

}  // namespace calgate::testing
