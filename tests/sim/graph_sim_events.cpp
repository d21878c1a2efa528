#include <algorithm>

#include "core/identity.hpp"
#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

bool is_one_of(const Json& value, std::initializer_list<const char*> names) {
    if (!value.is_string()) return false;
    return std::any_of(names.begin(), names.end(), [&](const char* name) { return value == name; });
}

std::optional<std::string> check_pattern(const Json& recurrence) {
    if (!recurrence.is_object() || !recurrence.contains("pattern") || !recurrence.contains("range"))
        return "A recurrence needs a pattern and a range.";
    const Json& pattern = recurrence["pattern"];
    const std::string type = pattern.value("type", "");
    const auto has = [&](const char* name) { return pattern.contains(name); };
    if (pattern.value("interval", 0) < 1) return "The interval has to be positive.";
    if (type == "weekly" && (!has("daysOfWeek") || !has("firstDayOfWeek")))
        return "A weekly pattern needs daysOfWeek and firstDayOfWeek.";
    if (type == "absoluteMonthly" && !has("dayOfMonth")) return "The pattern needs dayOfMonth.";
    if (type == "relativeMonthly" && !has("daysOfWeek")) return "The pattern needs daysOfWeek.";
    if (type == "absoluteYearly" && (!has("dayOfMonth") || !has("month"))) return "The pattern needs its date.";
    if (type == "relativeYearly" && (!has("daysOfWeek") || !has("month"))) return "The pattern needs its date.";
    if (!is_one_of(type, {"daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"}))
        return "Unknown pattern type.";
    if (!is_one_of(recurrence["range"].value("type", Json()), {"endDate", "noEnd", "numbered"}))
        return "Unknown range type.";
    return std::nullopt;
}

}  // namespace

void GraphSim::State::touch(GraphEvent& event, const char* change_type) {
    event.change = ++change;
    event.key = change;
    event.modified = clock.now();
    for (auto& [id, subscription] : open) {
        const bool ours = subscription.resource.find(event.calendar) != std::string::npos ||
                          subscription.resource.find("calendars/") == std::string::npos;
        if (!ours) continue;
        subscription.waiting.push_back(
            {{"subscriptionId", id},
             {"subscriptionExpirationDateTime", format_instant(subscription.expires)},
             {"clientState", subscription.secret},
             {"changeType", change_type},
             {"resource", "Users/" + GraphSim::user_id() + "/Events/" + event.id},
             {"tenantId", "84bd8158-6d4d-4958-8b9f-9d6445542f95"},
             {"resourceData",
              {{"@odata.type", "#Microsoft.Graph.Event"},
               {"@odata.id", "Users/" + GraphSim::user_id() + "/Events/" + event.id},
               {"@odata.etag", etag(event)},
               {"id", event.id}}}}
        );
    }
}

/// Members of a request onto an event. @return why it is refused.
std::optional<std::string> GraphSim::State::apply(GraphEvent& event, const Json& body, bool is_new) {
    if (is_new && (!body.contains("start") || !body.contains("end"))) return "start and end are required.";
    GraphTimes times = event.times;
    times.all_day = body.value("isAllDay", times.all_day);
    for (const char* name : {"start", "end"}) {
        if (!body.contains(name)) continue;
        if (!body[name].is_object()) return std::string(name) + " is no dateTimeTimeZone.";
        const std::string text = body[name].value("dateTime", ""), zone = body[name].value("timeZone", "UTC");
        const auto local = parse_local(std::string_view(text).substr(0, 19));
        if (!local || text.find('Z') != std::string::npos) return std::string(name) + " is no local time.";
        if (!zones.canonical_name(zone)) return "Unknown time zone " + zone + ".";
        const bool is_start = name == std::string("start");
        (is_start ? times.start : times.end) = *local;
        (is_start ? times.start_zone : times.end_zone) = zone;
    }
    if (times.all_day) {
        const auto whole = [](LocalSeconds local) { return local == std::chrono::floor<std::chrono::days>(local); };
        if (!whole(times.start) || !whole(times.end))
            return "The Event.Start property for an all-day event needs to be set to midnight.";
        if (times.end <= times.start) return "An all-day event lasts one day at least.";
    }
    const Interval at = span(times);
    if (at.end < at.start) return "The end is before the start.";
    if (body.contains("showAs") &&
        !is_one_of(body["showAs"], {"free", "tentative", "busy", "oof", "workingElsewhere", "unknown"}))
        return "Unknown showAs.";
    if (body.contains("sensitivity") &&
        !is_one_of(body["sensitivity"], {"normal", "personal", "private", "confidential"}))
        return "Unknown sensitivity.";
    if (body.contains("recurrence") && !body["recurrence"].is_null())
        if (auto why = check_pattern(body["recurrence"])) return why;
    if (!is_new && body.contains("transactionId")) return "transactionId cannot be changed.";
    if (body.contains("singleValueExtendedProperties"))
        for (const Json& one : body["singleValueExtendedProperties"])
            event.properties[one.value("id", "")] = one.value("value", "");
    const bool rule_or_start = body.contains("recurrence") || times.start != event.times.start;
    if (!is_new && event.is_series() && rule_or_start) {
        event.exceptions.clear();
        event.cancelled.clear();
    }
    event.times = times;
    for (const auto& [name, value] : body.items()) {
        static const std::set<std::string> kElsewhere{
            "start", "end", "isAllDay", "singleValueExtendedProperties", "transactionId", "iCalUId", "id"};
        if (!kElsewhere.contains(name)) event.members[name] = value;
    }
    if (event.members.contains("subject") && event.members["subject"].is_string()) {
        std::string subject = event.members["subject"];
        subject.erase(subject.find_last_not_of(' ') + 1);
        event.members["subject"] = subject;
    }
    return std::nullopt;
}

