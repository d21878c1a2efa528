#include "core/availability.hpp"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "core/busy.hpp"
#include "core/zone.hpp"

namespace calgate {
namespace {

constexpr const char* kAppointments = "appointments";

bool by_start(const BusyInterval& a, const BusyInterval& b) { return a < b; }

/// Where at least `capacity` intervals overlap.
std::vector<BusyInterval> full_times(const std::vector<BusyInterval>& intervals, int capacity) {
    if (capacity <= 1) return intervals;
    std::vector<std::pair<Instant, int>> edges;
    edges.reserve(intervals.size() * 2);
    for (const BusyInterval& interval : intervals) {
        edges.emplace_back(interval.start, 1);
        edges.emplace_back(interval.end, -1);
    }
    std::sort(edges.begin(), edges.end());  // At one instant the ends (-1) come first: half open.
    std::vector<BusyInterval> full;
    int open = 0;
    Instant since{};
    for (const auto& [at, step] : edges) {
        const int before = open;
        open += step;
        if (before < capacity && open >= capacity) since = at;
        if (before >= capacity && open < capacity && since < at) full.push_back({since, at, BusyKind::Busy});
    }
    return full;
}

BusyList merged_list(std::vector<BusyInterval> intervals) { return busy_list(merged(std::move(intervals))); }

void refresh_external(PersonBusy& person) {
    std::vector<BusyInterval> all;
    BusyList only;
    for (const auto& [source, intervals] : person.by_source) {
        if (source == kAppointments) continue;
        only = all.empty() ? intervals : nullptr;
        all.insert(all.end(), intervals->begin(), intervals->end());
    }
    person.external = merged_list(std::move(all));
    // One calendar without overlaps is kept once.
    if (only && *only == *person.external) person.external = only;
}

void refresh_taken(PersonBusy& person) {
    const auto found = person.by_source.find(kAppointments);
    person.taken = merged_list(
        found == person.by_source.end() ? std::vector<BusyInterval>{}
                                        : full_times(*found->second, person.staff.capacity)
    );
}

void clip(const std::vector<BusyInterval>& all, Interval window, std::vector<BusyInterval>& found) {
    auto at =
        std::partition_point(all.begin(), all.end(), [&](const BusyInterval& b) { return b.end <= window.start; });
    for (; at != all.end() && at->start < window.end; ++at)
        found.push_back({std::max(at->start, window.start), std::min(at->end, window.end), at->kind});
}

}  // namespace

struct AvailabilityIndex::Impl {
    mutable std::shared_mutex mutex{};  ///< Guards the map's shape and pointers, held for a lookup or a swap only.
    std::mutex writer{};                ///< One change at a time; readers never take it.
    // Shared: a reader keeps the snapshot it answers from while a writer swaps in the next.
    std::unordered_map<StaffId, std::shared_ptr<const PersonBusy>> people{};
    std::map<ServiceId, std::shared_ptr<const Service>> services{};

    std::shared_ptr<const PersonBusy> find(const StaffId& id) const {
        const std::shared_lock lock(mutex);
        const auto found = people.find(id);
        return found == people.end() ? nullptr : found->second;
    }

