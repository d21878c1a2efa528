#include "connectors/graph/graph_connector.hpp"

#include <algorithm>

#include "connectors/graph/graph_changes.hpp"
#include "connectors/graph/graph_push.hpp"

namespace calgate::graph {

namespace {

constexpr int kMaxCalendarPages = 100;
/// Names for one Uid: the id of an event that is gone stays taken.
constexpr int kMaxTransactions = 8;

Error error(ErrorCode code, std::string sentence) { return {code, std::move(sentence), {}}; }

Error not_there() { return error(ErrorCode::NotFound, "The calendar holds no event with this UID."); }
Error already_there() { return error(ErrorCode::AlreadyExists, "The calendar already holds this event."); }

Error changed_meanwhile() {
    return error(
        ErrorCode::VersionMismatch, "The event was changed at the service since we read it; it is read again."
    );
}

Error has_guests() {
    return error(
        ErrorCode::Rejected,
        "Somebody invited guests to the event, and Microsoft Graph would mail them about our change; change it in "
        "Outlook, or take the guests out."
    );
}

Status check_calendar(const Href& calendar) {
    if (is_calendar_href(calendar.value)) return {};
    return error(
        ErrorCode::Rejected, "The calendar's address is not one of Microsoft Graph; choose the calendar again."
    );
}

Status check_event(const Href& event) {
    if (is_event_href(event.value)) return {};
    return error(ErrorCode::NotFound, "The event's address is not one of Microsoft Graph; nothing is there.");
}

/// A literal of an OData filter.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + "'";
}

using Outcomes = std::vector<Result<WriteReceipt>>;
using Indices = std::vector<std::size_t>;

Error left_out() {
    return error(ErrorCode::InvalidResponse, "Microsoft Graph left one of several answers out; we look what it did.");
}

}  // namespace

struct GraphConnector::Impl {
    const Clock& clock;
    GraphSettings settings;
    Session session;
    EventReader events;
    ChangeReader changes;
    Subscriptions subscriptions;

    Impl(
        http::HttpTransport& transport,
        const Clock& given_clock,
        const ZoneResolver& zones,
        oauth::TokenSource& tokens,
        GraphSettings given
    )
        : clock(given_clock),
          settings(std::move(given)),
          session(transport, clock, tokens, settings),
          events(session, clock, zones, settings),
          changes(session, events, clock, settings),
          subscriptions(session, clock) {}

    Ask search(const Href& calendar, const std::string& filter) const {
        Ask ask;
        ask.url = session.mailbox_url(
            calendar.value + "/events", {{"$filter", filter}, {"$expand", expand_properties()}, {"$top", "10"}}
        );
        return ask;
    }
    Ask search_ours(const Href& calendar, const Uid& uid) const {
        const std::string property = property_id(kUidProperty);
        return search(
            calendar,
            "singleValueExtendedProperties/Any(ep: ep/id eq " + quoted(property) + " and ep/value eq " +
                quoted(uid.value) + ")"
        );
    }

    /// Values are compared without case by the service, so each find is read.
    Result<std::optional<Item>> found_in(const std::string& body, const Href& calendar, const Uid& uid) const {
        CALGATE_TRY(Page page, parse_page(body));
        for (Item& item : page.items) {
            if (item.type == "occurrence" || item.type == "exception") continue;
            const RemoteEvent found = events.understood(event_href(calendar, item.id), item.etag, item.json);
            if (!found.unreadable && found.event.uid == uid) return std::optional(std::move(item));
        }
        return std::optional<Item>{};
    }
    Result<RemoteEvent> find_by(const Context& context, const Href& calendar, const Ask& ask, const Uid& uid) const {
        CALGATE_TRY(const http::Response response, session.done(context, ask));
        CALGATE_TRY(const std::optional<Item> item, found_in(response.body, calendar, uid));
        if (!item) return not_there();
        return events.complete(context, event_href(calendar, item->id), *item);
    }

    Result<RemoteEvent> find_ours(const Context& context, const Href& calendar, const Uid& uid) const {
        return find_by(context, calendar, search_ours(calendar, uid), uid);
    }

    Result<Ask> creation(const Href& calendar, const Event& event, const std::string& transaction) const {
        CALGATE_TRY(std::string body, write_create(event, transaction, events.wire()));
        return Ask{Call::Create, "POST", session.mailbox_url(calendar.value + "/events"), std::move(body), {}, false};
    }

    Result<bool> is_missing(const std::optional<http::Response>& answer, const Href& calendar, const Uid& uid) const {
        if (!answer) return left_out();
        if (answer->status != 200) return session.refused(Call::Read, *answer);
        CALGATE_TRY(const std::optional<Item> item, found_in(answer->body, calendar, uid));
        return !item.has_value();
    }

