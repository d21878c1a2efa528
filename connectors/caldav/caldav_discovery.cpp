#include "connectors/caldav/caldav_discovery.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace calgate::caldav {

namespace {

constexpr std::size_t kMaxHomes = 10;
constexpr std::size_t kMaxCalendars = 1000;

/// Where the search for calendars goes on.
struct Start {
    http::Url answered{};
    Entry entry{};
};

/// Whether another address of the same server is not worth asking. A server may break on one address and serve the
/// next.
bool stops_discovery(const Error& error) {
    return error.code == ErrorCode::Unauthorized || error.code == ErrorCode::RateLimited ||
           error.code == ErrorCode::Cancelled;
}

const Entry* own_entry(const Listing& listing) {
    for (const Entry& entry : listing.content.entries) {
        const auto url = http::resolve(listing.answered, entry.href);
        if (url && same_place(http::canonical_path(url->path), http::canonical_path(listing.answered.path)))
            return &entry;
    }
    return listing.content.entries.size() == 1 ? &listing.content.entries.front() : nullptr;
}

Result<Start> probe(const Session& session, const Context& context, const std::string& url) {
    CALGATE_TRY(
        const Listing listing, session.ask(context, Call::Discover, "PROPFIND", url, "0", propfind_discovery())
    );
    const Entry* entry = own_entry(listing);
    if (!entry || !entry->has_properties) return refusal(Call::Discover, 404, {}, listing.answered.host);
    if (entry->unauthenticated) return refusal(Call::Discover, 401, {}, listing.answered.host);
    return Start{listing.answered, *entry};
}

/// A listed address that may get our credentials: this host, or iCloud's set.
Result<std::string> trusted(const http::Url& from, const std::string& href) {
    auto url = http::resolve(from, href);
    if (url && url->scheme == "http" && from.scheme == "https" && url->host == from.host)
        *url = http::Url{"https", from.host, from.port, url->path, {}};
    const bool icloud =
        url && url->scheme == "https" && http::is_icloud_host(from.host) && http::is_icloud_host(url->host);
    if (url && ((url->host == from.host && (url->scheme == "https" || url->scheme == from.scheme)) || icloud))
        return url->origin() + http::canonical_path(url->path);
    return Error{
        ErrorCode::InvalidResponse,
        from.host + " names a foreign address for the account's calendars" +
            (url ? " (" + url->origin() + ")" : std::string()) +
            "; if that is right, enter it as the URL of the account.",
        {}};
}

bool is_writable(const Entry& entry) {
    if (entry.is_subscribed) return false;
    if (!entry.privileges) return true;
    static constexpr std::array kWriting{"all", "write", "write-content", "bind"};
    return std::any_of(entry.privileges->begin(), entry.privileges->end(), [](const std::string& privilege) {
        return std::find(kWriting.begin(), kWriting.end(), privilege) != kWriting.end();
    });
}

/// IANA name of a VTIMEZONE text, or of what we register for it.
std::string zone_name(const std::string& vtimezone, const ZoneResolver& zones) {
    const auto at = vtimezone.find("TZID:");
    if (at == std::string::npos) return {};
    const auto end = std::min(vtimezone.find_first_of("\r\n", at), vtimezone.size());
    if (auto name = zones.canonical_name(vtimezone.substr(at + 5, end - at - 5))) return *name;
    const auto begin = vtimezone.find("BEGIN:VTIMEZONE"), finish = vtimezone.rfind("END:VTIMEZONE");
    if (begin == std::string::npos || finish == std::string::npos || finish < begin) return {};
    return zones.add_embedded(vtimezone.substr(begin, finish + 13 - begin)).value_or("");
}

std::string last_segment(const std::string& href) {
    std::string path = href;
    while (path.ends_with('/')) path.pop_back();
    return http::percent_decode(path.substr(path.rfind('/') + 1));
}

RemoteCalendar calendar_of(const Entry& entry, std::string href, const ZoneResolver& zones) {
    if (!href.ends_with('/')) href += '/';
    RemoteCalendar calendar;
    calendar.name = entry.name.empty() ? last_segment(href) : entry.name;
    calendar.href = Href{std::move(href)};
    calendar.writable = is_writable(entry);
    calendar.holds_events =
        !entry.components ||
        std::find(entry.components->begin(), entry.components->end(), "VEVENT") != entry.components->end();
    calendar.counts_as_busy = !entry.transparent;
    calendar.zone = zone_name(entry.timezone, zones);
    return calendar;
}

Result<std::vector<RemoteCalendar>> list_home(
    const Session& session, const Context& context, const std::string& home, const ZoneResolver& zones
) {
    CALGATE_TRY(
        const Listing listing, session.ask(context, Call::Discover, "PROPFIND", home, "1", propfind_calendars())
    );
    const auto base = http::parse_url(home);
    CALGATE_ASSERT(base.has_value());
    std::vector<RemoteCalendar> calendars;
    for (const Entry& entry : listing.content.entries) {
        if (!entry.is_calendar && !entry.is_subscribed) continue;
        const auto href = member_href(listing.answered, *base, entry.href);
        if (href && calendars.size() < kMaxCalendars) calendars.push_back(calendar_of(entry, *href, zones));
    }
    return calendars;
}

void add_addresses(const Entry& entry, std::vector<std::string>& addresses) {
    for (std::string address : entry.addresses) {
        std::string scheme = address.substr(0, 7);
        std::transform(scheme.begin(), scheme.end(), scheme.begin(), [](unsigned char c) {
            return static_cast<char>(std::tolower(c));
        });
        addresses.push_back(scheme == "mailto:" ? address.substr(7) : std::move(address));
    }
}

Result<Discovery> follow_principal(
    const Session& session, const Context& context, Start start, const ZoneResolver& zones
) {
    if (start.entry.homes.empty() && !start.entry.principal.empty()) {
        CALGATE_TRY(const std::string principal, trusted(start.answered, start.entry.principal));
        CALGATE_TRY(start, probe(session, context, principal));
    }
    Discovery found;
    add_addresses(start.entry, found.addresses);
    std::vector<std::string> homes = start.entry.homes;
    // Synology and others name no home: the requested address then is one.
    if (homes.empty()) homes.push_back(start.answered.path);
    homes.resize(std::min(homes.size(), kMaxHomes));
    std::optional<Error> failure;
    bool any = false;
    for (const auto& href : homes) {
        CALGATE_TRY(const std::string home, trusted(start.answered, href));
        auto calendars = list_home(session, context, session.kept(home), zones);
        if (!calendars && stops_discovery(calendars.error())) return calendars.error();
        if (!calendars) {
            failure = calendars.error();  // Another home may answer.
            continue;
        }
        any = true;
        for (auto& calendar : *calendars)
            if (std::none_of(found.calendars.begin(), found.calendars.end(), [&](const auto& c) {
                    return c.href == calendar.href;
                }))
                found.calendars.push_back(std::move(calendar));
    }
    if (!any && failure) return *failure;
    return found;
}

Result<Discovery> only_calendar(
    const Session& session, const Context& context, const std::string& url, const ZoneResolver& zones
) {
    CALGATE_TRY(
        const Listing listing, session.ask(context, Call::Discover, "PROPFIND", url, "0", propfind_calendars())
    );
    const Entry* entry = own_entry(listing);
    if (!entry || !entry->has_properties) return refusal(Call::Discover, 404, {}, listing.answered.host);
    // Under the name by which the service lists what is in it, which may be another than the one that was typed.
    const auto base = http::parse_url(url);
    const auto listed = base ? member_href(listing.answered, *base, entry->href) : std::nullopt;
    return Discovery{{calendar_of(*entry, listed.value_or(url), zones)}, {}};
}

/// The URL itself, and what lies directly under it, before its principal is asked: it may be another person's home.
Result<Discovery> search(
    const Session& session, const Context& context, const Start& start, const ZoneResolver& zones
) {
    const std::string here = start.answered.origin() + http::canonical_path(start.answered.path);
    if (start.entry.is_calendar || start.entry.is_subscribed)
        return only_calendar(session, context, session.kept(here), zones);
    const bool may_be_home = start.entry.is_collection && !start.entry.is_principal && start.answered.path != "/";
    if (may_be_home && start.entry.homes.empty()) {
        auto calendars = list_home(session, context, session.kept(here), zones);
        if (!calendars && stops_discovery(calendars.error())) return calendars.error();
        if (calendars && !calendars->empty()) return Discovery{std::move(*calendars), {}};
    }
    return follow_principal(session, context, start, zones);
}

bool leads_somewhere(const Start& start) {
    return start.entry.is_calendar || !start.entry.homes.empty() || !start.entry.principal.empty() ||
           (start.entry.is_collection && start.answered.path != "/");
}

}  // namespace

Result<Discovery> discover(
    const Session& session, const Context& context, const std::string& given, const ZoneResolver& zones
) {
    const auto url = http::parse_url(given.find("://") == std::string::npos ? "https://" + given : given);
    if (!url)
        return Error{ErrorCode::Rejected, "The URL of the account is not an http or https address; correct it.", {}};
    std::vector<std::string> attempts{url->origin() + "/.well-known/caldav", url->origin() + "/"};
    if (url->path != "/") attempts.insert(attempts.begin(), url->text());
    std::optional<Error> first;
    for (const auto& attempt : attempts) {
        auto start = probe(session, context, attempt);
        if (start && leads_somewhere(*start)) return search(session, context, *start, zones);
        Error error = start ? refusal(Call::Discover, 404, {}, url->host) : start.error();
        if (stops_discovery(error)) return error;
        if (!first || attempt == url->text()) first = std::move(error);
    }
    return *first;
}

}  // namespace calgate::caldav
