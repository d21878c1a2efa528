#include <algorithm>

#include "tests/sim/ews_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr const char* kTimes[] = {"Start", "End", "IsAllDayEvent", "StartTimeZone", "EndTimeZone", "Recurrence"};

template <class Range>
bool has(const Range& range, const std::string& value) {
    return std::find(std::begin(range), std::end(range), value) != std::end(range);
}

bool same_property(const Element& a, const Element& b) {
    if (a.name != b.name) return false;
    return a.name != "ExtendedProperty" || a.child("ExtendedFieldURI").attribute("PropertyName") ==
                                               b.child("ExtendedFieldURI").attribute("PropertyName");
}

void drop(Element& properties, const Element& like) {
    std::erase_if(properties.children, [&](const Element& one) { return same_property(one, like); });
}

void put(Element& properties, const Element& value) {
    drop(properties, value);
    properties.children.push_back(value);
}

/// Text is set behind text and values beside values; nothing else can be appended to.
void append(Element& properties, const std::string& uri, const Element& value) {
    const std::string name = uri.substr(uri.find(':') + 1);
    constexpr const char* kLists[] = {"Categories", "RequiredAttendees", "OptionalAttendees", "Resources"};
    if (!has(kLists, name) && name != "Body") throw EwsRefusal{"ErrorInvalidPropertyAppend"};
    if (value.children.size() != 1 || value.children.front().name != name)
        throw EwsRefusal{"ErrorIncorrectUpdatePropertyCount"};
    Element next = value.children.front();
    if (const Element& held = properties.child(name); !held.name.empty()) {
        Element longer = held;
        longer.text += next.text;
        longer.children.insert(longer.children.end(), next.children.begin(), next.children.end());
        next = std::move(longer);
    }
    put(properties, next);
}