    /// Which of `wanted` have yet to be made. The outcome of one that is there stays as it is, the outcome of one that
    /// could not be looked for is told.
    Indices missing_of(
        const Context& context,
        const Href& calendar,
        const std::vector<Event>& all,
        const Indices& wanted,
        Outcomes& outcomes
    ) const {
        std::vector<Ask> asks;
        for (const std::size_t i : wanted) asks.push_back(search_ours(calendar, all[i].uid));
        if (asks.empty()) return {};
        const auto answers = session.send_together(context, asks);
        Indices missing;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            const Result<bool> is_new =
                answers ? is_missing((*answers)[i], calendar, all[wanted[i]].uid) : answers.error();
            if (!is_new) outcomes[wanted[i]] = is_new.error();
            if (is_new && *is_new) missing.push_back(wanted[i]);
        }
        return missing;
    }

    /// @return those whose name is used up.
    Indices make(
        const Context& context,
        const Href& calendar,
        const std::vector<Event>& all,
        const Indices& wanted,
        Outcomes& outcomes
    ) const {
        std::vector<Ask> asks;
        Indices asked, used_up;
        for (const std::size_t i : wanted) {
            auto ask = creation(calendar, all[i], all[i].uid.value);
            if (ask) {
                asks.push_back(std::move(*ask));
                asked.push_back(i);
            } else {
                outcomes[i] = ask.error();
            }
        }
        if (asks.empty()) return {};
        const auto answers = session.send_together(context, asks);
        for (std::size_t i = 0; i < asked.size(); ++i) {
            const std::optional<http::Response> answer = answers ? (*answers)[i] : std::nullopt;
            if (answer && is_repeated_transaction(answer->status, parse_error(answer->body))) {
                used_up.push_back(asked[i]);
            } else {
                outcomes[asked[i]] = !answers ? answers.error() : made(answer, calendar);
            }
        }
        return used_up;
    }
    Result<WriteReceipt> made(const std::optional<http::Response>& answer, const Href& calendar) const {
        if (!answer) return left_out();
        if (answer->status != 200 && answer->status != 201) return session.refused(Call::Create, *answer);
        CALGATE_TRY(const Item item, parse_item(answer->body));
        return WriteReceipt{event_href(calendar, item.id), Version{item.etag}};
    }

    /// Whether the event that used up a transactionId is still in the calendar.
    Result<bool> stands(const Context& context, const Href& calendar, const std::string& id, const Uid& uid) const {
        if (!id.empty()) {
            const auto item = events.get(context, event_href(calendar, id));
            if (item) return true;
            if (item.error().code != ErrorCode::NotFound) return item.error();
        }
        const auto found = find_ours(context, calendar, uid);
        if (found) return true;
        if (found.error().code == ErrorCode::NotFound) return false;
        return found.error();
    }

    /// The event as it is now, checked to be what the caller read and ours to write without mail to anybody.
    Result<Item> writable(const Context& context, const Href& event, const Version& if_match) const {
        CALGATE_TRY(Item current, events.get(context, event));
        if (current.etag != if_match.value) return changed_meanwhile();
        if (current.has_guests) return has_guests();
        return current;
    }

    /// After the series itself was written: its occurrences, and what the service then calls its version.
    Result<WriteReceipt> finish(const Context& context, const Href& href, Item stored, const Event& wanted) const {
        if (wanted.master.rules.empty()) return WriteReceipt{href, Version{stored.etag}};
        CALGATE_TRY(const RemoteEvent series, events.complete(context, href, stored));
        if (series.unreadable) return error(ErrorCode::InvalidResponse, *series.unreadable);
        CALGATE_TRY_STATUS(events.write_exceptions(context, href, wanted, series.event));
        CALGATE_TRY(stored, events.get(context, href));
        return WriteReceipt{href, Version{stored.etag}};
    }
};

GraphConnector::GraphConnector(
    http::HttpTransport& transport,
    const Clock& clock,
    const ZoneResolver& zones,
    oauth::TokenSource& tokens,
    GraphSettings settings
)
    : impl_(std::make_unique<Impl>(transport, clock, zones, tokens, std::move(settings))) {}

GraphConnector::~GraphConnector() = default;

Capabilities GraphConnector::capabilities() const { return {true, true}; }

PushService* GraphConnector::push() { return &impl_->subscriptions; }

Result<Event> GraphConnector::read_source(const std::string& source) const {
    return read_event(source, impl_->events.wire());
}

Result<std::vector<RemoteCalendar>> GraphConnector::list_calendars(const Context& context) {
    std::vector<RemoteCalendar> out;
    Ask ask;
    ask.url = impl_->session.mailbox_url("calendars", {{"$top", "100"}});
    for (int pages = 0; !ask.url.empty(); ++pages) {
        if (pages == kMaxCalendarPages)
            return error(ErrorCode::InvalidResponse, "Microsoft Graph's list of calendars does not end.");
        CALGATE_TRY(const http::Response response, impl_->session.done(context, ask));
        CALGATE_TRY(CalendarPage page, parse_calendars(response.body));
        for (RemoteCalendar& calendar : page.calendars) {
            calendar.href = calendar_href(calendar.href.value);
            calendar.zone = impl_->settings.default_zone;
            const bool listed =
                std::any_of(out.begin(), out.end(), [&](const auto& other) { return other.href == calendar.href; });
            if (!listed) out.push_back(std::move(calendar));
        }
        ask.url = page.next_link;
    }
    return out;
}

