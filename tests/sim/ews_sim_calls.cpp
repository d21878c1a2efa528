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

/// Whether that item is what an IsEqualTo asks for.
bool has_value(const EwsItem& item, const Element& rule) {
    const std::string value = rule.child("FieldURIOrConstant").child("Constant").attribute("Value");
    const Element& path = rule.child("ExtendedFieldURI");
    const std::string& name = path.attribute("PropertyName");
    if (path.attribute("PropertyId") == "35") return item.properties.word("UID") == uid_in(value);
    return std::any_of(item.properties.children.begin(), item.properties.children.end(), [&](const Element& property) {
        return property.name == "ExtendedProperty" && !name.empty() &&
               property.child("ExtendedFieldURI").attribute("PropertyName") == name && property.word("Value") == value;
    });
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
    const Element& restriction = request.child("Restriction");
    const std::vector<Element>& rules = (restriction.has("Or") ? restriction.child("Or") : restriction).children;
    std::string listed;
    const int offset = view.name.empty() ? 0 : std::stoi(view.attribute("Offset"));
    const int most = view.name.empty() ? 1000 : std::stoi(view.attribute("MaxEntriesReturned"));
    int total = 0, given = 0;
    for (const EwsItem& one : items) {
        if (one.gone || one.folder != parent.id) continue;
        bool matches = rules.empty() || quirks.ignores_restrictions;
        for (const Element& rule : rules) matches |= has_value(one, rule);
        if (!matches || ++total <= offset || given >= most) continue;
        ++given;
        Element shape = request.child("ItemShape");
        if (quirks.ignores_restrictions)
            std::erase_if(shape.children, [](const Element& part) { return part.name == "AdditionalProperties"; });
        listed += shown(one, 0, shape);
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
            const std::string folder_id =
                target.has("FolderId") ? target.child("FolderId").attribute("Id") : folders.front().id;
            EwsItem& made = create(folder_id, given, zone);
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
                "<m:Items>" + prefixed({"CalendarItem", {}, {}, {named_id(id.attribute("Id"), change_key(at))}}) +
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
            if (index > 0)
                at.occurrences[index].deleted = true;
            else
                at.gone = true;
            touch(at);
            if (at.properties.has("RequiredAttendees") && request.attribute("SendMeetingCancellations") != "SendToNone")
                ++mails;
            out += response_message("DeleteItem", "NoError", "");
        } catch (const EwsRefusal& refusal) {
            out += response_message("DeleteItem", refusal.code, "");
        }
    return out;
}

/// A SyncState is folder, epoch, where its round began, and position.
std::string EwsSim::State::sync_folder_items(const Element& request) {
    const EwsFolder* at = nullptr;
    const Element& id = request.child("SyncFolderId");
    try {
        at = id.has("FolderId") ? &folder(id.child("FolderId").attribute("Id")) : &folders.front();
    } catch (const EwsRefusal& refusal) {
        return response_message(
            "SyncFolderItems", refusal.code, "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>"
        );
    }
    std::int64_t base = 0, position = 0;
    if (const std::string state = request.word("SyncState"); !state.empty()) {
        const std::string plain = bytes_of_base64(state).value_or("");
        const std::string prefix = at->id + "|" + std::to_string(epoch) + "|";
        const std::size_t bar = plain.find('|', prefix.size());
        const bool good = plain.starts_with(prefix) && bar != std::string::npos;
        if (good) {
            base = std::stoll(plain.substr(prefix.size(), bar - prefix.size()));
            position = std::stoll(plain.substr(bar + 1));
        }
        if (!good) {
            if (!quirks.bad_state_is_everything)
                return response_message(
                    "SyncFolderItems",
                    "ErrorInvalidSyncStateData",
                    "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>"
                );
            base = position = 0;
        }
    }
    std::vector<const EwsItem*> touched;
    for (const EwsItem& one : items)
        if (one.folder == at->id && one.touched > position) touched.push_back(&one);
    std::sort(touched.begin(), touched.end(), [](auto* a, auto* b) { return a->touched < b->touched; });
    const std::size_t most = std::min(std::stoul(request.word("MaxChangesReturned")), quirks.largest_page);
    std::string changes;
    std::size_t given = 0;
    for (const EwsItem* one : touched) {
        if (given == most) break;
        ++given;
        position = one->touched;
        const std::string item_id =
            "<t:ItemId Id=\"" + ews::escaped(one->id) + "\" ChangeKey=\"" + change_key(*one) + "\"/>";
        const bool fresh = one->created > base;
        if (one->gone && !fresh) changes += "<t:Delete>" + item_id + "</t:Delete>";
        if (one->gone) continue;
        const std::string kind = fresh ? "Create" : "Update";
        changes += "<t:" + kind + "><t:CalendarItem>" + item_id + "</t:CalendarItem></t:" + kind + ">";
    }
    const bool last = given == touched.size();
    if (last) position = base = std::max(position, journal);
    if (base == 0 && last)
        changes +=
            "<t:Create><t:MeetingRequest><t:ItemId Id=\"AAMkRequest=\" "
            "ChangeKey=\"CwAA\"/></t:MeetingRequest></t:Create>";
    const std::string state =
        base64_of(at->id + "|" + std::to_string(epoch) + "|" + std::to_string(base) + "|" + std::to_string(position));
    return response_message(
        "SyncFolderItems",
        "NoError",
        "<m:SyncState>" + state + "</m:SyncState><m:IncludesLastItemInRange>" + (last ? "true" : "false") +
            "</m:IncludesLastItemInRange><m:Changes>" + changes + "</m:Changes>"
    );
}

}  // namespace calgate::testing
