#include <algorithm>

#include "core/identity.hpp"
#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

/// Trailing blanks of a subject are cut, and the kinds of a body are spelled one way.
void settle(Json& members) {
    if (members.contains("subject")) {
        std::string subject = members["subject"];
        subject.erase(subject.find_last_not_of(' ') + 1);
        members["subject"] = subject;
    }
    if (!members.contains("body")) return;
    std::string kind = members["body"].value("contentType", "html");
    std::transform(kind.begin(), kind.end(), kind.begin(), [](unsigned char c) { return std::tolower(c); });
    members["body"]["contentType"] = kind;
}

}  // namespace

void GraphSim::State::touch(GraphEvent& event, const char* change_type) {
    event.change = ++change;
    event.key = change;
    event.modified = clock.now();
    notify(event, change_type);
}

/// Members of a request onto an event; null empties a member. @return why it is refused.
std::optional<std::string> GraphSim::State::apply(GraphEvent& event, const Json& given, bool is_new) {
    const Json body = without_nulls(given);
    const bool lacks_times = !body.contains("start") || !body.contains("end");
    if (is_new && lacks_times) return "start and end are required.";
    for (const char* name : {"start", "end", "isAllDay"})
        if (given.contains(name) && !body.contains(name)) return std::string(name) + " cannot be null.";
    if (auto why = check_members(body)) return why;
    GraphTimes times = event.times;
    times.all_day = body.value("isAllDay", times.all_day);
    for (const char* name : {"start", "end"}) {
        if (!body.contains(name)) continue;
        const std::string text = body[name].value("dateTime", ""), zone = body[name].value("timeZone", "UTC");
        const auto local = parse_local(std::string_view(text).substr(0, 19));
        if (!local || text.find('Z') != std::string::npos) return std::string(name) + " is no local time.";
        if (!zones.canonical_name(zone)) return "Unknown time zone.";
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
    if (!is_new && body.contains("transactionId")) return "transactionId cannot be changed.";
    for (const Json& one : body.value("singleValueExtendedProperties", Json::array()))
        event.properties[one.value("id", "")] = one.value("value", "");
    const bool rule_or_start = given.contains("recurrence") || times.start != event.times.start;
    if (!is_new && event.is_series() && rule_or_start) {
        event.exceptions.clear();
        event.cancelled.clear();
    }
    event.times = times;
    for (const auto& [name, value] : given.items()) {
        static const std::set<std::string> kElsewhere{
            "start", "end", "isAllDay", "singleValueExtendedProperties", "transactionId", "iCalUId", "id"};
        if (kElsewhere.contains(name)) continue;
        if (value.is_null())
            event.members.erase(name);
        else
            event.members[name] = body[name];
    }
    settle(event.members);
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
    const Json body = without_nulls(call.body);
    const std::string transaction = body.value("transactionId", "");
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
    event.ical_uid = body.value("iCalUId", "040000008200E00074C5B7101A82E008" + std::to_string(made));
    event.created = clock.now();
    event.members.erase("transactionId");
    if (!event.members.value("attendees", Json::array()).empty()) ++mails;
    const std::string id = event.id;
    if (!transaction.empty()) transactions[transaction] = id;
    event_order.push_back(id);
    GraphEvent& stored = events[id] = std::move(event);
    touch(stored, "created");
    Json answer = render(call, stored, nullptr, "");
    return graph_json(
        201, answer, {{"Location", std::string(kGraphOrigin) + "/v1.0/me/events/" + id_for(call, stored)}}
    );
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
    const std::string wanted = graph_header(call.request, "If-Match");
    if (wanted.empty() || wanted == "*" || wanted == etag(event) || quirks.ignores_if_match) return std::nullopt;
    return graph_error(
        quirks.overlap_is_409 ? 409 : 412,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key passed in the request does not "
        "match the current change key for the item."
    );
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
    GraphEvent tried = one;
    const bool is_moved = !apply(tried, call.body, false) && tried.times.start != one.times.start;
    if (is_moved && crosses(*owner, slot, tried.times))
        return graph_error(
            400,
            "ErrorOccurrenceCrossingBoundary",
            "Modified occurrence is crossing or overlapping adjacent occurrence."
        );
    http::Response refused = patch(call, one, *owner);
    if (refused.status != 0) return refused;
    owner->exceptions[slot] = std::move(one);
    return graph_json(200, render(call, owner->exceptions[slot], owner, slot));
}

}  // namespace calgate::testing
