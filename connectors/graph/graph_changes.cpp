#include "connectors/graph/graph_changes.hpp"

#include <algorithm>

#include "core/identity.hpp"

namespace calgate::graph {

namespace {

/// A call goes on to the service's next page as long as both last, so that small calendars take one call.
constexpr int kRequestsPerCall = 30;
constexpr std::size_t kEventsPerCall = 500;
constexpr std::size_t kMostHalfRead = 1000;
constexpr std::chrono::days kLongestWindow{1825};  ///< A longer view is refused.

Error expired(std::string sentence) { return {ErrorCode::SyncTokenExpired, std::move(sentence), {}}; }

bool is_token_trouble(const Error& error) { return error.code == ErrorCode::SyncTokenExpired; }

}  // namespace

ChangeReader::ChangeReader(
    const Session& session, const EventReader& events, const Clock& clock, const GraphSettings& settings
)
    : session_(session), events_(events), clock_(clock), settings_(settings) {}

Cursor ChangeReader::fresh_cursor(const Href& calendar) const {
    Cursor cursor;
    cursor.window_end = std::chrono::floor<std::chrono::days>(clock_.now()) + settings_.window_ahead;
    cursor.bound_to = sha256_hex(session_.fingerprint() + " " + calendar.value).substr(0, 16);
    return cursor;
}

std::string ChangeReader::first_link(const Cursor& cursor, const Href& calendar) const {
    if (settings_.events_delta) return session_.mailbox_url(calendar.value + "/events/delta");
    const auto length = std::min(settings_.window_ahead + settings_.window_back, kLongestWindow);
    const Instant start = cursor.window_end - length;
    return session_.mailbox_url(
        calendar.value + "/calendarView/delta",
        {{"startDateTime", format_instant(start)}, {"endDateTime", format_instant(cursor.window_end)}}
    );
}

std::string ChangeReader::list_link(const Href& calendar) const {
    return session_.mailbox_url(
        calendar.value + "/events", {{"$top", std::to_string(settings_.page_size)}, {"$expand", expand_properties()}}
    );
}

Result<ChangeSet> ChangeReader::read(
    const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
) {
    Pass pass{context, calendar, known, fresh_cursor(calendar), {}, 0};
    if (!since) half_read_.erase(calendar.value);
    if (!since) return whole_listing(pass);
    const auto cursor = read_cursor(*since);
    if (!cursor) return expired("The stored sync token is not one of ours; the whole calendar is listed again.");
    if (cursor->bound_to != pass.cursor.bound_to)
        return expired("The account's settings changed since the last reading; the whole calendar is listed again.");
    for (const std::string* link : {&cursor->link, &cursor->base})
        if (!link->empty() && !session_.check_address(*link))
            return expired("The stored link leads to another host; the whole calendar is listed again.");
    const bool at_rest = cursor->phase == Cursor::Phase::Follow && cursor->link == cursor->base;
    const bool window_ran_out =
        !settings_.events_delta && pass.cursor.window_end - cursor->window_end >= settings_.roll_after;
    if (at_rest && window_ran_out) return whole_listing(pass);
    pass.cursor = *cursor;
    return cursor->phase == Cursor::Phase::Follow ? follow(pass) : whole_listing(pass);
}

Result<Page> ChangeReader::page(Pass& pass, const std::string& url) const {
    ++pass.requests;
    const bool listing = pass.cursor.phase == Cursor::Phase::List;
    // What a first call meets is no token trouble.
    const bool with_token = !pass.cursor.link.empty();
    Ask ask;
    ask.call = with_token ? Call::Delta : Call::Read;
    ask.url = url;
    ask.paged_by_header = !listing;
    CALGATE_TRY(const http::Response response, session_.done(pass.context, ask));
    CALGATE_TRY(Page got, parse_page(response.body));
    // A link that cannot be followed may not become what we go on from.
    for (const std::string* link : {&got.next_link, &got.delta_link})
        if (!link->empty()) CALGATE_TRY_STATUS(session_.check_address(*link));
    return got;
}

/// First the delta round, for its deltaLink; then /events, which has no window and brings our properties. A change in
/// between is named again by the next delta round, so nothing falls between the two.
Result<ChangeSet> ChangeReader::whole_listing(Pass& pass) const {
    pass.out.snapshot = true;
    if (pass.cursor.phase == Cursor::Phase::Walk) CALGATE_TRY_STATUS(walk(pass));
    if (pass.cursor.phase == Cursor::Phase::List) CALGATE_TRY_STATUS(list(pass));
    pass.out.more = pass.cursor.phase != Cursor::Phase::Follow;
    pass.out.next = write_cursor(pass.cursor);
    return std::move(pass.out);
}

Status ChangeReader::walk(Pass& pass) const {
    Cursor& cursor = pass.cursor;
    while (pass.requests < kRequestsPerCall) {
        const auto got = page(pass, cursor.link.empty() ? first_link(cursor, pass.calendar) : cursor.link);
        if (!got) return got.error();
        if (!got->delta_link.empty()) {
            cursor.phase = Cursor::Phase::List;
            cursor.base = got->delta_link;
            cursor.link.clear();
            return {};
        }
        if (got->next_link.empty())
            return Error{
                ErrorCode::InvalidResponse, "Microsoft Graph broke off its list of changes; we ask again later.", {}};
        cursor.link = got->next_link;
    }
    return {};
}

Status ChangeReader::list(Pass& pass) const {
    Cursor& cursor = pass.cursor;
    while (pass.requests < kRequestsPerCall && pass.out.changed.size() < kEventsPerCall) {
        CALGATE_TRY(const Page got, page(pass, cursor.link.empty() ? list_link(pass.calendar) : cursor.link));
        for (const Item& item : got.items) {
            // Whether exceptions are listed has changed over time; they come with their series.
            if (item.type == "exception" || item.type == "occurrence") continue;
            const Href href = event_href(pass.calendar, item.id);
            if (holds(pass, href, item.etag)) {
                pass.out.unchanged.push_back(href);
            } else {
                CALGATE_TRY_STATUS(add(pass, href, item));
            }
        }
        cursor.link = got.next_link;
        if (!got.next_link.empty()) continue;
        cursor.phase = Cursor::Phase::Follow;
        cursor.link = cursor.base;
        return {};
    }
    return {};
}

Result<ChangeSet> ChangeReader::follow(Pass& pass) {
    Cursor& cursor = pass.cursor;
    do {
        const auto got = page(pass, cursor.link);
        if (!got && is_token_trouble(got.error()) && cursor.link != cursor.base && !cursor.restarted) {
            // A nextLink can die in mid-round while its deltaLink lives.
            cursor.link = cursor.base;
            cursor.restarted = true;
            pass.out.more = true;
            break;
        }
        if (!got) return got.error();
        if (got->delta_link.empty() && got->next_link.empty())
            return Error{
                ErrorCode::InvalidResponse, "Microsoft Graph broke off its list of changes; we ask again later.", {}};
        CALGATE_TRY_STATUS(take_once(pass, *got));
        pass.out.more = got->delta_link.empty();
        cursor.link = pass.out.more ? got->next_link : got->delta_link;
        if (!pass.out.more) {
            cursor.base = cursor.link;
            cursor.restarted = false;
        }
    } while (pass.out.more && pass.requests < kRequestsPerCall && pass.out.changed.empty() && pass.out.removed.empty());
    pass.out.next = write_cursor(cursor);
    return std::move(pass.out);
}

/// Each event takes a call of its own. Where the service refuses in the middle of a round, what was read before is not
/// asked for again with the next try: an account at its quota would never come to the end of the round.
Status ChangeReader::take_once(Pass& pass, const Page& page) {
    const std::size_t before = pass.out.changed.size();
    const Status taken = take(pass, page);
    if (taken && !page.delta_link.empty()) {
        half_read_.erase(pass.calendar.value);
        return {};
    }
    auto& kept = half_read_[pass.calendar.value];
    for (std::size_t i = before; i < pass.out.changed.size() && kept.size() < kMostHalfRead; ++i)
        kept.insert_or_assign(pass.out.changed[i].href.value, pass.out.changed[i]);
    return taken;
}

/// The same item may come several times and the last one wins; occurrences stand for their series.
Status ChangeReader::take(Pass& pass, const Page& page) const {
    struct Touched {
        std::string etag{};
        bool removed = false;
        bool occurrence_changed = false;
    };
    std::map<std::string, Touched> touched;
    for (const Item& item : page.items) {
        if (item.removed) {
            touched[item.id].removed = true;
            continue;
        }
        const bool of_series = item.type == "occurrence" || item.type == "exception";
        Touched& at = touched[of_series && !item.master_id.empty() ? item.master_id : item.id];
        at.removed = false;
        if (of_series) {
            at.occurrence_changed |= item.type == "exception";
        } else {
            at.etag = item.etag;
        }
    }
    for (const auto& [id, what] : touched)
        CALGATE_TRY_STATUS(take_changed(pass, id, what.removed ? "" : what.etag, what.occurrence_changed));
    return {};
}

/// What is called removed is asked for as well: outside the window is no deletion, and @removed says both. Only the
/// service's own 404 for this id counts.
Status ChangeReader::take_changed(Pass& pass, const std::string& id, const std::string& etag, bool occurrence_changed)
    const {
    const Href href = event_href(pass.calendar, id);
    if (!occurrence_changed && holds(pass, href, etag)) {
        pass.out.unchanged.push_back(href);
        return {};
    }
    if (const RemoteEvent* read = occurrence_changed ? nullptr : read_before(pass, href, etag)) {
        pass.out.changed.push_back(*read);
        return {};
    }
    ++pass.requests;
    const auto item = events_.get(pass.context, href);
    if (!item && item.error().code == ErrorCode::NotFound) {
        pass.out.removed.push_back(href);
        return {};
    }
    if (!item && item.error().code == ErrorCode::InvalidResponse) {
        pass.out.unread.push_back(href);
        return {};
    }
    if (!item) return item.error();
    if (item->type == "occurrence" || item->type == "exception") {
        const bool of_another = !item->master_id.empty() && item->master_id != id && !occurrence_changed;
        return of_another ? take_changed(pass, item->master_id, {}, true) : Status{};
    }
    if (!occurrence_changed && holds(pass, href, item->etag)) {
        pass.out.unchanged.push_back(href);
        return {};
    }
    return add(pass, href, *item);
}

Status ChangeReader::add(Pass& pass, const Href& href, const Item& item) const {
    if (item.type == "seriesMaster") ++pass.requests;
    auto remote = events_.complete(pass.context, href, item);
    if (remote) {
        pass.out.changed.push_back(std::move(*remote));
        return {};
    }
    const ErrorCode code = remote.error().code;
    if (code != ErrorCode::InvalidResponse && code != ErrorCode::NotFound) return remote.error();
    pass.out.unread.push_back(href);  // Deleted meanwhile, or odd: the next round knows.
    return {};
}

const RemoteEvent* ChangeReader::read_before(const Pass& pass, const Href& href, const std::string& etag) const {
    const auto kept = half_read_.find(pass.calendar.value);
    if (etag.empty() || kept == half_read_.end()) return nullptr;
    const auto event = kept->second.find(href.value);
    const bool same = event != kept->second.end() && event->second.version && event->second.version->value == etag;
    return same ? &event->second : nullptr;
}

bool ChangeReader::holds(const Pass& pass, const Href& href, const std::string& etag) const {
    if (etag.empty() || !pass.known) return false;
    const auto held = pass.known(href);
    return held && held->value == etag;
}

}  // namespace calgate::graph
