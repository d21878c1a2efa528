#include "connectors/ews/ews_availability.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "connectors/ews/ews_requests.hpp"
#include "connectors/http/url.hpp"
#include "core/identity.hpp"

namespace calgate::ews {

namespace {

using std::chrono::days;

constexpr std::string_view kPrefix = "availability/", kCursor = "ews-availability";
constexpr std::size_t kMostBlocks = 20'000;

Error odd(std::string sentence) { return {ErrorCode::InvalidResponse, std::move(sentence), {}}; }

/// What nobody knows blocks time, and so does whoever works elsewhere.
std::string type_of(const std::string& said) { return said == "Tentative" || said == "OOF" ? said : "Busy"; }

void add_digits(const std::string& digits, Instant from, std::vector<BusyBlock>& out) {
    const auto at = [&](std::size_t place) { return from + static_cast<int>(place) * kMergedInterval; };
    for (std::size_t begin = 0; begin < digits.size();) {
        const std::size_t end = std::min(digits.find_first_not_of(digits[begin], begin), digits.size());
        const char digit = digits[begin];
        if (digit != '0')
            out.push_back({at(begin), at(end), digit == '1' ? "Tentative" : digit == '3' ? "OOF" : "Busy"});
        begin = end;
    }
}

/// Of a refusal that concerns this mailbox alone, and says nothing about the service.
Error of_mailbox(Error error) {
    if (error.code == ErrorCode::InvalidResponse || error.code == ErrorCode::NotFound)
        error.code = ErrorCode::Forbidden;
    return error;
}

Href block_href(const Href& calendar, const BusyBlock& block) {
    return Href{
        calendar.value + "/" + std::to_string(block.start.time_since_epoch().count()) + "-" +
        std::to_string(block.end.time_since_epoch().count()) + "-" + block.type};
}

/// In the words of an item, so that one reader understands both.
std::string source_of(const Href& href, const BusyBlock& block) {
    return write_xml(
        {"CalendarItem",
         {},
         {},
         {{"ItemId", {{"Id", href.value}}, {}, {}},
          {"Start", {}, format_instant(block.start), {}},
          {"End", {}, format_instant(block.end), {}},
          {"LegacyFreeBusyStatus", {}, block.type, {}}}}
    );
}

struct Place {
    std::int64_t first_day = 0;
    int window = 0;
};

SyncToken written(const Place& place) {
    return SyncToken{std::string(kCursor) + " " + std::to_string(place.first_day) + " " + std::to_string(place.window)};
}

std::optional<Place> read_place(const SyncToken& token) {
    if (!token.value.starts_with(kCursor)) return std::nullopt;
    Place out;
    const char* at = token.value.data() + kCursor.size() + 1;
    const char* const end = token.value.data() + token.value.size();
    if (at >= end) return std::nullopt;
    const auto first = std::from_chars(at, end, out.first_day);
    if (first.ec != std::errc{} || first.ptr >= end) return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, out.window);
    if (second.ec != std::errc{} || out.window < 0 || out.window >= AvailabilityReader::kWindows) return std::nullopt;
    return out;
}

}  // namespace

Href availability_href(const std::string& address) {
    return Href{std::string(kPrefix) + http::percent_encode(address)};
}

std::string mailbox_in(const Href& href) {
    if (!href.value.starts_with(kPrefix)) return {};
    const std::string rest = href.value.substr(kPrefix.size());
    return http::percent_decode(rest.substr(0, rest.find('/')));
}

