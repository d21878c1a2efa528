#include "core/recurrence.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/ical_handle.hpp"
#include "core/recurrence_rule.hpp"

namespace calgate {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr int kStepsBetweenClockReads = 16;

icaltimetype to_ical(LocalSeconds local, bool date_only) {
    const auto midnight = std::chrono::floor<days>(local);
    const std::chrono::year_month_day date{std::chrono::sys_days{midnight.time_since_epoch()}};
    const std::chrono::hh_mm_ss clock{local - midnight};
    icaltimetype time = icaltime_null_time();
    time.year = static_cast<int>(date.year());
    time.month = static_cast<int>(static_cast<unsigned>(date.month()));
    time.day = static_cast<int>(static_cast<unsigned>(date.day()));
    time.is_date = date_only ? 1 : 0;
    if (!date_only) {
        time.hour = static_cast<int>(clock.hours().count());
        time.minute = static_cast<int>(clock.minutes().count());
        time.second = static_cast<int>(clock.seconds().count());
    }
    return time;
}

LocalSeconds from_ical(const icaltimetype& time) {
    const std::chrono::sys_days date{
        std::chrono::year{time.year} / time.month / std::chrono::day{static_cast<unsigned>(time.day)}};
    LocalSeconds local{date.time_since_epoch()};
    if (!time.is_date) local += std::chrono::hours{time.hour} + std::chrono::minutes{time.minute} + seconds{time.second};
    return local;
}

struct FreeIterator {
    void operator()(icalrecur_iterator* iterator) const { icalrecur_iterator_free(iterator); }
};

/// Where one occurrence comes from while the set is put together.
struct Planned {
    LocalSeconds start{};               ///< Wall time in the master's own terms.
    const EventInstance* instance{};
    std::optional<When> own_start{};    ///< RDATE in another zone than the master's.
    std::optional<When> own_end{};      ///< RDATE period.
};

class Expander {
public:
    Expander(
        const Event& event, Interval window, const ZoneResolver& zones, const std::string& zone, const Clock& clock,
        const ExpansionBudget& budget
    )
        : event_(event), window_(window), zones_(zones), zone_(zone), clock_(clock), budget_(budget),
          deadline_(clock.steady() + budget.time) {}

    Expansion run() {
        if (event_.has_master) {
            plan_master();
            remove_excluded();
        }
        shift_future();
        for (const EventInstance& instance : event_.overrides) {
            if (!instance.recurrence_id) continue;
            const Instant key = zones_.to_instant(*instance.recurrence_id, zone_);
            planned_.erase(key);
            emit(instance, key, instance.start, std::nullopt);
        }
        for (const auto& [key, plan] : planned_) emit_planned(key, plan);
        std::sort(out_.occurrences.begin(), out_.occurrences.end(), [](const Occurrence& a, const Occurrence& b) {
            return std::tie(a.start, a.end, a.key) < std::tie(b.start, b.end, b.key);
        });
        if (out_.occurrences.size() > static_cast<std::size_t>(budget_.occurrences)) {
            out_.occurrences.resize(static_cast<std::size_t>(budget_.occurrences));
            out_.truncated = true;
        }
        return std::move(out_);
    }

private:
    bool date_only() const { return event_.master.start.kind == When::Kind::Date; }

    When at(LocalSeconds local) const {
        When when = event_.master.start;
        when.local = local;
        return when;
    }

    Instant instant(LocalSeconds local) const { return zones_.to_instant(at(local), zone_); }

    seconds longest() const {
        const auto wall = event_.master.end.local - event_.master.start.local;
        return std::max<seconds>(wall, event_.master.exact_duration.value_or(seconds{0})) + days{2};
    }

    void plan(LocalSeconds local) { planned_.try_emplace(instant(local), Planned{local, &event_.master, std::nullopt, std::nullopt}); }

    void plan_master() {
        plan(event_.master.start.local);
        for (const std::string& rule : event_.master.rules) {
            walk(rule, [&](LocalSeconds local) { plan(local); });
        }
        for (const ExtraDate& extra : event_.master.extra_dates) {
            const Instant key = zones_.to_instant(extra.start, zone_);
            planned_.try_emplace(key, Planned{extra.start.local, &event_.master, extra.start, extra.end});
        }
        for (const std::string& rule : event_.master.exclusion_rules) {
            walk(rule, [&](LocalSeconds local) { planned_.erase(instant(local)); });
        }
    }

    void remove_excluded() {
        for (const When& date : event_.master.excluded_dates) {
            if (date.kind != When::Kind::Date || date_only()) {
                planned_.erase(zones_.to_instant(date, zone_));
                continue;
            }
            // Exchange and Outlook exclude a timed occurrence by its day.
            std::erase_if(planned_, [&](const auto& entry) {
                return std::chrono::floor<days>(entry.second.start) == std::chrono::floor<days>(date.local);
            });
        }
    }

