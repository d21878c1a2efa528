#include "scheduler/undo.hpp"

#include <algorithm>
#include <map>

#include "core/undo.hpp"

namespace calgate {
namespace {

constexpr std::size_t kMostVersions = 10'000;

/// First and last revision that a run gave an appointment.
using Revisions = std::pair<std::int64_t, std::int64_t>;

std::map<AppointmentId, Revisions> changed_in(const Reader& reader, const Change& run) {
    std::map<AppointmentId, Revisions> out;
    const auto entries = static_cast<std::size_t>(run.sequence - run.revision);
    for (const Change& change : reader.changes(run.revision - 1, entries)) {
        if (!change.kind.starts_with("appointment.")) continue;
        auto& [first, last] = out.try_emplace({change.subject}, change.revision, change.revision).first->second;
        first = std::min(first, change.revision);
        last = std::max(last, change.revision);
    }
    return out;
}

std::optional<Appointment> version(const std::vector<Appointment>& all, std::int64_t revision) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& a) { return a.revision == revision; });
    return found == all.end() ? std::nullopt : std::optional(*found);
}

std::string refusal(BookingOutcome outcome) {
    return outcome == BookingOutcome::Overlap ? "Its earlier time is taken by another appointment of the same person."
                                              : "Its person or service is no longer there.";
}

void note(UndoReport& out, const AppointmentId& id, BookingResult booking, const char* but) {
    if (booking.outcome == BookingOutcome::Changed) {
        out.appointments.push_back({id, true, but});
        out.targets.insert(out.targets.end(), booking.targets.begin(), booking.targets.end());
        out.bookings.push_back(std::move(booking));
    } else if (booking.outcome == BookingOutcome::Unchanged) {
        out.appointments.push_back({id, false, "It was changed since, or undone before."});
    } else {
        out.appointments.push_back({id, false, refusal(booking.outcome)});
    }
}

}  // namespace

UndoReport undo_run(
    Store& store, const ZoneResolver& zones, const Clock& clock, std::int64_t number, const std::string& actor
) {
    UndoReport out;
    store.write([&](Writer& writer) {
        out = {};
        const auto run = writer.changes(number - 1, 1);
        out.found = !run.empty() && run[0].sequence == number && run[0].kind == "run.decided";
        if (!out.found) return;
        const std::string why = "Run " + std::to_string(number) + " was undone.";
        std::vector<Appointment> waiting;
        for (const auto& [id, revisions] : changed_in(writer, run[0])) {
            const auto now = writer.appointment(id);
            const auto versions = writer.versions(id, kMostVersions);
            const auto before = version(versions, revisions.first - 1);
            const auto after = version(versions, revisions.second);
            if (now && before && after)
                waiting.push_back(undone(*before, *after, *now));
            else
                out.appointments.push_back({id, false, "What it was before is no longer kept."});
        }
        const auto placed = [&](const Appointment& wanted, const char* but) {
            auto booking = place_appointment(writer, wanted, std::nullopt, zones, clock.now(), actor, why);
            if (booking.outcome == BookingOutcome::Overlap) return false;
            note(out, wanted.id, std::move(booking), but);
            return true;
        };
        // One may make room for another.
        for (std::size_t before = waiting.size() + 1; waiting.size() < before;) {
            before = waiting.size();
            std::erase_if(waiting, [&](const Appointment& wanted) { return placed(wanted, ""); });
        }
        std::vector<Placing> together;
        for (const Appointment& wanted : waiting) together.push_back({wanted, why});
        for (auto& booking : place_together(writer, std::move(together), zones, clock.now(), actor)) {
            const AppointmentId id = booking.appointment->id;
            std::erase_if(waiting, [&](const Appointment& wanted) { return wanted.id == id; });
            note(out, id, std::move(booking), "");
        }
        for (Appointment& wanted : waiting) {
            const Appointment now = *writer.appointment(wanted.id);
            wanted.start = now.start;
            wanted.end = now.end;
            wanted.zone = now.zone;
            if (wanted == now || !placed(wanted, "all but its time, which another appointment has by now"))
                out.appointments.push_back({wanted.id, false, refusal(BookingOutcome::Overlap)});
        }
        writer.append({0, clock.now(), "run.undone", std::to_string(number), actor, why, 0});
    });
    return out;
}

}  // namespace calgate
