#include "core/availability.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <unordered_map>

#include "core/busy.hpp"
#include "core/zone.hpp"

namespace calgate {
namespace {

constexpr const char* kAppointments = "appointments";

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

/// What a day of `external` is. Of one calendar without overlaps the list is kept once.
BusyDays::List external_on(const PersonBusy& person, BusyDay day) {
    std::vector<BusyInterval> all;
    BusyDays::List only;
    for (const auto& [source, told] : person.by_source) {
        if (source == kAppointments) continue;
        const auto list = told->beginning(day);
        only = all.empty() ? list : nullptr;
        told->add_day(day, all);
    }
    std::vector<BusyInterval> disjoint = merged(std::move(all));
    if (only && *only == disjoint) return only;
    return std::make_shared<const std::vector<BusyInterval>>(std::move(disjoint));
}

void refresh_external(PersonBusy& person, const BusyTouched& touched) {
    BusyUnion external = *person.external;
    for (const BusyDay day : touched.days) external.days.replace(day, external_on(person, day));
    if (touched.longer) {
        std::vector<BusyInterval> longer;
        for (const auto& [source, told] : person.by_source)
            if (source != kAppointments) longer.insert(longer.end(), told->longer().begin(), told->longer().end());
        external.longer = merged(std::move(longer));
    }
    person.external = std::make_shared<const BusyUnion>(std::move(external));
}

void refresh_taken(PersonBusy& person, const BusyTouched& touched) {
    const auto found = person.by_source.find(kAppointments);
    static const BusySource kNone;
    const BusySource& appointments = found == person.by_source.end() ? kNone : *found->second;
    const int capacity = person.staff.capacity;
    BusyUnion taken;
    std::set<BusyDay> days = touched.days;
    if (person.taken->longer.empty())
        taken = *person.taken;
    else
        days = appointments.busy_days();
    // How many overlap is counted over all of them when one is longer than what a day's list holds.
    if (!appointments.longer().empty()) {
        taken.longer = merged(full_times(appointments.all(), capacity));
        taken.days = {};
        days.clear();
    }
    for (const BusyDay day : days) {
        std::vector<BusyInterval> that_day;
        appointments.add_day(day, that_day);
        taken.days.replace(
            day, std::make_shared<const std::vector<BusyInterval>>(merged(full_times(that_day, capacity)))
        );
    }
    person.taken = std::make_shared<const BusyUnion>(std::move(taken));
}

void refresh(PersonBusy& person, const std::string& source, const BusyTouched& touched) {
    source == kAppointments ? refresh_taken(person, touched) : refresh_external(person, touched);
}

Told told_in(const PersonBusy& person, const std::string& source) {
    const auto found = person.by_source.find(source);
    return found == person.by_source.end() ? nullptr : found->second;
}

BusyTouched all_of(const Told& before, const Told& after) {
    BusyTouched touched;
    for (const Told& told : {before, after}) {
        if (!told) continue;
        touched.days.merge(told->busy_days());
        touched.longer = touched.longer || !told->longer().empty();
    }
    return touched;
}

void replace(PersonBusy& person, const SourceState& state, Told fresh) {
    const BusyTouched touched = all_of(told_in(person, state.source), fresh);
    person.by_source[state.source] = std::move(fresh);
    person.sources[state.source] = state;
    refresh(person, state.source, touched);
}

bool change_told(
    PersonBusy& person,
    const std::string& source,
    const std::vector<BusyInterval>& gone,
    const std::vector<BusyInterval>& come
) {
    const Told before = told_in(person, source);
    auto next = before ? std::make_shared<BusySource>(*before) : std::make_shared<BusySource>();
    const auto touched = next->change(gone, come);
    if (!touched) return false;
    person.by_source[source] = std::move(next);
    refresh(person, source, *touched);
    return true;
}

}  // namespace

struct AvailabilityIndex::Impl {
    mutable std::shared_mutex mutex{};     ///< Guards the map's shape and pointers, held for a lookup or a swap only.
    std::array<std::mutex, 64> writers{};  ///< One change of a person at a time; readers take none of them.
    // Shared: a reader keeps the snapshot it answers from while a writer swaps in the next.
    std::unordered_map<StaffId, std::shared_ptr<const PersonBusy>> people{};
    std::map<ServiceId, std::shared_ptr<const Service>> services{};

    std::mutex& writer_of(const StaffId& id) { return writers.at(std::hash<StaffId>{}(id) % writers.size()); }

    std::shared_ptr<const PersonBusy> find(const StaffId& id) const {
        const std::shared_lock lock(mutex);
        const auto found = people.find(id);
        return found == people.end() ? nullptr : found->second;
    }

