#include "gateway/holidays.hpp"

#include <cstdlib>

#include "core/busy.hpp"
#include "core/icalendar.hpp"

namespace calgate {
namespace {

constexpr const char* kText = "holidays.text";
constexpr const char* kAsOf = "holidays.as_of";
constexpr std::chrono::hours kHolidaysBack{24 * 60};
constexpr std::chrono::hours kHolidaysAhead{24 * 730};

/// Every event blocks: calendars of holidays mark them as free, for they are made for people who look at them.
void block_time(EventInstance& instance) {
    instance.transparency = Transparency::Opaque;
    instance.shown_as = ShownAs::Unsaid;
    instance.reply = Reply::None;
}

Result<std::vector<Event>> understood(const std::string& text, const ZoneResolver& zones) {
    CALGATE_TRY(std::vector<Event> events, read_icalendar_stream(text, {zones, "UTC", {}}));
    for (Event& event : events) {
        if (event.partial)
            return Error{
                ErrorCode::InvalidResponse,
                "An event of the holidays cannot be understood; mend it there. Until then the ones from before count.",
                {}};
        block_time(event.master);
        for (EventInstance& instance : event.overrides) block_time(instance);
    }
    return events;
}

}  // namespace

Holidays::Holidays(Store& store, AvailabilityIndex& index, const ZoneResolver& zones, const Clock& clock, Fetch fetch)
    : store_(store), index_(index), zones_(zones), clock_(clock), fetch_(std::move(fetch)) {}

void Holidays::load() {
    std::optional<std::string> text, as_of;
    store_.read([&](const Reader& reader) {
        text = reader.setting(kText);
        as_of = reader.setting(kAsOf);
    });
    if (text && as_of) {
        if (auto events = understood(*text, zones_)) {
            const std::lock_guard lock(mutex_);
            events_ = std::move(events).value();
            as_of_ = Instant{std::chrono::seconds{std::strtoll(as_of->c_str(), nullptr, 10)}};
        }
    }
    show_everybody();
}

Status Holidays::refresh() {
    const auto read_it = [&]() -> Status {
        CALGATE_TRY(const std::string text, fetch_());
        CALGATE_TRY(std::vector<Event> events, understood(text, zones_));
        const Instant now = clock_.now();
        const std::lock_guard lock(mutex_);
        if (events.empty())
            return Error{
                ErrorCode::InvalidResponse,
                "The source of the holidays holds no event. The ones from before count; take source out of [holidays] "
                "to have none.",
                {}};
        store_.write([&](Writer& writer) {
            writer.put_setting(kText, text);
            writer.put_setting(kAsOf, std::to_string(now.time_since_epoch().count()));
        });
        events_ = std::move(events);
        as_of_ = now;
        return {};
    };
    Status status = read_it();
    show_everybody();  // Also what is from before: time went on, and with it how far ahead it is laid out.
    return status;
}

void Holidays::show_everybody() {
    for (const Staff& staff : read(store_, [](const Reader& r) { return r.staff(); })) show(staff);
}

void Holidays::show(const Staff& staff) {
    const std::lock_guard lock(mutex_);
    const auto freshness = as_of_ ? SourceState::Freshness::Cached : SourceState::Freshness::Unknown;
    index_.set_source(staff.id, {kHolidaySource, as_of_, freshness}, busy_for(staff));
}

std::vector<BusyInterval> Holidays::busy_for(const Staff& staff) const {
    const Instant now = clock_.now();
    std::vector<BusyInterval> out;
    for (const Event& event : events_) {
        const auto one = busy_time(event, {now - kHolidaysBack, now + kHolidaysAhead}, zones_, staff.zone, clock_);
        out.insert(out.end(), one.intervals.begin(), one.intervals.end());
    }
    return out;
}

bool is_stale(const std::string& source, const SourceState& state, Instant now, std::chrono::seconds stale_after) {
    if (!state.as_of) return true;
    return source != kHolidaySource && now - *state.as_of > stale_after;
}

}  // namespace calgate
