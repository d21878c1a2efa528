#include "connectors/google/google_connector.hpp"

#include <algorithm>

#include "connectors/google/google_changes.hpp"
#include "connectors/google/google_ids.hpp"
#include "connectors/google/google_lists.hpp"
#include "connectors/google/google_push.hpp"
#include "connectors/google/google_session.hpp"
#include "connectors/google/google_together.hpp"
#include "connectors/google/google_wire.hpp"
#include "connectors/http/url.hpp"

namespace calgate::google {

namespace {

Error no_event_href() {
    return {ErrorCode::NotFound, "This is no address of a Google event; it is read again from its calendar.", {}};
}

Error taken(const std::string& what) {
    return {ErrorCode::AlreadyExists, "Google already has an event under this " + what + ".", {}};
}

}  // namespace

struct GoogleConnector::Impl {
    const ZoneResolver& zones;
    GoogleSettings settings;
    ReadContext context;
    Session session;
    EventReader events;
    ChannelService channels;
    Together together;

    Impl(
        Connector& connector,
        http::HttpTransport& transport,
        const Clock& clock,
        const ZoneResolver& given_zones,
        oauth::TokenSource& tokens,
        GoogleSettings given
    )
        : zones(given_zones),
          settings(std::move(given)),
          context{zones, settings.default_zone},
          session(transport, clock, tokens, settings),
          events(session, context, settings),
          channels(session, clock),
          together(connector, session, events, context) {}

    /// One PATCH. Only the first of a chain can trust the version that was read: our own writes move the etags of the
    /// rest of the series (trap G23).
    Result<Item> write(const Context& call, const Href& calendar, const Patch& patch, bool first) const {
        std::string if_match = strong(patch.version);
        if (!first || !patch.version) {
            CALGATE_TRY(const Item now, events.item(call, calendar, patch.id));
            if_match = strong(now.version);
        }
        const std::string path = event_href(calendar, patch.id).value + kNoMail;
        CALGATE_TRY(const std::string body, session.ask(call, Call::Update, "PATCH", path, patch.body, if_match));
        return read_item(body);
    }

    Result<WriteReceipt> write_all(
        const Context& call, const EventPlace& place, Whole now, const std::vector<Patch>& chain, const Event& event
    ) const {
        bool first = true;
        for (const Patch& patch : chain) {
            CALGATE_TRY(Item answer, write(call, place.calendar, patch, first));
            first = false;
            if (answer.id != now.master.id) continue;
            if (!keeps_mark(answer, event)) return dropped_mark();
            now.master = std::move(answer);
        }
        const Href href = event_href(place.calendar, place.id);
        if (now.exceptions.empty() && chain.size() == 1 && chain.front().id == now.master.id)
            return receipt_of(href, now.master);
        CALGATE_TRY(const Whole written, events.whole(call, place.calendar, place.id));
        return WriteReceipt{href, written.version()};
    }

    /// The event as `if_match` names it: from its source where that is still this version, otherwise read.
    Result<Whole> base(const Context& call, const EventPlace& place, const Version& if_match, const Event& event)
        const {
        if (auto fresh = remembered(event.source, place.id, if_match)) return std::move(*fresh);
        CALGATE_TRY(Whole now, events.whole(call, place.calendar, place.id));
        if (now.version() != if_match) return changed_meanwhile();
        return now;
    }

