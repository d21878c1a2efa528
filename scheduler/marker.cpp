#include <algorithm>
#include <charconv>

#include "scheduler/disconnect.hpp"
#include "scheduler/restore.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

constexpr std::chrono::minutes kMarkerEvery{10};
constexpr std::chrono::hours kMakeUpEvery{1};
constexpr std::size_t kMostErased = 200;  ///< The latest; the marker has little room.
const AppointmentId kMarker{"marker"};

std::string notes_of(const Inventory& inventory) {
    return "copies=" + std::to_string(inventory.copies) + " digest=" + inventory.digest;
}

std::string generation_setting(const CalendarId& id) { return "marker.generation." + id.value; }

}  // namespace

int marker_generation(const Reader& reader, const CalendarId& id) {
    const std::string text = reader.setting(generation_setting(id)).value_or("");
    int generation = 1;
    std::from_chars(text.data(), text.data() + text.size(), generation);
    return std::max(generation, 1);
}

void note_marker_generation(Writer& writer, const CalendarId& id, int generation) {
    if (generation != marker_generation(writer, id))
        writer.put_setting(generation_setting(id), std::to_string(generation));
}

Manifest SyncPass::manifest() const {
    Manifest out;
    out.business = business_;
    out.mark_key = parts_.keys.mark_key;
    out.written = parts_.clock.now();
    parts_.store.read([&](const Reader& reader) {
        out.earlier_epochs = epochs_before(reader);
        out.calendar.id = id_;
        out.calendar.staff = calendar_.staff;
        out.calendar.name = calendar_.name;
        out.calendar.busy = calendar_.busy;
        out.calendar.copy_detail = calendar_.copy_detail;
        out.erased = reader.erasures();
        out.audit = reader.audit_at(reader.last_change()).value_or(AuditHead{});
        out.staff = reader.staff();
        out.services = reader.services();
        for (const auto& calendar : reader.calendars()) {
            const auto account = calendar.mirror ? reader.account(calendar.account) : std::nullopt;
            if (account)
                out.targets.push_back({calendar.staff, account->kind, account->user, account->url, calendar.name});
        }
    });
    if (out.erased.size() > kMostErased)
        out.erased.erase(out.erased.begin(), out.erased.end() - static_cast<std::ptrdiff_t>(kMostErased));
    for (Erasure& one : out.erased) one = {one.customer, one.at, false, {}};
    return out;
}

Inventory SyncPass::inventory() const {
    std::vector<Appointment> wanted;
    parts_.store.read([&](const Reader& reader) {
        for (const auto& mirror : reader.mirrors_on(id_)) {
            if (mirror.wanted_gone || mirror.state == MirrorState::Removed) continue;
            if (auto appointment = reader.appointment(mirror.appointment)) wanted.push_back(std::move(*appointment));
        }
    });
    return inventory_of(wanted, parts_.clock.now());
}

Event SyncPass::marker_event(const Manifest& manifest) const {
    using namespace std::chrono;
    Event event;
    const int generation = read(parts_.store, [&](const Reader& r) { return marker_generation(r, id_); });
    event.uid = copy_name(business_.id, kMarker, id_, generation);
    event.master.start = {When::Kind::Date, LocalSeconds{local_days{1971y / January / 2}}, {}};
    event.master.end = {When::Kind::Date, LocalSeconds{local_days{1971y / January / 3}}, {}};
    event.master.title = "calgate marker";
    event.master.notes = notes_of(manifest.inventory);
    event.master.transparency = Transparency::Transparent;
    event.master.classification = Classification::Private;
    event.mark = write_mark({business_.epoch, business_.id, kMarker, generation, 1}, parts_.keys);
    event.capsule = seal_manifest(manifest, parts_.keys.recovery_key);
    return event;
}

/// A name that is taken and stands nowhere: of a marker that reads do not show yet (F11), or, once those must have
/// caught up, one that cannot be used again (F16).
bool SyncPass::name_is_used_up() {
    const std::string setting = "marker.taken." + id_.value;
    const Instant now = parts_.clock.now();
    return write(parts_.store, [&](Writer& writer) {
        const auto since = parse_instant(writer.setting(setting).value_or(""));
        const bool over = since && *since <= now && now - *since >= settings_.consistency_window;
        if (over) writer.put_setting(generation_setting(id_), std::to_string(marker_generation(writer, id_) + 1));
        if (over || !since || *since > now) writer.put_setting(setting, over ? "" : format_instant(now));
        return over;
    });
}