http::Response GraphSim::State::repeated_transaction(const GraphCall& call, const std::string& existing) {
    const GraphEvent& event = events.at(existing);
    const std::string message =
        "Your request can't be completed. The TransactionId specified in the request has already been used to create "
        "a different event.";
    const Json more = {{"@event.existingEventId", id_for(call, event)}};
    switch (quirks.repeated) {
        case RepeatedTransaction::Error400:
            return graph_error(400, "ErrorDuplicateTransactionId", message, more);
        case RepeatedTransaction::Error409:
        case RepeatedTransaction::Forgotten:
            return graph_error(409, "ErrorDuplicateTransactionId", message);
        case RepeatedTransaction::Error409WithId:
            return graph_error(409, "ErrorDuplicateTransactionId", message, more);
        case RepeatedTransaction::Existing201:
            return graph_json(201, render(call, event, nullptr, ""));
        case RepeatedTransaction::Existing200:
            break;
    }
    return graph_json(200, render(call, event, nullptr, ""));
}

http::Response GraphSim::State::create(const GraphCall& call, const std::string& calendar_id) {
    if (!calendars.at(calendar_id).can_edit)
        return graph_error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.");
    const std::string transaction = call.body.value("transactionId", "");
    const auto before = transactions.find(transaction);
    const bool repeated = !transaction.empty() && before != transactions.end();
    if (repeated && quirks.repeated != RepeatedTransaction::Forgotten) {
        const bool as_success =
            quirks.repeated == RepeatedTransaction::Existing201 || quirks.repeated == RepeatedTransaction::Existing200;
        if (!as_success || !events.at(before->second).deleted) return repeated_transaction(call, before->second);
    }
    GraphEvent event;
    event.calendar = calendar_id;
    event.transaction = transaction;
    if (const auto why = apply(event, call.body, true)) return graph_error(400, "ErrorPropertyValidationFailure", *why);
    event.id = next_name("AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A");
    event.plain_id = next_name("AAMkAGI1AAAoZCfHAAA");
    event.ical_uid = call.body.value("iCalUId", "040000008200E00074C5B7101A82E008" + std::to_string(made));
    event.created = clock.now();
    event.members.erase("transactionId");
    if (!event.members.value("attendees", Json::array()).empty()) ++mails;
    const std::string id = event.id;
    if (!transaction.empty()) transactions[transaction] = id;
    event_order.push_back(id);
    GraphEvent& stored = events[id] = std::move(event);
    touch(stored, "created");
    Json answer = render(call, stored, nullptr, "");
    return graph_json(201, answer, {{"Location", std::string(kGraphOrigin) + "/v1.0/me/events/" + id}});
}

/// The event, or the series and the slot of the occurrence that the id names. Ids of one kind only, by IdType.
GraphEvent* GraphSim::State::find(
    const GraphCall& call, const std::string& calendar_id, const std::string& id, std::string& slot
) {
    const std::size_t at = id.rfind("OCC");
    const std::string own = at == std::string::npos ? id : id.substr(0, at);
    slot = at == std::string::npos ? std::string() : id.substr(at + 3);
    for (auto& [key, event] : events) {
        if (id_for(call, event) != own || event.deleted) continue;
        if (!calendar_id.empty() && event.calendar != calendar_id) return nullptr;
        if (slot.empty()) return &event;
        const auto day = parse_local(slot);
        if (!event.is_series() || !day || event.cancelled.contains(slot)) return nullptr;
        return &event;
    }
    return nullptr;
}

