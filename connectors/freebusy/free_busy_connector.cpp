#include "connectors/freebusy/free_busy_connector.hpp"

#include <algorithm>
#include <charconv>

#include "connectors/freebusy/free_busy_text.hpp"
#include "core/identity.hpp"

namespace calgate::freebusy {

namespace {

constexpr std::string_view kFolder = "free-busy/";
constexpr std::string_view kCursor = "free-busy:";

Error only_times() {
    return {
        ErrorCode::Unsupported,
        "This account was signed in for free and busy times only; sign in again without --read-only to write.",
        {}};
}

Error no_block() { return {ErrorCode::NotFound, "This time has passed, or the address is none of free time.", {}}; }

std::optional<std::int64_t> number_in(std::string_view text) {
    std::int64_t number = 0;
    const auto [at, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || at != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

FreeBusyConnector::FreeBusyConnector(std::unique_ptr<FreeBusySource> source, const Clock& clock)
    : source_(std::move(source)), clock_(clock) {}

FreeBusyConnector::Blocks FreeBusyConnector::blocks() const {
    const auto number = [this](Instant at) {
        return std::chrono::floor<std::chrono::days>(at).time_since_epoch() / source_->longest_window();
    };
    return {number(clock_.now() - std::chrono::days{1}), number(clock_.now() + kAhead)};
}

Result<RemoteEvent> FreeBusyConnector::block(const Context& context, const Href& calendar, std::int64_t number) const {
    const Instant start{number * source_->longest_window()};
    const Interval window{start, start + source_->longest_window()};
    CALGATE_TRY(const std::vector<TakenTime> taken, source_->taken(context, calendar, window));
    RemoteEvent out;
    out.href = Href{calendar.value + std::string(kFolder) + std::to_string(number)};
    const std::string text = write_block({window, taken});
    out.version = Version{sha256_hex(text).substr(0, 32)};
    CALGATE_TRY(out.event, read_source(text));
    return out;
}

Result<Event> FreeBusyConnector::read_source(const std::string& source) const { return read_block(source); }

Result<std::vector<RemoteCalendar>> FreeBusyConnector::list_calendars(const Context& context) {
    CALGATE_TRY(std::vector<RemoteCalendar> calendars, source_->list_calendars(context));
    for (RemoteCalendar& calendar : calendars) calendar.writable = false;
    return calendars;
}

Result<ChangeSet> FreeBusyConnector::fetch_changes(
    const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
) {
    const Blocks all = blocks();
    std::int64_t number = all.first;
    if (since) {
        const std::string_view token = since->value;
        const auto next = token.starts_with(kCursor) ? number_in(token.substr(kCursor.size())) : std::nullopt;
        if (!next || *next <= all.first || *next > all.last)
            return Error{ErrorCode::SyncTokenExpired, "Free and busy times are always read from the beginning.", {}};
        number = *next;
    }
    CALGATE_TRY(RemoteEvent event, block(context, calendar, number));
    ChangeSet out;
    out.snapshot = true;
    if (known && known(event.href) == event.version)
        out.unchanged.push_back(event.href);
    else
        out.changed.push_back(std::move(event));
    out.more = number < all.last;
    if (out.more) out.next = SyncToken{std::string(kCursor) + std::to_string(number + 1)};
    return out;
}

Result<RemoteEvent> FreeBusyConnector::fetch_event(const Context& context, const Href& event) {
    const auto at = event.value.rfind(kFolder);
    if (at == std::string::npos) return no_block();
    const auto number = number_in(std::string_view(event.value).substr(at + kFolder.size()));
    const Blocks all = blocks();
    if (!number || *number < all.first || *number > all.last) return no_block();
    return block(context, Href{event.value.substr(0, at)}, *number);
}

Result<RemoteEvent> FreeBusyConnector::find_event(const Context&, const Href&, const Uid&) { return only_times(); }

Result<WriteReceipt> FreeBusyConnector::create_event(const Context&, const Href&, const Event&) { return only_times(); }

Result<WriteReceipt> FreeBusyConnector::update_event(const Context&, const Href&, const Version&, const Event&) {
    return only_times();
}

Status FreeBusyConnector::delete_event(const Context&, const Href&, const Version&) { return only_times(); }

}  // namespace calgate::freebusy
