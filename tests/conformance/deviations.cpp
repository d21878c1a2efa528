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
        {"xandikos",
         "a_backslash_before_n_round_trips",
         "Xandikos 0.2.8 stores an escaped backslash before n as a line break."},
    };
}

}  // namespace calgate::testing