    Status absent(const Context& call, const Href& calendar, const Uid& uid) const {
        CALGATE_TRY(const auto found, events.with_ical_uid(call, calendar, uid.value));
        return found ? Status{taken("UID")} : Status{};
    }
};

GoogleConnector::GoogleConnector(
    http::HttpTransport& transport,
    const Clock& clock,
    const ZoneResolver& zones,
    oauth::TokenSource& tokens,
    GoogleSettings settings
)
    : impl_(std::make_unique<Impl>(*this, transport, clock, zones, tokens, std::move(settings))) {}

GoogleConnector::~GoogleConnector() = default;

Capabilities GoogleConnector::capabilities() const {
    Capabilities offered{true, true};
    // 600 a minute and person (Usage limits of the Calendar API), of which 24 are left for reading and for what was
    // saved up before.
    offered.writes_per_second = 9.6;
    return offered;
}

Result<Event> GoogleConnector::read_source(const std::string& source) const {
    CALGATE_TRY(const Whole whole, read_whole(source));
    CALGATE_TRY(Event event, read_event(whole, impl_->context));
    event.source = source;
    return event;
}

Result<std::vector<RemoteCalendar>> GoogleConnector::list_calendars(const Context& context) {
    return google::list_calendars(impl_->session, context);
}

Result<ChangeSet> GoogleConnector::fetch_changes(
    const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
) {
    return impl_->events.changes(context, calendar, since, known);
}

Result<RemoteEvent> GoogleConnector::fetch_event(const Context& context, const Href& event) {
    const auto place = event_place(event);
    if (!place) return no_event_href();
    CALGATE_TRY(const Whole whole, impl_->events.whole(context, place->calendar, place->id));
    return remote_event(place->calendar, whole, impl_->context);
}

Result<RemoteEvent> GoogleConnector::find_event(const Context& context, const Href& calendar, const Uid& uid) {
    if (const auto id = event_id_of(uid)) {
        const auto whole = impl_->events.whole(context, calendar, *id);
        if (!whole && whole.error().code != ErrorCode::NotFound) return whole.error();
        if (whole && uid_of(whole->master.id, whole->master.ical_uid) == uid)
            return remote_event(calendar, *whole, impl_->context);
    }
    CALGATE_TRY(const auto found, impl_->events.with_ical_uid(context, calendar, uid.value));
    if (found) return remote_event(calendar, *found, impl_->context);
    return Error{ErrorCode::NotFound, "Google has no event with this UID.", {}};
}

Result<WriteReceipt> GoogleConnector::create_event(const Context& context, const Href& calendar, const Event& event) {
    const auto id = event_id_of(event.uid);
    if (!id || !calendar_id(calendar))
        return Error{ErrorCode::Rejected, "The event's UID is too long for Google, or this is no calendar of it.", {}};
    CALGATE_TRY(const std::string body, insert_body(event, *id, impl_->context));
    // A copy's name is its id, and nobody else's UID. Others may be here under an id of Google's own.
    if (*id != event.uid.value) {
        const Status free = impl_->absent(context, calendar, event.uid);
        if (!free) return free.error();
    }
    CALGATE_TRY(
        const std::string answer, impl_->session.ask(context, Call::Create, "POST", list_path(calendar) + kNoMail, body)
    );
    CALGATE_TRY(Item created, taken_in(answer, *id, event));
    const Whole whole{std::move(created), {}};
    if (event.overrides.empty()) return receipt_of(event_href(calendar, *id), whole.master);
    CALGATE_TRY(auto chain, patches(whole, event, impl_->context));
    return impl_->write_all(context, {calendar, *id}, whole, chain, event);
}

Result<WriteReceipt> GoogleConnector::update_event(
    const Context& context, const Href& href, const Version& if_match, const Event& event
) {
    const auto place = event_place(href);
    if (!place) return no_event_href();
    CALGATE_TRY(Whole now, impl_->base(context, *place, if_match, event));
    CALGATE_TRY(auto chain, patches(now, event, impl_->context));
    if (chain.size() == 1 && now.exceptions.empty() && chain.front().id == place->id)
        return impl_->write_all(context, *place, std::move(now), chain, event);
    // Nothing to write, or a chain: it has to be what stands there now.
    CALGATE_TRY(const Whole there, impl_->events.whole(context, place->calendar, place->id));
    if (there.version() != if_match) return changed_meanwhile();
    if (chain.empty()) return WriteReceipt{href, there.version()};
    return impl_->write_all(context, *place, there, chain, event);
}

Status GoogleConnector::delete_event(const Context& context, const Href& href, const Version& if_match) {
    const auto place = event_place(href);
    if (!place) return no_event_href();
    std::string condition = strong(Version{if_match.value.substr(0, if_match.value.find('+'))});
    const bool plain = is_strong(if_match) && condition == if_match.value;
    if (!plain) {
        const auto now = impl_->events.whole(context, place->calendar, place->id);
        if (!now && now.error().code == ErrorCode::NotFound) return {};
        if (!now) return now.error();
        if (now->version() != if_match) return changed_meanwhile();
        condition = strong(now->master.version);
    }
    const auto response = impl_->session.send(context, "DELETE", href.value + kNoMail, {}, condition);
    if (!response) return response.error();
    // A page of somebody else's comes with 200 too.
    if (response->status == 204 || (response->status == 200 && response->body.empty())) return {};
    const Error refused = impl_->session.refused(Call::Delete, *response);
    if (refused.code != ErrorCode::NotFound) return refused;
    if (response->status == 410) return {};
    return impl_->events.calendar_is_there(context, place->calendar);
}

PushService* GoogleConnector::push() { return &impl_->channels; }

BatchService* GoogleConnector::batch() { return &impl_->together; }

}  // namespace calgate::google
