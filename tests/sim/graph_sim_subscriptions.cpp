#include <algorithm>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::minutes kLongest{10'080};
constexpr std::chrono::minutes kShortest{45};
constexpr std::size_t kMost = 1000;
constexpr std::size_t kBatch = 20;
constexpr int kBatchPerMailbox = 4;
constexpr const char* kValidation = "Validation: Testing client application reachability for subscription 7f/+ =1";

Json subscription_json(const GraphSubscription& one) {
    return {
        {"@odata.context", std::string(kGraphOrigin) + "/v1.0/$metadata#subscriptions/$entity"},
        {"id", one.id},
        {"resource", one.resource},
        {"applicationId", GraphSim::client_id()},
        {"changeType", one.change_type},
        {"clientState", nullptr},
        {"notificationUrl", one.callback},
        {"lifecycleNotificationUrl", one.lifecycle.empty() ? Json() : Json(one.lifecycle)},
        {"expirationDateTime", format_instant(one.expires)},
        {"creatorId", "8ee44408-0679-472c-bc2a-692812af3437"},
        {"latestSupportedTlsVersion", "v1_2"},
        {"includeResourceData", nullptr}};
}

std::optional<Instant> expiry(const Json& body) {
    std::string text = body.value("expirationDateTime", "");
    if (const auto dot = text.find('.'); dot != std::string::npos)
        text.erase(dot, text.find_first_not_of("0123456789", dot + 1) - dot);
    return parse_instant(text);
}

http::Response not_validated() {
    return graph_error(
        400,
        "ValidationError",
        "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request."
    );
}

}  // namespace

/// The token has to come back decoded, as plain text, and as the whole body.
bool GraphSim::State::handshake(const std::string& url) {
    if (!callback) return false;
    http::Request request;
    request.method = "POST";
    request.url =
        url + (url.find('?') == std::string::npos ? "?" : "&") + "validationToken=" + http::percent_encode(kValidation);
    request.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
    const http::Response response = callback(request);
    const auto type = response.header("Content-Type");
    return response.status == 200 && type && type->starts_with("text/plain") && response.body == kValidation;
}

http::Response GraphSim::State::subscription_call(GraphCall& call) {
    for (auto at = open.begin(); at != open.end();) at = at->second.expires <= clock.now() ? open.erase(at) : ++at;
    if (call.path.size() == 1 && call.method == "GET") {
        Json out = {{"value", Json::array()}};
        for (const auto& [id, one] : open) out["value"].push_back(subscription_json(one));
        return graph_json(200, out);
    }
    const auto limited = [&](Instant wished) { return std::max(wished, clock.now() + kShortest); };
    if (call.path.size() == 1) {
        const auto wished = expiry(call.body);
        GraphSubscription wanted;
        wanted.resource = call.body.value("resource", "");
        wanted.change_type = call.body.value("changeType", "");
        wanted.callback = call.body.value("notificationUrl", "");
        wanted.lifecycle = call.body.value("lifecycleNotificationUrl", "");
        wanted.secret = call.body.value("clientState", "");
        if (!wished || wanted.resource.empty() || wanted.change_type.empty() ||
            !wanted.callback.starts_with("https://"))
            return graph_error(400, "InvalidRequest", "The subscription is not complete.");
        if (wanted.secret.size() > 128) return graph_error(400, "InvalidRequest", "clientState is too long.");
        const bool too_long = *wished > clock.now() + kLongest;
        if (too_long && !quirks.cuts_long_subscriptions)
            return graph_error(
                400, "InvalidRequest", "Subscription expiration can only be 10080 minutes in the future."
            );
        wanted.expires = limited(too_long ? clock.now() + kLongest : *wished);
        if (open.size() >= kMost) return graph_error(403, "ExtensionError", "The limit of subscriptions is reached.");
        for (const auto& [id, one] : open)
            if (one.resource == wanted.resource && one.change_type == wanted.change_type)
                return graph_error(
                    409, "ExtensionError", "Subscription Id " + id + " already exists for the requested combination"
                );
        if (!handshake(wanted.callback)) return not_validated();
        if (!wanted.lifecycle.empty() && !handshake(wanted.lifecycle)) return not_validated();
        wanted.id = "7f105c7d-2dc5-4530-97cd-" + std::to_string(100000000000 + ++made);
        open[wanted.id] = wanted;
        return graph_json(201, subscription_json(wanted));
    }
    const auto at = open.find(call.path[1]);
    if (at == open.end()) return graph_error(404, "ResourceNotFound", "The object was not found.");
    if (call.method == "DELETE") {
        open.erase(at);
        return graph_json(204, nullptr);
    }
    if (call.path.size() > 2 && call.path[2] == "reauthorize") return graph_json(204, nullptr);
    if (call.method == "PATCH") {
        const auto wished = expiry(call.body);
        if (!wished || *wished > clock.now() + kLongest) return graph_error(400, "InvalidRequest", "Wrong expiration.");
        if (quirks.validates_renewals && !handshake(at->second.callback)) return not_validated();
        at->second.expires = limited(*wished);
    }
    return graph_json(200, subscription_json(at->second));
}

