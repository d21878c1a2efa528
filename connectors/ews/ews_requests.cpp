#include "connectors/ews/ews_requests.hpp"

#include "connectors/ews/ews_wire.hpp"

namespace calgate::ews {

namespace {

constexpr const char* kItemFields[] = {
    "item:ItemClass",
    "item:Subject",
    "item:Sensitivity",
    "item:Body",
    "item:Categories",
    "item:Importance",
    "item:ReminderIsSet",
    "item:ReminderMinutesBeforeStart",
    "item:LastModifiedTime",
    "calendar:UID",
    "calendar:Start",
    "calendar:End",
    "calendar:OriginalStart",
    "calendar:IsAllDayEvent",
    "calendar:LegacyFreeBusyStatus",
    "calendar:Location",
    "calendar:IsMeeting",
    "calendar:IsCancelled",
    "calendar:CalendarItemType",
    "calendar:MyResponseType",
    "calendar:Recurrence",
    "calendar:ModifiedOccurrences",
    "calendar:DeletedOccurrences",
    "calendar:StartTimeZone",
    "calendar:EndTimeZone"};

Element item_id(const std::string& id, const std::string& change_key = {}) {
    Element out{"t:ItemId", {{"Id", id}}, {}, {}};
    if (!change_key.empty()) out.attributes.emplace_back("ChangeKey", change_key);
    return out;
}

Element folder_id(const std::string& id) { return {"t:FolderId", {{"Id", id}}, {}, {}}; }
Element known_folder(const char* id) { return {"t:DistinguishedFolderId", {{"Id", id}}, {}, {}}; }

/// @param name "m:ItemShape"; @param details what stands before the properties.
Element shape(const char* name, std::vector<Element> details, std::vector<Element> properties) {
    Element out = with_children(name, {with_text("t:BaseShape", "IdOnly")});
    for (Element& one : details) out.children.push_back(std::move(one));
    if (!properties.empty()) out.children.push_back(with_children("t:AdditionalProperties", std::move(properties)));
    return out;
}

Element item_shape() {
    std::vector<Element> properties;
    for (const char* uri : kItemFields) properties.push_back(field_uri(uri));
    properties.push_back(own_field_uri(kUidProperty));
    properties.push_back(own_field_uri(kCopyProperty));
    return shape("m:ItemShape", {with_text("t:BodyType", "Text")}, std::move(properties));
}

Element folder_shape() {
    return shape(
        "m:FolderShape",
        {},
        {field_uri("folder:ParentFolderId"),
         field_uri("folder:DisplayName"),
         field_uri("folder:FolderClass"),
         field_uri("folder:EffectiveRights")}
    );
}

Element equals(const Element& path, const std::string& value) {
    const Element constant{"t:Constant", {{"Value", value}}, {}, {}};
    return with_children("t:IsEqualTo", {path, with_children("t:FieldURIOrConstant", {constant})});
}

/// @param values at least one.
Element one_of(const Element& path, const std::vector<std::string>& values) {
    std::vector<Element> any;
    for (const std::string& value : values) any.push_back(equals(path, value));
    if (any.size() > 1) any = {with_children("t:Or", std::move(any))};
    return with_children("m:Restriction", std::move(any));
}

Element page(const char* name, int most, int offset) {
    return {
        name,
        {{"MaxEntriesReturned", std::to_string(most)}, {"Offset", std::to_string(offset)}, {"BasePoint", "Beginning"}},
        {},
        {}};
}

Element get_folders(std::vector<Element> ids) {
    return with_children("m:GetFolder", {folder_shape(), with_children("m:FolderIds", std::move(ids))});
}

}  // namespace

Element field_uri(std::string_view uri) { return {"t:FieldURI", {{"FieldURI", std::string(uri)}}, {}, {}}; }

Element own_field_uri(std::string_view name) {
    return {
        "t:ExtendedFieldURI",
        {{"PropertySetId", std::string(kPropertySet)}, {"PropertyName", std::string(name)}, {"PropertyType", "String"}},
        {},
        {}};
}

Element get_calendar_folders() { return get_folders({known_folder("calendar"), known_folder("deleteditems")}); }

Element get_place_of_folder(const std::string& folder) {
    return get_folders({folder_id(folder), known_folder("deleteditems")});
}

Element find_calendar_folders(int offset, bool by_class) {
    Element out{"m:FindFolder", {{"Traversal", "Deep"}}, {}, {}};
    out.children = {folder_shape(), page("m:IndexedPageFolderView", kFolderPage, offset)};
    if (by_class) out.children.push_back(one_of(field_uri("folder:FolderClass"), {"IPF.Appointment"}));
    out.children.push_back(with_children("m:ParentFolderIds", {known_folder("msgfolderroot")}));
    return out;
}

Element sync_folder_items(const std::string& folder, const std::string& state, int most) {
    Element out = with_children(
        "m:SyncFolderItems", {shape("m:ItemShape", {}, {}), with_children("m:SyncFolderId", {folder_id(folder)})}
    );
    if (!state.empty()) out.children.push_back(with_text("m:SyncState", state));
    out.children.push_back(with_text("m:MaxChangesReturned", std::to_string(most)));
    out.children.push_back(with_text("m:SyncScope", "NormalItems"));
    return out;
}

Element get_items(const std::vector<std::string>& ids) {
    Element named{"m:ItemIds", {}, {}, {}};
    for (const std::string& id : ids) named.children.push_back(item_id(id));
    return with_children("m:GetItem", {item_shape(), std::move(named)});
}

Element get_occurrence(const std::string& master, int index) {
    const Element id{
        "t:OccurrenceItemId", {{"RecurringMasterId", master}, {"InstanceIndex", std::to_string(index)}}, {}, {}};
    return with_children("m:GetItem", {item_shape(), with_children("m:ItemIds", {id})});
}

Element find_items(const std::string& folder, Searched searched, const std::vector<std::string>& values, int offset) {
    const Element global{
        "t:ExtendedFieldURI",
        {{"DistinguishedPropertySetId", "Meeting"}, {"PropertyId", "35"}, {"PropertyType", "Binary"}},
        {},
        {}};
    const Element path = searched == Searched::OurUid ? own_field_uri(kUidProperty) : global;
    Element out{"m:FindItem", {{"Traversal", "Shallow"}}, {}, {}};
    out.children = {
        shape("m:ItemShape", {}, {field_uri("item:DateTimeCreated"), path}),
        page("m:IndexedPageItemView", kItemPage, offset)};
    if (!values.empty()) out.children.push_back(one_of(path, values));
    out.children.push_back(with_children("m:ParentFolderIds", {folder_id(folder)}));
    return out;
}

Element get_user_availability(const std::string& address, Instant from, Instant until) {
    const auto local = [](Instant at) { return format_local(LocalSeconds{at.time_since_epoch()}); };
    const auto change = [](const char* name) {
        return with_children(
            name,
            {with_text("t:Bias", "0"),
             with_text("t:Time", "00:00:00"),
             with_text("t:DayOrder", "1"),
             with_text("t:Month", "1"),
             with_text("t:DayOfWeek", "Sunday")}
        );
    };
    const Element zone =
        with_children("t:TimeZone", {with_text("t:Bias", "0"), change("t:StandardTime"), change("t:DaylightTime")});
    const Element mailbox = with_children(
        "t:MailboxData",
        {with_children("t:Email", {with_text("t:Address", address)}),
         with_text("t:AttendeeType", "Required"),
         with_text("t:ExcludeConflicts", "false")}
    );
    const Element window =
        with_children("t:TimeWindow", {with_text("t:StartTime", local(from)), with_text("t:EndTime", local(until))});
    const Element view = with_children(
        "t:FreeBusyViewOptions",
        {window,
         with_text("t:MergedFreeBusyIntervalInMinutes", std::to_string(kMergedInterval.count())),
         with_text("t:RequestedView", "FreeBusyMerged")}
    );
    return with_children("m:GetUserAvailabilityRequest", {zone, with_children("m:MailboxDataArray", {mailbox}), view});
}

Element subscribe_streaming(const std::vector<std::string>& folders) {
    Element ids{"t:FolderIds", {}, {}, {}}, types{"t:EventTypes", {}, {}, {}};
    for (const std::string& folder : folders) ids.children.push_back(folder_id(folder));
    for (const char* event : {"CreatedEvent", "ModifiedEvent", "DeletedEvent", "MovedEvent", "CopiedEvent"})
        types.children.push_back(with_text("t:EventType", event));
    return with_children(
        "m:Subscribe", {with_children("m:StreamingSubscriptionRequest", {std::move(ids), std::move(types)})}
    );
}

Element get_streaming_events(const std::string& subscription, int minutes) {
    return with_children(
        "m:GetStreamingEvents",
        {with_children("m:SubscriptionIds", {with_text("t:SubscriptionId", subscription)}),
         with_text("m:ConnectionTimeout", std::to_string(minutes))}
    );
}

Element create_item(const std::string& folder, std::vector<Element> items) {
    Element out{"m:CreateItem", {{"SendMeetingInvitations", "SendToNone"}}, {}, {}};
    out.children = {
        with_children("m:SavedItemFolderId", {folder_id(folder)}), with_children("m:Items", std::move(items))};
    return out;
}

Element item_change(const std::string& id, const std::string& change_key, std::vector<Element> updates) {
    return with_children("t:ItemChange", {item_id(id, change_key), with_children("t:Updates", std::move(updates))});
}

Element update_items(std::vector<Element> changes) {
    return {
        "m:UpdateItem",
        {{"ConflictResolution", "NeverOverwrite"},
         {"MessageDisposition", "SaveOnly"},
         {"SendMeetingInvitationsOrCancellations", "SendToNone"}},
        {},
        {with_children("m:ItemChanges", std::move(changes))}};
}

Element item_to_delete(const std::string& id, const std::string& change_key) { return item_id(id, change_key); }

Element delete_items(std::vector<Element> ids) {
    return {
        "m:DeleteItem",
        {{"DeleteType", "MoveToDeletedItems"}, {"SendMeetingCancellations", "SendToNone"}},
        {},
        {with_children("m:ItemIds", std::move(ids))}};
}

}  // namespace calgate::ews
