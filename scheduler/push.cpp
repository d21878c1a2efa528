#include <algorithm>
#include <utility>

#include "core/resilience.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

constexpr std::size_t kBatch = 50;
constexpr std::size_t kMaxWritesPerPass = 5000;
constexpr int kMaxOutages = 2;
constexpr std::chrono::seconds kBackoffBase{2}, kBackoffCap{300};
/// While it may be the service that fails: what waits is tried within a minute after it is back. A copy that goes on
/// failing while others are written costs it few calls.
constexpr std::chrono::seconds kOutageCap{45};
constexpr int kOutageTries = 20;

}  // namespace

void SyncPass::push() {
    if (braked_ || (!calendar_.mirror && !options_.leaving)) return;
    const bool refused = calendar_.state == CalendarState::ReadOnly && !options_.leaving;
    if (calendar_.state != CalendarState::Active && !refused) return;
    if (!options_.leaving && !stands_alone()) return;
    if (refused && !write_is_allowed_again()) return;
    if (!options_.leaving && !learn_survival()) return;
    if (!options_.leaving) say_what_waits();
    sweep_late_copies();
    sweep_twins();
    if (!options_.leaving && retry_parked() == Pushed::Stop) return;
    std::set<AppointmentId> tried;
    std::size_t stuck = 0;  // Tried and still open; they may stand before all others.
    while (tried.size() < kMaxWritesPerPass) {
        const std::size_t limit = kBatch + stuck;
        const auto batch = read(parts_.store, [&](const Reader& reader) {
            return reader.open_mirrors(id_, parts_.clock.now(), limit);
        });
        std::vector<Mirror> fresh;
        for (const auto& mirror : batch)
            if (tried.insert(mirror.appointment).second) fresh.push_back(mirror);
        stuck = batch.size() - fresh.size();
        if (fresh.empty() && batch.size() < limit) break;
        if (push_all(fresh) == Pushed::Stop) return;
    }
    if (options_.leaving)
        remove_marker();
    else
        refresh_marker();
}

bool SyncPass::may_write() {
    if (options_.stop.stop_requested()) return false;
    const bool due = parts_.clock.steady() < options_.turn_ends && (!options_.may_write || options_.may_write());
    more_ = more_ || !due;
    return due;
}

SyncPass::Pushed SyncPass::push_all(const std::vector<Mirror>& mirrors) {
    const std::size_t capacity = batch_capacity();
    std::vector<AppointmentId> together;
    for (const auto& mirror : mirrors) {
        if (options_.stop.stop_requested()) return Pushed::Stop;
        if (!may_write()) break;
        if (!options_.leaving && !ensure_marker()) return Pushed::Stop;
        const bool joins = capacity > 1 && goes_together(mirror);
        if (joins) together.push_back(mirror.appointment);
        if (together.size() >= capacity || !joins) {
            if (write_together(std::exchange(together, {})) == Pushed::Stop) return Pushed::Stop;
        }
        if (!joins && push_one(mirror.appointment) == Pushed::Stop) return Pushed::Stop;
    }
    const Pushed last = write_together(together);
    return more_ ? Pushed::Stop : last;
}

SyncPass::Pushed SyncPass::push_one(const AppointmentId& id) {
    std::optional<Mirror> mirror;
    std::optional<Appointment> appointment;
    // The row as it stands now, so that an older revision is never written (I9).
    parts_.store.read([&](const Reader& reader) {
        mirror = reader.mirror(id, id_);
        appointment = reader.appointment(id);
    });
    if (!mirror || !appointment || !mirror->open()) return Pushed::Next;
    return write_copy(*mirror, *appointment, kMaxTries);
}

SyncPass::Pushed SyncPass::write_copy(const Mirror& mirror, const Appointment& appointment, int tries) {
    if (tries <= 0)
        return failed(
            mirror, {ErrorCode::VersionMismatch, "The copy changes faster than it can be written.", {}}, false
        );
    if (mirror.unknown_call && !(mirror.wanted_gone && !mirror.href)) return read_again(mirror, appointment, tries);
    if (mirror.wanted_gone)
        return mirror.href ? remove_copy(mirror, appointment, tries) : remove_unseen(mirror, appointment);
    return mirror.href ? update_copy(mirror, appointment, tries) : create_copy(mirror, appointment, tries);
}

