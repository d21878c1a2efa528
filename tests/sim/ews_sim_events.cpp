#include <algorithm>

#include "core/time.hpp"
#include "tests/sim/ews_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::size_t kMostEvents = 50;  ///< In one answer to GetEvents.

std::string id_xml(const std::string& name, const std::string& id, const std::string& key = "AgAAABQAAABc") {
    return "<t:" + name + " Id=\"" + xml_text(id) + "\" ChangeKey=\"" + key + "\"/>";
}

std::string watermark_of(const std::string& subscription, int place) {
    return base64_of(subscription + " " + std::to_string(place));
}

}  // namespace

std::string EwsSim::State::subscribe(const Element& request) {
    if (!quirks.streams) throw EwsRefusal{"ErrorInvalidRequest"};
    const bool pull = request.has("PullSubscriptionRequest");
    const Element& wanted = request.child(pull ? "PullSubscriptionRequest" : "StreamingSubscriptionRequest");
    // What would have to call us is not offered.
    if (request.has("PushSubscriptionRequest"))
        return response_message("Subscribe", "ErrorInvalidPushSubscriptionUrl", "");
    if (wanted.name.empty()) throw EwsRefusal{"ErrorInvalidRequest"};
    EwsSubscription made;
    made.pull = pull;
    for (const Element& kind : wanted.child("EventTypes").children) made.kinds.insert(kind.text);
    try {
        for (const Element& id : wanted.child("FolderIds").children) made.folders.insert(folder_of(id).id);
    } catch (const EwsRefusal& refusal) {
        return response_message("Subscribe", refusal.code, "");
    }
    if (wanted.attribute("SubscribeToAllFolders") != "true" && made.folders.empty())
        return response_message("Subscribe", "ErrorInvalidSubscriptionRequest", "");
    const std::string id = "JAB" + base64_of("subscription " + std::to_string(++next_id));
    subscriptions[id] = std::move(made);
    const std::string from = pull ? "<m:Watermark>" + watermark_of(id, 0) + "</m:Watermark>" : "";
    return response_message("Subscribe", "NoError", "<m:SubscriptionId>" + id + "</m:SubscriptionId>" + from);
}

std::string EwsSim::State::unsubscribe(const Element& request) {
    const bool known = subscriptions.erase(request.word("SubscriptionId")) > 0;
    return response_message("Unsubscribe", known ? "NoError" : "ErrorSubscriptionNotFound", "");
}

/// What happened since the watermark that was given last, a page at a time.
std::string EwsSim::State::get_events(const Element& request) {
    const std::string id = request.word("SubscriptionId");
    const auto found = subscriptions.find(id);
    if (found == subscriptions.end()) return response_message("GetEvents", "ErrorSubscriptionNotFound", "");
    EwsSubscription& one = found->second;
    if (!one.pull) return response_message("GetEvents", "ErrorInvalidPullSubscriptionId", "");
    if (request.word("Watermark") != watermark_of(id, one.watermark))
        return response_message("GetEvents", "ErrorInvalidWatermark", "");
    const std::size_t count = std::min(one.waiting.size(), kMostEvents);
    std::string events;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string& event = one.waiting[i];
        const std::size_t head = event.find('>') + 1;
        events += event.substr(0, head) + "<t:Watermark>" + watermark_of(id, one.watermark + static_cast<int>(i) + 1) +
                  "</t:Watermark>" + event.substr(head);
    }
    if (count == 0)
        events = "<t:StatusEvent><t:Watermark>" + watermark_of(id, one.watermark) + "</t:Watermark></t:StatusEvent>";
    const std::string before = watermark_of(id, one.watermark);
    one.watermark += static_cast<int>(count);
    one.waiting.erase(one.waiting.begin(), one.waiting.begin() + static_cast<std::ptrdiff_t>(count));
    return response_message(
        "GetEvents",
        "NoError",
        "<m:Notification><t:SubscriptionId>" + id + "</t:SubscriptionId><t:PreviousWatermark>" + before +
            "</t:PreviousWatermark><t:MoreEvents>" + (one.waiting.empty() ? "false" : "true") + "</t:MoreEvents>" +
            events + "</m:Notification>"
    );
}

void EwsSim::State::tell(const EwsItem& item) {
    if (subscriptions.empty()) return;
    const std::string when = "<t:TimeStamp>" + format_instant(clock.now()) + "</t:TimeStamp>";
    const std::string here = id_xml("ItemId", item.id, change_key(item)) + id_xml("ParentFolderId", item.folder);
    const std::string kind = !item.gone             ? item.created == 0 ? "CreatedEvent" : "ModifiedEvent"
                             : item.next_id.empty() ? "DeletedEvent"
                                                    : "MovedEvent";
    const std::string inside = kind == "MovedEvent"
                                   ? id_xml("ItemId", item.next_id) + id_xml("ParentFolderId", item.next_folder) +
                                         id_xml("OldItemId", item.id) + id_xml("OldParentFolderId", item.folder)
                                   : here;
    for (auto& [name, subscription] : subscriptions)
        if ((subscription.folders.empty() || subscription.folders.contains(item.folder)) &&
            (subscription.kinds.empty() || subscription.kinds.contains(kind)))
            subscription.waiting.push_back("<t:" + kind + ">" + when + inside + "</t:" + kind + ">");
    flush();
}

}  // namespace calgate::testing
