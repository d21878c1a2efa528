#include <nlohmann/json.hpp>

#include "gateway/api.hpp"
#include "gateway/json_input.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestToken = 4096;
constexpr std::size_t kLongestSecret = 256;
constexpr std::size_t kMostNotes = 1000;

HttpResponse empty(int status) {
    HttpResponse response;
    response.status = status;
    response.type = "text/plain";
    return response;
}

/// Graph's handshake: the decoded token comes back as plain text, never as anything that a browser would run.
HttpResponse handshake(std::string_view token) {
    if (token.size() > kLongestToken) return problem(400, "Bad Request", "This validation token is too long.");
    HttpResponse response = empty(200);
    response.body = std::string(token);
    response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return response;
}

std::string_view text(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string()) return {};
    return found->get_ref<const std::string&>();
}

/// Members that we do not know are passed over, and what is nested deeper than we look: Graph adds members without
/// notice, and drops a delivery that is answered 4xx for good.
Json lenient_object(std::string_view body) {
    constexpr int kDeepest = 8;
    const auto shallow = [](int depth, Json::parse_event_t, Json&) { return depth <= kDeepest; };
    Json object = Json::parse(body, shallow, false);
    if (!object.is_object()) throw InputError("The body is no JSON object; send one.");
    return object;
}

PushNote::News news_of(std::string_view lifecycle_event) {
    if (lifecycle_event == "subscriptionRemoved") return PushNote::News::Removed;
    if (lifecycle_event == "reauthorizationRequired") return PushNote::News::Reauthorize;
    return lifecycle_event.empty() ? PushNote::News::Changed : PushNote::News::Missed;
}

}  // namespace

HttpResponse Api::post_google_hook(const HttpRequest& request, const PathValues&) {
    PushNote note;
    note.channel = request.header("x-goog-channel-id");
    note.secret = request.header("x-goog-channel-token");
    note.resource = request.header("x-goog-resource-id");
    if (request.header("x-goog-resource-state") == "sync") note.news = PushNote::News::Opened;
    const bool possible = !note.channel.empty() && !note.secret.empty() && note.secret.size() <= kLongestSecret;
    if (possible && parts_.engine.notified(note)) return empty(200);
    return problem(404, "Not Found", "No channel of this gateway has that id and token.");
}

HttpResponse Api::post_graph_hook(const HttpRequest& request, const PathValues&) {
    for (const auto& [name, value] : request.query)
        if (name == "validationToken") return handshake(value);
    const Json body = lenient_object(request.body);
    const Json notes = body.contains("value") && !body["value"].is_null() ? body["value"] : Json::array();
    if (!notes.is_array() || notes.size() > kMostNotes)
        throw InputError("The field \"value\" has to be a list of at most 1000 notifications.");
    for (const Json& each : notes) {
        if (!each.is_object()) continue;
        PushNote note{
            text(each, "subscriptionId"), text(each, "clientState"), {}, news_of(text(each, "lifecycleEvent"))};
        const bool possible = !note.channel.empty() && !note.secret.empty() && note.secret.size() <= kLongestSecret;
        // What is not ours is dropped without a word, and the sender is told nothing about which ones were.
        if (possible) (void)parts_.engine.notified(note);
    }
    return empty(202);
}

}  // namespace calgate