    void shift_future() {
        for (const EventInstance& instance : event_.overrides) {
            if (!instance.recurrence_id || !instance.this_and_future) continue;
            const Instant from = zones_.to_instant(*instance.recurrence_id, zone_);
            const auto shift = instance.start.local - instance.recurrence_id->local;
            for (auto& [key, plan] : planned_) {
                if (key <= from) continue;
                plan.instance = &instance;
                When moved = instance.start;
                moved.local = plan.start + shift;
                plan.own_start = moved;
            }
        }
    }

    void emit_planned(Instant key, const Planned& plan) {
        if (out_.occurrences.size() > static_cast<std::size_t>(budget_.occurrences)) return;
        emit(*plan.instance, key, plan.own_start.value_or(at(plan.start)), plan.own_end);
    }

    void emit(const EventInstance& instance, Instant key, const When& start, const std::optional<When>& own_end) {
        const Instant begins = zones_.to_instant(start, zone_);
        Instant ends = begins;
        if (own_end) {
            ends = zones_.to_instant(*own_end, zone_);
        } else if (instance.exact_duration) {
            When nominal = start;
            nominal.local += instance.nominal_days;
            ends = zones_.to_instant(nominal, zone_) + *instance.exact_duration;
        } else if (instance.end.kind == instance.start.kind && instance.end.zone == instance.start.zone) {
            When end = start;
            end.local += instance.end.local - instance.start.local;
            ends = zones_.to_instant(end, zone_);
        } else {
            ends = begins + (zones_.to_instant(instance.end, zone_) - zones_.to_instant(instance.start, zone_));
        }
        if (ends < begins) ends = begins;
        const bool inside = begins == ends ? window_.start <= begins && begins < window_.end
                                           : begins < window_.end && ends > window_.start;
        if (!inside) return;
        out_.occurrences.push_back({begins, ends, &instance, key, start.kind == When::Kind::Date});
    }

    std::optional<LocalSeconds> until_of(const RecurrenceRule& rule) const {
        if (!rule.until) return std::nullopt;
        const When& until = *rule.until;
        if (until.kind == When::Kind::Date) return until.local + (date_only() ? seconds{0} : seconds{86399});
        if (until.kind == When::Kind::Utc && event_.master.start.kind != When::Kind::Utc && !date_only()) {
            const std::string& zone = event_.master.start.kind == When::Kind::Zoned ? event_.master.start.zone : zone_;
            return zones_.to_local(Instant{until.local.time_since_epoch()}, zone);
        }
        if (date_only()) return LocalSeconds{std::chrono::floor<days>(until.local)};
        return until.local;
    }

    template <class F>
    void walk(const std::string& text, F&& found) {
        const auto rule = read_recurrence_rule(text, date_only());
        if (!rule) {
            out_.warnings.push_back(rule.error().detail);
            return;
        }
        const LocalSeconds begin = event_.master.start.local;
        icaltimetype start = to_ical(begin, date_only());
        const std::unique_ptr<icalrecur_iterator, FreeIterator> iterator(
            icalrecur_iterator_new(icalrecurrencetype_from_string(rule->iterated.c_str()), start)
        );
        if (!iterator) {
            out_.warnings.push_back("The repetition rule " + text + " names no date; only the first occurrence counts.");
            return;
        }
        const std::string& zone = event_.master.start.kind == When::Kind::Zoned ? event_.master.start.zone : zone_;
        const LocalSeconds from = zones_.to_local(window_.start - longest(), event_.master.start.kind == When::Kind::Utc ? "UTC" : zone);
        if (!rule->count && from > begin) icalrecur_iterator_set_start(iterator.get(), to_ical(from, date_only()));
        const auto until = until_of(*rule);
        std::int64_t produced = 0;
        for (std::int64_t step = 0;; ++step) {
            if (step >= budget_.steps || (step % kStepsBetweenClockReads == 0 && clock_.steady() > deadline_)) {
                out_.truncated = true;
                out_.warnings.push_back("The repetition rule " + text + " has more occurrences than are looked at; the rest of it is not in the answers.");
                return;
            }
            const icaltimetype time = icalrecur_iterator_next(iterator.get());
            if (icaltime_is_null_time(time)) return;
            const LocalSeconds local = from_ical(time);
            if (local < begin) continue;
            if (until && local > *until) return;
            if (rule->count && ++produced > *rule->count) return;
            if (instant(local) >= window_.end + days{1}) return;
            found(local);
        }
    }

    const Event& event_;
    Interval window_;
    const ZoneResolver& zones_;
    const std::string& zone_;
    const Clock& clock_;
    const ExpansionBudget& budget_;
    SteadyInstant deadline_;
    std::map<Instant, Planned> planned_{};
    Expansion out_{};
};

}  // namespace

Expansion expand(
    const Event& event, Interval window, const ZoneResolver& zones, const std::string& zone, const Clock& clock,
    const ExpansionBudget& budget
) {
    return Expander(event, window, zones, zone, clock, budget).run();
}

}  // namespace calgate
