#include "connectors/ews/ews_changes.hpp"

#include <algorithm>

#include "connectors/ews/ews_requests.hpp"
#include "core/identity.hpp"

namespace calgate::ews {

namespace {

constexpr std::string_view kOtherItems[] = {
    "Message",
    "MeetingMessage",
    "MeetingRequest",
    "MeetingResponse",
    "MeetingCancellation",
    "Contact",
    "DistributionList",
    "Task",
    "PostItem"};

Error expired(std::string sentence) { return {ErrorCode::SyncTokenExpired, std::move(sentence), {}}; }
Error odd(std::string sentence) { return {ErrorCode::InvalidResponse, std::move(sentence), {}}; }

bool is_other_item(std::string_view name) {
    return std::find(std::begin(kOtherItems), std::end(kOtherItems), name) != std::end(kOtherItems);
}

/// The ItemId of a Create, Update or Delete, whichever element holds it.
const Element* item_id_in(const Element& change) {
    if (change.has("ItemId")) return &change.child("ItemId");
    for (const Element& item : change.children)
        if (item.has("ItemId")) return &item.child("ItemId");
    return nullptr;
}

/// Absent on servers that leave out what has a default.
bool says_last(const Element& message, bool nothing_named) {
    const std::string word = message.word("IncludesLastItemInRange");
    return word.empty() ? nothing_named : word == "true" || word == "1";
}

bool contains(const std::vector<std::string>& marks, const std::string& mark) {
    return std::find(marks.begin(), marks.end(), mark) != marks.end();
}

}  // namespace

ChangeReader::ChangeReader(Session& session, const ItemReader& items, const EwsSettings& settings)
    : session_(session), items_(items), settings_(settings) {}

/// A folder keeps its id wherever it is moved (EWS identifiers), and goes on being read.
Status ChangeReader::check_place(const Context& context, const Href& calendar) const {
    const auto response =
        session_.ask(context, {Call::Read, "GetFolder", get_place_of_folder(folder_in(calendar)), {}});
    if (!response) {
        const ErrorCode code = response.error().code;
        const bool of_this_call = code == ErrorCode::InvalidResponse || code == ErrorCode::NotFound ||
                                  code == ErrorCode::Forbidden || session_.is_nameless();
        return of_this_call ? Status{} : Status{response.error()};
    }
    const auto messages = messages_of(*response);
    if (messages.size() != 2) return {};
    const auto folder = [&](std::size_t at) {
        static const Element kNone;
        const auto& folders = messages[at]->child("Folders").children;
        return folders.empty() ? kNone : folders.front();
    };
    const std::string parent = folder(0).child("ParentFolderId").attribute("Id");
    const std::string deleted = folder(1).child("FolderId").attribute("Id");
    if (parent.empty() || parent != deleted) return {};
    return Error{
        ErrorCode::NotFound,
        "The calendar's folder lies in the Deleted Items; move it back in Outlook or choose another calendar.",
        {}};
}

Result<Element> ChangeReader::page(const Context& context, const Href& calendar, const Cursor& cursor) const {
    const Element body = sync_folder_items(folder_in(calendar), cursor.state, settings_.page_size);
    auto message = session_.ask_one(context, {Call::Sync, "SyncFolderItems", body, {}});
    // Without a state there is none that could be refused.
    if (!message && message.error().code == ErrorCode::SyncTokenExpired && cursor.state.empty())
        return odd("The Exchange server refuses a first reading of the calendar; we ask again later.");
    return message;
}

Result<std::vector<ChangeReader::Named>> ChangeReader::named_in(const Element& message) const {
    std::vector<Named> out;
    std::map<std::string, std::size_t> places;
    for (const Element& change : message.child("Changes").children) {
        const bool removed = change.name == "Delete";
        if (!removed && change.name != "Create" && change.name != "Update") continue;
        if (!removed && !change.children.empty() && is_other_item(change.children.front().name)) continue;
        const Element* const item = item_id_in(change);
        if (!item || item->attribute("Id").empty())
            return odd("The Exchange server named a change without saying of which event; we ask again later.");
        const std::string& id = item->attribute("Id");
        const auto [place, fresh] = places.emplace(id, out.size());
        if (fresh) out.push_back({id, {}, false, false});
        Named& named = out[place->second];
        named.removed = removed;
        named.created |= change.name == "Create";
        named.change_key = item->attribute("ChangeKey");
    }
    return out;
}

Result<ChangeSet> ChangeReader::read(
    const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
) const {
    Cursor cursor;
    cursor.bound_to = sha256_hex(session_.fingerprint() + " " + calendar.value).substr(0, 16);
    if (since) {
        const auto read = read_cursor(*since);
        if (!read) return expired("The stored sync token is not one of ours; the whole calendar is listed again.");
        if (read->bound_to != cursor.bound_to)
            return expired("The account's settings changed since the last reading; the calendar is listed again.");
        cursor = *read;
    }
    if (cursor.state.empty()) CALGATE_TRY_STATUS(check_place(context, calendar));
    CALGATE_TRY(const Element message, page(context, calendar, cursor));
    CALGATE_TRY(const std::vector<Named> named, named_in(message));
    const std::string state = message.word("SyncState");
    const bool last = says_last(message, named.empty());
    if (state.empty() || (!last && state == cursor.state))
        return odd("The Exchange server does not say how to read on in the calendar; we ask again later.");
    for (const Named& one : named)
        if (!cursor.listing && one.created && contains(cursor.told, mark_of_item(one.id)))
            return expired(
                "The Exchange server began from the start without saying so; the whole calendar is listed again."
            );
    ChangeSet out;
    out.snapshot = cursor.listing;
    out.more = !last;
    CALGATE_TRY_STATUS(fill(context, calendar, named, known, out));
    for (const Named& one : named) {
        const std::string mark = mark_of_item(one.id);
        if (one.removed) {
            std::erase(cursor.told, mark);
        } else if ((cursor.listing || last) && cursor.told.size() < kMostTold && !contains(cursor.told, mark)) {
            cursor.told.push_back(mark);
        }
    }
    cursor.state = state;
    cursor.listing = cursor.listing && !last;
    out.next = write_cursor(cursor);
    return out;
}

Status ChangeReader::fill(
    const Context& context,
    const Href& calendar,
    const std::vector<Named>& named,
    const KnownVersion& known,
    ChangeSet& out
) const {
    std::vector<std::string> ids, keys;
    for (const Named& one : named) {
        const Href href = event_href(calendar, one.id);
        const auto held = known && !one.removed ? known(href) : std::nullopt;
        if (one.removed) {
            out.removed.push_back(href);
        } else if (held && !one.change_key.empty() && held->value == one.change_key) {
            out.unchanged.push_back(href);
        } else {
            ids.push_back(one.id);
            keys.push_back(one.change_key);
        }
    }
    CALGATE_TRY(std::vector<Answer> answers, items_.get(context, ids));
    std::vector<Element> items;
    std::vector<RemoteEvent> broken;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (answers[i].broken) {
            broken.push_back(items_.unreadable(calendar, ids[i], keys[i], *answers[i].error));
        } else if (!answers[i].item) {
            out.unread.push_back(event_href(calendar, ids[i]));  // Gone meanwhile, or odd: the next round knows.
        } else if (!is_other_item(answers[i].item->name)) {
            items.push_back(std::move(*answers[i].item));
            // The id as the folder has it, whatever spelling came back.
            for (Element& part : items.back().children)
                if (part.name == "ItemId")
                    for (auto& [key, value] : part.attributes)
                        if (key == "Id") value = ids[i];
        }
    }
    CALGATE_TRY(out.changed, items_.complete(context, calendar, items));
    for (RemoteEvent& one : broken) out.changed.push_back(std::move(one));
    return {};
}

}  // namespace calgate::ews
