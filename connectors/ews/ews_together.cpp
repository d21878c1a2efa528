#include "connectors/ews/ews_together.hpp"

#include <algorithm>
#include <set>

namespace calgate::ews {

namespace {

using Kind = EventWrite::Kind;

constexpr int kMaxPages = 100;

Error error(ErrorCode code, std::string sentence) { return {code, std::move(sentence), {}}; }

/// Says that the write has to go alone.
Error goes_alone() { return error(ErrorCode::Unsupported, "The event takes calls of its own."); }

Error miscounted() {
    return error(ErrorCode::InvalidResponse, "The Exchange server did not answer item by item; we look what it did.");
}

/// What a find says of the property that was searched for; servers show others as well. Empty: nothing.
std::string searched_property(const Element& item, Searched searched) {
    if (searched == Searched::OurUid) return own_property(item, kUidProperty);
    for (const Element& property : item.children) {
        if (property.name != "ExtendedProperty") continue;
        const std::string& id = property.child("ExtendedFieldURI").attribute("PropertyId");
        if (id == "35" || id == "0x23") return property.word("Value");
    }
    return {};
}

/// A meeting whose organiser is somebody else: our change would be undone by the next update, or refused.
bool is_of_another(const Element& item) {
    const std::string reply = item.word("MyResponseType"), meeting = item.word("IsMeeting");
    return (meeting == "true" || meeting == "1") && !reply.empty() && reply != "Organizer" && reply != "Unknown";
}

}  // namespace

Error already_there() { return error(ErrorCode::AlreadyExists, "The calendar already holds this event."); }

Error unnamed() {
    return error(ErrorCode::InvalidResponse, "The Exchange server did not name what it created; it is looked up.");
}

WriteReceipt updated(const Href& event) { return {event, std::nullopt}; }

Status check_writable(const Element& current, const Version& if_match) {
    if (version_of(current) != if_match)
        return error(
            ErrorCode::VersionMismatch, "The event was changed at the service since we read it; it is read again."
        );
    if (is_of_another(current))
        return error(
            ErrorCode::Rejected,
            "The event is somebody else's meeting, which only its organiser can change; decline it in Outlook."
        );
    return {};
}

Result<Update> update_of(const ItemReader& items, const RemoteEvent& stored, const Event& wanted) {
    if (stored.unreadable || stored.event.partial)
        return error(ErrorCode::Rejected, "The event at the service is only partly understood; it is not written.");
    CALGATE_TRY_STATUS(items.check_exceptions(wanted, stored.event));
    return write_update(wanted, stored.event, items.wire());
}

Result<std::vector<Search::Find>> Search::find(
    const Context& context, const Href& calendar, Searched searched, const std::vector<std::string>& values
) {
    const std::set<std::string> wanted(values.begin(), values.end());
    std::vector<std::pair<std::string, Find>> found;  // With when it was created.
    std::vector<Find> unsaid;
    std::string first_of_page;
    bool restricted = !unknown_.contains(searched), shows = false;
    int offset = 0;
    for (int pages = 0;; ++pages) {
        if (pages == kMaxPages)
            return error(ErrorCode::InvalidResponse, "The Exchange server's list of finds does not end.");
        const auto ask = [&] {
            const std::vector<std::string> none;
            const Element body = find_items(folder_in(calendar), searched, restricted ? values : none, offset);
            return session_.ask_one(context, {Call::Read, "FindItem", body, {}});
        };
        auto answer = ask();
        // A server that knows no such restriction still lists the folder, and we look for ourselves.
        const bool nameless = !answer && session_.may_be_unknown();
        if (!answer && restricted && pages == 0 && (nameless || answer.error().code == ErrorCode::InvalidResponse)) {
            restricted = false;
            auto plain = ask();
            // What fails either way says nothing about the search.
            if (plain && nameless) unknown_.insert(searched);
            if (plain || !nameless) answer = std::move(plain);
        }
        CALGATE_TRY(const Element message, std::move(answer));
        const Element& root = message.child("RootFolder");
        const auto& listed = root.child("Items").children;
        for (const Element& item : listed) {
            const std::string id = id_of(item), value = searched_property(item, searched);
            shows |= !value.empty();
            if (!id.empty() && wanted.contains(value))
                found.emplace_back(item.word("DateTimeCreated"), Find{id, value});
            if (!id.empty() && value.empty()) unsaid.push_back({id, {}});
        }
        offset += static_cast<int>(listed.size());
        const std::string& last = root.attribute("IncludesLastItemInRange");
        if (listed.empty() || last == "true" || last == "1") break;
        // Where nothing says that this was the last page, an empty one does, or the first one once more.
        const std::string first = id_of(listed.front());
        if (last.empty() && (first == first_of_page || root.attribute("TotalItemsInView") == std::to_string(offset)))
            break;
        first_of_page = first;
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Find> out;
    for (auto& [created, find] : found) out.push_back(std::move(find));
    // Whoever lists the whole folder and shows the property of some has none to show of the others.
    if (restricted || !shows) out.insert(out.end(), unsaid.begin(), unsaid.end());
    return out;
}

/// One call of write_events.
struct Together::Round {
    const Context& context;
    const Href& calendar;
    const std::vector<EventWrite>& writes;
    std::vector<Result<WriteReceipt>> outcomes{};
    std::vector<Part> created{}, updated{}, deleted{};
};

Together::Together(
    Connector& alone, Session& session, const ItemReader& items, Search& search, const EwsSettings& settings
)
    : alone_(alone), session_(session), items_(items), search_(search), settings_(settings) {}

/// EWS lets no client choose an id: what carries our property is looked for before it is created.
void Together::look_for(Round& round) const {
    std::vector<std::string> names;
    for (const Part& part : round.created) names.push_back(round.writes[part.at].event.uid.value);
    if (names.empty()) return;
    const auto found = search_.find(round.context, round.calendar, Searched::OurUid, names);
    const bool unsaid = found && !found->empty() && found->back().value.empty();
    std::vector<Part> missing;
    for (Part& part : round.created) {
        const std::string& name = round.writes[part.at].event.uid.value;
        const auto is_it = [&](const Search::Find& find) { return find.value == name; };
        if (!found && found.error().code != ErrorCode::InvalidResponse)
            round.outcomes[part.at] = found.error();
        else if (!found || unsaid || std::any_of(found->begin(), found->end(), is_it))
            round.outcomes[part.at] = goes_alone();
        else
            missing.push_back(std::move(part));
    }
    round.created = std::move(missing);
}

std::string Together::zone_of(const EventWrite& write) const {
    return write.kind == Kind::Delete ? std::string() : zone_of_request(write.event.master, items_.wire());
}

/// @return of an update its fields, of a deletion nothing, around the id; Unsupported for what goes alone.
Result<Element> Together::change_of(const EventWrite& write, const Answer& answer) const {
    if (!answer.item)
        return answer.error.value_or(
            error(ErrorCode::InvalidResponse, "The Exchange server left out the event that we asked for.")
        );
    const Element& current = *answer.item;
    CALGATE_TRY_STATUS(check_writable(current, write.if_match));
    const std::string id = item_in(write.href), key = current.child("ItemId").attribute("ChangeKey");
    if (write.kind == Kind::Delete) return item_to_delete(id, key);
    if (is_series(current)) return goes_alone();
    CALGATE_TRY(const Update update, update_of(items_, items_.single(calendar_of(write.href), current), write.event));
    if (update.fields.empty()) return goes_alone();
    return item_change(id, key, update.fields);
}

/// Some compatible servers do not look at a ChangeKey, and none does at that of a deletion: each write is preceded by a
/// reading.
void Together::read(Round& round) const {
    std::vector<std::string> ids;
    std::vector<std::size_t> asked;
    for (std::size_t i = 0; i < round.writes.size(); ++i) {
        const EventWrite& write = round.writes[i];
        if (write.kind == Kind::Create || item_in(write.href).empty()) continue;
        if (write.kind == Kind::Update && !write.event.master.rules.empty()) continue;
        ids.push_back(item_in(write.href));
        asked.push_back(i);
    }
    if (ids.empty()) return;
    const auto answers = items_.get(round.context, ids);
    for (std::size_t at = 0; at < asked.size(); ++at) {
        const std::size_t i = asked[at];
        const EventWrite& write = round.writes[i];
        auto change = answers ? change_of(write, (*answers)[at]) : Result<Element>(about_no_event(answers.error()));
        if (change)
            (write.kind == Kind::Update ? round.updated : round.deleted)
                .push_back({i, std::move(*change), zone_of(write)});
        else if (write.kind == Kind::Delete && change.error().code == ErrorCode::NotFound)
            round.outcomes[i] = WriteReceipt{write.href, std::nullopt};
        else
            round.outcomes[i] = change.error();
    }
}

template <class Inside, class Understood>
void Together::send(Round& round, Ask ask, std::vector<Part>& parts, const Inside& inside, const Understood& understood)
    const {
    std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.zone < b.zone; });
    for (std::size_t begin = 0; begin < parts.size();) {
        std::vector<Element> all;
        std::size_t end = begin;
        for (; end < parts.size() && parts[end].zone == parts[begin].zone; ++end) all.push_back(parts[end].xml);
        ask.body = inside(std::move(all));
        ask.zone = parts[begin].zone;
        const auto response = session_.ask(round.context, ask);
        const bool zone_refused = session_.zone_was_refused();
        const auto messages = response ? messages_of(*response) : std::vector<const Element*>{};
        const bool counted = response && messages.size() == end - begin;
        std::size_t tried = 0;
        for (std::size_t i = begin; i < end; ++i, ++tried) {
            auto& outcome = round.outcomes[parts[i].at];
            const Verdict verdict = counted ? verdict_of(*messages[i - begin]) : Verdict{};
            // The rest was not looked at (MS-OXWSCDATA: ErrorBatchProcessingStopped) and is sent again.
            if (verdict.code == "ErrorBatchProcessingStopped") break;
            // Alone it goes in UTC.
            if ((!response && zone_refused) || is_unknown_zone(verdict.code))
                outcome = goes_alone();
            else if (!response)
                outcome = about_no_event(response.error());
            else if (!counted)
                outcome = miscounted();
            else if (!verdict.success())
                outcome = session_.refused(ask.call, verdict);
            else
                outcome = understood(round.writes[parts[i].at], *messages[i - begin]);
        }
        begin += tried;
        if (tried > 0) continue;
        for (; begin < end; ++begin)
            round.outcomes[parts[begin].at] =
                error(ErrorCode::Unavailable, "The Exchange server stopped before the first of several items.");
    }
}

