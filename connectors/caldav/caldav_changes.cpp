#include "connectors/caldav/caldav_changes.hpp"

#include <algorithm>
#include <charconv>

#include "connectors/caldav/caldav_objects.hpp"

namespace calgate::caldav {

namespace {

constexpr std::size_t kSmallBatch = 10;
constexpr std::size_t kMostFailures = 3;  ///< Of single objects, in a row from the first: then it is the service.
constexpr std::size_t kWorthAQuery = 20;  ///< Fewer objects are cheaper by multiget.

Error error(ErrorCode code, std::string sentence) { return {code, std::move(sentence), {}}; }

/// The whole pass has to end; nothing else can be tried instead.
bool ends_the_pass(const Error& e) {
    return e.code == ErrorCode::Unauthorized || e.code == ErrorCode::Cancelled || e.code == ErrorCode::RateLimited ||
           e.code == ErrorCode::NotFound;
}

/// SOGo's token is the second of the last change, and what changes later in that second is never told by it: until it
/// is over, the second before counts. @param now by the service's clock. Another service refuses a token that it never
/// gave, and all is listed again.
std::string settled_token(const std::string& token, Instant now) {
    constexpr std::size_t kDigits = 10;  // Until the year 2286.
    constexpr std::chrono::seconds kSettled{2};
    std::int64_t second = 0;
    const auto [end, failure] = std::from_chars(token.data(), token.data() + token.size(), second);
    const bool is_second = token.size() == kDigits && failure == std::errc{} && end == token.data() + token.size();
    const Instant changed{std::chrono::seconds{second}};
    const bool fresh = is_second && changed <= now + kSettled && changed + kSettled >= now;
    return fresh ? std::to_string(second - 1) : token;
}

bool is_service_trouble(const Error& e) { return e.code == ErrorCode::Unavailable || e.code == ErrorCode::Timeout; }

}  // namespace

ChangeReader::ChangeReader(const Session& session, const CaldavSettings& settings, ReadObject read_object)
    : session_(session), settings_(settings), read_object_(std::move(read_object)) {}

Result<ChangeSet> ChangeReader::read(
    const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
) {
    const auto url = http::parse_url(calendar.value);
    if (!url) return error(ErrorCode::Rejected, "The calendar's address is not a URL; choose the calendar again.");
    Pass pass{context, *url, known};
    if (!since) return first_page(pass);
    const auto cursor = read_cursor(*since);
    if (!cursor)
        return error(
            ErrorCode::SyncTokenExpired, "The stored sync token is not one of ours; the whole calendar is listed again."
        );
    pass.cursor = *cursor;
    if (cursor->sync && (!settings_.sync_collection || without_sync_.contains(calendar.value)))
        return error(
            ErrorCode::SyncTokenExpired,
            "The service's change reports cannot be used; the whole calendar is listed again."
        );
    if (cursor->page) return cursor->sync ? sync_page(pass) : listing_page(pass);
    CALGATE_TRY(const State now, state(pass));
    const std::string& marker = cursor->sync ? now.sync_token : now.ctag;
    if (!marker.empty() && marker == cursor->token) {
        ChangeSet nothing;
        nothing.next = *since;
        return nothing;
    }
    if (cursor->sync) return sync_page(pass);
    pass.cursor = Cursor{};
    pass.cursor.snapshot = true;
    pass.cursor.final = now.ctag;
    return listing_page(pass);
}

Result<ChangeReader::State> ChangeReader::state(const Pass& pass) const {
    CALGATE_TRY(
        const Listing listing,
        session_.ask(pass.context, Call::Read, "PROPFIND", pass.calendar.text(), "0", propfind_state())
    );
    for (const Entry& entry : listing.content.entries) {
        const auto href = member_href(listing.answered, pass.calendar, entry.href);
        if (!href || !same_place(*href, pass.calendar.origin() + http::canonical_path(pass.calendar.path))) continue;
        if (!entry.has_properties) break;
        if (!entry.is_calendar && !entry.is_subscribed)
            return error(
                ErrorCode::NotFound, "There is no calendar at its address any more; choose the calendar again."
            );
        return State{entry.sync_token.value_or(""), entry.ctag.value_or("")};
    }
    return error(
        ErrorCode::NotFound, pass.calendar.host + " no longer shows this calendar; choose the calendar again."
    );
}

Result<ChangeSet> ChangeReader::first_page(Pass& pass) {
    CALGATE_TRY(const State now, state(pass));
    pass.cursor.snapshot = true;
    const bool may_sync =
        settings_.sync_collection && !now.sync_token.empty() && !without_sync_.contains(pass.calendar.text());
    if (may_sync) {
        pass.cursor.sync = true;
        auto page = sync_page(pass);
        if (page || ends_the_pass(page.error()) || is_service_trouble(page.error())) return page;
        without_sync_.insert(pass.calendar.text());
        pass.cursor.sync = false;
    }
    pass.cursor.final = now.ctag;
    return listing_page(pass);
}

Result<ChangeSet> ChangeReader::sync_page(Pass& pass) {
    auto members = sync_members(pass, pass.cursor.token);
    if (!members) return sync_failure(pass, members.error());
    if (members->truncated && members->token == pass.cursor.token) {
        without_sync_.insert(pass.calendar.text());
        return error(
            ErrorCode::SyncTokenExpired,
            "The service's change report does not advance; the whole calendar is listed instead."
        );
    }
    CALGATE_TRY(ChangeSet page, fill(pass, *members));
    if (page.more) return page;
    Cursor next;
    next.sync = true;
    next.token = pass.cursor.final.empty() ? members->token : pass.cursor.final;
    if (members->truncated && pass.cursor.final.empty()) {
        next.page = page.more = true;
        next.snapshot = pass.cursor.snapshot;
    } else {
        next.token = settled_token(next.token, members->when);
    }
    page.next = write_cursor(next);
    return page;
}

Error ChangeReader::sync_failure(const Pass& pass, const Error& failure) {
    if (pass.cursor.token.empty() || failure.code == ErrorCode::SyncTokenExpired || ends_the_pass(failure))
        return failure;
    const Error expired = error(
        ErrorCode::SyncTokenExpired, "The service no longer accepts the sync token; the whole calendar is listed again."
    );
    if (failure.code == ErrorCode::Unsupported || failure.code == ErrorCode::InvalidResponse) {
        without_sync_.insert(pass.calendar.text());
        return expired;
    }
    // Some services answer a bad token with a bare 500, iCloud with a bare 403: then the same report without a token
    // works.
    const bool bare =
        failure.code == ErrorCode::Unavailable || (failure.code == ErrorCode::Forbidden && session_.icloud());
    if (bare && sync_members(pass, "")) return expired;
    return failure;
}

Result<ChangeReader::Members> ChangeReader::sync_members(const Pass& pass, const std::string& token) const {
    const Call call = token.empty() ? Call::Read : Call::SyncWithToken;
    CALGATE_TRY(
        const Listing listing, session_.ask(pass.context, call, "REPORT", pass.calendar.text(), "0", report_sync(token))
    );
    if (!listing.content.sync_token)
        return error(
            ErrorCode::InvalidResponse,
            pass.calendar.host + " gave a change report without a sync token; we keep the old one."
        );
    Members members;
    members.token = *listing.content.sync_token;
    members.when = listing.when;
    for (const Entry& entry : listing.content.entries) {
        const auto href = member_href(listing.answered, pass.calendar, entry.href);
        if (!href) continue;
        if (same_place(*href, pass.calendar.origin() + http::canonical_path(pass.calendar.path))) {
            members.truncated |= entry.status == 507;
            continue;
        }
        const bool gone = entry.status == 404 || entry.status == 410;
        if (href->ends_with('/') || (entry.status == 0 && !entry.has_properties && entry.refused_properties == 0))
            continue;
        auto& member = members.by_href[*href];
        const bool listed_before = !member.raw.empty();
        member.gone = gone && (!listed_before || member.gone);
        member.raw = entry.href;
        if (entry.etag) member.version = Version{*entry.etag};
        member.unreadable = !gone && !entry.has_properties;
    }
    return members;
}

Result<ChangeReader::Members> ChangeReader::listed_members(const Pass& pass) const {
    CALGATE_TRY(
        const Listing listing,
        session_.ask(pass.context, Call::Read, "PROPFIND", pass.calendar.text(), "1", propfind_etags())
    );
    Members members;
    bool lists_itself = false;
    for (const Entry& entry : listing.content.entries) {
        const auto href = member_href(listing.answered, pass.calendar, entry.href);
        if (!href) continue;
        const bool itself = same_place(*href, pass.calendar.origin() + http::canonical_path(pass.calendar.path));
        if (itself && (entry.status == 507 || entry.status == 404))
            return error(
                ErrorCode::InvalidResponse,
                pass.calendar.host + " did not list the calendar completely; we try again later."
            );
        lists_itself |= itself;
        if (itself || entry.is_collection || entry.status == 404 || entry.status == 410) continue;
        auto& member = members.by_href[*href];
        member.raw = entry.href;
        if (entry.etag) member.version = Version{*entry.etag};
        member.unreadable = !entry.has_properties;
    }
    if (!lists_itself && members.by_href.empty())
        return error(
            ErrorCode::InvalidResponse,
            pass.calendar.host + " listed neither the calendar nor anything in it; we try again later."
        );
    return members;
}

Result<ChangeSet> ChangeReader::listing_page(Pass& pass) {
    CALGATE_TRY(const Members members, listed_members(pass));
    CALGATE_TRY(ChangeSet page, fill(pass, members));
    if (!page.more && !pass.cursor.final.empty()) {
        Cursor next;
        next.token = pass.cursor.final;
        page.next = write_cursor(next);
    }
    return page;
}

Result<ChangeSet> ChangeReader::fill(const Pass& pass, const Members& members) {
    ChangeSet page;
    page.snapshot = pass.cursor.snapshot;
    std::map<std::string, Member> wanted;
    bool anything_known = false, cut = false;
    std::string last;
    for (auto at = members.by_href.upper_bound(pass.cursor.after); at != members.by_href.end(); ++at) {
        const auto& [href, member] = *at;
        const auto held = pass.known ? pass.known(Href{href}) : std::nullopt;
        anything_known |= held.has_value();
        if (member.gone) {
            if (!page.snapshot || held) page.removed.push_back(Href{href});
        } else if (member.unreadable) {
            page.unread.push_back(Href{href});
        } else if (held && member.version && *held == *member.version) {
            page.unchanged.push_back(Href{href});
        } else {
            wanted.emplace(href, member);
        }
    }
    const bool first_read = page.snapshot && !anything_known && pass.cursor.after.empty();
    const bool may_query = settings_.query_first_read && !without_query_.contains(pass.calendar.text());
    if (may_query && first_read && wanted.size() >= kWorthAQuery)
        CALGATE_TRY_STATUS(fetch_all_by_query(pass, wanted, page));
    // A report that the service itself cut is small already, and only its own token continues it.
    if (!members.truncated && wanted.size() > settings_.page_size) {
        const auto end = std::next(wanted.begin(), static_cast<std::ptrdiff_t>(settings_.page_size));
        last = std::prev(end)->first;
        wanted.erase(end, wanted.end());
        cut = true;
    }
    CALGATE_TRY_STATUS(fetch_by_multiget(pass, wanted, page));
    if (!cut) return page;
    // What lies behind the cut is named by the next page.
    const auto behind = [&](const Href& href) { return href.value > last; };
    std::erase_if(page.removed, behind);
    std::erase_if(page.unchanged, behind);
    std::erase_if(page.unread, behind);
    std::erase_if(page.changed, [&](const RemoteEvent& event) { return behind(event.href); });
    page.more = true;
    Cursor next = pass.cursor;
    next.page = true;
    next.after = last;
    if (next.sync && next.final.empty()) next.final = members.token;
    page.next = write_cursor(next);
    return page;
}

Status ChangeReader::fetch_all_by_query(const Pass& pass, std::map<std::string, Member>& wanted, ChangeSet& page) {
    const Context context = session_.half_of(pass.context);
    auto listing = session_.ask(context, Call::Read, "REPORT", pass.calendar.text(), "1", report_query_all());
    if (!listing) {
        if (ends_the_pass(listing.error())) return listing.error();
        without_query_.insert(pass.calendar.text());
        return {};  // The listing names what is missing; multiget brings it.
    }
    for (Entry& entry : listing->content.entries) {
        const auto href = member_href(listing->answered, pass.calendar, entry.href);
        const auto found = href ? wanted.find(*href) : wanted.end();
        if (found == wanted.end() || !entry.calendar_data) continue;
        auto version = entry.etag ? std::optional(Version{*entry.etag}) : found->second.version;
        page.changed.push_back(read_object_(Href{*href}, std::move(version), std::move(*entry.calendar_data)));
        wanted.erase(found);
    }
    return {};
}

Status ChangeReader::fetch_by_multiget(const Pass& pass, std::map<std::string, Member>& wanted, ChangeSet& page) {
    while (!wanted.empty()) {
        const auto end = std::next(wanted.begin(), static_cast<std::ptrdiff_t>(std::min(batch_, wanted.size())));
        const std::map<std::string, Member> batch(wanted.begin(), end);
        wanted.erase(wanted.begin(), end);
        const Status outcome = fetch_batch(pass, batch, page);
        if (outcome) continue;
        const ErrorCode code = outcome.error().code;
        if (is_service_trouble(outcome.error())) batch_ = kSmallBatch;
        if (code == ErrorCode::Unavailable && !outcome.error().retry_after) {
            if (batch.size() > kSmallBatch)
                wanted.insert(batch.begin(), batch.end());
            else
                CALGATE_TRY_STATUS(fetch_each(pass, batch, page, outcome.error()));
            continue;
        }
        const bool no_multiget =
            code == ErrorCode::Unsupported || code == ErrorCode::InvalidResponse || code == ErrorCode::Forbidden;
        if (!no_multiget) return outcome;
        for (const auto& [href, member] : batch) CALGATE_TRY_STATUS(fetch_alone(pass, href, member, page));
    }
    return {};
}

Status ChangeReader::fetch_each(
    const Pass& pass, const std::map<std::string, Member>& batch, ChangeSet& page, const Error& failure
) const {
    std::vector<Href> failed;
    std::size_t tried = 0;
    for (const auto& [href, member] : batch) {
        const Status outcome = fetch_alone(pass, href, member, page);
        if (outcome) {
            ++tried;
            continue;
        }
        // A service that is away says so to the first of them.
        if (outcome.error().code != ErrorCode::Unavailable || outcome.error().retry_after) return outcome;
        failed.push_back(Href{href});
        const bool nothing_came = failed.size() == ++tried;
        if (nothing_came && failed.size() > 1 && tried == std::min(batch.size(), kMostFailures)) return failure;
    }
    page.unread.insert(page.unread.end(), failed.begin(), failed.end());
    return {};
}

Status ChangeReader::fetch_batch(const Pass& pass, const std::map<std::string, Member>& batch, ChangeSet& page) const {
    std::vector<std::string> hrefs;
    for (const auto& [href, member] : batch) {
        const auto url = http::parse_url(without_blanks(member.raw));
        hrefs.push_back(url ? url->path : member.raw);
    }
    CALGATE_TRY(
        Listing listing,
        session_.ask(pass.context, Call::Read, "REPORT", pass.calendar.text(), "", report_multiget(hrefs))
    );
    std::map<std::string, Entry*> answers;
    for (Entry& entry : listing.content.entries) {
        const auto href = member_href(listing.answered, pass.calendar, entry.href);
        if (!href || !batch.contains(*href)) continue;
        Entry*& best = answers[*href];
        if (!best || entry.calendar_data) best = &entry;
    }
    for (const auto& [href, member] : batch) {
        const auto found = answers.find(href);
        const Entry* entry = found == answers.end() ? nullptr : found->second;
        if (entry && entry->calendar_data) {
            auto version = entry->etag ? std::optional(Version{*entry->etag}) : member.version;
            page.changed.push_back(read_object_(Href{href}, std::move(version), *entry->calendar_data));
        } else if (entry && entry->has_properties) {
            CALGATE_TRY_STATUS(fetch_alone(pass, href, member, page));
        } else {
            page.unread.push_back(Href{href});
        }
    }
    return {};
}

Status ChangeReader::fetch_alone(const Pass& pass, const std::string& href, const Member& member, ChangeSet& page)
    const {
    CALGATE_TRY(http::Response response, session_.send(pass.context, {"GET", href, object_headers()}));
    if (response.status == 429 || response.status >= 500) return session_.refused(Call::Read, response);
    if (response.status != 200 || !is_calendar_object(response)) {
        page.unread.push_back(Href{href});
        return {};
    }
    const auto etag = response.header("ETag");
    auto version = etag ? std::optional(Version{*etag}) : member.version;
    page.changed.push_back(read_object_(Href{href}, std::move(version), std::move(response.body)));
    return {};
}

}  // namespace calgate::caldav
