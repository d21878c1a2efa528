#include "scheduler/push_keeper.hpp"

#include <algorithm>
#include <array>

#include "core/identity.hpp"

namespace calgate {

namespace {

constexpr std::chrono::minutes kAfterFailure{5};
constexpr std::chrono::hours kAfterRefusal{24};

std::string random_text(Random& random, std::size_t bytes) {
    std::string raw(bytes, '\0');
    random.fill({reinterpret_cast<unsigned char*>(raw.data()), raw.size()});
    return raw;
}

/// RFC 9562, version 4.
std::string uuid(Random& random) {
    std::string raw = random_text(random, 16);
    raw[6] = static_cast<char>((raw[6] & 0x0f) | 0x40);
    raw[8] = static_cast<char>((raw[8] & 0x3f) | 0x80);
    std::string text;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        const auto byte = static_cast<unsigned char>(raw[i]);
        text += kDigits[byte >> 4];
        text += kDigits[byte & 0xf];
    }
    return text;
}

std::string late_setting(const CalendarId& calendar) { return "channel.late." + calendar.value; }

const char* name_of(PushAction action) {
    constexpr std::array<const char*, 4> kNames{"open", "renew", "close", "forget"};
    return kNames.at(static_cast<std::size_t>(action));
}

ChannelState state_after(PushNote::News news, ChannelState before) {
    if (news == PushNote::News::Removed) return ChannelState::Removed;
    if (news == PushNote::News::Reauthorize && before == ChannelState::Live) return ChannelState::Reauthorize;
    return before;
}

}  // namespace

PushKeeper::PushKeeper(
    Store& store, const Clock& clock, Random& random, std::string url, std::function<void(const std::string&)> log
)
    : store_(store), clock_(clock), random_(random), url_(std::move(url)), log_(std::move(log)) {}

void PushKeeper::load() {
    Records all;
    store_.read([&](const Reader& reader) {
        for (auto& record : reader.push_channels()) all.emplace(record.key, std::move(record));
    });
    const std::lock_guard lock(mutex_);
    records_ = std::move(all);
}

std::vector<ChannelRecord> PushKeeper::records_of(const CalendarId& calendar) const {
    const std::lock_guard lock(mutex_);
    std::vector<ChannelRecord> out;
    for (const auto& [key, record] : records_)
        if (record.calendar == calendar) out.push_back(record);
    return out;
}

std::vector<CalendarId> PushKeeper::calendars_with_channels() const {
    const std::lock_guard lock(mutex_);
    std::vector<CalendarId> out;
    for (const auto& [key, record] : records_) out.push_back(record.calendar);
    return out;
}

bool PushKeeper::has_work(const CalendarId& calendar, bool wanted) const {
    const Instant now = clock_.now();
    {
        const std::lock_guard lock(mutex_);
        const auto at = not_before_.find(calendar);
        if (at != not_before_.end() && now < at->second) return false;
    }
    return !plan_push(wanted && !url_.empty(), records_of(calendar), now).empty();
}

void PushKeeper::put(const ChannelRecord& record) {
    {
        const std::lock_guard lock(mutex_);
        records_.insert_or_assign(record.key, record);
        heard_.erase(record.key);
    }
    store_.write([&](Writer& writer) { writer.put(record); });
}

/// In the store first: a row that stays there would be taken for a live channel after a restart.
void PushKeeper::forget(const std::string& key) {
    store_.write([&](Writer& writer) { writer.erase_push_channel(key); });
    const std::lock_guard lock(mutex_);
    records_.erase(key);
    heard_.erase(key);
}

void PushKeeper::postpone(const CalendarId& calendar, const Error& error) {
    const bool for_good = error.code == ErrorCode::Unsupported || error.code == ErrorCode::Rejected;
    const std::chrono::seconds wait = for_good ? kAfterRefusal : kAfterFailure;
    const std::lock_guard lock(mutex_);
    not_before_[calendar] = clock_.now() + std::max(wait, error.retry_after.value_or(wait));
}

bool PushKeeper::keep(
    const Context& context,
    Connector& connector,
    const CalendarId& calendar,
    const Href& href,
    const std::string& kind,
    bool wanted
) {
    if (!has_work(calendar, wanted)) return false;
    PushService* const service = connector.push();
    if (!service) {
        postpone(calendar, Error{ErrorCode::Unsupported, "This service does not notify.", {}});
        return false;
    }
    bool opened = false;
    for (const PushStep& step : plan_push(wanted && !url_.empty(), records_of(calendar), clock_.now())) {
        const Status done = take(step, context, *service, calendar, href, kind);
        if (!done) postpone(calendar, done.error());
        if (log_)
            log_(
                "job=push calendar=" + calendar.value + " action=" + name_of(step.action) +
                (done ? std::string() : std::string(" error=") + to_string(done.error().code))
            );
        const bool keeps = step.action == PushAction::Open || step.action == PushAction::Renew;
        if (keeps) note_late(calendar, !done && done.error().code != ErrorCode::Unsupported);
        if (!done) return opened;
        opened = opened || step.action == PushAction::Open;
    }
    return opened;
}

