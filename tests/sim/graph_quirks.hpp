#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace calgate::testing {

/// What a POST with a transactionId that was seen before is answered with.
enum class RepeatedTransaction : std::uint8_t {
    Error400,
    Error409,
    Error409WithId,
    Existing201,
    Existing200,
    Forgotten
};
/// What a delta token that is dead is answered with.
enum class DeadToken : std::uint8_t {
    Gone410,
    Gone410LowerCase,
    ResyncRequired,
    BadRequest400,
    MalformedId400,
    NotFound404
};

/// Habits of Microsoft Graph that differ between reports, each switchable per test, and by its name through the control
/// endpoint of calgate-sim.
struct GraphQuirks {
    std::string name{};
    RepeatedTransaction repeated = RepeatedTransaction::Error400;
    DeadToken dead_token = DeadToken::Gone410;
    bool ignores_if_match = false;
    bool overlap_is_409 = false;    ///< A write with a stale If-Match is 409 instead of 412.
    bool rewrites_bodies = false;   ///< Runs of blanks and empty lines shrink, also in text.
    bool custom_zones = false;      ///< originalStartTimeZone is tzone://Microsoft/Custom.
    bool lists_exceptions = false;  ///< /events names exceptions as well.
    bool empty_delta_pages = false;
    bool delta_doubles = false;  ///< Every item twice in a round.
    bool replays_last_round = false;
    bool loses_deletions = false;       ///< No tombstone in delta.
    bool removed_as_changed = false;    ///< The reason of a tombstone is "changed".
    std::chrono::seconds delta_lag{};   ///< How far delta lags behind writes.
    std::chrono::seconds token_life{};  ///< Of a delta or skip token; 0: for ever.
    int token_generations = 0;          ///< A delta token dies when so many newer ones were made; 0: it does not.
    bool refuses_events_delta = false;
    bool refuses_icaluid_filter = false;
    bool throttles_with_503 = false;
    bool tells_retry_after = true;
    bool is_personal = false;               ///< No work or school account: it has no schedule.
    bool personal_schedule_is_400 = false;  ///< Which is told by 400 instead of 403.
    std::string schedule_error{};           ///< responseCode inside an answer about free and busy times.
    int calls_per_minute = 0;               ///< Of the mailbox; 0: no limit.
    int calls_per_ten_minutes = 0;          ///< Of the mailbox; Microsoft says 10000; 0: no limit.
    bool early_calls_prolong = false;       ///< A call before Retry-After is over begins the wait anew.
    bool cuts_long_subscriptions = false;   ///< A life over the maximum is cut instead of refused.
    bool validates_renewals = false;        ///< The handshake also on PATCH.
    bool doubles_notes = false;
    bool loses_notes = false;           ///< None is ever sent.
    std::chrono::seconds note_delay{};  ///< From a change to its notification.
    /// An address that was slow to more than 10 % of ten minutes' notifications waits ten minutes for each; from 15 %
    /// on, new ones are dropped. How many it takes for that nobody says: here one is enough.
    bool minds_slow_receivers = false;
    bool shuffles_notes = false;
    bool notes_before_answers = false;  ///< Notifications are delivered before the write is answered.
    bool exceptions_inherit_properties = false;
    bool denies_mailbox = false;  ///< 403 "Access to OData is disabled."
    bool lacks_mailbox = false;   ///< 404 MailboxNotEnabledForRESTAPI.
    std::string sign_in_error{};  ///< What /authorize answers instead of a code: "access_denied", "consent_required".
    std::size_t batch_leaves_out = 0;  ///< So many of a batch's last parts are done, and their answers missing.
    std::size_t default_page = 10;
    std::size_t largest_page = 1000;
};

/// "plain", "dup_409", "dup_existing", "small_pages", "sloppy", "rewriting". Asserts for any other name.
GraphQuirks graph_quirks_of(const std::string& profile);

/// @param value "true", "50" (of times: seconds), the name of a dialect ("error_409", "resync_required") or a text.
/// Throws std::invalid_argument for a name that there is not and a value that does not fit; nothing is changed then.
void set_graph_quirk(GraphQuirks&, const std::string& name, const std::string& value);

}  // namespace calgate::testing
