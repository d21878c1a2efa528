// Change notifications: queued with the write, delivered until they are taken or too old.
#include <algorithm>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr const char* kDirectory = "84bd8158-6d4d-4958-8b9f-9d6445542f95";
constexpr std::chrono::hours kNoteLife{4};
constexpr std::chrono::seconds kFirstWait{10};
constexpr int kSlowestTry = 6;
/// How long deliveries go on after reauthorizationRequired.
constexpr std::chrono::minutes kGrace{10};
/// A receiver that takes longer has not taken it.
constexpr std::chrono::seconds kPatience{3};
constexpr std::chrono::minutes kWindow{10}, kSlowLane{10};
constexpr int kSlowPercent = 10, kDropPercent = 15;

bool is_taken(int status) { return status >= 200 && status <= 299; }
/// Other 4xx are not asked again.
bool is_tried_again(int status) { return status == 408 || status == 429 || status < 400 || status >= 500; }

http::Request json_post(const std::string& url, const Json& notes) {
    http::Request request;
    request.method = "POST";
    request.url = url;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = Json({{"value", notes}}).dump();
    return request;
}

bool asks_for(const GraphSubscription& subscription, const std::string& change_type) {
    const auto wanted = split_outside(subscription.change_type, ",");
    return std::find(wanted.begin(), wanted.end(), change_type) != wanted.end();
}

}  // namespace

int GraphSim::State::slow_percent(const std::string& url) {
    if (!quirks.minds_slow_receivers) return 0;
    auto& of_address = deliveries[url];
    while (!of_address.empty() && of_address.front().at <= clock.now() - kWindow) of_address.pop_front();
    const auto slow = std::count_if(of_address.begin(), of_address.end(), [](const Delivery& one) { return one.slow; });
    return of_address.empty() ? 0 : static_cast<int>(slow * 100 / static_cast<std::int64_t>(of_address.size()));
}

int GraphSim::State::post_note(const http::Request& request) {
    const SteadyInstant began = clock.steady();
    const int status = callback ? callback(request).status : 0;
    const bool slow = status == 0 || status == 408 || status == 504 || clock.steady() - began > kPatience;
    deliveries[request.url].push_back({clock.now(), slow});
    return slow ? 0 : status;
}

void GraphSim::State::notify(const GraphEvent& event, const std::string& change_type) {
    if (quirks.loses_notes) return;
    for (auto& [id, subscription] : open) {
        const bool ours = subscription.resource.find(event.calendar) != std::string::npos ||
                          subscription.resource.find("calendars/") == std::string::npos;
        const bool silent = subscription.silent_from && *subscription.silent_from <= clock.now();
        if (!ours || silent || !asks_for(subscription, change_type)) continue;
        const int slow = slow_percent(subscription.callback);
        if (slow >= kDropPercent) continue;
        const Instant due =
            clock.now() + quirks.note_delay + (slow > kSlowPercent ? kSlowLane : std::chrono::minutes{0});
        const std::string& named = subscription.immutable_ids ? event.id : event.plain_id;
        const std::string path = "Users/" + GraphSim::user_id() + "/Events/" + named;
        Json text = {
            {"subscriptionId", id},
            {"subscriptionExpirationDateTime", format_instant(subscription.expires)},
            {"clientState", subscription.secret},
            {"changeType", change_type},
            {"resource", path},
            {"tenantId", kDirectory},
            {"resourceData",
             {{"@odata.type", "#Microsoft.Graph.Event"},
              {"@odata.id", path},
              {"@odata.etag", etag(event)},
              {"id", named}}}};
        for (int i = 0; i < (quirks.doubles_notes ? 2 : 1); ++i)
            subscription.waiting.push_back({text, clock.now(), due, 0});
    }
}

int GraphSim::State::deliver() {
    std::map<std::string, std::vector<std::pair<std::string, GraphNote>>> posts;
    for (auto& [id, one] : open) {
        std::deque<GraphNote> later;
        for (GraphNote& note : one.waiting) {
            if (note.since + kNoteLife < clock.now()) continue;
            if (note.not_before > clock.now())
                later.push_back(std::move(note));
            else
                posts[one.callback].emplace_back(id, std::move(note));
        }
        one.waiting = std::move(later);
    }
    int accepted = 0;
    for (auto& [url, notes] : posts) {
        if (quirks.shuffles_notes) std::reverse(notes.begin(), notes.end());
        Json texts = Json::array();
        for (const auto& [id, note] : notes) texts.push_back(note.text);
        const int status = post_note(json_post(url, texts));
        accepted += is_taken(status) ? 1 : 0;
        if (is_taken(status) || !is_tried_again(status)) continue;
        for (auto& [id, note] : notes) {
            const auto at = open.find(id);
            if (at == open.end()) continue;
            note.not_before = clock.now() + kFirstWait * (1 << std::min(note.tries++, kSlowestTry));
            at->second.waiting.push_back(std::move(note));
        }
    }
    return accepted;
}

int GraphSim::deliver() { return state_->deliver(); }

void GraphSim::send_lifecycle(const std::string& event) {
    const auto open = state_->open;
    for (const auto& [id, one] : open) {
        const auto at = state_->open.find(id);
        if (at == state_->open.end()) continue;
        if (event == "reauthorizationRequired") at->second.silent_from = state_->clock.now() + kGrace;
        if (one.lifecycle.empty() || !state_->callback) continue;
        const Json message = {
            {"lifecycleEvent", event},
            {"subscriptionId", id},
            {"subscriptionExpirationDateTime", format_instant(one.expires)},
            {"tenantId", kDirectory},
            {"organizationId", kDirectory},
            {"clientState", one.secret},
            {"resource", one.resource}};
        static_cast<void>(state_->callback(json_post(one.lifecycle, Json::array({message}))));
        if (event == "subscriptionRemoved") state_->open.erase(id);
    }
}

}  // namespace calgate::testing
