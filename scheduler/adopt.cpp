#include "scheduler/lineage.hpp"
#include "scheduler/listing.hpp"
#include "scheduler/restore.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {

bool SyncPass::judge_marker(const Manifest& marker) {
    const Lineage lineage =
        read(parts_.store, [&](const Reader& reader) { return lineage_of(reader, marker, id_, life_.marked); });
    if (lineage == Lineage::Ours) return true;
    parts_.store.write([&](Writer& writer) { stand_still(writer, lineage, parts_.clock.now()); });
    return false;
}

bool SyncPass::stands_alone() {
    const auto why = read(parts_.store, [](const Reader& reader) { return standstill(reader); });
    if (why && why->lineage == Lineage::Rival) warn_rival();
    if (why) return false;
    if (life_.read || !calendar_.marker) return true;
    const auto there = connector_.fetch_event(context(), *calendar_.marker);
    if (!there && there.error().code != ErrorCode::NotFound) {
        fail(there.error());
        return false;
    }
    const auto marker =
        there ? open_manifest(there->event.capsule, parts_.keys.recovery_key) : Result<Manifest>(there.error());
    return !marker || judge_marker(*marker);
}

void SyncPass::warn_rival() {
    if (!calendar_.marker) return;
    const auto there = connector_.fetch_event(context(), *calendar_.marker);
    if (!there || !there->version || there->unreadable) return;
    const auto marker = open_manifest(there->event.capsule, parts_.keys.recovery_key);
    if (marker && marker->stopped) return;
    Manifest warning = manifest();
    warning.inventory = inventory();
    warning.stopped = true;
    Event event = as_carried(marker_event(warning));
    event.uid = there->event.uid;
    event.source = there->event.source;
    if (const auto told = connector_.update_event(context(), *calendar_.marker, *there->version, event); !told)
        fail(told.error());
}

bool SyncPass::is_to_adopt(const Reader& reader) const {
    const auto why = standstill(reader);
    return calendar_.mirror && why && why->lineage == Lineage::Behind && !was_adopted(reader, id_);
}

bool SyncPass::catch_up() {
    const auto why = read(parts_.store, [](const Reader& reader) { return standstill(reader); });
    if (!why || why->lineage != Lineage::Behind) return true;
    const auto to_adopt = [&](const Reader& reader) { return is_to_adopt(reader); };
    if (read(parts_.store, to_adopt) && !adopt()) return false;
    bool last = false;
    parts_.store.write([&](Writer& writer) { last = go_on_when_adopted(writer, parts_.clock.now()); });
    if (!last) return true;
    parts_.store.read([&](const Reader& reader) {
        for (const auto& calendar : reader.calendars())
            if (calendar.mirror && calendar.id != id_) touched_.push_back(calendar.id);
    });
    return true;
}

bool SyncPass::adopt() {
    ListingOptions options;
    options.call_timeout = settings_.first_sync_timeout;
    options.stop = options_.stop;
    const auto listed = list_calendar(connector_, parts_.clock, calendar_.href, options);
    if (!listed) return pull_failed(listed.error());
    answered_ = true;
    RestoreRequest request;
    request.recovery_key = parts_.keys.recovery_key;
    request.mark_key = parts_.keys.mark_key;
    request.business = business_.id;
    request.detail = calendar_.copy_detail;
    parts_.store.read([&](const Reader& reader) {
        for (auto& epoch : epochs_before(reader)) request.left_behind.insert(std::move(epoch));
    });
    const RestorePlan plan = plan_restore(*listed, request, parts_.zones);
    Adoption adoption;
    parts_.store.write([&](Writer& writer) {
        adoption = {};
        const RestoreParts parts{parts_.store, parts_.zones, parts_.clock, parts_.random};
        if (plan.possible()) adoption = adopt_newer(writer, parts, plan, calendar_);
        // What came back here is to be at the others, too, also where they were read before.
        for (const auto& target : writer.calendars())
            if (target.mirror) add_target(writer, target, parts_.zones, parts_.clock.now());
        note_adopted(writer, id_, plan.manifest ? plan.manifest->audit.link : "");
    });
    for (const auto& service : adoption.services) parts_.index.set_service(service);
    for (const auto& person : adoption.staff) parts_.index.set_person(person);
    bookings_.insert(bookings_.end(), adoption.bookings.begin(), adoption.bookings.end());
    report_.taken += adoption.report.created + adoption.report.changed;
    report_.adopted += adoption.report.adopted;
    adopted_ = true;
    return true;
}

}  // namespace calgate
