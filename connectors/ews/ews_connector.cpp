#include "connectors/ews/ews_connector.hpp"

#include <algorithm>

#include "connectors/ews/ews_availability.hpp"
#include "connectors/ews/ews_changes.hpp"
#include "connectors/ews/ews_requests.hpp"
#include "connectors/ews/ews_stream.hpp"

namespace calgate::ews {

namespace {

constexpr int kMaxPages = 100;

Error error(ErrorCode code, std::string sentence) { return {code, std::move(sentence), {}}; }

Error not_there() { return error(ErrorCode::NotFound, "The calendar holds no event with this UID."); }

Error changed_meanwhile() {
    return error(
        ErrorCode::VersionMismatch, "The event was changed at the service since we read it; it is read again."
    );
}

Status check_calendar(const Href& calendar) {
    if (!folder_in(calendar).empty() && item_in(calendar).empty()) return {};
    return error(ErrorCode::Rejected, "The calendar's address is not one of Exchange; choose the calendar again.");
}

Status check_event(const Href& event) {
    if (!item_in(event).empty()) return {};
    return error(ErrorCode::NotFound, "The event's address is not one of Exchange; nothing is there.");
}

/// A meeting whose organiser is somebody else: our change would be undone by the next update, or refused.
bool is_of_another(const Element& item) {
    const std::string reply = item.word("MyResponseType"), meeting = item.word("IsMeeting");
    return (meeting == "true" || meeting == "1") && !reply.empty() && reply != "Organizer" && reply != "Unknown";
}

RemoteCalendar calendar_of_folder(const Element& folder, const std::string& zone) {
    RemoteCalendar out;
    out.href = calendar_href(folder.child("FolderId").attribute("Id"));
    out.name = folder.word("DisplayName");
    if (out.name.empty()) out.name = "Calendar";
    const std::string may_create = folder.child("EffectiveRights").word("CreateContents");
    out.writable = may_create.empty() || may_create == "true" || may_create == "1";
    out.zone = zone;
    return out;
}

bool is_calendar(const Element& folder) {
    const std::string kind = folder.word("FolderClass");
    const bool named = kind.empty() ? folder.name == "CalendarFolder" : kind.starts_with("IPF.Appointment");
    return named && !folder.child("FolderId").attribute("Id").empty();
}

}  // namespace

struct EwsConnector::Impl {
    EwsSettings settings;
    Session session;
    ItemReader items;
    ChangeReader changes;
    Streaming streaming;
    freebusy::FreeBusyConnector availability;

    Impl(
        http::HttpTransport& transport,
        const Clock& clock,
        const ZoneResolver& zones,
        EwsSettings given,
        oauth::TokenSource* tokens
    )
        : settings(std::move(given)),
          session(transport, clock, settings, tokens),
          items(session, clock, zones, settings),
          changes(session, items, settings),
          streaming(session),
          availability(availability_source(session, zones), clock) {}

    /// Ids of what a folder holds under a value, the oldest first. A server that does not look at the restriction names
    /// everything, so each find has to show the value itself, or is read.
    Result<std::vector<std::string>> search(
        const Context& context, const Href& calendar, Searched searched, const std::string& value
    ) {
        std::vector<std::pair<std::string, std::string>> found;  // When it was created, id.
        std::vector<std::string> unsaid;
        std::string first_of_page;
        int offset = 0;
        for (int pages = 0;; ++pages) {
            if (pages == kMaxPages)
                return error(ErrorCode::InvalidResponse, "The Exchange server's list of finds does not end.");
            const std::string body = find_items(folder_in(calendar), searched, value, offset);
            CALGATE_TRY(const Element message, session.ask_one(context, {Call::Read, "FindItem", body, {}}));
            const Element& root = message.child("RootFolder");
            const auto& listed = root.child("Items").children;
            for (const Element& item : listed) {
                const std::string id = id_of(item);
                const bool said = item.has("ExtendedProperty");
                const bool same = said && item.child("ExtendedProperty").word("Value") == value;
                if (!id.empty() && same) found.emplace_back(item.word("DateTimeCreated"), id);
                if (!id.empty() && !said) unsaid.push_back(id);
            }
            offset += static_cast<int>(listed.size());
            const std::string& last = root.attribute("IncludesLastItemInRange");
            if (listed.empty() || last == "true" || last == "1") break;
            // Where nothing says that this was the last page, an empty one does, or the first one once more.
            const std::string first = id_of(listed.front());
            if (last.empty() &&
                (first == first_of_page || root.attribute("TotalItemsInView") == std::to_string(offset)))
                break;
            first_of_page = first;
        }
        std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        std::vector<std::string> out;
        for (auto& [created, id] : found) out.push_back(std::move(id));
        out.insert(out.end(), unsaid.begin(), unsaid.end());
        return out;
    }

