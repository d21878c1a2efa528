#include <algorithm>

#include "core/windows_zones.hpp"
#include "tests/sim/ews_sim_state.hpp"

namespace calgate::testing {

namespace {

/// Children of a CalendarItem in the order of the schema (MS-OXWSCORE, MS-OXWSMTGS).
constexpr const char* kOrder[] = {
    "ItemId",
    "ParentFolderId",
    "ItemClass",
    "Subject",
    "Sensitivity",
    "Body",
    "Categories",
    "Importance",
    "DateTimeCreated",
    "ReminderIsSet",
    "ReminderMinutesBeforeStart",
    "HasAttachments",
    "ExtendedProperty",
    "LastModifiedTime",
    "UID",
    "Start",
    "End",
    "OriginalStart",
    "IsAllDayEvent",
    "LegacyFreeBusyStatus",
    "Location",
    "IsMeeting",
    "IsCancelled",
    "CalendarItemType",
    "MyResponseType",
    "RequiredAttendees",
    "Recurrence",
    "ModifiedOccurrences",
    "DeletedOccurrences",
    "StartTimeZone",
    "EndTimeZone"};
/// What a sparing server leaves out.
constexpr const char* kOptional[] = {
    "ItemClass",
    "Importance",
    "LastModifiedTime",
    "IsMeeting",
    "IsCancelled",
    "CalendarItemType",
    "MyResponseType",
    "EndTimeZone",
    "OriginalStart"};
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

void put_text(Element& properties, const char* name, const std::string& text) {
    put(properties, Element{name, {}, text, {}});
}

std::string iana_of(const std::string& windows) {
    if (windows == "UTC" || windows.empty()) return "UTC";
    const std::string_view iana = iana_of_windows(windows);
    if (iana.empty()) throw EwsRefusal{"ErrorCalendarInvalidTimeZone"};
    return std::string(iana);
}

std::string zone_of(const Element& properties, const char* name, const std::string& context_zone) {
    const std::string id = properties.child(name).attribute("Id");
    return iana_of(id.empty() ? context_zone : id);
}

bool is_extended(const Element& path) { return path.name == "ExtendedFieldURI"; }

std::string plain_text_as_html(const std::string& text) {
    std::string out;
    for (const char c : text)
        out += c == '\n' ? "<br>\n" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
    return "<html><head><style>p {margin: 0}</style></head><body><div>" + out + "</div></body></html>";
}

/// GlobalObjectId of an item that came with a UID of another program (MS-OXOCAL 2.2.1.27).
std::string global_id_of(const std::string& uid) {
    constexpr unsigned char kClass[] = {4, 0, 0, 0, 0x82, 0, 0xE0, 0, 0x74, 0xC5, 0xB7, 0x10, 0x1A, 0x82, 0xE0, 8};
    std::string out(std::begin(kClass), std::end(kClass));
    const std::string data = "vCal-Uid" + std::string("\1\0\0\0", 4) + uid + '\0';
    out += std::string(20, '\0') + static_cast<char>(data.size() & 255) + static_cast<char>(data.size() >> 8) +
           std::string(2, '\0') + data;
    return base64_of(out);
}

}  // namespace

/// Times without an offset are read in their own zone, else in TimeZoneContext, else as UTC; whole days are widened to
/// midnights.
void EwsSim::State::normalise(Element& properties, const std::string& context_zone) {
    for (const char* name : {"Start", "End"}) {
        const std::string text = without_fraction(properties.word(name));
        const std::string zone =
            zone_of(properties, std::string(name) == "Start" ? "StartTimeZone" : "EndTimeZone", context_zone);
        auto instant = parse_instant(text);
        if (!instant) {
            const auto local = parse_local(text);
            if (!local) throw EwsRefusal{"ErrorSchemaValidation"};
            instant = zones.to_instant(*local, zone);
        }
        if (properties.word("IsAllDayEvent") == "true") {
            LocalSeconds local = zones.to_local(*instant, zone);
            const LocalSeconds midnight = std::chrono::floor<std::chrono::days>(local);
            if (local != midnight && std::string(name) == "End")
                local = midnight + std::chrono::days(1);
            else
                local = midnight;
            instant = zones.to_instant(local, zone);
        }
        put_text(properties, name, format_instant(*instant));
    }
    if (properties.word("End") < properties.word("Start"))
        throw EwsRefusal{"ErrorCalendarEndDateIsEarlierThanStartDate"};
    if (properties.has("Recurrence")) days_of_recurrence(properties.child("Recurrence"));
}

std::string EwsSim::State::fresh_id(const std::string& kind) {
    return "AAMk" + base64_of(kind + std::to_string(++next_id) + "?>");
}

EwsFolder& EwsSim::State::folder(const std::string& id) {
    for (EwsFolder& one : folders)
        if (one.id == id && !one.gone) return one;
    throw EwsRefusal{id.starts_with("AAMk") ? "ErrorFolderNotFound" : "ErrorInvalidIdMalformed"};
}

EwsItem& EwsSim::State::item(const std::string& id) {
    for (EwsItem& one : items)
        if (one.id == id && !one.gone) return one;
    throw EwsRefusal{id.starts_with("AAMk") ? "ErrorItemNotFound" : "ErrorInvalidIdMalformed"};
}

void EwsSim::State::touch(EwsItem& item) {
    item.touched = ++journal;
    ++item.key;
    put_text(item.properties, "LastModifiedTime", format_instant(clock.now()));
    tell(item);
}

EwsItem& EwsSim::State::create(const std::string& folder_id, const Element& given, const std::string& context_zone) {
    EwsItem made;
    made.folder = folder(folder_id).id;
    made.properties = given;
    made.properties.name = "CalendarItem";
    if (!given.has("StartTimeZone"))
        put(made.properties, Element{"StartTimeZone", {{"Id", context_zone.empty() ? "UTC" : context_zone}}, {}, {}});
    normalise(made.properties, context_zone);
    for (const auto& [name, value] :
         {std::pair{"IsAllDayEvent", "false"},
          {"LegacyFreeBusyStatus", "Busy"},
          {"Sensitivity", "Normal"},
          {"Importance", "Normal"},
          {"ReminderIsSet", "true"},
          {"ReminderMinutesBeforeStart", "15"}})
        if (!made.properties.has(name)) put_text(made.properties, name, value);
    made.id = fresh_id("item-");
    put_text(made.properties, "DateTimeCreated", format_instant(clock.now()));
    put_text(made.properties, "ItemClass", "IPM.Appointment");
    if (!made.properties.has("UID"))
        put_text(made.properties, "UID", "040000008200E00074C5B7101A82E00800000000" + std::to_string(100000 + next_id));
    touch(made);
    made.created = made.touched;
    items.push_back(std::move(made));
    return items.back();
}

void EwsSim::State::move(const std::string& id, const std::string& to_folder) {
    EwsItem copy = item(id);
    copy.id = fresh_id("item-");
    copy.folder = folder(to_folder).id;
    copy.created = copy.touched = ++journal;
    EwsItem& left = item(id);
    left.gone = true;
    left.next_id = copy.id;
    left.next_folder = copy.folder;
    touch(left);
    items.push_back(std::move(copy));
}

std::vector<EwsSim::State::Shown> EwsSim::State::expanded(const EwsItem& item, Instant from, Instant until) const {
    std::vector<Shown> out;
    const auto take = [&](int index) {
        const Element one = whole(item, index);
        const Instant start = *parse_instant(one.word("Start")), end = *parse_instant(one.word("End"));
        if (start < until && (end > from || start >= from)) out.push_back({&item, index, start, end});
    };
    if (!item.properties.has("Recurrence")) {
        take(0);
        return out;
    }
    const std::size_t count = days_of_recurrence(item.properties.child("Recurrence")).size();
    for (std::size_t i = 1; i <= count; ++i) {
        const auto found = item.occurrences.find(static_cast<int>(i));
        if (found == item.occurrences.end() || !found->second.deleted) take(static_cast<int>(i));
    }
    return out;
}

std::string EwsSim::State::change_key(const EwsItem& item) const {
    return "DwAAABYAAAB" + base64_of(item.id.substr(4, 8) + "v" + std::to_string(item.key));
}

/// @param index of an occurrence, 0 for the item itself.
Element EwsSim::State::whole(const EwsItem& item, int index) const {
    Element out = item.properties;
    const bool series = out.has("Recurrence");
    put_text(out, "CalendarItemType", index > 0 ? "Occurrence" : series ? "RecurringMaster" : "Single");
    put_text(out, "IsMeeting", out.has("RequiredAttendees") ? "true" : "false");
    put_text(out, "IsCancelled", "false");
    put_text(out, "MyResponseType", out.has("RequiredAttendees") ? "Organizer" : "Unknown");
    out.children.push_back({"ParentFolderId", {{"Id", item.folder}}, {}, {}});
    const std::string id = index == 0 ? item.id : item.id + "/" + std::to_string(index);
    out.children.push_back({"ItemId", {{"Id", id}, {"ChangeKey", change_key(item)}}, {}, {}});
    if (!series) return out;
    const std::string zone = zone_of(out, "StartTimeZone", "");
    const Instant start = *parse_instant(out.word("Start")), end = *parse_instant(out.word("End"));
    const LocalSeconds local = zones.to_local(start, zone), local_end = zones.to_local(end, zone);
    const auto clock_time = local - std::chrono::floor<std::chrono::days>(local);
    const auto slots = days_of_recurrence(out.child("Recurrence"));
    const auto slot_of = [&](int at) {
        if (at < 1 || static_cast<std::size_t>(at) > slots.size())
            throw EwsRefusal{"ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange"};
        return zones.to_instant(slots[static_cast<std::size_t>(at - 1)] + clock_time, zone);
    };
    if (index > 0) {
        std::erase_if(out.children, [](const Element& one) { return one.name == "Recurrence"; });
        const Instant slot = slot_of(index);
        const LocalSeconds finish = zones.to_local(slot, zone) + (local_end - local);
        put_text(out, "Start", format_instant(slot));
        put_text(out, "End", format_instant(zones.to_instant(finish, zone)));
        put_text(out, "OriginalStart", format_instant(slot));
        if (const auto found = item.occurrences.find(index); found != item.occurrences.end()) {
            if (found->second.deleted) throw EwsRefusal{"ErrorCalendarOccurrenceIsDeletedFromRecurrence"};
            put_text(out, "CalendarItemType", "Exception");
            for (const Element& change : found->second.changes.children) put(out, change);
        }
        return out;
    }
    Element modified{"ModifiedOccurrences", {}, {}, {}}, deleted{"DeletedOccurrences", {}, {}, {}};
    for (const auto& [at, occurrence] : item.occurrences) {
        const std::string slot = format_instant(slot_of(at));
        if (occurrence.deleted) {
            deleted.children.push_back({"DeletedOccurrence", {}, {}, {{"Start", {}, slot, {}}}});
            continue;
        }
        const Element one = whole(item, at);
        modified.children.push_back(
            {"Occurrence",
             {},
             {},
             {one.child("ItemId"), one.child("Start"), one.child("End"), {"OriginalStart", {}, slot, {}}}}
        );
    }
    for (Element* list : {&modified, &deleted})
        if (!list->children.empty()) out.children.push_back(std::move(*list));
    return out;
}

std::string EwsSim::State::shown(const EwsItem& item, int index, const Element& shape) const {
    const Element all = whole(item, index);
    std::set<std::string> wanted{"ItemId"}, extended;
    bool global_id = false;
    if (shape.word("BaseShape") != "IdOnly")
        for (const char* name : kOrder)
            if (std::string(name) != "ExtendedProperty") wanted.insert(name);
    for (const Element& path : shape.child("AdditionalProperties").children) {
        const std::string& uri = path.attribute("FieldURI");
        if (!is_extended(path))
            wanted.insert(uri.substr(uri.find(':') + 1));
        else if (path.attribute("PropertyId") == "35")
            global_id = true;
        else
            extended.insert(path.attribute("PropertyName"));
    }
    Element out{"CalendarItem", {}, {}, {}};
    for (const char* name : kOrder) {
        const bool spared = has(kOptional, name) || (all.has("Recurrence") && std::string(name) == "StartTimeZone");
        if (quirks.omits_optional && spared) continue;
        if (std::string(name) == "ExtendedProperty" && quirks.shows_all_properties)
            std::copy_if(
                all.children.rbegin(),
                all.children.rend(),
                std::back_inserter(out.children),
                [](const Element& one) { return one.name == "ExtendedProperty"; }
            );
        if (std::string(name) == "ExtendedProperty" && global_id)
            out.children.push_back(
                {"ExtendedProperty",
                 {},
                 {},
                 {{"ExtendedFieldURI",
                   {{"DistinguishedPropertySetId", "Meeting"}, {"PropertyId", "35"}, {"PropertyType", "Binary"}},
                   {},
                   {}},
                  {"Value", {}, global_id_of(all.word("UID")), {}}}}
            );
        for (const Element& property : all.children) {
            if (property.name != name) continue;
            const bool own = property.name == "ExtendedProperty";
            if (own ? quirks.shows_all_properties ||
                          !extended.contains(property.child("ExtendedFieldURI").attribute("PropertyName"))
                    : !wanted.contains(property.name))
                continue;
            out.children.push_back(property);
            Element& copy = out.children.back();
            if (copy.name != "Body") continue;
            const bool html = quirks.html_bodies || shape.word("BodyType") == "HTML";
            const bool is_html = copy.attribute("BodyType") == "HTML";
            if (html && !is_html) copy.text = plain_text_as_html(copy.text);
            copy.attributes = {{"BodyType", html || is_html ? "HTML" : "Text"}};
        }
    }
    return prefixed(out);
}

void EwsSim::State::set(Element& properties, const Element& path, const Element* value, const std::string&) {
    if (value) {
        if (value->children.size() != 1) throw EwsRefusal{"ErrorIncorrectUpdatePropertyCount"};
        put(properties, value->children.front());
        return;
    }
    Element like{is_extended(path) ? "ExtendedProperty" : path.attribute("FieldURI"), {}, {}, {}};
    like.name = like.name.substr(like.name.find(':') + 1);
    if (is_extended(path)) like.children.push_back(path);
    drop(properties, like);
}

}  // namespace calgate::testing