SyncPass::Pushed SyncPass::create_copy(const Mirror& mirror, const Appointment& appointment, int tries) {
    auto earlier = earlier_copy(mirror);
    if (earlier) return go_on_with(mirror, std::move(*earlier), tries);
    if (earlier.error().code != ErrorCode::NotFound) return failed(mirror, earlier.error(), false);
    const Event event = event_of(mirror, appointment);
    return after_write(mirror, appointment, connector_.create_event(context(), calendar_.href, event), tries);
}

bool SyncPass::is_gone(const Result<WriteReceipt>& outcome) {
    return outcome || outcome.error().code == ErrorCode::NotFound;
}

bool SyncPass::asks_for_a_look(const Result<WriteReceipt>& outcome) {
    if (outcome) return false;
    const ErrorCode code = outcome.error().code;
    return code == ErrorCode::AlreadyExists || code == ErrorCode::VersionMismatch || code == ErrorCode::NotFound;
}

SyncPass::Pushed SyncPass::after_write(
    const Mirror& mirror, const Appointment& appointment, const Result<WriteReceipt>& outcome, int tries
) {
    if (mirror.wanted_gone && is_gone(outcome)) return removed(mirror, tries);
    if (outcome) {
        const Copy copy{mirror, appointment};
        settled({{copy, *outcome}});
        return Pushed::Next;
    }
    const ErrorCode code = outcome.error().code;
    if (!mirror.href && code == ErrorCode::AlreadyExists) return take_over(mirror, appointment, tries);
    if (mirror.href && code == ErrorCode::VersionMismatch) return read_again(mirror, appointment, tries);
    if (mirror.href && code == ErrorCode::NotFound) return copy_absent(mirror);
    return failed(mirror, outcome.error(), true);
}

SyncPass::Pushed SyncPass::take_over(Mirror mirror, const Appointment& appointment, int tries) {
    auto found = connector_.find_event(context(), calendar_.href, mirror.uid);
    if (!found && found.error().code != ErrorCode::NotFound) return failed(mirror, found.error(), false);
    if (found && is_ours(*found, mirror)) return go_on_with(mirror, std::move(*found), tries);
    // What took the name may be our own copy that reads do not show yet (I7, F11).
    if (!found && !waited_out(mirror)) return look_again(mirror);
    // The name is taken by something that is not our copy, or cannot be used again (F16).
    parts_.store.write([&](Writer& writer) {
        auto current = writer.mirror(mirror.appointment, id_);
        if (!current) return;
        next_generation(*current, business_);
        writer.put(*current);
        mirror = *current;
    });
    return write_copy(mirror, appointment, tries - 1);
}

SyncPass::Pushed SyncPass::update_copy(Mirror mirror, const Appointment& appointment, int tries) {
    if (!mirror.version) return read_again(mirror, appointment, tries);
    if (reads_before_writing_) {
        const auto current = connector_.fetch_event(context(), *mirror.href);
        if (!current || current->version != mirror.version) return read_again(mirror, appointment, tries);
    }
    const Event event = event_of(mirror, appointment);
    const auto receipt = connector_.update_event(context(), *mirror.href, *mirror.version, event);
    return after_write(mirror, appointment, receipt, tries);
}

SyncPass::Pushed SyncPass::remove_copy(Mirror mirror, const Appointment& appointment, int tries) {
    // Only what carries our mark is deleted, and only as it was last read (I8, I10).
    if (!mirror.version || mirror.remote_text.empty()) return read_again(mirror, appointment, tries);
    const auto deleted = connector_.delete_event(context(), *mirror.href, *mirror.version);
    using Receipt = Result<WriteReceipt>;
    const Receipt outcome = deleted ? Receipt(WriteReceipt{*mirror.href, {}}) : Receipt(deleted.error());
    return after_write(mirror, appointment, outcome, tries);
}