void Together::create(Round& round) const {
    const auto inside = [&](std::vector<Element> items) {
        return create_item(folder_in(round.calendar), std::move(items));
    };
    std::map<std::string, std::string> keys;
    send(
        round,
        {Call::Create, "CreateItem", {}, {}},
        round.created,
        inside,
        [&](const EventWrite&, const Element& message) -> Result<WriteReceipt> {
            const Element* const id = message.find("ItemId");
            if (!id || id->attribute("Id").empty()) return unnamed();
            keys[id->attribute("Id")] = id->attribute("ChangeKey");
            return WriteReceipt{event_href(round.calendar, id->attribute("Id")), std::nullopt};
        }
    );
    tie(round, keys);
}

/// Answers to a creation name nothing but ids: which item is whose, the items themselves say.
/// @param keys ChangeKeys of what was created, by id.
void Together::tie(Round& round, const std::map<std::string, std::string>& keys) const {
    if (keys.empty()) return;
    std::vector<std::string> ids;
    for (const auto& [id, key] : keys) ids.push_back(id);
    const auto answers = items_.get(round.context, ids);
    std::map<std::string, WriteReceipt> made;
    for (std::size_t i = 0; answers && i < ids.size(); ++i) {
        if (!(*answers)[i].item) continue;
        const Element& item = *(*answers)[i].item;
        // What we are told was written counts, not what somebody made of it since.
        const std::string& key = keys.at(ids[i]);
        std::string name = own_property(item, kUidProperty);
        if (name.empty()) name = uid_of(item.word("UID"));
        made[name] = {event_href(round.calendar, ids[i]), key.empty() ? version_of(item) : Version{key}};
    }
    bool mixed_up = false;
    for (const Part& part : round.created) {
        const auto& outcome = round.outcomes[part.at];
        const auto is = made.find(round.writes[part.at].event.uid.value);
        mixed_up |= is == made.end() ? outcome.has_value() : !outcome || outcome->href != is->second.href;
    }
    for (const Part& part : round.created) {
        auto& outcome = round.outcomes[part.at];
        const auto is = made.find(round.writes[part.at].event.uid.value);
        if (is != made.end())
            outcome = is->second;
        else if (mixed_up)
            outcome = miscounted();
    }
}