Result<std::vector<BusyBlock>> read_availability(
    const Element& response, Instant from, const ZoneResolver& zones, const std::string& where
) {
    const Verdict verdict = verdict_of(response.child("ResponseMessage"));
    if (!verdict.success()) return of_mailbox(refusal(Call::Read, verdict, where));
    const Element& view = response.child("FreeBusyView");
    const std::string digits = view.word("MergedFreeBusy");
    const auto& entries = view.child("CalendarEventArray").children;
    if (view.word("FreeBusyViewType") == "None" || (digits.empty() && entries.empty()))
        return Error{
            ErrorCode::Forbidden,
            where + " says nothing about the free and busy time of the mailbox; let this account see it.",
            {}};
    std::vector<BusyBlock> out;
    for (const Element& entry : entries) {
        const auto start = parse_time(entry.word("StartTime"), "UTC", zones);
        const auto end = parse_time(entry.word("EndTime"), "UTC", zones);
        if (!start || !end) return odd(where + " named a busy time that cannot be read; we ask again later.");
        if (entry.word("BusyType") != "Free" && *end > *start)
            out.push_back({*start, *end, type_of(entry.word("BusyType"))});
        if (out.size() > kMostBlocks) return odd(where + " named more busy times than can be true.");
    }
    // Whoever may see less gets digits only.
    if (entries.empty()) add_digits(digits, from, out);
    return out;
}

AvailabilityReader::AvailabilityReader(Session& session, const Clock& clock, const ItemReader& items)
    : session_(session), clock_(clock), items_(items) {}

Result<std::vector<RemoteEvent>> AvailabilityReader::window(
    const Context& context, const Href& calendar, Instant from, Instant until
) const {
    const Ask ask{Call::Read, "GetUserAvailability", get_user_availability(mailbox_in(calendar), from, until), {}};
    CALGATE_TRY(const Element answer, session_.ask(context, ask));
    const Element* const one = answer.find("FreeBusyResponse");
    if (!one) return odd("The Exchange server did not answer about the mailbox; we ask again later.");
    CALGATE_TRY(
        const std::vector<BusyBlock> blocks,
        read_availability(*one, from, items_.wire().zones, session_.refusals(ask).where)
    );
    std::vector<RemoteEvent> out;
    std::set<std::string> named;
    for (const BusyBlock& block : blocks) {
        const Href href = block_href(calendar, block);
        if (!named.insert(href.value).second) continue;
        const std::string source = source_of(href, block);
        CALGATE_TRY(Event event, read_event(source, items_.wire()));
        out.push_back({href, Version{sha256_hex(source).substr(0, 16)}, std::move(event), {}});
    }
    return out;
}

Result<ChangeSet> AvailabilityReader::read(
    const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
) const {
    Place place{std::chrono::floor<days>(clock_.now()).time_since_epoch().count() - 1, 0};
    if (since) place = read_place(*since).value_or(place);
    const Instant first{std::chrono::sys_days{days{place.first_day}}};
    const Instant from = first + place.window * kWindow;
    CALGATE_TRY(std::vector<RemoteEvent> events, window(context, calendar, from, from + kWindow));
    ChangeSet out;
    out.snapshot = true;
    for (RemoteEvent& event : events) {
        const auto held = known ? known(event.href) : std::nullopt;
        if (held && held == event.version)
            out.unchanged.push_back(event.href);
        else
            out.changed.push_back(std::move(event));
    }
    out.more = ++place.window < kWindows;
    if (out.more) out.next = written(place);
    return out;
}

Result<RemoteEvent> AvailabilityReader::fetch(const Context& context, const Href& event) const {
    const std::string rest = event.value.substr(event.value.rfind('/') + 1);
    std::int64_t start_s = 0;
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), start_s);
    const Error gone{ErrorCode::NotFound, "The mailbox is no longer busy at this time.", {}};
    if (problem != std::errc{} || end == rest.data() + rest.size()) return gone;
    const Href calendar{event.value.substr(0, event.value.rfind('/'))};
    const Instant start{std::chrono::seconds{start_s}};
    // What is over is not asked about.
    if (start < std::chrono::floor<days>(clock_.now()) - kWindow) return gone;
    const Instant from = std::chrono::floor<days>(start);
    CALGATE_TRY(std::vector<RemoteEvent> events, window(context, calendar, from, from + kWindow));
    for (RemoteEvent& one : events)
        if (one.href == event) return std::move(one);
    return gone;
}

}  // namespace calgate::ews
