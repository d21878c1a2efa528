#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"
#include "core/zone.hpp"
#include "tests/sim/caldav_sim.hpp"

namespace calgate::testing {

/// Habits that differ between answers of the real service, or that are not certain; each can be switched per test.
struct GoogleQuirks {
    std::size_t page = 0;             ///< Items on a page at most; 0: as maxResults says.
    bool empty_pages = false;         ///< Every page with items is followed by an empty one.
    bool short_listing_token = true;  ///< false: the last page has no nextSyncToken.
    bool bare_gone = false;           ///< 410 without a reason.
    bool bad_token_is_400 = true;     ///< A damaged sync token; false: 410.
    bool bare_stubs = false;          ///< Cancelled instances come with nothing but id and status.
    bool without_etags = false;
    bool weak_etags = false;
    bool etags_move_alone = false;     ///< A write to an instance changes its master's etag.
    bool limit_is_429 = false;         ///< Otherwise 403 userRateLimitExceeded.
    int calls_per_minute = 0;          ///< 0: no limit.
    std::size_t batch_leaves_out = 0;  ///< So many of a batch's last parts are done, and their answers missing.
    bool sync_message_first = true;    ///< A channel's "sync" comes before the answer to events.watch.
    bool double_notifications = false, lose_notifications = false;
    std::string free_busy_error{};  ///< reason inside an answer about free and busy times.
    bool rotates_refresh_tokens = false;
    bool token_endpoint_fails = false;  ///< 500 internal_failure.
    bool denies_consent = false;        ///< error=access_denied.
    std::string granted_scopes{};       ///< Instead of what was asked for.
};

/// A notification as it would be posted; its body is empty.
struct GoogleNotification {
    std::string address{};
    http::Headers headers{};
};

/// Google Calendar API v3 and its authorization server for one account, in this process, with the given clock and
/// without chance. Routes by path, so it answers under any host: /calendar/v3/…, /batch/calendar/v3, /token, /revoke,
/// /o/oauth2/v2/auth. One thread.
class GoogleSim final : public http::HttpTransport {
public:
    GoogleSim(const Clock&, const ZoneResolver&);
    ~GoogleSim() override;
    GoogleSim(const GoogleSim&) = delete;
    GoogleSim& operator=(const GoogleSim&) = delete;

    Result<http::Response> send(const http::Request&, const Context&) override;
    GoogleQuirks& quirks();  ///< Changes count from the next request on.

    static std::string owner();  ///< Address of the account; also the id of its primary calendar.
    static std::string client_id();
    static std::string client_secret();

    /// @return the calendar's id. @param role as accessRole says it.
    std::string make_calendar(const std::string& name, const std::string& role = "owner");
    void remove_calendar(const std::string& id);
    /// As another program would with full rights, under an id of its choice; replaces what is there. Members that the
    /// service makes are added. @param json an event resource.
    void put(const std::string& calendar, const std::string& id, const std::string& json);
    void erase(const std::string& calendar, const std::string& id);
    /// What is stored; empty when nothing is. Cancelled ones are stored too.
    std::string text(const std::string& calendar, const std::string& id) const;
    std::vector<std::string> ids(const std::string& calendar) const;  ///< Of what is not cancelled.

    std::string issue_access_token(const std::string& scopes = "https://www.googleapis.com/auth/calendar");
    std::string issue_refresh_token(const std::string& scopes = "https://www.googleapis.com/auth/calendar");
    void revoke_everything();  ///< The person removed our access.
    void register_service_account(const std::string& email, const std::string& public_key_pem, bool delegated);
    void register_redirect(const std::string& uri);  ///< Once one is registered, no other is accepted.

    void fail_next(SimFault);
    /// An error body of the service instead of the next answer. @param times -1: until `clear_faults`.
    void refuse_next(int status, const std::string& reason, const std::string& method = {}, int times = 1);
    void clear_faults();
    void set_down(bool down);
    void forget_tokens();  ///< Sync tokens handed out so far are 410 from now on.

    const std::vector<SeenRequest>& requests() const;
    const std::vector<std::string>& bodies() const;  ///< Of the same requests.
    int mails_sent() const;
    std::vector<GoogleNotification> take_notifications();

    struct State;

private:
    std::unique_ptr<State> state_;
};

}  // namespace calgate::testing
