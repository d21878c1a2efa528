#include "tests/sim/graph_quirks.hpp"

#include <map>
#include <variant>

#include "core/result.hpp"
#include "tests/sim/quirk_switch.hpp"

namespace calgate::testing {

void take_quirk(RepeatedTransaction& into, const std::string& value) {
    using R = RepeatedTransaction;
    static const std::map<std::string, R> kNames{
        {"error_400", R::Error400},
        {"error_409", R::Error409},
        {"error_409_with_id", R::Error409WithId},
        {"existing_201", R::Existing201},
        {"existing_200", R::Existing200},
        {"forgotten", R::Forgotten}};
    take_named_quirk(into, kNames, value);
}

void take_quirk(DeadToken& into, const std::string& value) {
    using D = DeadToken;
    static const std::map<std::string, D> kNames{
        {"gone_410", D::Gone410},
        {"gone_410_lower_case", D::Gone410LowerCase},
        {"resync_required", D::ResyncRequired},
        {"bad_request_400", D::BadRequest400},
        {"malformed_id_400", D::MalformedId400},
        {"not_found_404", D::NotFound404}};
    take_named_quirk(into, kNames, value);
}

namespace {

using GraphMember = std::variant<
    bool GraphQuirks::*,
    int GraphQuirks::*,
    std::size_t GraphQuirks::*,
    std::chrono::seconds GraphQuirks::*,
    std::string GraphQuirks::*,
    RepeatedTransaction GraphQuirks::*,
    DeadToken GraphQuirks::*>;

const std::map<std::string, GraphMember>& graph_members() {
    using Q = GraphQuirks;
    static const std::map<std::string, GraphMember> all{
        {"repeated", &Q::repeated},
        {"dead_token", &Q::dead_token},
        {"ignores_if_match", &Q::ignores_if_match},
        {"overlap_is_409", &Q::overlap_is_409},
        {"rewrites_bodies", &Q::rewrites_bodies},
        {"custom_zones", &Q::custom_zones},
        {"lists_exceptions", &Q::lists_exceptions},
        {"empty_delta_pages", &Q::empty_delta_pages},
        {"delta_doubles", &Q::delta_doubles},
        {"replays_last_round", &Q::replays_last_round},
        {"loses_deletions", &Q::loses_deletions},
        {"removed_as_changed", &Q::removed_as_changed},
        {"delta_lag", &Q::delta_lag},
        {"token_life", &Q::token_life},
        {"token_generations", &Q::token_generations},
        {"refuses_events_delta", &Q::refuses_events_delta},
        {"refuses_icaluid_filter", &Q::refuses_icaluid_filter},
        {"throttles_with_503", &Q::throttles_with_503},
        {"tells_retry_after", &Q::tells_retry_after},
        {"is_personal", &Q::is_personal},
        {"personal_schedule_is_400", &Q::personal_schedule_is_400},
        {"schedule_error", &Q::schedule_error},
        {"calls_per_minute", &Q::calls_per_minute},
        {"calls_per_ten_minutes", &Q::calls_per_ten_minutes},
        {"early_calls_prolong", &Q::early_calls_prolong},
        {"cuts_long_subscriptions", &Q::cuts_long_subscriptions},
        {"validates_renewals", &Q::validates_renewals},
        {"doubles_notes", &Q::doubles_notes},
        {"loses_notes", &Q::loses_notes},
        {"note_delay", &Q::note_delay},
        {"minds_slow_receivers", &Q::minds_slow_receivers},
        {"shuffles_notes", &Q::shuffles_notes},
        {"notes_before_answers", &Q::notes_before_answers},
        {"exceptions_inherit_properties", &Q::exceptions_inherit_properties},
        {"denies_mailbox", &Q::denies_mailbox},
        {"lacks_mailbox", &Q::lacks_mailbox},
        {"sign_in_error", &Q::sign_in_error},
        {"batch_leaves_out", &Q::batch_leaves_out},
        {"default_page", &Q::default_page},
        {"largest_page", &Q::largest_page},
    };
    return all;
}

}  // namespace

void set_graph_quirk(GraphQuirks& quirks, const std::string& name, const std::string& value) {
    switch_quirk(quirks, graph_members(), "Graph", name, value);
}

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