std::optional<http::Response> GraphSim::State::precondition(const GraphCall& call, const GraphEvent& event) {
    const auto wanted = call.request.headers;
    for (const auto& [name, value] : wanted) {
        if (name != "If-Match" || value == "*" || quirks.ignores_if_match) continue;
        if (value != etag(event))
            return graph_error(
                quirks.overlap_is_409 ? 409 : 412,
                "ErrorIrresolvableConflict",
                "The send or update operation could not be performed because the change key passed in the request does "
                "not match the current change key for the item."
            );
    }
    return std::nullopt;
}

http::Response GraphSim::State::patch(const GraphCall& call, GraphEvent& target, GraphEvent& owner) {
    GraphEvent changed = target;
    if (const auto why = apply(changed, call.body, false))
        return graph_error(400, "ErrorPropertyValidationFailure", *why);
    const bool invites = !owner.members.value("attendees", Json::array()).empty() ||
                         !changed.members.value("attendees", Json::array()).empty();
    if (invites) ++mails;
    target = std::move(changed);
    touch(target, "updated");
    if (&target != &owner) touch(owner, "updated");
    return {};
}

http::Response GraphSim::State::remove(const GraphCall&, GraphEvent& owner, const std::string& slot) {
    if (!owner.members.value("attendees", Json::array()).empty()) ++mails;
    if (slot.empty()) {
        owner.deleted = true;
        touch(owner, "deleted");
    } else {
        owner.cancelled.insert(slot);
        owner.exceptions.erase(slot);
        touch(owner, "updated");
    }
    return graph_json(204, nullptr);
}

http::Response GraphSim::State::event(
    GraphCall& call, const std::string& calendar_id, const std::string& id, std::size_t at
) {
    std::string slot;
    GraphEvent* owner = find(call, calendar_id, id, slot);
    if (!owner) return graph_error(404, "ErrorItemNotFound", "The specified object was not found in the store.");
    const auto exception = owner->exceptions.find(slot);
    const bool is_exception = !slot.empty() && exception != owner->exceptions.end();
    const std::string action = at < call.path.size() ? call.path[at] : "";
    if (action == "instances") return instances(call, *owner);
    if (action == "permanentDelete") return remove(call, *owner, slot);
    if (action == "cancel") {
        if (owner->members.value("attendees", Json::array()).empty())
            return graph_error(400, "ErrorInvalidRequest", "You need to be an organizer to cancel a meeting.");
        remove(call, *owner, slot);
        return graph_json(202, nullptr);
    }
    if (!action.empty()) return graph_error(404, "ResourceNotFound", "Resource not found for the segment.");
    GraphSlot place;
    if (!slot.empty() && !is_exception) {
        const auto all =
            slots(*owner, {Instant::min() + std::chrono::hours(1), Instant::max() - std::chrono::hours(1)});
        const auto found = std::find_if(all.begin(), all.end(), [&](const GraphSlot& s) { return s.date == slot; });
        if (found == all.end()) return graph_error(404, "ErrorItemNotFound", "There is no such occurrence.");
        place = *found;
    }
    if (call.method == "GET") {
        if (slot.empty()) return graph_json(200, render(call, *owner, nullptr, ""));
        return graph_json(
            200, is_exception ? render(call, exception->second, owner, slot) : occurrence(call, *owner, place)
        );
    }
    const GraphEvent& target = is_exception ? exception->second : *owner;
    if (auto refused = precondition(call, target)) return *refused;
    if (call.method == "DELETE") return remove(call, *owner, slot);
    if (call.method != "PATCH") return graph_error(405, "BadRequest", "Method not allowed.");
    if (slot.empty()) {
        http::Response refused = patch(call, *owner, *owner);
        return refused.status != 0 ? refused : graph_json(200, render(call, *owner, nullptr, ""));
    }
    GraphEvent one = is_exception ? exception->second : *owner;
    if (!is_exception) {
        one.times = place.times;
        one.exceptions.clear();
        one.cancelled.clear();
        one.members.erase("recurrence");
        if (!quirks.exceptions_inherit_properties) one.properties.clear();
    }
    http::Response refused = patch(call, one, *owner);
    if (refused.status != 0) return refused;
    owner->exceptions[slot] = std::move(one);
    return graph_json(200, render(call, owner->exceptions[slot], owner, slot));
}

}  // namespace calgate::testing