    /// @param edit Answers whether there is anything to swap in.
    template <class F>
    bool change(const StaffId& id, F&& edit) {
        const std::lock_guard one_writer(writer_of(id));
        const auto before = find(id);
        auto next = before ? std::make_shared<PersonBusy>(*before) : std::make_shared<PersonBusy>();
        if (!edit(*next)) return false;
        std::shared_ptr<const PersonBusy> last = std::move(next);  // After the swap it frees the old one, unlocked.
        const std::unique_lock lock(mutex);
        people[id].swap(last);
        return true;
    }
};

AvailabilityIndex::AvailabilityIndex() : impl_(std::make_unique<Impl>()) {}
AvailabilityIndex::~AvailabilityIndex() = default;

void AvailabilityIndex::set_source(const StaffId& id, const SourceState& state, std::vector<BusyInterval> intervals) {
    auto fresh = std::make_shared<const BusySource>(std::move(intervals));
    impl_->change(id, [&](PersonBusy& person) {
        replace(person, state, std::move(fresh));
        return true;
    });
}

bool AvailabilityIndex::set_source_since(
    const Told& since, const StaffId& id, const SourceState& state, std::vector<BusyInterval> intervals
) {
    auto fresh = std::make_shared<const BusySource>(std::move(intervals));
    return impl_->change(id, [&](PersonBusy& person) {
        if (told_in(person, state.source) != since) return false;
        replace(person, state, std::move(fresh));
        return true;
    });
}

bool AvailabilityIndex::change_source_since(
    const Told& since,
    const StaffId& id,
    const SourceState& state,
    const std::vector<BusyInterval>& gone,
    const std::vector<BusyInterval>& come
) {
    return impl_->change(id, [&](PersonBusy& person) {
        if (told_in(person, state.source) != since || !change_told(person, state.source, gone, come)) return false;
        person.sources[state.source] = state;
        return true;
    });
}

Told AvailabilityIndex::told(const StaffId& id, const std::string& source) const {
    const auto person = impl_->find(id);
    return person ? told_in(*person, source) : nullptr;
}

void AvailabilityIndex::set_state(const StaffId& id, const SourceState& state) {
    impl_->change(id, [&](PersonBusy& person) {
        person.sources[state.source] = state;
        return true;
    });
}

void AvailabilityIndex::remove_source(const StaffId& id, const std::string& source) {
    impl_->change(id, [&](PersonBusy& person) {
        const BusyTouched touched = all_of(told_in(person, source), nullptr);
        person.by_source.erase(source);
        person.sources.erase(source);
        refresh(person, source, touched);
        return true;
    });
}

void AvailabilityIndex::change_appointment(
    const StaffId& id, std::optional<Interval> before, std::optional<Interval> after
) {
    std::vector<BusyInterval> gone, come;
    if (before) gone.push_back({before->start, before->end, BusyKind::Busy});
    if (after && after->start < after->end) come.push_back({after->start, after->end, BusyKind::Busy});
    impl_->change(id, [&](PersonBusy& person) {
        person.sources.try_emplace(
            kAppointments, SourceState{kAppointments, std::nullopt, SourceState::Freshness::Live}
        );
        // What is gone already need not go.
        return change_told(person, kAppointments, gone, come) || change_told(person, kAppointments, {}, come);
    });
}

void AvailabilityIndex::set_person(const Staff& staff) {
    impl_->change(staff.id, [&](PersonBusy& person) {
        const bool other_capacity = person.staff.capacity != staff.capacity;
        person.staff = staff;
        if (other_capacity) refresh_taken(person, all_of(told_in(person, kAppointments), nullptr));
        return true;
    });
}

void AvailabilityIndex::remove_person(const StaffId& id) {
    const std::lock_guard one_writer(impl_->writer_of(id));
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

std::vector<BusyInterval> busy_within(const PersonBusy& person, Interval window) {
    std::vector<BusyInterval> found;
    if (window.start >= window.end) return found;
    const int lists = person.external->add_within(window, found) + person.taken->add_within(window, found);
    return lists > 1 ? merged(std::move(found)) : found;
}

std::vector<BusyInterval> external_within(const PersonBusy& person, Interval window) {
    std::vector<BusyInterval> found;
    if (window.start >= window.end) return found;
    return person.external->add_within(window, found) > 1 ? merged(std::move(found)) : found;
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
    // The clocks change on few days; on the others the zone is asked once.
    const auto steady = zones.steady_offset({window.start - days{4}, window.end + days{4}}, staff.zone);
    const auto instant = [&](local_days day, int minute) {
        const LocalSeconds local = LocalSeconds{day} + minutes{minute};
        return steady ? Instant{local.time_since_epoch()} - *steady : zones.to_instant(local, staff.zone);
    };
    for (auto day = first; day <= last; day += days{1}) {
        for (const WorkingHours& hours : hours_on(day, staff, always)) {
            const Instant start = instant(day, hours.start_minute), end = instant(day, hours.end_minute);
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
    const auto work = working_time(window, staff, zones);
    if (work.empty()) return free;
    const auto busy = busy_within(person, {work.front().start, work.back().end});
    auto next = busy.begin();
    for (const Interval& open : work) {
        Instant from = open.start;
        while (next != busy.end() && next->end <= open.start) ++next;
        for (auto at = next; at != busy.end() && at->start < open.end; ++at) {
            if (from < at->start) free.push_back({from, at->start});
            from = std::max(from, at->end);
        }
        if (from < open.end) free.push_back({from, open.end});
    }
    return free;
}

}  // namespace calgate
