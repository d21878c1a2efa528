#include "tests/conformance/rows.hpp"

namespace calgate::testing {

std::vector<Deviation> declared_deviations() {
    return {
        {"sim_sabre",
         "create_with_a_uid_under_another_name_is_refused",
         "Baikal stores two resources that share a UID."},
        {"sim_sogo",
         "find_event_under_another_name",
         "SOGo's text search finds nothing; only our own names are found."},
        {"google",
         "create_again_after_delete_under_the_same_name",
         "Google never frees an id; the next generation of the name is used (google_connector: "
         "a_deleted_event_keeps_its_id)."},
        {"google",
         "deleted_and_created_again_is_changed",
         "Google never frees an id, so the same name cannot come back."},
        {"google",
         "cancelled_status_round_trips",
         "At Google a cancelled event is a deleted one; such a create is refused."},
        {"google", "foreign_floating_time_stays_floating", "Google has no floating times; they become the calendar's."},
        {"xandikos",
         "a_backslash_before_n_round_trips",
         "Xandikos 0.2.8 stores an escaped backslash before n as a line break."},
    };
}

}  // namespace calgate::testing
