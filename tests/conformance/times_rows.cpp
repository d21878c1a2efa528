#include "core/busy.hpp"
#include "tests/conformance/rows.hpp"
#include "tests/conformance/samples.hpp"

/// What an account that was signed in for free and busy times only may know.
namespace calgate::testing {

namespace {

constexpr Interval kJune{
    std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}, std::chrono::sys_days{std::chrono::year{2026} / 7 / 1}};

/// One calendar, as its owner reaches it and as it is named to somebody who may know its times.
struct TwoNames {
    Href owners{};
    Href watchers{};
};

TwoNames watched_calendar(Stage& stage, Connector& watcher) {
    const auto owned = stage.connector.list_calendars(stage.context());
    const auto watched = watcher.list_calendars(stage.context());
    CALGATE_EXPECT_SUCCESS(owned);
    CALGATE_EXPECT_SUCCESS(watched);
    for (const RemoteCalendar& theirs : *owned)
        for (const RemoteCalendar& ours : *watched) {
            CALGATE_EXPECT(!ours.writable);
            if (ours.href == theirs.href || ours.name == theirs.name + " (free/busy only)")
                return {theirs.href, ours.href};
        }
    found(__FILE__, __LINE__, "no calendar is listed for both");
}

struct Watched {
    std::vector<RemoteEvent> blocks{};
    std::size_t unchanged = 0;
};

Watched watch(Stage& stage, Connector& watcher, const Href& calendar, const KnownVersion& known = {}) {
    Watched out;
    std::optional<SyncToken> token;
    for (bool more = true; more;) {
        auto page = watcher.fetch_changes(stage.context(), calendar, token, known);
        CALGATE_EXPECT_SUCCESS(page);
        CALGATE_EXPECT(page->snapshot && page->removed.empty() && page->unread.empty());
        out.unchanged += page->unchanged.size();
        for (RemoteEvent& block : page->changed) out.blocks.push_back(std::move(block));
        more = page->more;
        CALGATE_EXPECT(more == page->next.has_value());
        token = page->next;
    }
    return out;
}

std::vector<BusyInterval> busy_in(Stage& stage, const std::vector<RemoteEvent>& blocks, Interval window) {
    std::vector<BusyInterval> out;
    for (const RemoteEvent& block : blocks) {
        const auto times = busy_time(block.event, window, stage.zones, "UTC", stage.subject.clock());
        out.insert(out.end(), times.intervals.begin(), times.intervals.end());
    }
    return merged(std::move(out));
}

Event at(Stage& stage, const char* hint, const char* from, const char* to) {
    Event event = haircut(stage.uid(hint));
    event.master.start = utc(from);
    event.master.end = utc(to);
    event.master.title = "Dentist";
    return event;
}

void times_without_events(Stage& stage) {
    const auto watcher = stage.subject.for_times_only();
    const TwoNames calendar = watched_calendar(stage, *watcher);
    Event free = at(stage, "free", "2026-06-10T11:00:00", "2026-06-10T12:00:00");
    free.master.transparency = Transparency::Transparent;
    Event weekly = at(stage, "weekly", "2026-06-16T07:00:00", "2026-06-16T08:00:00");
    weekly.master.rules = {"FREQ=WEEKLY;COUNT=2"};
    const Event plain = at(stage, "plain", "2026-06-10T09:00:00", "2026-06-10T10:00:00");
    for (const Event& event : {plain, free, weekly})
        CALGATE_EXPECT_SUCCESS(stage.connector.create_event(stage.context(), calendar.owners, event));
    const Watched seen = watch(stage, *watcher, calendar.watchers);
    const auto times = busy_in(stage, seen.blocks, kJune);
    CALGATE_EXPECT(times.size() == 3);
    CALGATE_EXPECT(format_instant(times[0].start) == "2026-06-10T09:00:00Z");
    CALGATE_EXPECT(format_instant(times[0].end) == "2026-06-10T10:00:00Z");
    CALGATE_EXPECT(format_instant(times[1].start) == "2026-06-16T07:00:00Z");
    CALGATE_EXPECT(format_instant(times[2].start) == "2026-06-23T07:00:00Z");
    for (const RemoteEvent& block : seen.blocks) {
        CALGATE_EXPECT(block.event.source.find("Dentist") == std::string::npos);
        const auto again = watcher->read_source(block.event.source);
        CALGATE_EXPECT(again && *again == block.event);
    }
}

void what_did_not_change(Stage& stage) {
    const auto watcher = stage.subject.for_times_only();
    const TwoNames calendar = watched_calendar(stage, *watcher);
    const Watched first = watch(stage, *watcher, calendar.watchers);
    const auto known = [&](const Href& href) -> std::optional<Version> {
        for (const RemoteEvent& block : first.blocks)
            if (block.href == href) return block.version;
        return std::nullopt;
    };
    const Watched same = watch(stage, *watcher, calendar.watchers, known);
    CALGATE_EXPECT(same.blocks.empty() && same.unchanged == first.blocks.size());
    const Event event = at(stage, "new", "2026-09-10T09:00:00", "2026-09-10T10:00:00");
    CALGATE_EXPECT_SUCCESS(stage.connector.create_event(stage.context(), calendar.owners, event));
    const Watched then = watch(stage, *watcher, calendar.watchers, known);
    CALGATE_EXPECT(then.blocks.size() == 1 && then.unchanged + 1 == first.blocks.size());
    const auto block = watcher->fetch_event(stage.context(), then.blocks[0].href);
    CALGATE_EXPECT(block && block->version == then.blocks[0].version);
}

void what_cannot_be_asked(Stage& stage) {
    const auto watcher = stage.subject.for_times_only();
    const auto page = watcher->fetch_changes(stage.context(), stage.subject.unknown_calendar(), {}, {});
    CALGATE_EXPECT(!page && !page.error().detail.empty());
    const TwoNames calendar = watched_calendar(stage, *watcher);
    const auto foreign = watcher->fetch_changes(stage.context(), calendar.watchers, SyncToken{"of another day"}, {});
    CALGATE_EXPECT_ERROR(foreign, ErrorCode::SyncTokenExpired);
    const Event event = at(stage, "no", "2026-06-11T09:00:00", "2026-06-11T10:00:00");
    CALGATE_EXPECT_ERROR(watcher->create_event(stage.context(), calendar.watchers, event), ErrorCode::Unsupported);
    CALGATE_EXPECT_ERROR(
        watcher->fetch_event(stage.context(), Href{calendar.watchers.value + "free-busy/1"}), ErrorCode::NotFound
    );
}

}  // namespace

std::vector<Row> times_rows() {
    return {
        {"free_and_busy_times_tell_nothing_of_events", &Features::times, times_without_events},
        {"free_and_busy_times_that_did_not_change_are_unchanged", &Features::times, what_did_not_change},
        {"free_and_busy_times_that_cannot_be_asked_are_an_error", &Features::times, what_cannot_be_asked},
    };
}

}  // namespace calgate::testing