    Result<RemoteEvent> find_by(
        const Context& context, const Href& calendar, Searched searched, const std::string& value, const Uid& uid
    ) {
        CALGATE_TRY(const std::vector<std::string> ids, search(context, calendar, searched, value));
        CALGATE_TRY(std::vector<Answer> answers, items.get(context, ids));
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (!answers[i].item && answers[i].error && answers[i].error->code == ErrorCode::NotFound) continue;
            if (!answers[i].item)
                return answers[i].error.value_or(
                    error(ErrorCode::InvalidResponse, "The Exchange server left out an event that it had found.")
                );
            auto found = fetched(context, calendar, ids[i], std::move(*answers[i].item));
            if (!found) return found.error();
            if (!found->unreadable && found->event.uid == uid) return found;
        }
        return not_there();
    }

    Result<RemoteEvent> fetch(const Context& context, const Href& calendar, const std::string& id) {
        CALGATE_TRY(Element item, items.get_one(context, id));
        return fetched(context, calendar, id, std::move(item));
    }

    Result<RemoteEvent> fetched(const Context& context, const Href& calendar, const std::string& id, Element item) {
        std::vector<Element> one;
        one.push_back(std::move(item));
        CALGATE_TRY(std::vector<RemoteEvent> events, items.complete(context, calendar, std::move(one)));
        events.front().href = event_href(calendar, id);
        return std::move(events.front());
    }

    /// The event as it is now, checked to be what the caller read and ours to write.
    Result<Element> writable(const Context& context, const Href& event, const Version& if_match) {
        CALGATE_TRY(Element current, items.get_one(context, item_in(event)));
        if (version_of(current) != if_match) return changed_meanwhile();
        if (is_of_another(current))
            return error(
                ErrorCode::Rejected,
                "The event is somebody else's meeting, which only its organiser can change; decline it in Outlook."
            );
        return current;
    }

    /// After the item itself was written: its occurrences, and what the service then calls its version.
    /// @param written ItemId element of the answer; may be empty.
    Result<WriteReceipt> finish(
        const Context& context, const Href& calendar, const std::string& id, const Element& written, const Event& wanted
    ) {
        const Href href = event_href(calendar, id);
        const bool series = !wanted.master.rules.empty();
        if (!series && !written.attribute("ChangeKey").empty())
            return WriteReceipt{href, Version{written.attribute("ChangeKey")}};
        CALGATE_TRY(const RemoteEvent stored, fetch(context, calendar, id));
        if (!series) return WriteReceipt{href, stored.version};
        if (stored.unreadable) return error(ErrorCode::InvalidResponse, *stored.unreadable);
        CALGATE_TRY_STATUS(items.write_exceptions(context, id, wanted, stored.event));
        CALGATE_TRY(const Element now, items.get_one(context, id));
        return WriteReceipt{href, version_of(now)};
    }
};

EwsConnector::EwsConnector(
    http::HttpTransport& transport,
    const Clock& clock,
    const ZoneResolver& zones,
    EwsSettings settings,
    oauth::TokenSource* tokens
)
    : impl_(std::make_unique<Impl>(transport, clock, zones, std::move(settings), tokens)) {}

EwsConnector::~EwsConnector() = default;

Capabilities EwsConnector::capabilities() const { return {true, true}; }

HintService* EwsConnector::hints() { return &impl_->streaming; }

Result<Event> EwsConnector::read_source(const std::string& source) const {
    // An item, or a block of busy times.
    if (!source.starts_with('<')) return impl_->availability.read_source(source);
    return read_event(source, impl_->items.wire());
}

Result<std::vector<RemoteCalendar>> EwsConnector::list_calendars(const Context& context) {
    const std::string& zone = impl_->settings.default_zone;
    CALGATE_TRY(
        const Element known, impl_->session.ask(context, {Call::Discover, "GetFolder", get_calendar_folders(), {}})
    );
    std::vector<RemoteCalendar> out;
    std::string deleted_items;
    std::optional<Error> trouble;
    for (const Element* message : messages_of(known)) {
        const Verdict verdict = verdict_of(*message);
        if (!verdict.success() && !trouble) trouble = impl_->session.refused(Call::Discover, verdict);
        for (const Element& folder : message->child("Folders").children) {
            if (is_calendar(folder)) {
                out.push_back(calendar_of_folder(folder, zone));
            } else {
                deleted_items = folder.child("FolderId").attribute("Id");
            }
        }
    }
    // The deleted items may lie out of reach; without any calendar there is nothing to connect.
    if (out.empty() && trouble) return *trouble;
    int offset = 0;
    bool by_class = true;
    for (int pages = 0; pages < kMaxPages; ++pages) {
        const auto ask = [&] {
            const std::string body = find_calendar_folders(offset, by_class);
            return impl_->session.ask_one(context, {Call::Discover, "FindFolder", body, {}});
        };
        auto answer = ask();
        if (!answer && answer.error().code == ErrorCode::InvalidResponse && offset == 0) {
            by_class = false;
            answer = ask();
        }
        CALGATE_TRY(const Element message, std::move(answer));
        const Element& root = message.child("RootFolder");
        const auto& folders = root.child("Folders").children;
        for (const Element& folder : folders) {
            const bool deleted =
                !deleted_items.empty() && folder.child("ParentFolderId").attribute("Id") == deleted_items;
            if (!is_calendar(folder) || deleted) continue;
            RemoteCalendar found = calendar_of_folder(folder, zone);
            const bool listed =
                std::any_of(out.begin(), out.end(), [&](const auto& other) { return other.href == found.href; });
            if (!listed) out.push_back(std::move(found));
        }
        offset += static_cast<int>(folders.size());
        const std::string& last = root.attribute("IncludesLastItemInRange");
        if (folders.empty() || last != "false") return out;
    }
    return error(ErrorCode::InvalidResponse, "The Exchange server's list of calendars does not end.");
}

