#include "tests/sim/graph_quirks.hpp"

#include "core/result.hpp"

namespace calgate::testing {

GraphQuirks graph_quirks_of(const std::string& profile) {
    GraphQuirks out;
    out.name = profile;
    if (profile == "plain") return out;
    if (profile == "dup_409") {
        out.repeated = RepeatedTransaction::Error409;
        out.dead_token = DeadToken::BadRequest400;
        out.overlap_is_409 = true;
        return out;
    }
    if (profile == "dup_existing") {
        out.repeated = RepeatedTransaction::Existing201;
        out.dead_token = DeadToken::ResyncRequired;
        return out;
    }
    if (profile == "small_pages") {
        out.largest_page = out.default_page = 3;
        out.empty_delta_pages = out.lists_exceptions = out.exceptions_inherit_properties = true;
        return out;
    }
    if (profile == "sloppy") {
        out.ignores_if_match = out.delta_doubles = out.replays_last_round = true;
        out.dead_token = DeadToken::MalformedId400;
        out.repeated = RepeatedTransaction::Forgotten;
        return out;
    }
    CALGATE_ASSERT(profile == "rewriting");
    out.rewrites_bodies = true;
    out.repeated = RepeatedTransaction::Error409WithId;
    out.dead_token = DeadToken::NotFound404;
    return out;
}

}  // namespace calgate::testing
