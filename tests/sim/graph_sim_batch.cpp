// $batch (Graph: json-batching), and the translation of ids.
#include <algorithm>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::size_t kMostParts = 20;
constexpr int kPartsPerMailbox = 4;
constexpr std::size_t kMostIds = 1000;

http::Response bad_batch(const std::string& why) { return graph_error(400, "BadRequest", why); }

/// Ids are told apart without regard to case.
std::string part_id(const Json& name) {
    std::string id = name.is_string() ? name.get<std::string>() : "";
    std::transform(id.begin(), id.end(), id.begin(), [](unsigned char c) { return std::tolower(c); });
    return id;
}

std::string header_in(const Json& headers, const std::string& wanted) {
    for (const auto& [name, value] : headers.items())
        if (same_without_case(name, wanted)) return value;
    return {};
}

/// @return why the whole batch is refused.
std::optional<std::string> check_part(const Json& part, std::set<std::string>& ids) {
    if (!part.is_object() || !part.value("id", Json()).is_string()) return "Every request needs an id that is a text.";
    if (!part.value("method", Json()).is_string() || !part.value("url", Json()).is_string())
        return "Every request needs its method and url.";
    const Json headers = part.value("headers", Json::object());
    if (!headers.is_object() ||
        !std::all_of(headers.begin(), headers.end(), [](const Json& h) { return h.is_string(); }))
        return "Headers are texts.";
    if (part.contains("body") && header_in(headers, "Content-Type").empty())
        return "A request with a body needs its Content-Type.";
    // A request waits for those before it only.
    const Json befores = part.value("dependsOn", Json::array());
    if (!befores.is_array() ||
        !std::all_of(befores.begin(), befores.end(), [&](const Json& before) { return ids.contains(part_id(before)); }))
        return "A request depends on one that is not there.";
    const std::string id = part_id(part["id"]);
    if (id.empty() || !ids.insert(id).second) return "Request ids have to be unique.";
    return std::nullopt;
}

}  // namespace

http::Response GraphSim::State::batch_part(const GraphCall& call, const Json& part) {
    const std::string path = part["url"];
    http::Request inner;
    inner.method = part["method"];
    inner.url = std::string(kGraphOrigin) + "/v1.0" + (path.starts_with("/") ? "" : "/") + path;
    inner.headers = {{"Authorization", graph_header(call.request, "Authorization")}};
    const Json given = part.value("headers", Json::object());
    for (const auto& [name, value] : given.items()) inner.headers.emplace_back(name, value);
    if (part.contains("body")) inner.body = part["body"].dump();
    const auto url = http::parse_url(inner.url);
    const bool is_one = url && path.find("://") == std::string::npos && path.find("$batch") == std::string::npos;
    return is_one ? api(inner, *url) : graph_error(400, "BadRequest", "Invalid URL.");
}

http::Response GraphSim::State::batch(const GraphCall& call) {
    const Json parts = call.body.value("requests", Json::array());
    if (call.method != "POST" || !parts.is_array() || parts.empty() || parts.size() > kMostParts)
        return bad_batch("Number of batch requests is out of range.");
    std::set<std::string> ids;
    for (const Json& part : parts)
        if (const auto why = check_part(part, ids)) return bad_batch(*why);
    std::map<std::string, int> status;
    Json responses = Json::array();
    int at_mailbox = 0;
    for (const Json& part : parts) {
        const Json befores = part.value("dependsOn", Json::array());
        const bool failed = std::any_of(befores.begin(), befores.end(), [&](const Json& before) {
            return status[part_id(before)] >= 400;
        });
        http::Response answer;
        if (failed) {
            answer = graph_error(424, "FailedDependency", "The request failed because a request it depends on failed.");
        } else if (befores.empty() && ++at_mailbox + others > kPartsPerMailbox) {
            answer = graph_error(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.");
            if (quirks.tells_retry_after) answer.headers.emplace_back("Retry-After", "5");
        } else {
            answer = batch_part(call, part);
        }
        status[part_id(part["id"])] = answer.status;
        Json headers = Json::object();
        for (const auto& [name, value] : answer.headers) headers[name] = value;
        Json response = {{"id", part["id"]}, {"status", answer.status}, {"headers", headers}};
        if (!answer.body.empty()) response["body"] = Json::parse(answer.body);
        responses.insert(responses.begin(), response);  // In any order, so not in theirs.
    }
    for (std::size_t i = 0; i < quirks.batch_leaves_out && !responses.empty(); ++i) responses.erase(0);
    return graph_json(200, {{"responses", responses}});
}

/// Graph: translateExchangeIds, between the two kinds that are used here.
http::Response GraphSim::State::translate(const GraphCall& call) const {
    const Json body = without_nulls(call.body), ids = body.value("inputIds", Json::array());
    const std::string from = body.value("sourceIdType", ""), to = body.value("targetIdType", "");
    const auto is_kind = [](const std::string& kind) { return kind == "restId" || kind == "restImmutableEntryId"; };
    if (call.method != "POST" || !is_kind(from) || !is_kind(to) || !ids.is_array() || ids.empty() ||
        ids.size() > kMostIds)
        return graph_error(400, "ErrorInvalidParameter", "inputIds, sourceIdType and targetIdType are needed.");
    Json out = {{"value", Json::array()}};
    for (const Json& id : ids) {
        Json entry = {{"sourceId", id}, {"targetId", nullptr}};
        for (const auto& [key, event] : events)
            if (!event.deleted && id == (from == "restId" ? event.plain_id : event.id))
                entry["targetId"] = to == "restId" ? event.plain_id : event.id;
        if (entry["targetId"].is_null())
            entry["errorDetails"] = {{"code", "ErrorInvalidIdMalformed"}, {"message", "Id is malformed."}};
        out["value"].push_back(std::move(entry));
    }
    return graph_json(200, out);
}

}  // namespace calgate::testing
