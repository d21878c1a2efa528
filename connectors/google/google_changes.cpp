#include "connectors/google/google_changes.hpp"

#include <algorithm>

#include "connectors/google/google_ids.hpp"
#include "connectors/http/url.hpp"
#include "core/identity.hpp"

namespace calgate::google {

namespace {

constexpr int kMaxPagesOfOneUid = 10;
constexpr std::size_t kFingerprintLength = 16;

Error error(ErrorCode code, std::string sentence) { return {code, std::move(sentence), {}}; }

Error gone() { return error(ErrorCode::NotFound, "Google no longer has this event."); }

/// The same for every call of every round, or the result is undefined (trap G9). Masters instead of instances: one edit
/// of an endless series would bring hundreds of them (trap G10).
std::string list_query(const GoogleSettings& settings) {
    return "maxResults=" + std::to_string(std::clamp(settings.page_size, 1, 2500)) +
           "&singleEvents=false&showDeleted=true";
}

std::string fingerprint(const Href& calendar, const std::string& query) {
    return sha256_hex(calendar.value + "?" + query).substr(0, kFingerprintLength);
}

/// Out of resources that belong to one series; nothing when its master is not among them.
std::optional<Whole> assembled(const std::string& id, const std::map<std::string, Item>& items) {
    const auto master = items.find(id);
    if (master == items.end()) return std::nullopt;
    Whole whole{master->second, {}};
    for (const auto& [name, item] : items)
        if (item.series == id && name != id) whole.exceptions.push_back(item);
    return whole;
}

}  // namespace

EventReader::EventReader(const Session& session, const ReadContext& context, const GoogleSettings& settings)
    : session_(session), context_(context), settings_(settings) {}

std::optional<Version> EventReader::Round::held(const std::string& id) const {
    return known ? known(event_href(calendar, id)) : std::nullopt;
}

Result<ChangeSet> EventReader::changes(
    const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
) const {
    if (!calendar_id(calendar))
        return error(ErrorCode::Rejected, "The calendar's address is not one of Google's; choose the calendar again.");
    Round round{context, calendar, known, {}, {}};
    const std::string parameters = fingerprint(calendar, list_query(settings_));
    if (since) {
        const auto cursor = read_cursor(*since);
        if (!cursor || cursor->parameters != parameters)
            return error(
                ErrorCode::SyncTokenExpired,
                "The stored sync token does not fit this calendar and query; the whole calendar is listed again."
            );
        round.cursor = *cursor;
    }
    round.cursor.parameters = parameters;
    round.page.snapshot = round.is_full();
    CALGATE_TRY(EventsPage listed, events_page(round));
    if (!listed.next_page.empty() && listed.next_page == round.cursor.page)
        return error(ErrorCode::InvalidResponse, "Google's list of events does not advance; we try again later.");
    CALGATE_TRY_STATUS(hand_out(round, listed));
    if (round.page.more) return std::move(round.page);  // The rest of this page follows.
    Cursor next{parameters, round.cursor.sync, listed.next_page, {}, true};
    round.page.more = !listed.next_page.empty();
    if (!round.page.more) {
        if (listed.next_sync.empty())
            return error(
                ErrorCode::InvalidResponse, "Google's list of events ends without a sync token; the old one is kept."
            );
        next = Cursor{parameters, listed.next_sync, {}, {}, false};
    }
    round.page.next = write_cursor(next);
    return std::move(round.page);
}

Result<EventsPage> EventReader::events_page(Round& round) const {
    const auto ask = [&]() -> Result<EventsPage> {
        std::string path = list_path(round.calendar) + "?" + list_query(settings_);
        Call call = Call::List;
        if (!round.cursor.sync.empty()) {
            path += "&syncToken=" + http::percent_encode(round.cursor.sync);
            call = Call::ListSince;
        }
        if (!round.cursor.page.empty()) {
            path += "&pageToken=" + http::percent_encode(round.cursor.page);
            call = Call::ContinueList;
        }
        CALGATE_TRY(const std::string body, session_.ask(round.context, call, "GET", path));
        return read_events_page(body);
    };
    auto page = ask();
    const bool refused = !page && page.error().code == ErrorCode::SyncTokenExpired;
    if (!refused || round.is_full() || round.cursor.page.empty()) return page;
    // A page token lives for an unknown time; what the round began with may still be good.
    round.cursor.page.clear();
    round.cursor.after.clear();
    return ask();
}

Status EventReader::hand_out(Round& round, EventsPage& listed) const {
    const bool complete = round.is_full() && round.cursor.page.empty() && listed.next_page.empty();
    std::map<std::string, Seen> events;
    for (Item& item : listed.items) {
        if (listed.free_busy_only) item.series.clear();
        std::string id = item.series.empty() ? item.id : item.series;
        std::string part = item.id;
        events[std::move(id)].insert_or_assign(std::move(part), std::move(item));
    }
    std::size_t read_anew = 0;
    for (auto at = events.upper_bound(round.cursor.after); at != events.end(); ++at) {
        const auto& [id, seen] = *at;
        const Item& first = seen.begin()->second;
        const bool single = seen.size() == 1 && first.series.empty() && (first.cancelled || !first.recurring);
        if (single) {
            hand_out_alone(round, first);
            continue;
        }
        if (!complete && read_anew++ >= settings_.series_per_page) {
            Cursor next = round.cursor;
            next.middle = true;
            next.after = std::prev(at)->first;
            round.page.more = true;
            round.page.next = write_cursor(next);
            return {};
        }
        CALGATE_TRY_STATUS(hand_out_series(round, id, seen, complete));
    }
    return {};
}

Status EventReader::hand_out_series(Round& round, const std::string& id, const Seen& seen, bool complete) const {
    std::optional<Whole> whole = assembled(id, seen);
    if (whole && whole->master.cancelled) {
        hand_out_gone(round, id);
        return {};
    }
    if (!complete) {
        const auto named =
            std::find_if(seen.begin(), seen.end(), [](const auto& s) { return !s.second.ical_uid.empty(); });
        auto anew =
            series(round.context, round.calendar, id, named == seen.end() ? std::string() : named->second.ical_uid);
        if (!anew && anew.error().code == ErrorCode::InvalidResponse) {
            round.page.unread.push_back(event_href(round.calendar, id));
            return {};
        }
        if (!anew) return anew.error();
        whole = std::move(*anew);
    }
    if (whole) {
        hand_out_whole(round, *whole);
        return {};
    }
    hand_out_gone(round, id);
    for (const auto& [name, item] : seen)
        if (name != id) hand_out_alone(round, item);
    return {};
}

void EventReader::hand_out_alone(Round& round, const Item& item) const {
    if (item.cancelled) {
        hand_out_gone(round, item.id);
    } else {
        hand_out_whole(round, Whole{item, {}});
    }
}

void EventReader::hand_out_whole(Round& round, const Whole& whole) const {
    // Instances that stood alone before their series came.
    for (const Item& item : whole.exceptions)
        if (round.held(item.id)) round.page.removed.push_back(event_href(round.calendar, item.id));
    const auto version = whole.version();
    const auto held = round.held(whole.master.id);
    if (held && version && *held == *version) {
        round.page.unchanged.push_back(event_href(round.calendar, whole.master.id));
    } else {
        round.page.changed.push_back(remote_event(round.calendar, whole, context_));
    }
}

void EventReader::hand_out_gone(Round& round, const std::string& id) const {
    // A full listing names old tombstones; only what the caller holds can be news.
    if (!round.is_full() || round.held(id)) round.page.removed.push_back(event_href(round.calendar, id));
}

Result<std::optional<Whole>> EventReader::series(
    const Context& context, const Href& calendar, const std::string& id, std::string ical_uid
) const {
    std::map<std::string, Item> items;
    const auto add_master = [&]() -> Status {
        auto master = item(context, calendar, id);
        if (!master && master.error().code != ErrorCode::NotFound) return master.error();
        if (!master) return {};
        ical_uid = master->ical_uid;
        items.insert_or_assign(id, std::move(*master));
        return {};
    };
    if (ical_uid.empty()) CALGATE_TRY_STATUS(add_master());
    const auto master = items.find(id);
    const bool worth_a_list = master == items.end() || (!master->second.cancelled && master->second.recurring);
    if (!ical_uid.empty() && worth_a_list) {
        CALGATE_TRY(auto found, items_with_uid(context, calendar, ical_uid));
        for (Item& one : found) {
            std::string name = one.id;
            if (name == id || one.series == id) items.insert_or_assign(std::move(name), std::move(one));
        }
        if (!items.contains(id)) CALGATE_TRY_STATUS(add_master());
    }
    auto whole = assembled(id, items);
    if (whole && whole->master.cancelled) whole.reset();
    return whole;
}

std::string EventReader::search_path(const Href& calendar, const std::string& ical_uid) const {
    return list_path(calendar) + "?" + list_query(settings_) + "&iCalUID=" + http::percent_encode(ical_uid);
}

Result<std::vector<Item>> EventReader::items_with_uid(
    const Context& context, const Href& calendar, const std::string& ical_uid
) const {
    const std::string path = search_path(calendar, ical_uid);
    std::vector<Item> items;
    std::string token;
    for (int pages = 0; pages < kMaxPagesOfOneUid; ++pages) {
        const std::string more = token.empty() ? "" : "&pageToken=" + http::percent_encode(token);
        CALGATE_TRY(const std::string body, session_.ask(context, Call::List, "GET", path + more));
        CALGATE_TRY(EventsPage page, read_events_page(body));
        std::move(page.items.begin(), page.items.end(), std::back_inserter(items));
        token = page.next_page;
        if (token.empty()) return items;
    }
    return error(ErrorCode::InvalidResponse, "A series has too many changed instances to be read.");
}

Result<Item> EventReader::item(const Context& context, const Href& calendar, const std::string& id) const {
    const auto body = session_.ask(context, Call::Read, "GET", event_href(calendar, id).value);
    if (!body && body.error().code == ErrorCode::NotFound) {
        CALGATE_TRY_STATUS(calendar_is_there(context, calendar));
        return gone();
    }
    if (!body) return body.error();
    CALGATE_TRY(Item found, read_item(*body));
    if (found.id != id)
        return error(ErrorCode::InvalidResponse, "Google answered with another event than the one we asked for.");
    return found;
}

Result<Whole> EventReader::whole(const Context& context, const Href& calendar, const std::string& id) const {
    CALGATE_TRY(Item found, item(context, calendar, id));
    if (found.cancelled) return gone();
    if (!found.recurring) {
        found.series.clear();
        return Whole{std::move(found), {}};
    }
    CALGATE_TRY(auto anew, series(context, calendar, id, found.ical_uid));
    if (!anew) return gone();
    return std::move(*anew);
}

Result<std::optional<Whole>> EventReader::with_ical_uid(
    const Context& context, const Href& calendar, const std::string& ical_uid
) const {
    auto found = items_with_uid(context, calendar, ical_uid);
    if (!found && found.error().code == ErrorCode::NotFound)
        return error(
            ErrorCode::Forbidden,
            "Google no longer has this calendar or no longer shares it; choose the calendar again."
        );
    if (!found) return found.error();
    std::map<std::string, Item> items;
    for (Item& one : *found) {
        std::string name = one.id;
        items.insert_or_assign(std::move(name), std::move(one));
    }
    for (const auto& [id, one] : items)
        if (one.series.empty() && !one.cancelled) return assembled(id, items);
    return std::optional<Whole>{};
}

Status EventReader::calendar_is_there(const Context& context, const Href& calendar) const {
    const auto listed = session_.ask(context, Call::List, "GET", list_path(calendar) + "?maxResults=1&fields=kind");
    if (listed || listed.error().code != ErrorCode::NotFound) return listed ? Status{} : Status{listed.error()};
    return error(
        ErrorCode::Forbidden, "Google no longer has this calendar or no longer shares it; choose the calendar again."
    );
}

}  // namespace calgate::google
