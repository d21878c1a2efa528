#include "core/policy.hpp"

namespace calgate {

ReconcilePolicy policy_of(const Business& business, const Calendar& calendar, const Policies& policies) {
    ReconcilePolicy out{
        business.concurrent_edits,
        business.deletions,
        calendar.copy_detail,
        policies.moved_onto,
        policies.moved_away,
        policies.duplicates,
        policies.masked_edits,
        policies.say_in_copy};
    auto found = policies.calendars.find(calendar.id.value);
    if (found == policies.calendars.end()) found = policies.calendars.find(calendar.name);
    if (found == policies.calendars.end()) return out;
    const PolicyOverrides& own = found->second;
    out.concurrent_edits = own.concurrent_edits.value_or(out.concurrent_edits);
    out.deletions = own.deletions.value_or(out.deletions);
    out.moved_onto = own.moved_onto.value_or(out.moved_onto);
    out.moved_away = own.moved_away.value_or(out.moved_away);
    out.duplicates = own.duplicates.value_or(out.duplicates);
    out.masked_edits = own.masked_edits.value_or(out.masked_edits);
    out.say_in_copy = own.say_in_copy.value_or(out.say_in_copy);
    return out;
}

}  // namespace calgate
