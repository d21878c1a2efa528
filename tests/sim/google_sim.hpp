#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"
#include "core/zone.hpp"
#include "tests/sim/caldav_sim.hpp"
#include "tests/sim/google_quirks.hpp"

namespace calgate::testing {

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
    /// The owner shares the calendar in another way; every sync token of it is 410 then.
    void set_role(const std::string& calendar, const std::string& role);
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
    /// @param delegated_scopes that an administrator lets it use for a person, space between them; empty: none.
    void register_service_account(
        const std::string& email, const std::string& public_key_pem, const std::string& delegated_scopes
    );
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
    /// Where notifications go; unset: they wait to be taken.
    void set_receiver(std::function<http::Response(const GoogleNotification&)>);
    /// Sends the notifications that are due. 500, 502, 503 and 504 are tried again after 10 s, 20 s, 40 s and so on, at
    /// most `kTries` times and until the channel ends; any other refusal is not. @return how many were accepted.
    int deliver();
    std::vector<GoogleNotification> take_notifications();  ///< All that wait, instead of delivering them.
    static constexpr int kTries = 6;

    struct State;

private:
    std::unique_ptr<State> state_;
};

}  // namespace calgate::testing