void PushKeeper::note_late(const CalendarId& calendar, bool late) {
    if (read(store_, [&](const Reader& reader) { return is_channel_late(reader, calendar); }) == late) return;
    store_.write([&](Writer& writer) { writer.put_setting(late_setting(calendar), late ? "1" : ""); });
}

bool is_channel_late(const Reader& reader, const CalendarId& calendar) {
    return !reader.setting(late_setting(calendar)).value_or("").empty();
}

Status PushKeeper::end(const Context& context, Connector* connector, const CalendarId& calendar) {
    PushService* const service = connector ? connector->push() : nullptr;
    Status ended;
    for (const ChannelRecord& record : records_of(calendar)) {
        const bool over = record.state == ChannelState::Removed || record.channel.expires <= clock_.now();
        if (!over && !record.channel.id.empty()) {
            const Status closed = service ? service->close_channel(context, record.channel)
                                          : Status{Error{ErrorCode::Unavailable, "It could not be asked.", {}}};
            if (!closed) ended = closed;
        }
        forget(record.key);
    }
    note_late(calendar, false);
    const std::lock_guard lock(mutex_);
    not_before_.erase(calendar);
    return ended;
}

Status PushKeeper::take(
    const PushStep& step,
    const Context& context,
    PushService& service,
    const CalendarId& calendar,
    const Href& href,
    const std::string& kind
) {
    if (step.action == PushAction::Open) return open(context, service, calendar, href, kind);
    ChannelRecord record;
    {
        const std::lock_guard lock(mutex_);
        record = records_.at(step.key);
    }
    if (step.action == PushAction::Renew) return renew(context, service, record);
    // A channel that cannot be closed now ends by itself; meanwhile its notifications are refused as unknown.
    const Status closed = step.action == PushAction::Close ? service.close_channel(context, record.channel) : Status{};
    forget(step.key);
    return closed;
}

Status PushKeeper::open(
    const Context& context, PushService& service, const CalendarId& calendar, const Href& href, const std::string& kind
) {
    PushRequest request;
    request.calendar = href;
    request.id = uuid(random_);
    request.callback = request.lifecycle_callback = url_ + "/hooks/" + kind;
    request.secret = base64url(random_text(random_, 32));
    const Instant now = clock_.now();
    request.until = now + kChannelLife;
    ChannelRecord record{request.id, calendar, {}, sha256_hex(request.secret), ChannelState::Opening, now, true};
    put(record);
    auto opened = service.open_channel(context, request);
    if (!opened) {
        const bool lost =
            opened.error().code == ErrorCode::Timeout || opened.error().code == ErrorCode::InvalidResponse;
        if (!lost) forget(record.key);
        return opened.error();
    }
    record.channel = *opened;
    record.state = ChannelState::Live;
    put(record);
    return {};
}

Status PushKeeper::renew(const Context& context, PushService& service, ChannelRecord record) {
    const Instant now = clock_.now();
    auto renewed = service.renew_channel(context, record.channel, now + kChannelLife);
    if (!renewed && renewed.error().code == ErrorCode::NotFound) {
        record.state = ChannelState::Removed;
        put(record);
        return {};
    }
    if (!renewed && renewed.error().code == ErrorCode::Unsupported) {
        record.prolongable = false;
        put(record);
        return {};
    }
    if (!renewed) return renewed.error();
    record.channel = *renewed;
    record.state = ChannelState::Live;
    record.opened = now;
    put(record);
    return {};
}

void PushKeeper::save() {
    std::vector<ChannelRecord> told;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& key : heard_)
            if (const auto found = records_.find(key); found != records_.end()) told.push_back(found->second);
    }
    if (told.empty()) return;
    store_.write([&](Writer& writer) {
        for (const auto& record : told) writer.put(record);
    });
    const std::lock_guard lock(mutex_);
    for (const auto& record : told) {
        const auto found = records_.find(record.key);
        if (found == records_.end() || found->second == record) heard_.erase(record.key);
    }
}

std::optional<CalendarId> PushKeeper::accept(const PushNote& note) {
    const std::string hash = sha256_hex(note.secret);
    const std::lock_guard lock(mutex_);
    for (auto& [key, record] : records_) {
        const bool opening = record.state == ChannelState::Opening;
        const bool named = record.channel.id == note.channel || (opening && record.channel.id.empty());
        if (!named || !equal_in_constant_time(record.secret_hash, hash)) continue;
        const bool elsewhere = !record.channel.resource.empty() && record.channel.resource != note.resource;
        if (elsewhere) continue;
        const ChannelState before = record.state;
        record.state = state_after(note.news, before);
        if (record.state != before) heard_.insert(key);
        return record.calendar;
    }
    return std::nullopt;
}

}  // namespace calgate
