#include "core/slots.hpp"

#include <algorithm>
#include <bit>
#include <map>

namespace calgate {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

/// The grid of one zone over a window: for each local day the instants of its midnight and of the next.
class Grid {
public:
    Grid(Interval window, minutes step, const std::string& zone, const ZoneResolver& zones)
        : step_(step),
          zone_(zone),
          zones_(zones),
          first_(std::chrono::floor<days>(zones.to_local(window.start, zone))) {
        const auto last = std::chrono::floor<days>(zones.to_local(window.end, zone)) + days{1};
        for (auto day = first_; day <= last; day += days{1})
            midnights_.push_back(zones.to_instant(LocalSeconds{day}, zone));
    }

    /// Calls `f` for every grid point within [from, to].
    template <class F>
    void each(Instant from, Instant to, F&& f) const {
        const auto after = std::upper_bound(midnights_.begin(), midnights_.end(), from);
        std::size_t day = after == midnights_.begin() ? 0 : static_cast<std::size_t>(after - midnights_.begin()) - 1;
        for (; day + 1 < midnights_.size() && midnights_[day] <= to; ++day) {
            const Instant midnight = midnights_[day];
            if (midnights_[day + 1] - midnight == hours{24}) {
                const auto skipped = from > midnight ? (from - midnight + step_ - std::chrono::seconds{1}) / step_ : 0;
                for (Instant at = midnight + skipped * step_; at <= to && at < midnights_[day + 1]; at += step_) f(at);
            } else {
                each_of_odd_day(day, from, to, f);
            }
        }
    }

private:
    template <class F>
    void each_of_odd_day(std::size_t day, Instant from, Instant to, F&& f) const {
        const LocalSeconds midnight{first_ + days{static_cast<int>(day)}};
        for (minutes past{0}; past < hours{24}; past += step_) {
            const Instant at = zones_.to_instant(midnight + past, zone_);
            if (zones_.to_local(at, zone_) != midnight + past) continue;  // Left out by the clock change.
            if (at >= from && at <= to) f(at);
        }
    }

    minutes step_;
    const std::string& zone_;
    const ZoneResolver& zones_;
    std::chrono::local_days first_;
    std::vector<Instant> midnights_{};
};

/// Where a slot of the service may begin, so that it and its buffers fit: closed ranges, in order.
template <class F>
void each_start_range(const SlotQuestion& question, const PersonBusy& person, const ZoneResolver& zones, F&& f) {
    const Service& service = question.service;
    const Interval reach{question.window.start, question.window.end + service.duration};
    for (const Interval& open : working_time(reach, person.staff, zones)) {
        const Interval around{open.start - service.buffer_before, open.end + service.buffer_after};
        const Instant last = open.end - service.duration;
        Instant free_from = around.start;
        const auto gap = [&](Instant free_to) {
            const Instant from = std::max(free_from + service.buffer_before, open.start);
            const Instant to = std::min(free_to - service.buffer_after - service.duration, last);
            if (from <= to) f(from, to);
        };
        for (const BusyInterval& busy : busy_within(person, around)) {
            if (free_from < busy.start) gap(busy.start);
            free_from = std::max(free_from, busy.end);
        }
        if (free_from < around.end) gap(around.end);
    }
}

/// @return the window within notice and horizon; empty when nothing is left.
Interval bookable(const SlotQuestion& question) {
    const Service& service = question.service;
    Interval window = question.window;
    window.start = std::max(window.start, question.now + service.notice);
    if (service.horizon.count() > 0) window.end = std::min(window.end, question.now + service.horizon);
    return window;
}

}  // namespace

std::vector<Slot> slots_for(const SlotQuestion& asked, const ZoneResolver& zones) {
    SlotQuestion question = asked;
    question.window = bookable(asked);
    const Interval window = question.window;
    if (window.start >= window.end) return {};
    std::map<std::string, Grid> grids;
    // Every grid point is a whole minute of UTC, so a minute's place in the window stands for it.
    const Instant origin = std::chrono::floor<minutes>(window.start);
    std::vector<std::uint64_t> free(static_cast<std::size_t>((window.end - origin) / minutes{1}) + 1);
    for (std::size_t n = 0; n < question.people.size() && n < kMostSlotPeople; ++n) {
        const PersonBusy& person = *question.people[n];
        const std::string& zone = question.all == 0 ? person.staff.zone : question.people.front()->staff.zone;
        const Grid& grid = grids.try_emplace(zone, window, question.service.step, zone, zones).first->second;
        each_start_range(question, person, zones, [&](Instant from, Instant to) {
            const Instant last = std::min(to, window.end - std::chrono::seconds{1});
            grid.each(std::max(from, window.start), last, [&](Instant at) {
                free[static_cast<std::size_t>((at - origin) / minutes{1})] |= std::uint64_t{1} << n;
            });
        });
    }
    std::vector<Slot> slots;
    const bool choice = static_cast<std::size_t>(std::popcount(question.all)) < question.people.size();
    for (std::size_t minute = 0; minute < free.size(); ++minute) {
        if (free[minute] == 0 || (free[minute] & question.all) != question.all) continue;
        if (choice && (free[minute] & ~question.all) == 0) continue;
        const Instant start = origin + minutes{minute};
        slots.push_back({start, start + question.service.duration, free[minute]});
    }
    return slots;
}

Load load_of(const PersonBusy& person, Instant start, const ZoneResolver& zones) {
    Load load;
    load.staff = person.staff.id;
    const auto appointments = person.by_source.find("appointments");
    if (appointments == person.by_source.end()) return load;
    const std::string& zone = person.staff.zone;
    const auto day = std::chrono::floor<days>(zones.to_local(start, zone));
    const auto midnight = [&](int later) { return zones.to_instant(LocalSeconds{day + days{later}}, zone); };
    const Interval today{midnight(0), midnight(1)}, week{midnight(-3), midnight(4)};
    load.that_day = appointments->second->count_beginning(today);
    load.that_week = appointments->second->count_beginning(week);
    return load;
}

std::vector<Load> fairest_first(std::vector<Load> free) {
    std::sort(free.begin(), free.end(), [](const Load& a, const Load& b) {
        return std::tie(a.that_day, a.that_week, a.staff) < std::tie(b.that_day, b.that_week, b.staff);
    });
    return free;
}

std::string why_chosen(const std::vector<Load>& ranked) {
    const Load& first = ranked.front();
    if (ranked.size() == 1) return first.staff.value + " is the only one who is free.";
    const auto count = [](int n) { return std::to_string(n) + (n == 1 ? " appointment" : " appointments"); };
    const std::string of = " of " + std::to_string(ranked.size()) + " who are free.";
    if (first.that_day < ranked[1].that_day)
        return first.staff.value + " has " + count(first.that_day) + " that day, the fewest" + of;
    if (first.that_week < ranked[1].that_week)
        return first.staff.value + " has " + count(first.that_week) + " in the days around it, the fewest" + of;
    return first.staff.value + " has as few as the others and comes first by name," + of;
}

}  // namespace calgate
