#pragma once

#include <vector>

#include "core/recurrence_rule.hpp"

namespace calgate {

/// Walks a rule period by period in wall time. One period costs at most the days of a year, whatever the rule says,
/// so a caller that counts periods cannot hang. COUNT and UNTIL are the caller's.
class RecurrenceWalk {
public:
    /// @param rule outlives the walk.
    RecurrenceWalk(const RecurrenceRule& rule, LocalSeconds start, bool date_only);

    /// Goes on with a period that lies at or before `local`. Not for rules with COUNT.
    void skip_to(LocalSeconds local);
    /// The candidates of the next period, sorted, those before the start included; often none.
    /// @return false after the year 9999.
    bool next(std::vector<LocalSeconds>& candidates);
    /// Does the next period begin after `local`?
    bool beyond(LocalSeconds local) const { return LocalSeconds{first_day().time_since_epoch()} > local; }

private:
    std::chrono::sys_days first_day() const;
    void collect_days(std::chrono::sys_days first);
    void collect_month(std::chrono::year_month month);
    bool matches(std::chrono::year_month_day date) const;
    bool matches_start(std::chrono::year_month_day date) const;
    bool is_listed_day(std::chrono::year_month_day date) const;

    const RecurrenceRule& rule_;
    LocalSeconds start_;
    std::chrono::year_month_day start_date_;
    std::int64_t period_ = 0;
    std::vector<std::chrono::seconds> clocks_{};
    std::vector<std::chrono::sys_days> days_{};
};

}  // namespace calgate