SyncPass::Pushed SyncPass::removed(const Mirror& mirror, int tries) {
    ++report_.deleted;
    // Deleting what is gone succeeds as well: the copy may lie under another name by now.
    auto elsewhere = connector_.find_event(context(), calendar_.href, mirror.uid);
    const bool looked =
        elsewhere || elsewhere.error().code == ErrorCode::NotFound || elsewhere.error().code == ErrorCode::Unsupported;
    if (!looked) return failed(mirror, elsewhere.error(), false);
    if (!elsewhere || elsewhere->href == *mirror.href || !is_ours(*elsewhere, mirror)) return settled_gone(mirror);
    return go_on_with(mirror, std::move(*elsewhere), tries);
}

SyncPass::Pushed SyncPass::remove_unseen(const Mirror& mirror, const Appointment& appointment) {
    auto found = connector_.find_event(context(), calendar_.href, mirror.uid);
    // What a person wrote into it meanwhile is kept before it goes (I10).
    if (found && is_ours(*found, mirror)) return go_on_with(mirror, std::move(*found), kMaxTries);
    if (!found && found.error().code != ErrorCode::NotFound) return failed(mirror, found.error(), false);
    auto earlier = earlier_copy(mirror);
    if (earlier) return go_on_with(mirror, std::move(*earlier), 1);
    if (earlier.error().code != ErrorCode::NotFound) return failed(mirror, earlier.error(), false);
    // A create whose outcome is unknown may still appear: look once more when reads have caught up (I7).
    const bool unsure = lived() < settings_.consistency_window && appointment.created < life_.unsure.older_than;
    return (mirror.unknown_call || unsure) && !waited_out(mirror) ? look_again(mirror) : settled_gone(mirror);
}

Result<RemoteEvent> SyncPass::earlier_copy(const Mirror& mirror) {
    const Error none{ErrorCode::NotFound, "There is no earlier copy.", {}};
    // While a create of this generation may still appear, going back would make two.
    if (mirror.generation <= 1 || mirror.unknown_call) return none;
    Mirror before = mirror;
    before.uid = copy_name(business_.id, mirror.appointment, id_, mirror.generation - 1);
    auto found = connector_.find_event(context(), calendar_.href, before.uid);
    if (!found) return found.error().code == ErrorCode::Unsupported ? none : found;
    return is_ours(*found, before) ? found : none;
}

SyncPass::Pushed SyncPass::go_on_with(const Mirror& mirror, RemoteEvent found, int tries) {
    answered_ = true;
    decide({{mirror.appointment, std::move(found)}}, {});
    return braked_ ? Pushed::Stop : tries > 1 ? push_one(mirror.appointment) : Pushed::Next;
}

std::chrono::seconds SyncPass::lived() const {
    return std::chrono::floor<std::chrono::seconds>(parts_.clock.steady() - life_.unsure.since);
}

std::chrono::seconds SyncPass::left_of_window(Instant since) const {
    const std::chrono::seconds passed = std::min<std::chrono::seconds>(parts_.clock.now() - since, lived());
    return std::max(std::chrono::seconds{0}, settings_.consistency_window - passed);
}

bool SyncPass::waited_out(const Mirror& mirror) const {
    return mirror.missing_since && left_of_window(*mirror.missing_since).count() == 0;
}

SyncPass::Pushed SyncPass::look_again(const Mirror& mirror) {
    parts_.store.write([&](Writer& writer) {
        auto current = writer.mirror(mirror.appointment, id_);
        if (!current || current->uid != mirror.uid) return;
        current->unknown_call = true;
        writer.put(*current);
    });
    return wait_for_reads(mirror, "The copy may be there and not be shown yet.");
}

