#include "core/restore.hpp"

#include <algorithm>
#include <map>

#include "core/reconcile.hpp"
#include "core/survival.hpp"

namespace calgate {
namespace {

constexpr std::string_view kMarkStart = "cg1.";
constexpr int kFewMissing = 5;
constexpr std::size_t kMaxCapacity = 1000;

/// A copy's parts that are believed: the mark verified, the capsule opened.
struct Candidate {
    const RemoteEvent* event = nullptr;
    Mark mark{};
    Appointment sealed{};
    bool named = false;  ///< Under the very name that we gave it.
};

bool looks_ours(const RemoteEvent& event) { return !event.unreadable && event.event.mark.starts_with(kMarkStart); }

/// The marker's manifest, whichever event carries it: the newest, if a person duplicated it.
void find_manifest(const std::vector<RemoteEvent>& listed, const RestoreRequest& request, RestorePlan& plan) {
    for (const auto& event : listed) {
        if (!looks_ours(event) || event.event.capsule.empty()) continue;
        auto manifest = open_manifest(event.event.capsule, request.recovery_key);
        if (!manifest || (plan.manifest && plan.manifest->written >= manifest->written)) continue;
        plan.manifest = std::move(*manifest);
        plan.marker = event.href;
    }
    plan.keys.recovery_key = request.recovery_key;
    plan.keys.mark_key = plan.manifest              ? plan.manifest->mark_key
                         : request.mark_key.empty() ? mark_key_of(request.recovery_key)
                                                    : request.mark_key;
    if (plan.manifest) plan.business = plan.manifest->business;
}

bool better(const Candidate& a, const Candidate& b) {
    if (a.named != b.named) return a.named;
    if (a.sealed.revision != b.sealed.revision) return a.sealed.revision > b.sealed.revision;
    return a.event->href < b.event->href;
}

struct Sorting {
    std::map<AppointmentId, Candidate> chosen{};
    std::map<std::string, int> businesses{};
    int ours = 0;        ///< Events that carry a mark of the right form.
    int opened = 0;      ///< Of those, whose capsule opened.
    int unverified = 0;  ///< Of those, whose mark did not verify.
};

void consider(const RemoteEvent& event, RestorePlan& plan, Sorting& sorting) {
    if (!looks_ours(event)) {
        ++plan.foreign;
        return;
    }
    ++sorting.ours;
    auto sealed = open_capsule(event.event.capsule, plan.keys);
    const auto mark = read_mark(event.event.mark, plan.keys);
    if (mark && mark->appointment.value == "marker") {
        if (!plan.marker) plan.marker = event.href;
        return;
    }
    if (mark && mark->appointment.value == kSurvivalProbe) return;
    if (sealed) ++sorting.opened;
    if (!mark && sealed) ++sorting.unverified;
    if (!mark || !sealed || sealed->id != mark->appointment) {
        plan.damaged.push_back(event.href);
        return;
    }
    ++sorting.businesses[mark->business];
    Candidate candidate{&event, *mark, std::move(*sealed), false};
    candidate.named =
        plan.manifest &&
        event.event.uid == copy_name(mark->business, mark->appointment, plan.manifest->calendar.id, mark->generation);
    const auto [found, added] = sorting.chosen.try_emplace(mark->appointment, candidate);
    if (added) return;
    const bool replaces = better(candidate, found->second);
    plan.duplicates.push_back(replaces ? found->second.event->href : event.href);
    if (replaces) found->second = std::move(candidate);
}

/// Those that have a name first: with equal agreement they are likelier.
constexpr CopyDetail kDetails[] = {
    CopyDetail::kBusy,
    CopyDetail::kTitle,
    CopyDetail::kFull,
    {true, true, false},
    {true, false, true},
    {false, true, true},
    {false, true, false},
    {false, false, true}};

/// What copies show when nothing says so: the way in which most of them agree with their capsules.
CopyDetail likely_detail(const Sorting& sorting, const ZoneResolver& zones) {
    CopyDetail best = CopyDetail::kBusy;
    int most = -1;
    for (const CopyDetail& detail : kDetails) {
        int agree = 0;
        for (const auto& [id, one] : sorting.chosen)
            agree += same_meaning(shown_of(one.event->event), shown_on(one.sealed, detail, zones), zones) ? 1 : 0;
        if (agree > most) best = detail;
        most = std::max(most, agree);
    }
    return best;
}

RestoredCopy restored(const Candidate& one, CopyDetail detail, const ZoneResolver& zones) {
    RestoredCopy copy{
        one.sealed,
        one.sealed,
        false,
        one.mark,
        one.event->href,
        one.event->version,
        one.event->event.uid,
        one.event->event.source};
    const Shown wrote = shown_on(one.sealed, detail, zones);
    const Shown shows = unmasked(shown_of(one.event->event), wrote, detail);
    if (same_meaning(wrote, shows, zones)) return copy;
    copy.edited = true;
    // A cancelled copy is a deletion: the policy on deletions decides it, once the gateway runs.
    if (shows.cancelled || one.event->event.partial || !one.event->event.master.rules.empty()) return copy;
    copy.appointment = with_changes(one.sealed, wrote, shows, one.sealed.zone, zones);
    if (copy.appointment.end <= copy.appointment.start) copy.appointment = one.sealed;
    if (copy.appointment != one.sealed) ++copy.appointment.revision;
    return copy;
}

/// People and services as far as the appointments tell them.
void follow_appointments(RestorePlan& plan, const ZoneResolver& zones) {
    std::map<StaffId, std::vector<std::pair<Instant, int>>> edges;
    std::map<StaffId, std::string> zone;
    std::map<ServiceId, Service> services;
    for (const auto& copy : plan.copies) {
        const Appointment& a = copy.appointment;
        zone.try_emplace(a.staff, a.zone);
        const Instant start = zones.to_instant(a.start, a.zone);
        edges[a.staff].emplace_back(start, 1);
        edges[a.staff].emplace_back(std::max(start, zones.to_instant(effective_end(a, zones), a.zone)), -1);
        if (a.service.empty()) continue;
        Service& service = services[a.service];
        service.id = a.service;
        service.name = a.service.value;
        service.duration = std::chrono::duration_cast<std::chrono::minutes>(a.end - a.start);
        if (std::find(service.staff.begin(), service.staff.end(), a.staff) == service.staff.end())
            service.staff.push_back(a.staff);
    }
    for (auto& [id, list] : edges) {
        std::sort(list.begin(), list.end());
        std::size_t running = 0, most = 1;
        for (const auto& [at, step] : list) {
            running += static_cast<std::size_t>(step);
            most = std::max(most, running);
        }
        plan.staff.push_back({id, id.value, zone[id], static_cast<int>(std::min(most, kMaxCapacity)), {}});
    }
    for (auto& [id, service] : services) plan.services.push_back(std::move(service));
}

void compare_with_marker(RestorePlan& plan) {
    const Inventory& wanted = plan.manifest->inventory;
    std::vector<Appointment> found;
    for (const auto& copy : plan.copies) found.push_back(copy.appointment);
    const Inventory held = inventory_of(found, plan.manifest->written);
    std::map<std::string, DayCount> here;
    for (const auto& day : held.days) here[day.day] = day;
    for (const auto& day : wanted.days) {
        const DayCount& there = here[day.day];
        if (there.copies != day.copies || there.digest != day.digest)
            plan.gaps.push_back({day.day, day.copies, there.copies});
    }
    plan.missing = std::max(0, wanted.copies - held.copies);
    if (held.copies == 0 && wanted.copies == 0)
        plan.finding = RestoreFinding::Empty;
    else if (plan.missing > std::max(kFewMissing, wanted.copies / 5))
        plan.finding = RestoreFinding::HalfErased;
    else if (plan.missing > 0)
        plan.finding = RestoreFinding::Short;
    else
        plan.finding = held.digest == wanted.digest ? RestoreFinding::Complete : RestoreFinding::Differs;
}

bool is_older(const RestorePlan& plan, const RestoreRequest& request) {
    if (!plan.manifest) return false;
    const auto& manifest = *plan.manifest;
    if (request.left_behind.contains(manifest.business.epoch)) return true;
    // Copies that a later life wrote: the marker was not, so this is no calendar of that life.
    return std::any_of(plan.copies.begin(), plan.copies.end(), [&](const RestoredCopy& copy) {
        const auto& earlier = manifest.earlier_epochs;
        return copy.mark.epoch != manifest.business.epoch && copy.mark.epoch != request.epoch &&
               std::find(earlier.begin(), earlier.end(), copy.mark.epoch) == earlier.end();
    });
}

std::optional<RestoreFinding> refusal(const RestorePlan& plan, const Sorting& sorting, const RestoreRequest& request) {
    if (sorting.ours == 0) return RestoreFinding::Foreign;
    if (!plan.manifest && sorting.opened == 0) return RestoreFinding::WrongKey;
    if (plan.copies.empty() && sorting.unverified > 0) return RestoreFinding::OtherMarkKey;
    if (sorting.businesses.size() > 1) return RestoreFinding::OtherBusiness;
    if (!request.business.empty() && plan.business.id != request.business) return RestoreFinding::OtherBusiness;
    if (is_older(plan, request)) return RestoreFinding::OlderEpoch;
    return std::nullopt;
}

std::string counted(int copies) { return std::to_string(copies) + (copies == 1 ? " copy" : " copies"); }

std::string sentence_of(const RestorePlan& plan) {
    const int wanted = plan.manifest ? plan.manifest->inventory.copies : 0;
    const std::string numbers = std::to_string(plan.copies.size()) + " of " + counted(wanted);
    switch (plan.finding) {
        case RestoreFinding::Complete:
            return "Complete: " + numbers + ", equal by content to what the marker counted.";
        case RestoreFinding::Differs:
            return "Nothing is missing: " + counted(static_cast<int>(plan.copies.size())) +
                   ", where the marker counted " + std::to_string(wanted) + " when it was last written.";
        case RestoreFinding::Short:
            return std::to_string(plan.missing) + " missing: " + numbers +
                   " are there. They were deleted or cancelled after the marker was written, or lost; the days are "
                   "named below.";
        case RestoreFinding::HalfErased:
            return "This calendar was partly erased: only " + numbers +
                   " are there. Restore from another target, or accept the loss with --accept-missing.";
        case RestoreFinding::NoMarker:
            return "The calendar holds " + counted(static_cast<int>(plan.copies.size())) +
                   " but not its marker, so nothing says whether they are all. Restore from another target, or accept "
                   "that with --accept-missing.";
        case RestoreFinding::Empty:
            return "The marker counts no appointments, and none are here.";
        case RestoreFinding::Foreign:
            return "Nothing in this calendar was written by calgate. Choose the calendar that got the appointments.";
        case RestoreFinding::WrongKey:
            return "The recovery key does not open what the copies carry. Use the key that `calgate init` printed when "
                   "this business was set up.";
        case RestoreFinding::OtherMarkKey:
            return "The copies open, but were marked with a key that only the marker carries, and the marker is gone. "
                   "Restore from another target.";
        case RestoreFinding::OtherBusiness:
            return "This calendar belongs to another business than the one that is being restored. Use a folder of its "
                   "own for it.";
        case RestoreFinding::OlderEpoch:
            return "This calendar was left behind by an earlier life of the business and would bring back old "
                   "appointments. Restore from a calendar that was in use to the end.";
    }
    return {};
}

}  // namespace

RestoreRequest RestorePlan::next(RestoreRequest request) const {
    if (!request.business.empty()) return request;
    request.business = business.id;
    request.epoch = business.epoch;
    if (manifest) request.left_behind.insert(manifest->earlier_epochs.begin(), manifest->earlier_epochs.end());
    return request;
}

bool RestorePlan::safe() const {
    return finding == RestoreFinding::Complete || finding == RestoreFinding::Differs ||
           finding == RestoreFinding::Short || finding == RestoreFinding::Empty;
}

bool RestorePlan::possible() const {
    return safe() || finding == RestoreFinding::HalfErased || finding == RestoreFinding::NoMarker;
}

RestorePlan plan_restore(
    const std::vector<RemoteEvent>& listed, const RestoreRequest& request, const ZoneResolver& zones
) {
    RestorePlan plan;
    find_manifest(listed, request, plan);
    Sorting sorting;
    for (const auto& event : listed) consider(event, plan, sorting);
    plan.detail = request.detail  ? *request.detail
                  : plan.manifest ? plan.manifest->calendar.copy_detail
                                  : likely_detail(sorting, zones);
    for (const auto& [id, one] : sorting.chosen) plan.copies.push_back(restored(one, plan.detail, zones));
    std::stable_sort(plan.copies.begin(), plan.copies.end(), [](const RestoredCopy& a, const RestoredCopy& b) {
        // What was agreed keeps its place before what a person moved there.
        return a.edited != b.edited ? b.edited : a.sealed.changed > b.sealed.changed;
    });
    if (!plan.manifest && sorting.businesses.size() == 1) {
        plan.business.id = sorting.businesses.begin()->first;
        if (!plan.copies.empty()) plan.business.epoch = plan.copies.front().mark.epoch;
    }
    if (const auto refused = refusal(plan, sorting, request)) {
        plan.finding = *refused;
    } else if (plan.manifest) {
        plan.staff = plan.manifest->staff;
        plan.services = plan.manifest->services;
        compare_with_marker(plan);
    } else {
        follow_appointments(plan, zones);
        plan.finding = RestoreFinding::NoMarker;
    }
    plan.sentence = sentence_of(plan);
    return plan;
}

}  // namespace calgate