void Together::update(Round& round) const {
    send(
        round,
        {Call::Update, "UpdateItem", {}, {}},
        round.updated,
        update_items,
        [&](const EventWrite& write, const Element& message) -> Result<WriteReceipt> {
            const Element* const id = message.find("ItemId");
            if (id && id->attribute("Id") != item_in(write.href)) return miscounted();
            return updated(write.href);
        }
    );
}

void Together::remove(Round& round) const {
    send(
        round,
        {Call::Delete, "DeleteItem", {}, {}},
        round.deleted,
        delete_items,
        [](const EventWrite& write, const Element&) -> Result<WriteReceipt> {
            return WriteReceipt{write.href, std::nullopt};
        }
    );
    for (const Part& part : round.deleted) {
        auto& outcome = round.outcomes[part.at];
        if (!outcome && outcome.error().code == ErrorCode::NotFound)
            outcome = WriteReceipt{round.writes[part.at].href, std::nullopt};
    }
}

std::vector<Result<WriteReceipt>> Together::write_events(
    const Context& context, const Href& calendar, const std::vector<EventWrite>& writes
) {
    Round round{context, calendar, writes, {writes.size(), goes_alone()}, {}, {}, {}};
    const bool is_calendar = !folder_in(calendar).empty() && item_in(calendar).empty();
    for (std::size_t i = 0; i < writes.size(); ++i) {
        if (writes[i].kind != Kind::Create || !writes[i].event.master.rules.empty() || !is_calendar) continue;
        auto item = write_create(writes[i].event, items_.wire());
        if (item)
            round.created.push_back({i, std::move(*item), zone_of(writes[i])});
        else
            round.outcomes[i] = item.error();
    }
    look_for(round);
    create(round);
    read(round);
    update(round);
    remove(round);
    for (std::size_t i = 0; i < writes.size(); ++i)
        if (!round.outcomes[i] && round.outcomes[i].error().code == ErrorCode::Unsupported)
            round.outcomes[i] = write_alone(alone_, context, calendar, writes[i]);
    return round.outcomes;
}

std::vector<Result<bool>> Together::find_absent(
    const Context& context, const Href& calendar, const std::vector<Uid>& uids
) {
    std::vector<Result<bool>> outcomes(uids.size(), true);
    for (const Searched searched : {Searched::OurUid, Searched::GlobalObjectId}) {
        std::vector<std::string> values;
        for (const Uid& uid : uids)
            values.push_back(searched == Searched::OurUid ? uid.value : global_object_id(uid.value));
        if (values.empty()) break;
        const auto found = search_.find(context, calendar, searched, values);
        if (!found && found.error().code != ErrorCode::InvalidResponse)
            return std::vector<Result<bool>>(uids.size(), found.error());
        // What some servers cannot search by at all; our own property has answered.
        if (!found && searched == Searched::GlobalObjectId && search_.is_impossible(found.error())) break;
        for (std::size_t i = 0; i < uids.size(); ++i) {
            // A find that shows no value may be any of them.
            const auto may_be = [&](const Search::Find& find) { return find.value.empty() || find.value == values[i]; };
            if (!found || std::any_of(found->begin(), found->end(), may_be)) outcomes[i] = false;
        }
    }
    return outcomes;
}

}  // namespace calgate::ews