Result<ChangeSet> EwsConnector::fetch_changes(
    const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
) {
    if (!mailbox_in(calendar).empty()) return impl_->availability.fetch_changes(context, calendar, since, known);
    CALGATE_TRY_STATUS(check_calendar(calendar));
    return impl_->changes.read(context, calendar, since, known);
}

Result<RemoteEvent> EwsConnector::fetch_event(const Context& context, const Href& event) {
    if (!mailbox_in(event).empty()) return impl_->availability.fetch_event(context, event);
    CALGATE_TRY_STATUS(check_event(event));
    return impl_->fetch(context, calendar_of(event), item_in(event));
}

Result<RemoteEvent> EwsConnector::find_event(const Context& context, const Href& calendar, const Uid& uid) {
    CALGATE_TRY_STATUS(check_calendar(calendar));
    auto ours = impl_->find_by(context, calendar, Searched::OurUid, uid.value, uid);
    if (ours || ours.error().code != ErrorCode::NotFound) return ours;
    return impl_->find_by(context, calendar, Searched::GlobalObjectId, global_object_id(uid.value), uid);
}

Result<WriteReceipt> EwsConnector::create_event(const Context& context, const Href& calendar, const Event& event) {
    CALGATE_TRY_STATUS(check_calendar(calendar));
    CALGATE_TRY(const std::string item, write_create(event, impl_->items.wire()));
    const auto there = impl_->find_by(context, calendar, Searched::OurUid, event.uid.value, event.uid);
    if (there) return error(ErrorCode::AlreadyExists, "The calendar already holds this event.");
    if (there.error().code != ErrorCode::NotFound) return there.error();
    const Ask ask{Call::Create, "CreateItem", create_item(folder_in(calendar), item), impl_->items.wire().zone()};
    CALGATE_TRY(const Element message, impl_->session.ask_one(context, ask));
    const Element* const id = message.find("ItemId");
    if (!id || id->attribute("Id").empty())
        return error(ErrorCode::InvalidResponse, "The Exchange server did not name what it created; it is looked up.");
    return impl_->finish(context, calendar, id->attribute("Id"), *id, event);
}

Result<WriteReceipt> EwsConnector::update_event(
    const Context& context, const Href& href, const Version& if_match, const Event& event
) {
    CALGATE_TRY_STATUS(check_event(href));
    const Href calendar = calendar_of(href);
    CALGATE_TRY(const Element current, impl_->writable(context, href, if_match));
    CALGATE_TRY(const std::vector<RemoteEvent> stored, impl_->items.complete(context, calendar, {current}));
    if (stored.front().unreadable || stored.front().event.partial)
        return error(ErrorCode::Rejected, "The event at the service is only partly understood; it is not written.");
    CALGATE_TRY_STATUS(impl_->items.check_exceptions(event, stored.front().event));
    CALGATE_TRY(const Update update, write_update(event, stored.front().event, impl_->items.wire()));
    const std::string id = item_in(href);
    if (update.fields.empty()) return impl_->finish(context, calendar, id, current.child("ItemId"), event);
    const Ask ask{
        Call::Update,
        "UpdateItem",
        update_item(id, current.child("ItemId").attribute("ChangeKey"), update.fields),
        impl_->items.wire().zone()};
    CALGATE_TRY(const Element message, impl_->session.ask_one(context, ask));
    static const Element kNothing;
    const Element* const written = message.find("ItemId");
    return impl_->finish(context, calendar, id, written ? *written : kNothing, event);
}

Status EwsConnector::delete_event(const Context& context, const Href& href, const Version& if_match) {
    CALGATE_TRY_STATUS(check_event(href));
    const auto current = impl_->writable(context, href, if_match);
    if (!current && current.error().code == ErrorCode::NotFound) return {};
    if (!current) return current.error();
    const std::string body = delete_item(item_in(href), current->child("ItemId").attribute("ChangeKey"));
    const auto done = impl_->session.ask_one(context, {Call::Delete, "DeleteItem", body, {}});
    if (done || done.error().code == ErrorCode::NotFound) return {};
    return done.error();
}

}  // namespace calgate::ews
