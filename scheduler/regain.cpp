// Calendars that a service refused or no longer lists, and how they come back.
#include "scheduler/regain.hpp"

#include <algorithm>

#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

constexpr std::chrono::hours kRefusedFor{1};
constexpr std::chrono::hours kGoneFor{24};
/// Until then the lane of a calendar that is still gone has ended.
constexpr std::chrono::seconds kGoneWait{60};

std::string tried_setting(const CalendarId& id) { return "refused.tried." + id.value; }
std::string reading_setting(const CalendarId& id) { return "refused.reading." + id.value; }

}  // namespace

void release_writes(Writer& writer, const CalendarId& id) {
    for (Mirror& mirror : writer.doubted_mirrors(id)) {
        if (!mirror.open() || !mirror.not_before || mirror.missing_since) continue;
        mirror.not_before.reset();
        mirror.attempts = 0;
        writer.put(mirror);
    }
}

void forget_refused(Writer& writer, const CalendarId& id) {
    writer.put_setting(tried_setting(id), "");
    writer.put_setting(reading_setting(id), "");
}

void try_again(Writer& writer, const CalendarId& id) {
    auto calendar = writer.calendar(id);
    if (!calendar) return;
    forget_refused(writer, id);
    release_writes(writer, id);
    if (calendar->state != CalendarState::ReadOnly) return;
    calendar->state = CalendarState::Active;
    calendar->detail.clear();
    writer.put(*calendar);
    const auto kept = read_survival(writer.setting(survival_setting(id)).value_or(""));
    if (kept && !unusable(*kept).empty()) writer.put_setting(survival_setting(id), "");  // Tried out anew.
}

bool is_retried(const Reader& reader, const Calendar& calendar, Instant now) {
    const auto tried = parse_instant(reader.setting(tried_setting(calendar.id)).value_or(""));
    const std::chrono::hours wait = calendar.state == CalendarState::Gone ? kGoneFor : kRefusedFor;
    return !tried || *tried > now || now - *tried >= wait;
}

void SyncPass::note_tried(Writer& writer) const {
    writer.put_setting(tried_setting(id_), format_instant(parts_.clock.now()));
}

void SyncPass::reading_refused(const Error& error) {
    parts_.store.write([&](Writer& writer) {
        if (!writer.setting(reading_setting(id_)).value_or("").empty()) return;
        writer.put_setting(reading_setting(id_), "1");
        writer.append({0, parts_.clock.now(), "calendar.attention", id_.value, "gateway", error.detail, 0});
    });
}

void SyncPass::reading_allowed() {
    const bool refused =
        read(parts_.store, [&](const Reader& r) { return !r.setting(reading_setting(id_)).value_or("").empty(); });
    if (!refused) return;
    parts_.store.write([&](Writer& writer) { writer.put_setting(reading_setting(id_), ""); });
}

bool SyncPass::write_is_allowed_again() {
    const auto waiting = read(parts_.store, [&](const Reader& reader) {
        return is_retried(reader, calendar_, parts_.clock.now()) ? reader.open_mirrors(id_, parts_.clock.now(), 1)
                                                                 : std::vector<Mirror>{};
    });
    if (waiting.empty() || !may_write()) return false;
    parts_.store.write([&](Writer& writer) { note_tried(writer); });
    // Whatever refuses it now finds the state as it is, and tells nobody again.
    writes_refused_ = false;
    const auto before = calendar_.marker;
    const auto earlier = report_.error;
    const int writes = report_.created + report_.updated + report_.deleted;
    const bool tried = learn_survival() && ensure_marker() && push_one(waiting.front().appointment) == Pushed::Next;
    const bool taken = report_.created + report_.updated + report_.deleted > writes || calendar_.marker != before;
    if (writes_refused_) report_.error = earlier;  // It is known, and reading went well.
    if (writes_refused_ || !tried || !taken) return false;
    parts_.store.write([&](Writer& writer) {
        auto calendar = writer.calendar(id_);
        if (!calendar || calendar->state != CalendarState::ReadOnly) return;
        try_again(writer, id_);
        writer.append(
            {0, parts_.clock.now(), "calendar.regained", id_.value, "gateway", "The service lets us write again.", 0}
        );
    });
    calendar_.state = CalendarState::Active;
    calendar_.detail.clear();
    return true;
}

bool SyncPass::is_listed_again() {
    report_.error = Error{ErrorCode::NotFound, "The calendar is gone at its service: " + calendar_.detail, kGoneWait};
    const auto due = read(parts_.store, [&](const Reader& reader) {
        return options_.pull && is_retried(reader, calendar_, parts_.clock.now());
    });
    if (!due) return false;
    parts_.store.write([&](Writer& writer) { note_tried(writer); });
    const auto calendars = connector_.list_calendars(context());
    if (!calendars) {
        const Advice what = advice(calendars.error());
        answered_ = answered_ || (!what.counts_as_outage && what.action != Action::Drop);
        report_.error = calendars.error();
        if (what.action == Action::PauseAccount) pause_account(calendars.error());
        return false;
    }
    answered_ = true;
    const bool listed = std::any_of(calendars->begin(), calendars->end(), [&](const RemoteCalendar& remote) {
        return remote.href == calendar_.href;
    });
    if (!listed) return false;
    report_.error.reset();
    parts_.store.write([&](Writer& writer) { begin_anew(writer); });
    return true;
}

void SyncPass::begin_anew(Writer& writer) {
    const Instant now = parts_.clock.now();
    auto calendar = writer.calendar(id_);
    if (!calendar || calendar->state != CalendarState::Gone) return;
    calendar->state = CalendarState::Active;
    calendar->detail.clear();
    // Nothing of what was seen before the gap counts: everything is listed, and absent is what is absent from now on
    // (I11).
    calendar->sync_token.reset();
    calendar->full_listing.reset();
    calendar->empty_listings = 0;
    writer.put(*calendar);
    for (Mirror& mirror : writer.doubted_mirrors(id_)) {
        if (!mirror.missing_since && !mirror.twin_since) continue;
        if (mirror.twin_since) mirror.twin_since = now;
        if (mirror.missing_since) mirror.missing_since = now;
        writer.put(mirror);
    }
    forget_refused(writer, id_);
    writer.append({0, now, "calendar.regained", id_.value, "gateway", "The service lists this calendar again.", 0});
    calendar_ = *calendar;
}

}  // namespace calgate
