#pragma once

#include <chrono>
#include <string>

namespace calgate::testing {

/// Habits that differ between answers of the real service, or that are not certain; each can be switched per test, and
/// by its name through the control endpoint of calgate-sim.
struct GoogleQuirks {
    std::size_t page = 0;                ///< Items on a page at most; 0: as maxResults says.
    bool empty_pages = false;            ///< Every page with items is followed by an empty one.
    bool short_listing_token = true;     ///< false: the last page has no nextSyncToken.
    bool bare_gone = false;              ///< 410 without a reason.
    bool bad_token_is_400 = true;        ///< A damaged sync token; false: 410.
    std::chrono::seconds token_life{0};  ///< Sync tokens older than this are 410; 0: they do not age.
    bool bare_stubs = false;             ///< Cancelled instances come with nothing but id and status.
    bool without_etags = false;
    bool weak_etags = false;
    bool etags_move_alone = false;        ///< A write to an instance changes its master's etag.
    bool limit_is_429 = false;            ///< Otherwise 403 userRateLimitExceeded.
    int calls_per_minute = 0;             ///< Of the user; 0: no limit.
    int project_calls_per_minute = 0;     ///< Of all users, whose calls are these; Google says 10000; 0: no limit.
    std::chrono::seconds date_ahead{0};   ///< Of the Date header before the service's clock.
    std::chrono::seconds date_behind{0};  ///< And behind it.
    int most_invitations = 0;          ///< After so many, writes with guests are quotaExceeded for hours; 0: no limit.
    std::size_t batch_limit = 1000;    ///< Parts of a batch.
    bool batch_reversed = false;       ///< Its answers come in another order than its parts.
    std::size_t batch_leaves_out = 0;  ///< So many of a batch's last parts are done, and their answers missing.
    bool sync_message_first = true;    ///< A channel's "sync" comes before the answer to events.watch; false: after it.
    bool notifies_at_once = false;     ///< To the receiver before the write's own answer; false: when delivered.
    bool double_notifications = false, lose_notifications = false;
    bool shuffles_notifications = false;  ///< What waits is delivered from its end.
    bool delivers_after_stop = false;     ///< A stopped channel goes on until it expires.
    std::string free_busy_error{};        ///< reason inside an answer about free and busy times.
    bool rotates_refresh_tokens = false;
    bool testing_mode = false;          ///< The consent screen is in "Testing": grants die after seven days.
    bool token_endpoint_fails = false;  ///< 500 internal_failure.
    bool denies_consent = false;        ///< error=access_denied.
    std::string granted_scopes{};       ///< Instead of what was asked for.
    bool restores_deleted = false;      ///< PATCH or PUT brings a deleted event back; false: 403.
};

/// @param value "true", "50" (of times: seconds) or a text. Throws std::invalid_argument for a name that there is not
/// and a value that does not fit; nothing is changed then.
void set_google_quirk(GoogleQuirks&, const std::string& name, const std::string& value);

}  // namespace calgate::testing