SyncPass::Pushed SyncPass::wait_for_reads(const Mirror& mirror, const std::string& why) {
    answered_ = true;
    parts_.store.write([&](Writer& writer) {
        auto current = writer.mirror(mirror.appointment, id_);
        if (!current || current->uid != mirror.uid) return;
        if (!current->missing_since) current->missing_since = parts_.clock.now();
        current->not_before = parts_.clock.now() + left_of_window(*current->missing_since);
        current->detail = why;
        writer.put(*current);
    });
    return Pushed::Next;
}

SyncPass::Pushed SyncPass::read_again(const Mirror& mirror, const Appointment& appointment, int tries) {
    auto event = mirror.href ? connector_.fetch_event(context(), *mirror.href)
                             : connector_.find_event(context(), calendar_.href, mirror.uid);
    if (!event && event.error().code == ErrorCode::NotFound) {
        answered_ = true;
        // What was written and never read back may not be shown yet (F11).
        if (mirror.wanted_gone && mirror.remote_text.empty() && !waited_out(mirror))
            return wait_for_reads(mirror, "The copy is not shown yet. Looking again before it counts as gone.");
        if (mirror.wanted_gone) return settled_gone(mirror);
        return mirror.href ? copy_absent(mirror) : create_copy(mirror, appointment, tries - 1);
    }
    if (!event) return failed(mirror, event.error(), false);
    answered_ = true;
    if (!is_ours(*event, mirror)) {
        // A person made it theirs: it stays, and ours is written under a new name (I8).
        parts_.store.write([&](Writer& writer) {
            auto current = writer.mirror(mirror.appointment, id_);
            if (!current) return;
            next_generation(*current, business_);
            if (current->wanted_gone) current->confirmed = current->wanted;
            writer.put(*current);
        });
        return tries > 1 ? push_one(mirror.appointment) : Pushed::Next;
    }
    if (!event->version)
        return failed(mirror, {ErrorCode::InvalidResponse, "The service gave the copy no version.", {}}, false);
    decide({{mirror.appointment, std::move(*event)}}, {});
    if (braked_) return Pushed::Stop;
    std::optional<Mirror> current =
        read(parts_.store, [&](const Reader& r) { return r.mirror(mirror.appointment, id_); });
    if (!current || !current->open()) return Pushed::Next;
    const auto fresh = read(parts_.store, [&](const Reader& r) { return r.appointment(mirror.appointment); });
    return fresh ? write_copy(*current, *fresh, tries - 1) : Pushed::Next;
}

SyncPass::Pushed SyncPass::copy_absent(const Mirror& mirror) {
    answered_ = true;
    if (!waited_out(mirror)) {
        // One read that does not see it proves nothing while reads may lag (I11, F11).
        note_missing({mirror.appointment});
        return wait_for_reads(mirror, "The copy is not where it was. Looking again before it is believed.");
    }
    Listing listing;
    listing.absent.emplace_back(mirror.appointment, *mirror.href);
    prove(listing);
    if (!listing.news.empty() || marker_lost_) decide(listing.news, {});
    if (braked_) return Pushed::Stop;
    if (listing.news.empty()) {
        return failed(
            mirror,
            {ErrorCode::InvalidResponse, "The copy is not where it was and its deletion is not proven.", {}},
            false
        );
    }
    return Pushed::Next;
}

void SyncPass::settled(const std::vector<Written>& written) {
    if (written.empty()) return;
    answered_ = true;
    outages_ = 0;
    parts_.store.write([&](Writer& writer) {
        for (const auto& [copy, receipt] : written) keep_receipt(writer, copy, receipt);
    });
    for (const Written& one : written) ++(one.copy.mirror.href ? report_.updated : report_.created);
}

void SyncPass::keep_receipt(Writer& writer, const Copy& copy, const WriteReceipt& receipt) const {
    const auto& [mirror, appointment] = copy;
    auto current = writer.mirror(mirror.appointment, id_);
    if (!current || current->uid != mirror.uid) return;
    current->unlisted = current->unlisted || !current->href;
    current->href = receipt.href;
    current->version = receipt.version;
    current->base = shown_on(appointment, calendar_.copy_detail, parts_.zones);
    // Our own text counts only for the version that a receipt named.
    current->remote_text = mirror.remote_text;
    current->written_text = receipt.source;
    current->confirmed = appointment.revision;
    if (!current->wanted_gone && current->wanted < appointment.revision) current->wanted = appointment.revision;
    current->unknown_call = false;
    current->missing_since.reset();
    current->attempts = 0;
    current->not_before.reset();
    current->detail.clear();
    writer.put(*current);
    writer.put_setting("marker.due." + id_.value, "1");
}

