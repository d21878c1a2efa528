#include <algorithm>

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
    response.body = body.dump(1);
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

}  // namespace calgate::testing
