#include <algorithm>

#include "core/copy_note.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

constexpr std::size_t kMostVersions = 10'000;

bool same_words(const Shown& a, const Shown& b) {
    return a.title == b.title && a.place == b.place && a.notes == b.notes;
}

}  // namespace

Event SyncPass::event_of(const Mirror& mirror, const Appointment& appointment) {
    Event event = copy_event(appointment, mirror, calendar_, business_, parts_.keys, nonce(), parts_.zones);
    keep_words(event, mirror);
    if (policy().say_in_copy && was_put_back(mirror, appointment))
        event.master.notes = with_note(std::move(event.master.notes), CopyNote::PutBack);
    return as_carried(std::move(event));
}

void SyncPass::keep_words(Event& event, const Mirror& mirror) const {
    if (policy().masked_edits != MaskedEditPolicy::Keep || mirror.remote_text.empty()) return;
    // Whoever is erased may be named there as well (I28).
    if (read(parts_.store, [&](const Reader& reader) { return awaits_erasure(reader, mirror); })) return;
    const auto before = connector_.read_source(mirror.remote_text);
    if (!before || before->capsule.empty()) return;
    const auto written = open_capsule(before->capsule, parts_.keys);
    if (!written || same_words(shown_of(*before), shown_of(event))) return;
    auto revisions =
        read(parts_.store, [&](const Reader& reader) { return reader.versions(mirror.appointment, kMostVersions); });
    revisions.push_back(*written);
    keep_words_over_masks(event, *before, revisions, calendar_.copy_detail);
}

bool SyncPass::was_put_back(const Mirror& mirror, const Appointment& appointment) const {
    return read(parts_.store, [&](const Reader& reader) {
        const auto last = reader.changes_about(appointment.id.value, 1);
        if (!last.empty() && last.back().kind == "copy.restored") return true;
        const auto all = reader.conflicts(false);
        return std::any_of(all.begin(), all.end(), [&](const Conflict& conflict) {
            return conflict.appointment == mirror.appointment && conflict.calendar == id_ &&
                   conflict.state == ConflictState::ResolvedOurs && conflict.resolved >= appointment.changed;
        });
    });
}

void SyncPass::say_what_waits() {
    if (!policy().say_in_copy) return;
    const auto mirrors = read(parts_.store, [&](const Reader& reader) { return reader.doubted_mirrors(id_); });
    for (const Mirror& mirror : mirrors) {
        const bool waits = mirror.state == MirrorState::Conflict && mirror.href && mirror.version;
        if (waits && !mirror.remote_text.empty() && !say_that_it_waits(mirror)) return;
    }
}

bool SyncPass::say_that_it_waits(const Mirror& mirror) {
    auto event = connector_.read_source(mirror.remote_text);
    if (!event || event->partial || without_note(event->master.notes) != event->master.notes) return true;
    if (!may_write()) return false;
    event->master.notes = with_note(std::move(event->master.notes), CopyNote::Waits);
    const auto receipt = connector_.update_event(context(), *mirror.href, *mirror.version, as_carried(*event));
    if (!receipt) {
        // The owner changed it again, or it is gone: the next pull finds out.
        const ErrorCode code = receipt.error().code;
        if (code == ErrorCode::VersionMismatch || code == ErrorCode::NotFound) return true;
        fail(receipt.error());
        return false;
    }
    ++report_.updated;
    parts_.store.write([&](Writer& writer) {
        auto current = writer.mirror(mirror.appointment, id_);
        if (!current || current->uid != mirror.uid || current->version != mirror.version) return;
        current->version = receipt->version;
        current->forget_texts();  // What was written is read back once.
        writer.put(*current);
    });
    return true;
}

}  // namespace calgate