SyncPass::Pushed SyncPass::settled_gone(const Mirror& mirror) {
    answered_ = true;
    outages_ = 0;
    parts_.store.write([&](Writer& writer) {
        auto current = writer.mirror(mirror.appointment, id_);
        if (!current || current->uid != mirror.uid) return;
        current->href.reset();
        current->version.reset();
        current->base.reset();
        current->forget_texts();
        current->unlisted = false;
        current->unknown_call = false;
        current->missing_since.reset();
        current->attempts = 0;
        current->not_before.reset();
        current->detail.clear();
        current->confirmed = current->wanted_gone ? current->wanted : 0;
        // Booked again meanwhile: the name is used up (F16).
        if (!current->wanted_gone) next_generation(*current, business_);
        writer.put(*current);
        writer.put_setting("marker.due." + id_.value, "1");
    });
    return Pushed::Next;
}

SyncPass::Pushed SyncPass::failed(const Mirror& mirror, const Error& error, bool was_write) {
    const Advice what = advice(error);
    const bool unknown = was_write && (what.outcome_unknown || error.code == ErrorCode::Cancelled);
    const bool park = what.action == Action::ParkItem;
    answered_ = answered_ || (!what.counts_as_outage && what.action != Action::Drop);
    if (!park && what.action != Action::PauseAccount && what.action != Action::ParkCalendar) fail(error);
    parts_.store.write([&](Writer& writer) {
        auto current = writer.mirror(mirror.appointment, id_);
        if (!current || current->uid != mirror.uid) return;
        current->unknown_call = current->unknown_call || unknown;
        // A create may be applied late: its window starts with the last one.
        if (unknown && !current->href) current->missing_since.reset();
        if (park) {
            park_copy(writer, *current, error);
        } else if (is_tried_again(*current)) {
            stay_parked(*current);
        } else if (error.code == ErrorCode::RateLimited) {
            // All of the account waits; what is due first goes first once it may go on (R19).
            current->detail = error.detail;
        } else if (what.action != Action::Drop) {
            ++current->attempts;
            const bool by_service = what.counts_as_outage && current->attempts <= kOutageTries;
            const auto cap = by_service ? kOutageCap : kBackoffCap;
            const auto wait = backoff(current->attempts, kBackoffBase, cap, error.retry_after, parts_.random);
            current->not_before = parts_.clock.now() + std::chrono::ceil<std::chrono::seconds>(wait);
            current->detail = error.detail;
        }
        writer.put(*current);
    });
    if (park) return Pushed::Next;
    if (what.action == Action::PauseAccount) pause_account(error);
    if (what.action == Action::ParkCalendar) park_calendar(CalendarState::ReadOnly, error);
    if (what.action == Action::PauseAccount || what.action == Action::ParkCalendar || what.action == Action::Drop)
        return Pushed::Stop;
    if (error.code == ErrorCode::RateLimited) return Pushed::Stop;
    return what.counts_as_outage && ++outages_ >= kMaxOutages ? Pushed::Stop : Pushed::Next;
}

bool SyncPass::is_ours(const RemoteEvent& remote, const Mirror& mirror) const {
    if (remote.unreadable || remote.event.uid != mirror.uid) return false;
    const auto mark = read_mark(remote.event.mark, parts_.keys);
    return mark && mark->business == business_.id && mark->appointment == mirror.appointment;
}

std::string SyncPass::nonce() const {
    std::string out(12, '\0');
    parts_.random.fill({reinterpret_cast<unsigned char*>(out.data()), out.size()});
    return out;
}

}  // namespace calgate