Result<ChangeSet> GraphConnector::fetch_changes(
    const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
) {
    CALGATE_TRY_STATUS(check_calendar(calendar));
    return impl_->changes.read(context, calendar, since, known);
}

Result<RemoteEvent> GraphConnector::fetch_event(const Context& context, const Href& event) {
    CALGATE_TRY_STATUS(check_event(event));
    CALGATE_TRY(const Item item, impl_->events.get(context, event));
    return impl_->events.complete(context, event, item);
}

Result<RemoteEvent> GraphConnector::find_event(const Context& context, const Href& calendar, const Uid& uid) {
    CALGATE_TRY_STATUS(check_calendar(calendar));
    auto ours = impl_->find_ours(context, calendar, uid);
    if (ours || ours.error().code != ErrorCode::NotFound) return ours;
    return impl_->find_by(context, calendar, impl_->search(calendar, "iCalUId eq " + quoted(uid.value)), uid);
}

Result<WriteReceipt> GraphConnector::create_event(const Context& context, const Href& calendar, const Event& event) {
    CALGATE_TRY_STATUS(check_calendar(calendar));
    // The service forgets a transactionId some day; what our property finds stays found.
    const auto there = impl_->find_ours(context, calendar, event.uid);
    if (there) return already_there();
    if (there.error().code != ErrorCode::NotFound) return there.error();
    for (int name = 0; name < kMaxTransactions; ++name) {
        const std::string transaction = event.uid.value + (name == 0 ? "" : "~" + std::to_string(name));
        CALGATE_TRY(const Ask ask, impl_->creation(calendar, event, transaction));
        CALGATE_TRY(const http::Response response, impl_->session.send(context, ask));
        if (response.status == 200 || response.status == 201) {
            CALGATE_TRY(Item stored, parse_item(response.body));
            const Href href = event_href(calendar, stored.id);
            return impl_->finish(context, href, std::move(stored), event);
        }
        const ErrorBody refused = parse_error(response.body);
        if (!is_repeated_transaction(response.status, refused)) return impl_->session.refused(Call::Create, response);
        CALGATE_TRY(const bool stands, impl_->stands(context, calendar, refused.existing_event_id, event.uid));
        if (stands) return already_there();
    }
    return error(
        ErrorCode::Rejected, "The event was deleted and created again too often under one name; book it anew."
    );
}

std::vector<Result<WriteReceipt>> GraphConnector::create_events(
    const Context& context, const Href& calendar, const std::vector<Event>& events
) {
    Outcomes outcomes(events.size(), already_there());
    Indices plain;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (is_calendar_href(calendar.value) && events[i].master.rules.empty()) {
            plain.push_back(i);
        } else {
            outcomes[i] = create_event(context, calendar, events[i]);
        }
    }
    const auto missing = impl_->missing_of(context, calendar, events, plain, outcomes);
    for (const std::size_t used_up : impl_->make(context, calendar, events, missing, outcomes))
        outcomes[used_up] = create_event(context, calendar, events[used_up]);
    return outcomes;
}

Result<WriteReceipt> GraphConnector::update_event(
    const Context& context, const Href& href, const Version& if_match, const Event& event
) {
    CALGATE_TRY_STATUS(check_event(href));
    CALGATE_TRY(Item current, impl_->writable(context, href, if_match));
    CALGATE_TRY(const RemoteEvent stored, impl_->events.complete(context, href, current));
    if (stored.unreadable || stored.event.partial)
        return error(ErrorCode::Rejected, "The event at the service is only partly understood; it is not written.");
    CALGATE_TRY_STATUS(impl_->events.check_exceptions(event, stored.event));
    CALGATE_TRY(std::string body, write_patch(event, stored.event, impl_->events.wire()));
    if (body.empty()) return impl_->finish(context, href, std::move(current), event);
    const Ask ask{
        Call::Update, "PATCH", impl_->session.mailbox_url(href.value), std::move(body), if_match.value, false};
    CALGATE_TRY(const http::Response response, impl_->session.done(context, ask));
    CALGATE_TRY(Item now, parse_item(response.body));
    return impl_->finish(context, href, std::move(now), event);
}

Status GraphConnector::delete_event(const Context& context, const Href& href, const Version& if_match) {
    CALGATE_TRY_STATUS(check_event(href));
    const auto current = impl_->writable(context, href, if_match);
    if (!current && current.error().code == ErrorCode::NotFound) return {};
    if (!current) return current.error();
    return impl_->session.gone(
        context, Ask{Call::Delete, "DELETE", impl_->session.mailbox_url(href.value), {}, if_match.value, false}
    );
}

}  // namespace calgate::graph
