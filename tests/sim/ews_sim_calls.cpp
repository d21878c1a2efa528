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

/// The value of a binary GlobalObjectId: the UID inside.
std::string uid_in(const std::string& constant) {
    const auto bytes = bytes_of_base64(constant);
    const std::size_t at = bytes ? bytes->find("vCal-Uid") : std::string::npos;
    if (at == std::string::npos || bytes->size() < at + 13) return {};
    return bytes->substr(at + 12, bytes->find('\0', at + 12) - at - 12);
}

/// The item and, for an occurrence, which.
std::pair<std::string, int> addressed(const Element& id) {
    if (id.name == "OccurrenceItemId")
        return {id.attribute("RecurringMasterId"), std::stoi(id.attribute("InstanceIndex"))};
    const std::string& whole = id.attribute("Id");
    const std::size_t slash = whole.rfind('/');
    if (slash == std::string::npos || whole.find_first_not_of("0123456789", slash + 1) != std::string::npos)
        return {whole, 0};
    return {whole.substr(0, slash), std::stoi(whole.substr(slash + 1))};
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

std::string EwsSim::State::find_item(const Element& request) {
    const Element& parents = request.child("ParentFolderIds");
    const EwsFolder& parent =
        parents.has("FolderId") ? folder(parents.child("FolderId").attribute("Id")) : folders.front();
    const Element& view = request.child("IndexedPageItemView");
    const Element& rule = request.child("Restriction").child("IsEqualTo");
    const std::string value = rule.child("FieldURIOrConstant").child("Constant").attribute("Value");
    const Element& path = rule.child("ExtendedFieldURI");
    std::string listed;
    const int offset = view.name.empty() ? 0 : std::stoi(view.attribute("Offset"));
    const int most = view.name.empty() ? 1000 : std::stoi(view.attribute("MaxEntriesReturned"));
    int total = 0, given = 0;
    for (const EwsItem& one : items) {
        if (one.gone || one.folder != parent.id) continue;
        bool matches = rule.name.empty();
        if (path.attribute("PropertyId") == "35") matches = one.properties.word("UID") == uid_in(value);
        for (const Element& property : one.properties.children)
            if (property.name == "ExtendedProperty" &&
                property.child("ExtendedFieldURI").attribute("PropertyName") == path.attribute("PropertyName") &&
                !path.attribute("PropertyName").empty())
                matches |= property.word("Value") == value;
        if (!matches || ++total <= offset || given >= most) continue;
        ++given;
        listed += shown(one, 0, request.child("ItemShape"));
    }
    const bool last = offset + given >= total;
    return response_message(
        "FindItem",
        "NoError",
        "<m:RootFolder IndexedPagingOffset=\"" + std::to_string(offset + given) + "\" TotalItemsInView=\"" +
            std::to_string(total) + "\" IncludesLastItemInRange=\"" + (last ? "true" : "false") + "\"><t:Items>" +
            listed + "</t:Items></m:RootFolder>"
    );
}

std::string EwsSim::State::create_item(const Element& request, const std::string& zone) {
    std::string out;
    const Element& target = request.child("SavedItemFolderId");
    for (const Element& given : request.child("Items").children) try {
            if (request.attribute("SendMeetingInvitations").empty())
                throw EwsRefusal{"ErrorSendMeetingInvitationsRequired"};
            if (full) throw EwsRefusal{"ErrorQuotaExceeded"};
            const std::string folder_id =
                target.has("FolderId") ? target.child("FolderId").attribute("Id") : folders.front().id;
            EwsItem& made = create(folder_id, given, zone);
            if (given.has("RequiredAttendees") && request.attribute("SendMeetingInvitations") != "SendToNone") ++mails;
            out += response_message(
                "CreateItem",
                "NoError",
                "<m:Items>" +
                    prefixed(
                        {"CalendarItem",
                         {},
                         {},
                         {{"ItemId", {{"Id", made.id}, {"ChangeKey", change_key(made)}}, {}, {}}}}
                    ) +
                    "</m:Items>"
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
            const Element& id = change.child("ItemId");
            const auto [master, index] = addressed(id);
            EwsItem& at = item(master);
            const bool stale = id.attribute("ChangeKey") != change_key(at);
            if (id.attribute("ChangeKey").empty()) throw EwsRefusal{"ErrorChangeKeyRequiredForWriteOperations"};
            if (stale && !quirks.ignores_change_key && request.attribute("ConflictResolution") != "AlwaysOverwrite")
                throw EwsRefusal{"ErrorIrresolvableConflict"};
            Element next = index == 0 ? at.properties : whole(at, index);
            const Element before = next;
            bool times = false;
            for (const Element& one : change.child("Updates").children) {
                const Element& path = one.has("FieldURI") ? one.child("FieldURI") : one.child("ExtendedFieldURI");
                const std::string& uri = path.attribute("FieldURI");
                if (uri == "calendar:UID") throw EwsRefusal{"ErrorInvalidPropertySet"};
                times |= has(kTimes, uri.substr(uri.find(':') + 1));
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
            out += response_message(
                "UpdateItem",
                "NoError",
                "<m:Items>" +
                    prefixed(
                        {"CalendarItem",
                         {},
                         {},
                         {{"ItemId", {{"Id", id.attribute("Id")}, {"ChangeKey", change_key(at)}}, {}, {}}}}
                    ) +
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
            touch(at);
            if (index > 0)
                at.occurrences[index].deleted = true;
            else
                at.gone = true;
            if (at.properties.has("RequiredAttendees") && request.attribute("SendMeetingCancellations") != "SendToNone")
                ++mails;
            out += response_message("DeleteItem", "NoError", "");
        } catch (const EwsRefusal& refusal) {
            out += response_message("DeleteItem", refusal.code, "");
        }
    return out;
}

}  // namespace calgate::testing
