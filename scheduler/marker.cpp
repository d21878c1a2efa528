#include <algorithm>

#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

constexpr std::chrono::minutes kMarkerEvery{10};
const AppointmentId kMarker{"marker"};

}  // namespace

std::string SyncPass::marker_notes() const {
    auto mirrors = read(parts_.store, [&](const Reader& reader) { return reader.mirrors_on(id_); });
    std::sort(mirrors.begin(), mirrors.end(), [](const Mirror& a, const Mirror& b) {
        return a.appointment < b.appointment;
    });
    std::string all;
    int count = 0;
    for (const auto& mirror : mirrors) {
        if (mirror.wanted_gone || mirror.state == MirrorState::Removed) continue;
        all += mirror.appointment.value + ' ' + std::to_string(mirror.wanted) + '\n';
        ++count;
    }
    return "copies=" + std::to_string(count) + " digest=" + sha256_hex(all);
}

Event SyncPass::marker_event(const std::string& notes) const {
    using namespace std::chrono;
    Event event;
    event.uid = copy_name(business_.id, kMarker, id_, 1);
    event.master.start = {When::Kind::Date, LocalSeconds{local_days{1971y / January / 2}}, {}};
    event.master.end = {When::Kind::Date, LocalSeconds{local_days{1971y / January / 3}}, {}};
    event.master.title = "calgate marker";
    event.master.notes = notes;
    event.master.transparency = Transparency::Transparent;
    event.master.classification = Classification::Private;
    event.mark = write_mark({business_.epoch, business_.id, kMarker, 1, 1}, parts_.keys);
    return event;
}

bool SyncPass::ensure_marker() {
    if (calendar_.marker) return true;
    const std::string notes = marker_notes();
    const Event event = marker_event(notes);
    std::optional<Href> href;
    auto receipt = connector_.create_event(context(), calendar_.href, event);
    if (receipt) {
        href = receipt->href;
    } else if (receipt.error().code == ErrorCode::AlreadyExists) {
        if (auto found = connector_.find_event(context(), calendar_.href, event.uid)) href = found->href;
    } else if (advice(receipt.error()).action != Action::ParkItem) {
        const Advice what = advice(receipt.error());
        if (what.action == Action::PauseAccount)
            pause_account(receipt.error());
        else if (what.action == Action::ParkCalendar)
            park_calendar(CalendarState::ReadOnly, receipt.error());
        else
            fail(receipt.error());
        return false;
    }
    // Without a marker copies are still written; only no deletion by staff is ever believed (I11).
    if (!href) return true;
    answered_ = true;
    parts_.store.write([&](Writer& writer) {
        auto calendar = writer.calendar(id_);
        if (!calendar) return;
        calendar->marker = href;
        calendar->marker_written = parts_.clock.now();
        writer.put(*calendar);
        writer.put_setting("marker." + id_.value, notes);
        calendar_ = *calendar;
    });
    return true;
}

void SyncPass::refresh_marker() {
    const Instant now = parts_.clock.now();
    if (!calendar_.marker || (calendar_.marker_written && now - *calendar_.marker_written < kMarkerEvery)) return;
    const bool changed =
        read(parts_.store, [&](const Reader& r) { return r.setting("marker.due." + id_.value).value_or("") == "1"; });
    if (!changed) return;
    const std::string notes = marker_notes();
    const bool same =
        read(parts_.store, [&](const Reader& r) { return r.setting("marker." + id_.value).value_or("") == notes; });
    if (!same) {
        auto current = connector_.fetch_event(context(), *calendar_.marker);
        if (!current || !current->version || current->unreadable) return;
        Event event = marker_event(notes);
        event.source = current->event.source;
        if (!connector_.update_event(context(), *calendar_.marker, *current->version, event)) return;
    }
    parts_.store.write([&](Writer& writer) {
        auto calendar = writer.calendar(id_);
        if (!calendar) return;
        calendar->marker_written = now;
        writer.put(*calendar);
        writer.put_setting("marker." + id_.value, notes);
        writer.put_setting("marker.due." + id_.value, "");
    });
}

std::optional<bool> SyncPass::marker_stands() {
    if (marker_stands_) return *marker_stands_;
    std::optional<bool> stands;
    if (calendar_.marker) {
        const auto event = connector_.fetch_event(context(), *calendar_.marker);
        if (event)
            stands = true;
        else if (event.error().code == ErrorCode::NotFound)
            stands = false;
    }
    if (stands == false) marker_lost_ = true;
    marker_stands_ = stands;
    return stands;
}

}  // namespace calgate
