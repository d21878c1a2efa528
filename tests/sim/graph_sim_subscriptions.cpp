#include <algorithm>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::minutes kLongest{10'080};
constexpr std::chrono::minutes kShortest{45};
constexpr std::size_t kMost = 1000;
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

bool are_change_types(const std::string& text) {
    const auto types = split_outside(text, ",");
    return std::all_of(types.begin(), types.end(), [](const std::string& type) {
        return type == "created" || type == "updated" || type == "deleted";
    });
}

bool is_resource(const std::string& text) { return text.ends_with("/events") || text == "events"; }

}  // namespace

/// The token has to come back decoded, as plain text, and as the whole body. @return what the caller is refused with.
std::optional<http::Response> GraphSim::State::handshake(const std::string& url) {
    http::Request request;
    request.method = "POST";
    request.url =
        url + (url.find('?') == std::string::npos ? "?" : "&") + "validationToken=" + http::percent_encode(kValidation);
    request.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
    const http::Response response = callback ? callback(request) : http::Response{};
    const bool in_time = response.status != 0 && response.status != 408 && response.status != 504;
    if (!in_time) return graph_error(400, "InvalidRequest", "Subscription validation request timed out.");
    const auto type = response.header("Content-Type");
    if (response.status == 200 && type && type->starts_with("text/plain") && response.body == kValidation)
        return std::nullopt;
    return graph_error(
        400,
        "ValidationError",
        "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request."
    );
}

http::Response GraphSim::State::subscribe(const GraphCall& call) {
    const Json body = without_nulls(call.body);
    const auto wished = expiry(body);
    GraphSubscription wanted;
    wanted.resource = body.value("resource", "");
    wanted.change_type = body.value("changeType", "");
    wanted.callback = body.value("notificationUrl", "");
    wanted.lifecycle = body.value("lifecycleNotificationUrl", "");
    wanted.secret = body.value("clientState", "");
    wanted.immutable_ids = call.immutable_ids;
    if (!wished || !is_resource(wanted.resource) || !are_change_types(wanted.change_type) ||
        !wanted.callback.starts_with("https://"))
        return graph_error(400, "InvalidRequest", "The subscription is not complete.");
    if (wanted.secret.size() > 128) return graph_error(400, "InvalidRequest", "clientState is too long.");
    if (call.app_only && wanted.resource.substr(wanted.resource.starts_with("/")).starts_with("me/"))
        return graph_error(400, "BadRequest", "/me request is only valid with delegated authentication flow.");
    const bool too_long = *wished > clock.now() + kLongest;
    if (too_long && !quirks.cuts_long_subscriptions)
        return graph_error(400, "InvalidRequest", "Subscription expiration can only be 10080 minutes in the future.");
    wanted.expires = std::max(too_long ? clock.now() + kLongest : *wished, clock.now() + kShortest);
    if (open.size() >= kMost) return graph_error(403, "ExtensionError", "The limit of subscriptions is reached.");
    for (const auto& [id, one] : open)
        if (one.resource == wanted.resource && one.change_type == wanted.change_type)
            return graph_error(
                409, "ExtensionError", "Subscription Id " + id + " already exists for the requested combination"
            );
    if (auto refused = handshake(wanted.callback)) return *refused;
    if (!wanted.lifecycle.empty())
        if (auto refused = handshake(wanted.lifecycle)) return *refused;
    wanted.id = "7f105c7d-2dc5-4530-97cd-" + std::to_string(100000000000 + ++made);
    open[wanted.id] = wanted;
    return graph_json(201, subscription_json(wanted));
}

/// Renewal, and another address (which is asked first); the lifecycle address stays as it was given.
http::Response GraphSim::State::change_subscription(const GraphCall& call, GraphSubscription& one) {
    const Json body = without_nulls(call.body);
    const std::string url = body.value("notificationUrl", one.callback);
    const auto wished = body.contains("expirationDateTime") ? expiry(body) : one.expires;
    if (!wished || *wished > clock.now() + kLongest) return graph_error(400, "InvalidRequest", "Wrong expiration.");
    if (!url.starts_with("https://")) return graph_error(400, "InvalidRequest", "The notificationUrl is not https.");
    if (url != one.callback || quirks.validates_renewals)
        if (auto refused = handshake(url)) return *refused;
    one.callback = url;
    if (body.contains("expirationDateTime")) {
        one.expires = std::max(*wished, clock.now() + kShortest);
        one.silent_from.reset();
    }
    return graph_json(200, subscription_json(one));
}

http::Response GraphSim::State::subscription_call(GraphCall& call) {
    std::erase_if(open, [&](const auto& one) { return one.second.expires <= clock.now(); });
    if (call.path.size() == 1 && call.method == "POST") return subscribe(call);
    if (call.path.size() == 1 && call.method == "GET") {
        Json out = {{"value", Json::array()}};
        for (const auto& [id, one] : open) out["value"].push_back(subscription_json(one));
        return graph_json(200, out);
    }
    const auto at = call.path.size() == 1 ? open.end() : open.find(call.path[1]);
    if (at == open.end()) return graph_error(404, "ResourceNotFound", "The object was not found.");
    if (call.path.size() > 2 && call.path[2] == "reauthorize" && call.method == "POST") {
        at->second.silent_from.reset();
        return graph_json(204, nullptr);
    }
    if (call.path.size() > 2) return graph_error(404, "ResourceNotFound", "Resource not found for the segment.");
    if (call.method == "GET") return graph_json(200, subscription_json(at->second));
    if (call.method == "PATCH") return change_subscription(call, at->second);
    if (call.method != "DELETE") return graph_error(405, "BadRequest", "Method not allowed.");
    open.erase(at);
    return graph_json(204, nullptr);
}

}  // namespace calgate::testing