    template <class F>
    void change(const StaffId& id, F&& edit) {
        const std::lock_guard one_writer(writer);
        const auto before = find(id);
        auto next = before ? std::make_shared<PersonBusy>(*before) : std::make_shared<PersonBusy>();
        edit(*next);
        std::shared_ptr<const PersonBusy> last = std::move(next);  // After the swap it frees the old one, unlocked.
        const std::unique_lock lock(mutex);
        people[id].swap(last);
    }
};

AvailabilityIndex::AvailabilityIndex() : impl_(std::make_unique<Impl>()) {}
AvailabilityIndex::~AvailabilityIndex() = default;

void AvailabilityIndex::set_source(const StaffId& id, const SourceState& state, std::vector<BusyInterval> intervals) {
    std::sort(intervals.begin(), intervals.end(), by_start);
    impl_->change(id, [&](PersonBusy& person) {
        person.by_source[state.source] = busy_list(std::move(intervals));
        person.sources[state.source] = state;
        state.source == kAppointments ? refresh_taken(person) : refresh_external(person);
    });
}

void AvailabilityIndex::set_state(const StaffId& id, const SourceState& state) {
    impl_->change(id, [&](PersonBusy& person) { person.sources[state.source] = state; });
}

void AvailabilityIndex::remove_source(const StaffId& id, const std::string& source) {
    impl_->change(id, [&](PersonBusy& person) {
        person.by_source.erase(source);
        person.sources.erase(source);
        source == kAppointments ? refresh_taken(person) : refresh_external(person);
    });
}

void AvailabilityIndex::change_appointment(
    const StaffId& id, std::optional<Interval> before, std::optional<Interval> after
) {
    impl_->change(id, [&](PersonBusy& person) {
        BusyList& list = person.by_source.try_emplace(kAppointments, busy_list({})).first->second;
        std::vector<BusyInterval> intervals = *list;
        person.sources.try_emplace(
            kAppointments, SourceState{kAppointments, std::nullopt, SourceState::Freshness::Live}
        );
        if (before) {
            const BusyInterval old{before->start, before->end, BusyKind::Busy};
            const auto found = std::lower_bound(intervals.begin(), intervals.end(), old);
            if (found != intervals.end() && *found == old) intervals.erase(found);
        }
        if (after && after->start < after->end) {
            const BusyInterval fresh{after->start, after->end, BusyKind::Busy};
            intervals.insert(std::upper_bound(intervals.begin(), intervals.end(), fresh), fresh);
        }
        list = busy_list(std::move(intervals));
        refresh_taken(person);
    });
}

void AvailabilityIndex::set_person(const Staff& staff) {
    impl_->change(staff.id, [&](PersonBusy& person) {
        const bool other_capacity = person.staff.capacity != staff.capacity;
        person.staff = staff;
        if (other_capacity) refresh_taken(person);
    });
}

void AvailabilityIndex::remove_person(const StaffId& id) {
    const std::lock_guard one_writer(impl_->writer);
    std::shared_ptr<const PersonBusy> last;  // Frees the snapshot after the lock.
    const std::unique_lock lock(impl_->mutex);
    const auto found = impl_->people.find(id);
    if (found == impl_->people.end()) return;
    last.swap(found->second);
    impl_->people.erase(found);
}

void AvailabilityIndex::set_service(const Service& service) {
    std::shared_ptr<const Service> last = std::make_shared<Service>(service);
    const std::unique_lock lock(impl_->mutex);
    impl_->services[service.id].swap(last);
}

std::shared_ptr<const Service> AvailabilityIndex::service(const ServiceId& id) const {
    const std::shared_lock lock(impl_->mutex);
    const auto found = impl_->services.find(id);
    return found == impl_->services.end() ? nullptr : found->second;
}

std::shared_ptr<const PersonBusy> AvailabilityIndex::person(const StaffId& id) const { return impl_->find(id); }

BusyList busy_list(std::vector<BusyInterval> intervals) {
    return std::make_shared<const std::vector<BusyInterval>>(std::move(intervals));
}

std::vector<BusyInterval> busy_within(const PersonBusy& person, Interval window) {
    std::vector<BusyInterval> found;
    if (window.start >= window.end) return found;
    clip(*person.external, window, found);
    const std::size_t external = found.size();
    clip(*person.taken, window, found);
    return external == 0 || external == found.size() ? found : merged(std::move(found));
}

std::vector<BusyInterval> external_within(const PersonBusy& person, Interval window) {
    std::vector<BusyInterval> found;
    if (window.start < window.end) clip(*person.external, window, found);
    return found;
}

namespace {

/// Sorted; overlapping and touching ones joined, so that a slot may span two shifts.
std::vector<Interval> united(std::vector<Interval> intervals) {
    std::sort(intervals.begin(), intervals.end());
    std::vector<Interval> out;
    for (const Interval& next : intervals) {
        if (!out.empty() && next.start <= out.back().end)
            out.back().end = std::max(out.back().end, next.end);
        else
            out.push_back(next);
    }
    return out;
}

const std::vector<WorkingHours>& hours_on(std::chrono::local_days day, const Staff& staff, bool always) {
    static const std::vector<WorkingHours> kAllDay = {{0, 24 * 60}};
    const auto exception = std::lower_bound(
        staff.exceptions.begin(),
        staff.exceptions.end(),
        day,
        [](const DayHours& one, std::chrono::local_days wanted) { return one.day < wanted; }
    );
    if (exception != staff.exceptions.end() && exception->day == day) return exception->hours;
    if (always) return kAllDay;
    return staff.week.at(std::chrono::weekday{std::chrono::sys_days{day.time_since_epoch()}}.iso_encoding() - 1);
}

}  // namespace

std::vector<Interval> working_time(Interval window, const Staff& staff, const ZoneResolver& zones) {
    const bool always = std::all_of(staff.week.begin(), staff.week.end(), [](const auto& day) { return day.empty(); });
    if (always && staff.exceptions.empty()) return {window};
    std::vector<Interval> open;
    using namespace std::chrono;
    const auto first = floor<days>(zones.to_local(window.start, staff.zone)) - days{1};
    const auto last = floor<days>(zones.to_local(window.end, staff.zone)) + days{1};
    for (auto day = first; day <= last; day += days{1}) {
        for (const WorkingHours& hours : hours_on(day, staff, always)) {
            const Instant start = zones.to_instant(LocalSeconds{day} + minutes{hours.start_minute}, staff.zone);
            const Instant end = zones.to_instant(LocalSeconds{day} + minutes{hours.end_minute}, staff.zone);
            const Interval clipped{std::max(start, window.start), std::min(end, window.end)};
            if (clipped.start < clipped.end) open.push_back(clipped);
        }
    }
    return united(std::move(open));
}

std::vector<Interval> free_within(
    const PersonBusy& person, Interval window, const Staff& staff, const ZoneResolver& zones
) {
    std::vector<Interval> free;
    for (const Interval& open : working_time(window, staff, zones)) {
        Instant from = open.start;
        for (const BusyInterval& busy : busy_within(person, open)) {
            if (from < busy.start) free.push_back({from, busy.start});
            from = std::max(from, busy.end);
        }
        if (from < open.end) free.push_back({from, open.end});
    }
    return free;
}

}  // namespace calgate