bool SyncPass::ensure_marker() {
    if (calendar_.marker) return true;
    Manifest counted = manifest();
    const std::string facts = facts_digest(counted);
    counted.inventory = inventory();
    const Event event = as_carried(marker_event(counted));
    std::optional<Href> href;
    auto receipt = connector_.create_event(context(), calendar_.href, event);
    if (receipt) {
        href = receipt->href;
    } else if (receipt.error().code == ErrorCode::AlreadyExists) {
        const auto found = connector_.find_event(context(), calendar_.href, event.uid);
        if (found) {
            const auto written = open_manifest(found->event.capsule, parts_.keys.recovery_key);
            if (written && !judge_marker(*written)) return false;
            href = found->href;
        }
        if (!found && found.error().code == ErrorCode::NotFound && name_is_used_up()) return ensure_marker();
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
    life_.marked = life_.marked || receipt.has_value();
    parts_.store.write([&](Writer& writer) {
        auto calendar = writer.calendar(id_);
        if (!calendar) return;
        calendar->marker = href;
        // What was found may say something else than we would: it is written at the next occasion.
        if (receipt) calendar->marker_written = parts_.clock.now();
        writer.put(*calendar);
        writer.put_setting("marker." + id_.value, receipt ? notes_of(counted.inventory) : "");
        writer.put_setting("marker.facts." + id_.value, receipt ? facts : "");
        writer.put_setting("marker.taken." + id_.value, "");
        calendar_ = *calendar;
    });
    return true;
}

void SyncPass::refresh_marker() {
    const Instant now = parts_.clock.now();
    const auto setting = [&](const std::string& name) {
        return read(parts_.store, [&](const Reader& r) { return r.setting(name + id_.value).value_or(""); });
    };
    if (!calendar_.marker) {
        // It was refused when the first copy was written. Until there is one no deletion is believed (I11).
        const auto tried = parse_instant(setting("marker.tried."));
        if (tried && *tried <= now && now - *tried < kMakeUpEvery) return;
        if (read(parts_.store, [&](const Reader& r) { return copies_at(r, id_); }) == 0) return;
        parts_.store.write([&](Writer& w) { w.put_setting("marker.tried." + id_.value, format_instant(now)); });
        ensure_marker();
        return;
    }
    if (calendar_.marker_written && now - *calendar_.marker_written < kMarkerEvery) return;
    const bool due = setting("marker.due.") == "1";
    if (!due && facts_due_ && !facts_due_()) return;
    Manifest counted = manifest();
    const std::string facts = facts_digest(counted);
    const bool same_facts = setting("marker.facts.") == facts;
    if (same_facts && !due) return;
    counted.inventory = inventory();
    const std::string notes = notes_of(counted.inventory);
    if (!same_facts || setting("marker.") != notes) {
        auto current = connector_.fetch_event(context(), *calendar_.marker);
        if (!current || !current->version || current->unreadable) return;
        const auto written = open_manifest(current->event.capsule, parts_.keys.recovery_key);
        if (written && !judge_marker(*written)) return;
        Event event = as_carried(marker_event(counted));
        event.uid = current->event.uid;
        event.source = current->event.source;
        if (!connector_.update_event(context(), *calendar_.marker, *current->version, event)) return;
        life_.marked = true;
    }
    parts_.store.write([&](Writer& writer) {
        auto calendar = writer.calendar(id_);
        if (!calendar) return;
        calendar->marker_written = now;
        writer.put(*calendar);
        writer.put_setting("marker." + id_.value, notes);
        writer.put_setting("marker.facts." + id_.value, facts);
        writer.put_setting("marker.due." + id_.value, "");
    });
}

void SyncPass::remove_marker() {
    const bool copies = read(parts_.store, [&](const Reader& r) { return copies_at(r, id_) > 0; });
    if (copies || !calendar_.marker) return;
    const auto current = connector_.fetch_event(context(), *calendar_.marker);
    Status removed = current ? Status{} : Status{current.error()};
    if (current) {
        const auto mark = read_mark(current->event.mark, parts_.keys);
        const bool ours = mark && mark->business == business_.id && mark->appointment == kMarker;
        if (ours && current->version) removed = connector_.delete_event(context(), current->href, *current->version);
    }
    if (!removed && removed.error().code != ErrorCode::NotFound) return fail(removed.error());
    parts_.store.write([&](Writer& writer) {
        auto calendar = writer.calendar(id_);
        if (!calendar) return;
        calendar->marker.reset();
        writer.put(*calendar);
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
