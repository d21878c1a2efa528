#include "connectors/ews/ews_connector.hpp"

#include <algorithm>

#include "connectors/ews/ews_availability.hpp"
#include "connectors/ews/ews_changes.hpp"
#include "connectors/ews/ews_requests.hpp"
#include "connectors/ews/ews_stream.hpp"
#include "connectors/ews/ews_together.hpp"

namespace calgate::ews {

namespace {

constexpr int kMaxPages = 100;  ///< Of folders.

Error error(ErrorCode code, std::string sentence) { return {code, std::move(sentence), {}}; }

Error not_there() { return error(ErrorCode::NotFound, "The calendar holds no event with this UID."); }

Status check_calendar(const Href& calendar) {
    if (!folder_in(calendar).empty() && item_in(calendar).empty()) return {};
    return error(ErrorCode::Rejected, "The calendar's address is not one of Exchange; choose the calendar again.");
}

Status check_event(const Href& event) {
    if (!item_in(event).empty()) return {};
    return error(ErrorCode::NotFound, "The event's address is not one of Exchange; nothing is there.");
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
    Search search;
    Together together;
    freebusy::FreeBusyConnector availability;

    Impl(
        Connector& connector,
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
          search(session),
          together(connector, session, items, search, settings),
          availability(availability_source(session, zones), clock) {}

    Result<RemoteEvent> find_by(
        const Context& context, const Href& calendar, Searched searched, const std::string& value, const Uid& uid
    ) {
        CALGATE_TRY(const std::vector<Search::Find> found, search.find(context, calendar, searched, {value}));
        return first_of(context, calendar, found, uid);
    }

    Result<RemoteEvent> first_of(
        const Context& context, const Href& calendar, const std::vector<Search::Find>& found, const Uid& uid
    ) {
        std::vector<std::string> ids;
        for (const Search::Find& find : found) ids.push_back(find.id);
        CALGATE_TRY(std::vector<Answer> answers, items.get(context, ids));
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (!answers[i].item && answers[i].error && answers[i].error->code == ErrorCode::NotFound) continue;
            if (!answers[i].item)
                return answers[i].error.value_or(
                    error(ErrorCode::InvalidResponse, "The Exchange server left out an event that it had found.")
                );
            auto event = fetched(context, calendar, ids[i], std::move(*answers[i].item));
            if (!event) return event.error();
            if (!event->unreadable && event->event.uid == uid) return event;
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
        CALGATE_TRY(std::vector<RemoteEvent> events, items.complete(context, calendar, one));
        events.front().href = event_href(calendar, id);
        return std::move(events.front());
    }

    /// The event as it is now, checked to be what the caller read and ours to write.
    Result<Element> writable(const Context& context, const Href& event, const Version& if_match) {
        CALGATE_TRY(Element current, items.get_one(context, item_in(event)));
        CALGATE_TRY_STATUS(check_writable(current, if_match));
        return current;
    }

    /// The server knows fewer time zones than we do, and a single event means the same in UTC.
    bool may_be_in_utc(const Event& event) const { return session.zone_was_refused() && event.master.rules.empty(); }

    /// After the item itself was written: its occurrences, and what the service then calls its version.
    /// @param written ItemId element of the answer; may be empty.
    Result<WriteReceipt> finish(
        const Context& context, const Href& calendar, const std::string& id, const Element& written, const Event& wanted
    ) {
        const Href href = event_href(calendar, id);
        if (wanted.master.rules.empty()) return items.receipt(context, href, written.attribute("ChangeKey"));
        CALGATE_TRY_STATUS(finish_series(context, href, wanted));
        CALGATE_TRY(const Element now, items.get_one(context, id));
        return WriteReceipt{href, version_of(now)};
    }

    Status finish_series(const Context& context, const Href& href, const Event& wanted) {
        const std::string id = item_in(href);
        CALGATE_TRY(const RemoteEvent stored, fetch(context, calendar_of(href), id));
        if (stored.unreadable) return error(ErrorCode::InvalidResponse, *stored.unreadable);
        return items.write_exceptions(context, id, wanted, stored.event);
    }

    Result<WriteReceipt> finish_update(const Context& context, const Href& href, const Event& wanted) {
        if (!wanted.master.rules.empty()) CALGATE_TRY_STATUS(finish_series(context, href, wanted));
        return updated(href);
    }
};

EwsConnector::EwsConnector(
    http::HttpTransport& transport,
    const Clock& clock,
    const ZoneResolver& zones,
    EwsSettings settings,
    oauth::TokenSource* tokens
)
    : impl_(std::make_unique<Impl>(*this, transport, clock, zones, std::move(settings), tokens)) {}

EwsConnector::~EwsConnector() = default;

Capabilities EwsConnector::capabilities() const {
    Capabilities offered{true, true};
    // A throttled server says 401 as well.
    offered.sign_in_tries = impl_->session.locked_out() ? 1 : 2;
    return offered;
}

HintService* EwsConnector::hints() { return &impl_->streaming; }

BatchService* EwsConnector::batch() { return &impl_->together; }

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
            const Element body = find_calendar_folders(offset, by_class);
            return impl_->session.ask_one(context, {Call::Discover, "FindFolder", body, {}});
        };
        auto answer = ask();
        const bool nameless = !answer && offset == 0 && impl_->session.may_be_unknown();
        if (!answer && offset == 0 && (nameless || answer.error().code == ErrorCode::InvalidResponse)) {
            by_class = false;
            answer = ask();
        }
        // A server that has no such operation still has the calendar that everybody has.
        const bool unknown = !answer && answer.error().code == ErrorCode::InvalidResponse && offset == 0;
        if (unknown && impl_->session.was_refused() && !out.empty()) return out;
        // Nor has one that fails at this again and again while it does answer.
        if (nameless && !answer && impl_->session.is_nameless() && !out.empty() &&
            impl_->session.ask_one(context, {Call::Discover, "GetFolder", get_calendar_folders(), {}}))
            return out;
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
    const auto found = impl_->search.find(context, calendar, Searched::GlobalObjectId, {global_object_id(uid.value)});
    // Some servers cannot search by it at all; then our own property has answered.
    if (!found && impl_->search.is_impossible(found.error())) return ours;
    if (!found) return found.error();
    return impl_->first_of(context, calendar, *found, uid);
}

Result<WriteReceipt> EwsConnector::create_event(const Context& context, const Href& calendar, const Event& event) {
    CALGATE_TRY_STATUS(check_calendar(calendar));
    CALGATE_TRY(const Element item, write_create(event, impl_->items.wire()));
    const auto there = impl_->find_by(context, calendar, Searched::OurUid, event.uid.value, event.uid);
    if (there) return already_there();
    if (there.error().code != ErrorCode::NotFound) return there.error();
    const auto ask = [&](const Element& one, const std::string& zone) {
        return impl_->session.ask_one(
            context, {Call::Create, "CreateItem", create_item(folder_in(calendar), {one}), zone}
        );
    };
    auto answer = ask(item, zone_of_request(event.master, impl_->items.wire()));
    if (!answer && impl_->may_be_in_utc(event)) {
        const WireContext utc = impl_->items.wire_in_utc();
        CALGATE_TRY(const Element plain, write_create(in_utc(event, impl_->items.wire()), utc));
        answer = ask(plain, utc.zone());
    }
    CALGATE_TRY(const Element message, std::move(answer));
    const Element* const id = message.find("ItemId");
    if (!id || id->attribute("Id").empty()) return unnamed();
    return impl_->finish(context, calendar, id->attribute("Id"), *id, event);
}

Result<WriteReceipt> EwsConnector::update_event(
    const Context& context, const Href& href, const Version& if_match, const Event& event
) {
    CALGATE_TRY_STATUS(check_event(href));
    const Href calendar = calendar_of(href);
    CALGATE_TRY(const Element current, impl_->writable(context, href, if_match));
    CALGATE_TRY(const std::vector<RemoteEvent> stored, impl_->items.complete(context, calendar, {current}));
    CALGATE_TRY(const Update update, update_of(impl_->items, stored.front(), event));
    const std::string id = item_in(href);
    // Nothing of ours was written over anything.
    if (update.fields.empty() && event.master.rules.empty()) return WriteReceipt{href, if_match};
    if (update.fields.empty()) return impl_->finish_update(context, href, event);
    const auto ask = [&](const std::vector<Element>& fields, const std::string& zone) {
        const Element change = item_change(id, current.child("ItemId").attribute("ChangeKey"), fields);
        return impl_->session.ask_one(context, {Call::Update, "UpdateItem", update_items({change}), zone});
    };
    auto answer = ask(update.fields, zone_of_request(event.master, impl_->items.wire()));
    if (!answer && impl_->may_be_in_utc(event)) {
        const WireContext utc = impl_->items.wire_in_utc();
        CALGATE_TRY(const Update plain, write_update(in_utc(event, impl_->items.wire()), stored.front().event, utc));
        answer = ask(plain.fields, utc.zone());
    }
    if (!answer) return answer.error();
    return impl_->finish_update(context, href, event);
}

Status EwsConnector::delete_event(const Context& context, const Href& href, const Version& if_match) {
    CALGATE_TRY_STATUS(check_event(href));
    const auto current = impl_->writable(context, href, if_match);
    if (!current && current.error().code == ErrorCode::NotFound) return {};
    if (!current) return current.error();
    const Element body = delete_items({item_to_delete(item_in(href), current->child("ItemId").attribute("ChangeKey"))});
    const auto done = impl_->session.ask_one(context, {Call::Delete, "DeleteItem", body, {}});
    if (done || done.error().code == ErrorCode::NotFound) return {};
    return done.error();
}

}  // namespace calgate::ews
