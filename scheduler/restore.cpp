#include "scheduler/restore.hpp"

#include <algorithm>
#include <iterator>

#include "core/reconcile.hpp"
#include "scheduler/provisional.hpp"
#include "store/booking.hpp"
#include "store/erase.hpp"

namespace calgate {
namespace {

constexpr std::size_t kBatch = 200;
constexpr const char* kRestoredFrom = "restore.from";  ///< The epoch that the first target was written under.
constexpr const char* kEarlier = "restore.earlier";    ///< Epochs, oldest first, a space between.

std::string fresh_epoch(Random& random) {
    std::string bytes(12, '\0');
    random.fill({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
    return base64url(bytes);
}

/// One target into one store.
class Filling {
public:
    Filling(const RestoreParts& parts, const RestorePlan& plan, const Calendar& target)
        : parts_(parts), plan_(plan), id_(target.id), target_(target) {}

    void begin(Writer& writer) {
        keep_business(writer);
        for (const auto& staff : plan_.staff) {
            if (!writer.staff(staff.id)) writer.put(staff);
        }
        for (const auto& service : plan_.services) {
            if (!writer.service(service.id)) writer.put(service);
        }
        Calendar row = writer.calendar(id_).value_or(target_);
        row.staff = plan_.manifest         ? plan_.manifest->calendar.staff
                    : plan_.copies.empty() ? row.staff
                                           : plan_.copies.front().appointment.staff;
        row.mirror = true;
        row.busy = row.busy || (plan_.manifest && plan_.manifest->calendar.busy);
        row.copy_detail = plan_.detail;
        row.marker = plan_.marker;
        row.marker_written.reset();
        row.sync_token.reset();
        row.full_listing.reset();
        writer.put(row);
        if (plan_.manifest) take_erasures(writer, plan_.manifest->erased);
        writer.put_setting("marker.facts." + id_.value, "");
    }

    /// @return false where another appointment of that person is at this time.
    bool take(Writer& writer, const RestoredCopy& found) {
        const RestoredCopy copy = as_erased(writer, found);
        const auto before = writer.appointment(copy.appointment.id);
        const std::int64_t held = before ? before->revision : 0;
        if (held < copy.appointment.revision && has_room(writer, copy.appointment, parts_.zones)) {
            put(writer, copy.appointment, before.has_value(), copy.edited);
        } else if (held < copy.sealed.revision) {
            // Where the edit led there is no room: the pass that reads the copy makes a conflict of it.
            if (!copy.edited || !has_room(writer, copy.sealed, parts_.zones)) {
                report_.refused.push_back(refusal_of(copy.sealed));
                return false;
            }
            put(writer, copy.sealed, before.has_value(), false);
        } else {
            ++report_.kept;
        }
        adopt(writer, copy);
        return true;
    }

    /// The copy is newer than its appointment, which has no room for what it says.
    void ask(Writer& writer, const RestoredCopy& copy) {
        auto mirror = writer.mirror(copy.sealed.id, id_);
        const auto held = writer.appointment(copy.sealed.id);
        if (!held || !mirror) return tell_left_out(writer, copy.sealed);
        mirror->state = MirrorState::Conflict;
        mirror->detail = "The copy is newer than this store, and another appointment is at its time.";
        Conflict conflict;
        conflict.appointment = copy.sealed.id;
        conflict.calendar = id_;
        conflict.kind = ConflictKind::MovedOntoAnother;
        conflict.why = mirror->detail;
        conflict.base = conflict.ours = shown_on(*held, plan_.detail, parts_.zones);
        conflict.theirs = shown_on(copy.sealed, plan_.detail, parts_.zones);
        conflict.created = parts_.clock.now();
        const auto number = writer.add(conflict);
        writer.append({0, conflict.created, "conflict.opened", std::to_string(number), "gateway", conflict.why, 0});
        writer.put(*mirror);
    }

    /// An appointment that came, or was handed to this person, after the store, at the time of one that the store holds
    /// still. Its copy stays busy time.
    void tell_left_out(Writer& writer, const Appointment& left_out) {
        const std::string why = named(left_out) +
                                " stands in a calendar and is newer than this store, but another appointment of that "
                                "person is at this time here. Cancel or move that one, then book this one again.";
        writer.append({0, parts_.clock.now(), kLeftOut, left_out.id.value, "restore", why, left_out.revision});
    }

    RestoreReport report() const { return report_; }
    std::vector<BookingResult> bookings{};  ///< What became of the appointments.

private:
    /// A copy that names somebody who was erased comes back nameless, and is written so (I28).
    RestoredCopy as_erased(Writer& writer, const RestoredCopy& found) {
        if (!is_erased(writer.erasures(), found.sealed, plan_.keys.recovery_key)) return found;
        RestoredCopy copy = found;
        make_nameless(copy.sealed);
        make_nameless(copy.appointment);
        copy.appointment.revision = copy.sealed.revision + 1;
        copy.edited = true;
        copy.source.clear();
        const auto held = writer.appointment(copy.appointment.id);
        if (!held || held->revision < copy.appointment.revision)
            await_rewriting(writer, erased_name(found.sealed.customer, plan_.keys.recovery_key), copy.appointment);
        return copy;
    }

    void keep_business(Writer& writer) {
        const auto current = writer.business();
        if (current && current->id == plan_.business.id && writer.setting(kRestoredFrom)) return;
        Business business = plan_.business;
        std::string earlier;
        if (plan_.manifest) {
            for (const auto& epoch : plan_.manifest->earlier_epochs) earlier += epoch + " ";
        } else if (current) {
            business.name = current->name;
            business.zone = current->zone;
        }
        writer.put_setting(kRestoredFrom, business.epoch);
        writer.put_setting(kEarlier, earlier + business.epoch);
        business.epoch = fresh_epoch(parts_.random);
        writer.put(business);
        writer.append(
            {0,
             parts_.clock.now(),
             "store.restored",
             business.id,
             "restore",
             "Filled from the copies in a calendar, under a new epoch.",
             0}
        );
    }

    void put(Writer& writer, const Appointment& appointment, bool known, bool edited) {
        note_booking(writer.appointment(appointment.id), appointment);
        writer.put(appointment, occupied_by(appointment, parts_.zones));
        if (appointment.provisional) writer.put_setting(provisional_setting(appointment.staff), "1");
        writer.append(
            {0,
             parts_.clock.now(),
             "appointment.restored",
             appointment.id.value,
             "restore",
             edited ? "Read back from its copy, with what a person changed there." : "Read back from its copy.",
             appointment.revision}
        );
        ++(known ? report_.changed : report_.created);
        report_.edited += edited ? 1 : 0;
        // Copies that were adopted from another target are older than this one.
        for (auto& mirror : writer.mirrors_of(appointment.id)) {
            if (mirror.calendar == id_ || mirror.wanted >= appointment.revision) continue;
            const auto calendar = writer.calendar(mirror.calendar);
            mirror.wanted = appointment.revision;
            mirror.wanted_gone = mirror.wanted_gone || !calendar || calendar->staff != appointment.staff;
            writer.put(mirror);
        }
    }

    void note_booking(const std::optional<Appointment>& before, const Appointment& after) {
        const auto busy = [&](const Appointment& a) {
            return a.state == AppointmentState::Cancelled ? std::nullopt : std::optional(occupied_by(a, parts_.zones));
        };
        BookingResult result;
        result.outcome = before ? BookingOutcome::Changed : BookingOutcome::Created;
        result.appointment = after;
        result.after = busy(after);
        if (before) result.before = busy(*before);
        if (before) result.staff_before = before->staff;
        bookings.push_back(std::move(result));
    }

    void adopt(Writer& writer, const RestoredCopy& copy) {
        const auto held = writer.mirror(copy.appointment.id, id_);
        const bool tied = held && (held->href || held->wanted_gone) && held->generation >= copy.mark.generation;
        if (tied && held->confirmed >= copy.sealed.revision) return;
        const auto appointment = writer.appointment(copy.appointment.id);
        if (!appointment) return;
        Mirror mirror;
        mirror.appointment = copy.appointment.id;
        mirror.calendar = id_;
        mirror.generation = copy.mark.generation;
        mirror.uid = copy.uid;
        mirror.href = copy.href;
        mirror.wanted = appointment->revision;
        mirror.wanted_gone =
            appointment->state == AppointmentState::Cancelled || appointment->staff != staff_of(writer);
        mirror.starts_at = interval_of(*appointment, parts_.zones).start;
        // An older store may have gone on to the same revision in another way.
        const bool shows_it = same_meaning(
            shown_on(*appointment, plan_.detail, parts_.zones),
            shown_on(copy.appointment, plan_.detail, parts_.zones),
            parts_.zones
        );
        const bool is_wanted = shows_it && !mirror.wanted_gone;
        mirror.confirmed = is_wanted || copy.sealed.revision != mirror.wanted ? copy.sealed.revision : 0;
        const bool edit_is_taken = copy.edited && copy.appointment.revision != copy.sealed.revision;
        if (shows_it && appointment->revision == copy.appointment.revision && (!copy.edited || edit_is_taken)) {
            // After an edit the copy is written once more, so that its capsule says the same again.
            mirror.base = shown_on(*appointment, plan_.detail, parts_.zones);
            mirror.version = copy.version;
            mirror.remote_text = copy.source;
        } else {
            // The copy is read anew, and what differs from what it was last given is decided then.
            mirror.base = shown_on(copy.sealed, plan_.detail, parts_.zones);
        }
        writer.put(mirror);
        writer.erase_cached_event(id_, copy.href);
        ++report_.adopted;
    }

    StaffId staff_of(const Reader& reader) const {
        const auto row = reader.calendar(id_);
        return row ? row->staff : StaffId{};
    }

    static std::string named(const Appointment& a) {
        return a.id.value + " (" + a.staff.value + ", " + format_local(a.start) + " " + a.zone + ")";
    }

    static std::string refusal_of(const Appointment& a) {
        return named(a) +
               " was left out: a newer appointment of that person is at this time. Move one of the two, or raise the "
               "person's capacity, and run restore again.";
    }

    const RestoreParts& parts_;
    const RestorePlan& plan_;
    CalendarId id_;
    const Calendar& target_;
    RestoreReport report_{};
};

/// Under another name it is a person's event, made of a copy (I8).
bool has_our_name(const RestoredCopy& copy, const RestorePlan& plan, const Calendar& target) {
    const auto name_on = [&](const CalendarId& calendar) {
        return copy_name(copy.mark.business, copy.mark.appointment, calendar, copy.mark.generation);
    };
    return copy.uid == name_on(target.id) || (plan.manifest && copy.uid == name_on(plan.manifest->calendar.id));
}

}  // namespace

std::vector<std::string> epochs_before(const Reader& reader) {
    std::vector<std::string> out;
    const std::string all = reader.setting(kEarlier).value_or("");
    for (std::size_t from = 0; from < all.size();) {
        const auto end = std::min(all.find(' ', from), all.size());
        if (end > from) out.push_back(all.substr(from, end - from));
        from = end + 1;
    }
    return out;
}

void begin_epoch(Writer& writer, Random& random) {
    auto business = writer.business().value_or(Business{});
    std::string earlier;
    for (const auto& epoch : epochs_before(writer)) earlier += epoch + " ";
    writer.put_setting(kEarlier, earlier + business.epoch);
    business.epoch = fresh_epoch(random);
    writer.put(business);
}

Result<RestoreRequest> restore_request(const Reader& reader, const std::string& recovery_key) {
    RestoreRequest request;
    request.recovery_key = recovery_key;
    const auto from = reader.setting(kRestoredFrom);
    if (!from) {
        if (reader.appointments({}, 1).empty()) return request;
        return Error{
            ErrorCode::Rejected,
            "This store holds appointments already; restore only fills an empty one. Use a new folder: calgate init "
            "--dir FOLDER.",
            {}};
    }
    request.business = reader.business().value_or(Business{}).id;
    request.epoch = *from;
    for (auto& epoch : epochs_before(reader)) request.left_behind.insert(std::move(epoch));
    request.left_behind.erase(*from);
    return request;
}

RestoreReport fill_store(
    const RestoreParts& parts,
    const RestorePlan& plan,
    const Calendar& target,
    const std::function<bool(std::size_t)>& go_on
) {
    CALGATE_ASSERT(plan.possible());
    RestoreReport report;
    for (std::size_t from = 0; from == 0 || from < plan.copies.size(); from += kBatch) {
        RestoreReport done;
        parts.store.write([&](Writer& writer) {
            Filling filling(parts, plan, target);
            if (from == 0) filling.begin(writer);
            const auto end = std::min(from + kBatch, plan.copies.size());
            for (auto i = from; i < end; ++i) filling.take(writer, plan.copies[i]);
            if (end == plan.copies.size()) writer.put_setting("marker.due." + target.id.value, "1");
            done = filling.report();
        });
        report.created += done.created;
        report.changed += done.changed;
        report.kept += done.kept;
        report.adopted += done.adopted;
        report.edited += done.edited;
        report.refused.insert(report.refused.end(), done.refused.begin(), done.refused.end());
        if (go_on && !go_on(std::min(from + kBatch, plan.copies.size()))) {
            report.stopped = from + kBatch < plan.copies.size();
            return report;
        }
    }
    return report;
}

Adoption adopt_newer(Writer& writer, const RestoreParts& parts, const RestorePlan& plan, const Calendar& target) {
    Filling filling(parts, plan, target);
    Adoption out;
    if (plan.manifest) take_erasures(writer, plan.manifest->erased);
    // Without a marker as far as the appointments tell of them: none is kept without its person.
    std::copy_if(plan.staff.begin(), plan.staff.end(), std::back_inserter(out.staff), [&](const Staff& staff) {
        return !writer.staff(staff.id);
    });
    std::copy_if(
        plan.services.begin(),
        plan.services.end(),
        std::back_inserter(out.services),
        [&](const Service& service) { return !writer.service(service.id); }
    );
    for (const auto& staff : out.staff) writer.put(staff);
    for (const auto& service : out.services) writer.put(service);
    std::vector<RestoredCopy> waiting;
    for (const auto& found : plan.copies) {
        if (!has_our_name(found, plan, target)) continue;
        const auto held = writer.appointment(found.sealed.id);
        const bool over = occupied_by(found.sealed, parts.zones).end <= parts.clock.now();
        const auto row = held ? writer.mirror(held->id, target.id) : std::nullopt;
        const bool tied = row && (row->href || row->wanted_gone) && row->generation >= found.mark.generation;
        if (held ? held->revision >= found.sealed.revision && tied : over) continue;
        RestoredCopy copy = found;
        copy.appointment = copy.sealed;
        waiting.push_back(std::move(copy));
    }
    // One may make room for another.
    for (std::size_t before = waiting.size() + 1; waiting.size() < before;) {
        before = waiting.size();
        std::erase_if(waiting, [&](const RestoredCopy& copy) { return filling.take(writer, copy); });
    }
    for (const auto& copy : waiting) filling.ask(writer, copy);
    out.report = filling.report();
    out.bookings = std::move(filling.bookings);
    return out;
}

}  // namespace calgate
