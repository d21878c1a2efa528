#include "connectors/graph/graph_connector.hpp"

#include <algorithm>

#include "connectors/graph/graph_changes.hpp"
#include "connectors/graph/graph_push.hpp"
#include "connectors/graph/graph_together.hpp"

namespace calgate::graph {

namespace {

constexpr int kMaxCalendarPages = 100;
/// Names for one Uid: the id of an event that is gone stays taken.
constexpr int kMaxTransactions = 8;

Error error(ErrorCode code, std::string sentence) { return {code, std::move(sentence), {}}; }

Error not_there() { return error(ErrorCode::NotFound, "The calendar holds no event with this UID."); }

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

}  // namespace

struct GraphConnector::Impl {
    const Clock& clock;
    GraphSettings settings;
    Session session;
    EventReader events;
    ChangeReader changes;
    Subscriptions subscriptions;
    Search search;
    Together together;

    Impl(
        Connector& connector,
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
          subscriptions(session, clock),
          search(session, events),
          together(connector, session, events, search) {}

    Result<RemoteEvent> found(
        const Context& context, const Href& calendar, const http::Response& response, const Uid& uid
    ) const {
        CALGATE_TRY(const std::optional<Item> item, search.found_in(response.body, calendar, uid));
        if (!item) return not_there();
        return events.complete(context, event_href(calendar, item->id), *item);
    }

    Result<RemoteEvent> find_ours(const Context& context, const Href& calendar, const Uid& uid) const {
        CALGATE_TRY(const http::Response response, session.done(context, search.ours(calendar, uid)));
        return found(context, calendar, response, uid);
    }

    Result<RemoteEvent> find_by_ical_uid(const Context& context, const Href& calendar, const Uid& uid) const {
        CALGATE_TRY(const http::Response response, session.send(context, search.by_ical_uid(calendar, uid)));
        if (is_no_filter_there(response)) return not_there();
        if (response.status < 200 || response.status > 299) return session.refused(Call::Read, response);
        return found(context, calendar, response, uid);
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

    Result<Item> writable(const Context& context, const Href& event, const Version& if_match) const {
        CALGATE_TRY(Item current, events.get(context, event));
        CALGATE_TRY_STATUS(check_writable(current, if_match));
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
    : impl_(std::make_unique<Impl>(*this, transport, clock, zones, tokens, std::move(settings))) {}

GraphConnector::~GraphConnector() = default;

Capabilities GraphConnector::capabilities() const {
    Capabilities offered{true, true};
    // 10,000 calls in ten minutes for each app and mailbox (Throttling limits, Outlook service). A copy takes three and
    // a half: to look, to write, to read it back, and its part of two requests that carry four copies each, if these
    // count as well. 130 are left for what others change.
    offered.writes_per_second = 4.3;
    offered.writes_at_once = 240;
    return offered;
}

PushService* GraphConnector::push() { return &impl_->subscriptions; }

BatchService* GraphConnector::batch() { return &impl_->together; }

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
    return impl_->find_by_ical_uid(context, calendar, uid);
}

Result<WriteReceipt> GraphConnector::create_event(const Context& context, const Href& calendar, const Event& event) {
    CALGATE_TRY_STATUS(check_calendar(calendar));
    // The service forgets a transactionId some day; what our property finds stays found.
    const auto there = impl_->find_ours(context, calendar, event.uid);
    if (there) return already_there();
    if (there.error().code != ErrorCode::NotFound) return there.error();
    for (int name = 0; name < kMaxTransactions; ++name) {
        const std::string transaction = event.uid.value + (name == 0 ? "" : "~" + std::to_string(name));
        CALGATE_TRY(const Ask ask, creation(impl_->session, impl_->events, calendar, event, transaction));
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

Result<WriteReceipt> GraphConnector::update_event(
    const Context& context, const Href& href, const Version& if_match, const Event& event
) {
    CALGATE_TRY_STATUS(check_event(href));
    CALGATE_TRY(Item current, impl_->writable(context, href, if_match));
    CALGATE_TRY(const RemoteEvent stored, impl_->events.complete(context, href, current));
    CALGATE_TRY(std::string body, patch_of(impl_->events, stored, event));
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
