#include "core/recurrence.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/recurrence_walk.hpp"

namespace calgate {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr int kPeriodsBetweenClockReads = 64;
constexpr days kMaxReach{400};
constexpr std::int64_t kStepCost = 16;  // In periods that name no date: they are that much cheaper.

/// Where one occurrence comes from while the set is put together.
struct Planned {
    LocalSeconds start{};  ///< Wall time in the master's own terms.
    const EventInstance* instance{};
    std::optional<When> own_id{};     ///< RDATE, in its own zone.
    std::optional<When> own_start{};  ///< Where a change of this and later occurrences moved it.
    std::optional<When> own_end{};    ///< RDATE period.
};

class Expander {
public:
    Expander(
        const Event& event,
        Interval window,
        const ZoneResolver& zones,
        const std::string& zone,
        const Clock& clock,
        const ExpansionBudget& budget
    )
        : event_(event),
          window_(window),
          zones_(zones),
          zone_(zone),
          clock_(clock),
          budget_(budget),
          deadline_(clock.steady() + budget.time),
          reach_(reach()),
          last_(zones.to_local(window.end + reach_, wall_zone())) {}

    Expansion run() {
        if (event_.has_master) {
            plan_master();
            remove_excluded();
        }
        shift_future();
        for (const EventInstance& instance : event_.overrides) {
            if (!instance.recurrence_id) continue;
            const Instant key = key_of(*instance.recurrence_id);
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
            out_.warnings.push_back(
                "The event occurs more than " + std::to_string(budget_.occurrences) +
                " times in the time looked at; later occurrences are not in the answers."
            );
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

    std::string wall_zone() const {
        switch (event_.master.start.kind) {
            case When::Kind::Utc:
                return "UTC";
            case When::Kind::Zoned:
                return event_.master.start.zone;
            case When::Kind::Date:
            case When::Kind::Floating:
                return zone_;
        }
        return zone_;
    }

    /// How far from its place in the rule an occurrence can still touch the window: its length, and what a change of
    /// this and all later occurrences moves it by.
    seconds reach() const {
        const auto length = [](const EventInstance& i) {
            return std::max<seconds>(
                i.end.local - i.start.local, i.exact_duration.value_or(seconds{0}) + i.nominal_days
            );
        };
        seconds longest = length(event_.master);
        seconds shift{0};
        for (const EventInstance& instance : event_.overrides) {
            if (!instance.this_and_future || !instance.recurrence_id) continue;
            longest = std::max(longest, length(instance));
            shift = std::max<seconds>(shift, std::chrono::abs(instance.start.local - instance.recurrence_id->local));
        }
        return std::clamp<seconds>(longest, seconds{0}, kMaxReach) + std::min<seconds>(shift, kMaxReach) + days{2};
    }

    void plan(LocalSeconds local) { planned_.try_emplace(instant(local), Planned{local, &event_.master, {}, {}, {}}); }

    void plan_master() {
        plan(event_.master.start.local);
        for (const std::string& rule : event_.master.rules) {
            walk(rule, [&](LocalSeconds local) { plan(local); });
        }
        for (const ExtraDate& extra : event_.master.extra_dates) {
            const Instant key = zones_.to_instant(extra.start, zone_);
            planned_.try_emplace(key, Planned{extra.start.local, &event_.master, extra.start, {}, extra.end});
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

    /// The occurrence an override replaces: by instant, or by its day where only one of the two has a clock.
    Instant key_of(const When& id) const {
        const Instant exact = zones_.to_instant(id, zone_);
        if (planned_.contains(exact) || (id.kind == When::Kind::Date) == date_only()) return exact;
        const LocalSeconds local = id.kind == When::Kind::Date ? id.local : zones_.to_local(exact, wall_zone());
        for (const auto& [key, plan] : planned_) {
            if (std::chrono::floor<days>(plan.start) == std::chrono::floor<days>(local)) return key;
        }
        return exact;
    }

    /// `instant` in the terms of `like`.
    LocalSeconds local_like(const When& id, const When& like) const {
        // A wall time that a clock change leaves out stays what the rule says, or the move would count from elsewhere.
        if (id.kind == like.kind && id.zone == like.zone) return id.local;
        switch (like.kind) {
            case When::Kind::Date:
                return LocalSeconds{std::chrono::floor<days>(id.local)};
            case When::Kind::Utc:
                return LocalSeconds{zones_.to_instant(id, zone_).time_since_epoch()};
            case When::Kind::Floating:
                return id.kind == When::Kind::Date ? id.local : zones_.to_local(zones_.to_instant(id, zone_), zone_);
            case When::Kind::Zoned:
                return zones_.to_local(zones_.to_instant(id, zone_), like.zone);
        }
        return id.local;
    }

    void shift_future() {
        std::vector<std::pair<Instant, const EventInstance*>> changes;
        for (const EventInstance& instance : event_.overrides) {
            if (instance.recurrence_id && instance.this_and_future)
                changes.emplace_back(key_of(*instance.recurrence_id), &instance);
        }
        std::sort(changes.begin(), changes.end());
        for (const auto& [from, instance] : changes) {
            const auto shift = instance->start.local - local_like(*instance->recurrence_id, instance->start);
            for (auto& [key, plan] : planned_) {
                if (key <= from) continue;
                const When id = plan.own_id.value_or(at(plan.start));
                plan.instance = instance;
                When moved = instance->start;
                moved.local = local_like(id, instance->start) + shift;
                plan.own_start = moved;
                plan.own_end.reset();
            }
        }
    }

    void emit_planned(Instant key, const Planned& plan) {
        if (out_.occurrences.size() > static_cast<std::size_t>(budget_.occurrences)) return;
        emit(*plan.instance, key, plan.own_start.value_or(plan.own_id.value_or(at(plan.start))), plan.own_end);
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
            return zones_.to_local(Instant{until.local.time_since_epoch()}, wall_zone());
        }
        if (date_only()) return LocalSeconds{std::chrono::floor<days>(until.local)};
        return until.local;
    }

    void warn_truncated(const std::string& text) {
        out_.truncated = true;
        out_.warnings.push_back(
            "The repetition rule " + text.substr(0, 80) +
            " has more occurrences than are looked at; the rest of it is not in the answers."
        );
    }

    template <class F>
    void walk(const std::string& text, F&& found) {
        const auto rule = read_recurrence_rule(text, date_only());
        if (!rule) {
            out_.warnings.push_back(rule.error().detail);
            return;
        }
        if (!rule->warning.empty()) out_.warnings.push_back(rule->warning);
        const LocalSeconds begin = event_.master.start.local;
        RecurrenceWalk walk(*rule, begin, date_only());
        if (!rule->count) walk.skip_to(zones_.to_local(window_.start - reach_, wall_zone()));
        const auto until = until_of(*rule);
        std::int64_t produced = 0;
        std::int64_t cost = 0;
        std::vector<LocalSeconds> candidates;
        for (std::int64_t period = 0; walk.next(candidates); ++period) {
            cost += std::max<std::int64_t>(1, kStepCost * static_cast<std::int64_t>(candidates.size()));
            const bool late = period % kPeriodsBetweenClockReads == 0 && clock_.steady() > deadline_;
            if (late || cost > budget_.steps * kStepCost) return warn_truncated(text);
            for (const LocalSeconds local : candidates) {
                if (local < begin) continue;
                if (until && local > *until) return;
                if (rule->count && ++produced > *rule->count) return;
                if (instant(local) >= window_.end + reach_) return;
                found(local);
            }
            if (candidates.empty() && period % kPeriodsBetweenClockReads == 0 && walk.beyond(last_)) return;
        }
    }

    const Event& event_;
    Interval window_;
    const ZoneResolver& zones_;
    const std::string& zone_;
    const Clock& clock_;
    const ExpansionBudget& budget_;
    SteadyInstant deadline_;
    seconds reach_;
    LocalSeconds last_;  ///< Wall time after which no occurrence matters.
    std::map<Instant, Planned> planned_{};
    Expansion out_{};
};

}  // namespace

Expansion expand(
    const Event& event,
    Interval window,
    const ZoneResolver& zones,
    const std::string& zone,
    const Clock& clock,
    const ExpansionBudget& budget
) {
    return Expander(event, window, zones, zone, clock, budget).run();
}

}  // namespace calgate