int GraphSim::deliver() {
    int accepted = 0;
    std::map<std::string, Json> posts;
    for (auto& [id, one] : state_->open) {
        for (Json& notification : one.waiting) posts[one.callback].push_back(std::move(notification));
        one.waiting.clear();
    }
    for (const auto& [url, notifications] : posts) {
        http::Request request;
        request.method = "POST";
        request.url = url;
        request.headers = {{"Content-Type", "application/json"}};
        request.body = Json({{"value", notifications}}).dump();
        if (!state_->callback) continue;
        const http::Response response = state_->callback(request);
        accepted += response.status >= 200 && response.status <= 299 ? 1 : 0;
    }
    return accepted;
}

void GraphSim::send_lifecycle(const std::string& event) {
    const auto open = state_->open;
    for (const auto& [id, one] : open) {
        if (one.lifecycle.empty() || !state_->callback) continue;
        http::Request request;
        request.method = "POST";
        request.url = one.lifecycle;
        request.headers = {{"Content-Type", "application/json"}};
        const Json message = {
            {"lifecycleEvent", event},
            {"subscriptionId", id},
            {"subscriptionExpirationDateTime", format_instant(one.expires)},
            {"tenantId", "84bd8158-6d4d-4958-8b9f-9d6445542f95"},
            {"organizationId", "84bd8158-6d4d-4958-8b9f-9d6445542f95"},
            {"clientState", one.secret},
            {"resource", one.resource}};
        request.body = Json({{"value", Json::array({message})}}).dump();
        static_cast<void>(state_->callback(request));
        if (event == "subscriptionRemoved") state_->open.erase(id);
    }
}

http::Response GraphSim::State::batch(const GraphCall& call) {
    const Json parts = call.body.value("requests", Json::array());
    if (!parts.is_array() || parts.empty() || parts.size() > kBatch)
        return graph_error(400, "BadRequest", "Number of batch requests is out of range.");
    std::map<std::string, int> status;
    Json responses = Json::array();
    int at_mailbox = 0;
    for (const Json& part : parts) {
        std::string id = part.value("id", "");
        std::transform(id.begin(), id.end(), id.begin(), [](unsigned char c) { return std::tolower(c); });
        if (id.empty() || status.contains(id)) return graph_error(400, "BadRequest", "Request ids have to be unique.");
        status[id] = 0;
        const Json headers = part.value("headers", Json::object());
        if (part.contains("body") && !headers.contains("Content-Type") && !headers.contains("content-type"))
            return graph_error(400, "BadRequest", "A request with a body needs its Content-Type.");
    }
    for (const Json& part : parts) {
        std::string id = part.value("id", "");
        std::transform(id.begin(), id.end(), id.begin(), [](unsigned char c) { return std::tolower(c); });
        http::Request inner;
        inner.method = part.value("method", "GET");
        inner.url = std::string(kGraphOrigin) + "/v1.0" + part.value("url", "");
        inner.headers = call.request.headers;
        std::erase_if(inner.headers, [](const auto& one) { return one.first == "Prefer" || one.first == "If-Match"; });
        const Json given = part.value("headers", Json::object());
        for (const auto& [name, value] : given.items()) inner.headers.emplace_back(name, value.get<std::string>());
        if (part.contains("body")) inner.body = part["body"].dump();
        bool failed = false, waits = false;
        const Json befores = part.value("dependsOn", Json::array());
        for (const Json& before : befores) {
            failed |= status[before.get<std::string>()] >= 400;
            waits = true;
        }
        const auto url = http::parse_url(inner.url);
        http::Response answer;
        if (failed) {
            answer = graph_error(424, "FailedDependency", "The request failed because a request it depends on failed.");
        } else if (!waits && ++at_mailbox + others > kBatchPerMailbox) {
            answer = graph_error(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.");
            if (quirks.tells_retry_after) answer.headers.emplace_back("Retry-After", "5");
        } else {
            answer = url ? api(inner, *url) : graph_error(400, "BadRequest", "Invalid URL.");
        }
        status[id] = answer.status;
        Json headers = Json::object();
        for (const auto& [name, value] : answer.headers) headers[name] = value;
        Json response = {{"id", part.value("id", "")}, {"status", answer.status}, {"headers", headers}};
        if (!answer.body.empty()) response["body"] = Json::parse(answer.body);
        responses.insert(responses.begin(), response);  // In any order, so not in theirs.
    }
    for (std::size_t i = 0; i < quirks.batch_leaves_out && !responses.empty(); ++i) responses.erase(0);
    return graph_json(200, {{"responses", responses}});
}

}  // namespace calgate::testing
