#include "connectors/ews/ews_requests.hpp"

#include "connectors/ews/ews_wire.hpp"

namespace calgate::ews {

namespace {

constexpr std::string_view kItemFields[] = {
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

std::string field(std::string_view uri) { return "<t:FieldURI FieldURI=\"" + std::string(uri) + "\"/>"; }

std::string own_field(std::string_view name) {
    return "<t:ExtendedFieldURI PropertySetId=\"" + std::string(kPropertySet) + "\" PropertyName=\"" +
           std::string(name) + "\" PropertyType=\"String\"/>";
}

std::string item_id(const std::string& id, const std::string& change_key = {}) {
    const std::string key = change_key.empty() ? "" : " ChangeKey=\"" + escaped(change_key) + "\"";
    return "<t:ItemId Id=\"" + escaped(id) + "\"" + key + "/>";
}

std::string folder_id(const std::string& id) { return "<t:FolderId Id=\"" + escaped(id) + "\"/>"; }

std::string item_shape() {
    std::string out =
        "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:BodyType>Text</t:BodyType><t:AdditionalProperties>";
    for (const std::string_view uri : kItemFields) out += field(uri);
    return out + own_field(kUidProperty) + own_field(kCopyProperty) + "</t:AdditionalProperties></m:ItemShape>";
}

std::string folder_shape() {
    std::string out = "<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>";
    for (const char* uri :
         {"folder:ParentFolderId", "folder:DisplayName", "folder:FolderClass", "folder:EffectiveRights"})
        out += field(uri);
    return out + "</t:AdditionalProperties></m:FolderShape>";
}

std::string equals(const std::string& path, const std::string& value) {
    return "<t:IsEqualTo>" + path + "<t:FieldURIOrConstant><t:Constant Value=\"" + escaped(value) +
           "\"/></t:FieldURIOrConstant></t:IsEqualTo>";
}

/// @param values none: whatever there is.
std::string one_of(const std::string& path, const std::vector<std::string>& values) {
    if (values.empty()) return {};
    std::string any;
    for (const std::string& value : values) any += equals(path, value);
    return "<m:Restriction>" + (values.size() > 1 ? "<t:Or>" + any + "</t:Or>" : any) + "</m:Restriction>";
}

std::string page(std::string_view kind, int most, int offset) {
    return "<m:Indexed" + std::string(kind) + "View MaxEntriesReturned=\"" + std::to_string(most) + "\" Offset=\"" +
           std::to_string(offset) + "\" BasePoint=\"Beginning\"/>";
}

}  // namespace

std::string get_calendar_folders() {
    return "<m:GetFolder>" + folder_shape() +
           "<m:FolderIds><t:DistinguishedFolderId Id=\"calendar\"/><t:DistinguishedFolderId Id=\"deleteditems\"/>"
           "</m:FolderIds></m:GetFolder>";
}

std::string get_place_of_folder(const std::string& folder) {
    return "<m:GetFolder>" + folder_shape() + "<m:FolderIds>" + folder_id(folder) +
           "<t:DistinguishedFolderId Id=\"deleteditems\"/></m:FolderIds></m:GetFolder>";
}

std::string find_calendar_folders(int offset, bool by_class) {
    return "<m:FindFolder Traversal=\"Deep\">" + folder_shape() + page("PageFolder", kFolderPage, offset) +
           (by_class ? one_of(field("folder:FolderClass"), {"IPF.Appointment"}) : "") +
           "<m:ParentFolderIds><t:DistinguishedFolderId Id=\"msgfolderroot\"/></m:ParentFolderIds></m:FindFolder>";
}

std::string sync_folder_items(const std::string& folder, const std::string& state, int most) {
    const std::string from = state.empty() ? "" : "<m:SyncState>" + escaped(state) + "</m:SyncState>";
    return "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>" +
           folder_id(folder) + "</m:SyncFolderId>" + from + "<m:MaxChangesReturned>" + std::to_string(most) +
           "</m:MaxChangesReturned><m:SyncScope>NormalItems</m:SyncScope></m:SyncFolderItems>";
}

std::string get_items(const std::vector<std::string>& ids) {
    std::string out = "<m:GetItem>" + item_shape() + "<m:ItemIds>";
    for (const std::string& id : ids) out += item_id(id);
    return out + "</m:ItemIds></m:GetItem>";
}

std::string get_occurrence(const std::string& master, int index) {
    return "<m:GetItem>" + item_shape() + "<m:ItemIds><t:OccurrenceItemId RecurringMasterId=\"" + escaped(master) +
           "\" InstanceIndex=\"" + std::to_string(index) + "\"/></m:ItemIds></m:GetItem>";
}

std::string find_items(
    const std::string& folder, Searched searched, const std::vector<std::string>& values, int offset
) {
    const std::string path =
        searched == Searched::OurUid
            ? own_field(kUidProperty)
            : "<t:ExtendedFieldURI DistinguishedPropertySetId=\"Meeting\" PropertyId=\"35\" PropertyType=\"Binary\"/>";
    return "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>" +
           field("item:DateTimeCreated") + path + "</t:AdditionalProperties></m:ItemShape>" +
           page("PageItem", kItemPage, offset) + one_of(path, values) + "<m:ParentFolderIds>" + folder_id(folder) +
           "</m:ParentFolderIds></m:FindItem>";
}

std::string get_user_availability(const std::string& address, Instant from, Instant until) {
    const auto local = [](Instant at) { return format_local(LocalSeconds{at.time_since_epoch()}); };
    const auto change = [](const std::string& name) {
        return "<t:" + name +
               "><t:Bias>0</t:Bias><t:Time>00:00:00</t:Time><t:DayOrder>1</t:DayOrder><t:Month>1</t:Month>"
               "<t:DayOfWeek>Sunday</t:DayOfWeek></t:" +
               name + ">";
    };
    return "<m:GetUserAvailabilityRequest><t:TimeZone><t:Bias>0</t:Bias>" + change("StandardTime") +
           change("DaylightTime") + "</t:TimeZone><m:MailboxDataArray><t:MailboxData><t:Email><t:Address>" +
           escaped(address) +
           "</t:Address></t:Email><t:AttendeeType>Required</t:AttendeeType><t:ExcludeConflicts>false"
           "</t:ExcludeConflicts></t:MailboxData></m:MailboxDataArray><t:FreeBusyViewOptions><t:TimeWindow>"
           "<t:StartTime>" +
           local(from) + "</t:StartTime><t:EndTime>" + local(until) +
           "</t:EndTime></t:TimeWindow><t:MergedFreeBusyIntervalInMinutes>" + std::to_string(kMergedInterval.count()) +
           "</t:MergedFreeBusyIntervalInMinutes><t:RequestedView>FreeBusyMerged</t:RequestedView>"
           "</t:FreeBusyViewOptions></m:GetUserAvailabilityRequest>";
}

std::string subscribe_streaming(const std::vector<std::string>& folders) {
    std::string out = "<m:Subscribe><m:StreamingSubscriptionRequest><t:FolderIds>";
    for (const std::string& folder : folders) out += folder_id(folder);
    out += "</t:FolderIds><t:EventTypes>";
    for (const char* event : {"CreatedEvent", "ModifiedEvent", "DeletedEvent", "MovedEvent", "CopiedEvent"})
        out += "<t:EventType>" + std::string(event) + "</t:EventType>";
    return out + "</t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>";
}

std::string get_streaming_events(const std::string& subscription, int minutes) {
    return "<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>" + escaped(subscription) +
           "</t:SubscriptionId></m:SubscriptionIds><m:ConnectionTimeout>" + std::to_string(minutes) +
           "</m:ConnectionTimeout></m:GetStreamingEvents>";
}

std::string create_item(const std::string& folder, const std::string& items) {
    return "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:SavedItemFolderId>" + folder_id(folder) +
           "</m:SavedItemFolderId><m:Items>" + items + "</m:Items></m:CreateItem>";
}

std::string item_change(const std::string& id, const std::string& change_key, const std::string& updates) {
    return "<t:ItemChange>" + item_id(id, change_key) + "<t:Updates>" + updates + "</t:Updates></t:ItemChange>";
}

std::string update_items(const std::string& changes) {
    return "<m:UpdateItem ConflictResolution=\"NeverOverwrite\" MessageDisposition=\"SaveOnly\" "
           "SendMeetingInvitationsOrCancellations=\"SendToNone\"><m:ItemChanges>" +
           changes + "</m:ItemChanges></m:UpdateItem>";
}

std::string item_to_delete(const std::string& id, const std::string& change_key) { return item_id(id, change_key); }

std::string delete_items(const std::string& ids) {
    return "<m:DeleteItem DeleteType=\"MoveToDeletedItems\" SendMeetingCancellations=\"SendToNone\"><m:ItemIds>" + ids +
           "</m:ItemIds></m:DeleteItem>";
}

}  // namespace calgate::ews
