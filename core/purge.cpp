#include "core/purge.hpp"

#include <algorithm>
#include <map>

#include "core/manifest.hpp"

namespace calgate {
namespace {

constexpr std::string_view kMarkForm = "cg1.";
const AppointmentId kMarkerOf{"marker"};

/// The newest marker that opens says under which key and id the gateway wrote here.
void find_owner(const std::vector<RemoteEvent>& listed, const PurgeRequest& request, PurgePlan& plan) {
    std::optional<Manifest> newest;
    for (const RemoteEvent& event : listed) {
        if (event.event.capsule.empty()) continue;
        auto manifest = open_manifest(event.event.capsule, request.recovery_key);
        if (manifest && (!newest || newest->written < manifest->written)) newest = std::move(*manifest);
    }
    plan.calendars = request.calendars;
    plan.keys = {newest ? newest->mark_key : mark_key_of(request.recovery_key), request.recovery_key};
    if (!newest) return;
    plan.business = newest->business.id;
    plan.calendars.insert(newest->calendar.id);
}

/// Without a marker: the business whose marks verify, if it is one.
std::string only_business(const std::vector<RemoteEvent>& listed, const Keys& keys) {
    std::set<std::string> found;
    for (const RemoteEvent& event : listed)
        if (const auto mark = read_mark(event.event.mark, keys)) found.insert(mark->business);
    return found.size() == 1 ? *found.begin() : "";
}

bool is_named_by_us(const Uid& uid, const Mark& mark, const std::set<CalendarId>& calendars) {
    return std::any_of(calendars.begin(), calendars.end(), [&](const CalendarId& calendar) {
        return uid == copy_name(mark.business, mark.appointment, calendar, mark.generation);
    });
}

std::string sentence_for(const PurgePlan& plan, bool any_mark) {
    if (!plan.copies.empty() || !plan.markers.empty())
        return std::to_string(plan.copies.size()) + " copies and " + std::to_string(plan.markers.size()) +
               " markers are ours.";
    if (plan.duplicates > 0)
        return "Nothing is left but events that people made from our copies; they stay. If these are our own copies, "
               "their marker is gone: restore from another target, then disconnect with --remove-copies.";
    if (any_mark)
        return "What is marked here was written by another business, or the recovery key is another one; give the key "
               "that `calgate init` printed for this business.";
    return "Nothing in this calendar was written by calgate.";
}

}  // namespace

bool is_ours_to_purge(const RemoteEvent& event, const PurgePlan& plan) {
    if (event.unreadable || plan.business.empty()) return false;
    const auto mark = read_mark(event.event.mark, plan.keys);
    return mark && mark->business == plan.business && is_named_by_us(event.event.uid, *mark, plan.calendars);
}

PurgePlan plan_purge(const std::vector<RemoteEvent>& listed, const PurgeRequest& request) {
    PurgePlan plan;
    find_owner(listed, request, plan);
    if (plan.business.empty()) plan.business = only_business(listed, plan.keys);
    bool any_mark = false;
    for (const RemoteEvent& event : listed) {
        const auto mark = event.unreadable ? std::nullopt : read_mark(event.event.mark, plan.keys);
        any_mark = any_mark || event.event.mark.starts_with(kMarkForm);
        if (event.unreadable)
            ++plan.unreadable;
        else if (event.event.mark.empty())
            ++plan.foreign;
        else if (!mark || mark->business != plan.business)
            ++plan.others;
        else if (!is_ours_to_purge(event, plan))
            ++plan.duplicates;
        else
            (mark->appointment == kMarkerOf ? plan.markers : plan.copies)
                .push_back({event.href, event.version, mark->appointment});
    }
    plan.sentence = sentence_for(plan, any_mark);
    return plan;
}

}  // namespace calgate