/// The item and, for an occurrence, which.
std::pair<std::string, int> addressed(const Element& id) {
    if (id.name == "OccurrenceItemId")
        return {id.attribute("RecurringMasterId"), number_of(id.attribute("InstanceIndex"), 1, 100'000, 0)};
    const bool to_master = id.name == "RecurringMasterItemId";
    const std::string& whole = id.attribute(to_master ? "OccurrenceId" : "Id");
    const std::size_t slash = whole.rfind('/');
    if (slash == std::string::npos || whole.find_first_not_of("0123456789", slash + 1) != std::string::npos)
        return {whole, 0};
    const int index = number_of(whole.substr(slash + 1), 1, 100'000, 0);
    return {whole.substr(0, slash), to_master ? 0 : index};
}

}  // namespace

std::string EwsSim::State::get_item(const Element& request) {
    std::string out;
    for (const Element& id : request.child("ItemIds").children) try {
            const auto [master, index] = addressed(id);
            const EwsItem& found = item(master);
            out += response_message(
                "GetItem", "NoError", "<m:Items>" + shown(found, index, request.child("ItemShape")) + "</m:Items>"
            );
        } catch (const EwsRefusal& refusal) {
            out += response_message("GetItem", refusal.code, "<m:Items/>");
        }
    return out;
}

/// The ItemId that an answer to a write names.
Element EwsSim::State::named_id(const std::string& id, const std::string& key) const {
    Element out{"ItemId", {{"Id", id}}, {}, {}};
    if (!quirks.omits_keys) out.attributes.emplace_back("ChangeKey", key);
    return out;
}

std::string EwsSim::State::create_item(const Element& request, const std::string& zone) {
    std::string out;
    const Element& target = request.child("SavedItemFolderId");
    for (const Element& given : request.child("Items").children) try {
            if (request.attribute("SendMeetingInvitations").empty())
                throw EwsRefusal{"ErrorSendMeetingInvitationsRequired"};
            if (full) throw EwsRefusal{"ErrorQuotaExceeded"};
            const EwsFolder& place = target.children.empty() ? folders.front() : folder_of(target.children.front());
            EwsItem& made = create(place.id, given, zone);
            if (given.has("RequiredAttendees") && request.attribute("SendMeetingInvitations") != "SendToNone") ++mails;
            out += response_message(
                "CreateItem",
                "NoError",
                "<m:Items>" + prefixed({"CalendarItem", {}, {}, {named_id(made.id, change_key(made))}}) + "</m:Items>"
            );
            if (quirks.bumps_change_key) touch(made);
        } catch (const EwsRefusal& refusal) {
            out += response_message("CreateItem", refusal.code, "<m:Items/>");
        }
    return out;
}

std::string EwsSim::State::update_item(const Element& request, const std::string& zone) {
    std::string out;
    for (const Element& change : request.child("ItemChanges").children) try {
            if (request.attribute("SendMeetingInvitationsOrCancellations").empty())
                throw EwsRefusal{"ErrorSendMeetingInvitationsOrCancellationsRequired"};
            if (change.children.empty()) throw EwsRefusal{"ErrorSchemaValidation"};
            const Element& id = change.children.front();
            const auto [master, index] = addressed(id);
            EwsItem& at = item(master);
            if (id.name == "RecurringMasterItemId" && !at.properties.has("Recurrence"))
                throw EwsRefusal{"ErrorCalendarCannotUseIdForRecurringMasterId"};
            if (index > 0 && !at.properties.has("Recurrence"))
                throw EwsRefusal{"ErrorCalendarCannotUseIdForOccurrenceId"};
            const bool stale = id.attribute("ChangeKey") != change_key(at);
            if (id.attribute("ChangeKey").empty()) throw EwsRefusal{"ErrorChangeKeyRequiredForWriteOperations"};
            if (stale && !quirks.ignores_change_key && request.attribute("ConflictResolution") == "NeverOverwrite")
                throw EwsRefusal{"ErrorIrresolvableConflict"};
            Element next = index == 0 ? at.properties : whole(at, index);
            const Element before = next;
            bool times = false;
            for (const Element& one : change.child("Updates").children) {
                const Element& path = one.has("FieldURI") ? one.child("FieldURI") : one.child("ExtendedFieldURI");
                const std::string& uri = path.attribute("FieldURI");
                if (uri == "calendar:UID") throw EwsRefusal{"ErrorInvalidPropertySet"};
                times |= has(kTimes, uri.substr(uri.find(':') + 1));
                if (one.name == "AppendToItemField")
                    append(next, uri, one.child("CalendarItem"));
                else
                    set(next, path, one.name == "SetItemField" ? &one.child("CalendarItem") : nullptr, zone);
            }
            normalise(next, zone);
            if (next.has("RequiredAttendees") &&
                request.attribute("SendMeetingInvitationsOrCancellations") != "SendToNone")
                ++mails;
            if (index > 0) {
                EwsOccurrence& occurrence = at.occurrences[index];
                for (const Element& property : next.children) {
                    const bool same =
                        std::any_of(before.children.begin(), before.children.end(), [&](const Element& old) {
                            return same_property(old, property) && ews::write_xml(old) == ews::write_xml(property);
                        });
                    if (!same) put(occurrence.changes, property);
                }
            } else {
                at.properties = next;
                if (times) at.occurrences.clear();
            }
            touch(at);
            const std::string named = index == 0 ? at.id : at.id + "/" + std::to_string(index);
            out += response_message(
                "UpdateItem",
                "NoError",
                "<m:Items>" + prefixed({"CalendarItem", {}, {}, {named_id(named, change_key(at))}}) +
                    "</m:Items><m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>"
            );
            if (quirks.bumps_change_key) touch(at);
        } catch (const EwsRefusal& refusal) {
            out += response_message("UpdateItem", refusal.code, "<m:Items/>");
        }
    return out;
}

std::string EwsSim::State::delete_item(const Element& request) {
    std::string out;
    for (const Element& id : request.child("ItemIds").children) try {
            if (request.attribute("SendMeetingCancellations").empty())
                throw EwsRefusal{"ErrorSendMeetingCancellationsRequired"};
            const auto [master, index] = addressed(id);
            EwsItem& at = item(master);
            whole(at, index);  // Refuses an occurrence that is none.
            if (at.properties.has("RequiredAttendees") && request.attribute("SendMeetingCancellations") != "SendToNone")
                ++mails;
            if (index > 0) {
                at.occurrences[index].deleted = true;
                touch(at);
            } else if (request.attribute("DeleteType") == "MoveToDeletedItems" && at.folder != kEwsDeletedItems) {
                move(at.id, kEwsDeletedItems);
            } else {
                at.gone = true;
                touch(at);
            }
            out += response_message("DeleteItem", "NoError", "");
        } catch (const EwsRefusal& refusal) {
            out += response_message("DeleteItem", refusal.code, "");
        }
    return out;
}

}  // namespace calgate::testing
