#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"
#include "core/zone.hpp"
#include "tests/sim/caldav_sim.hpp"
#include "tests/sim/graph_quirks.hpp"

namespace calgate::testing {

/// Microsoft Graph v1.0 calendars and the sign-in of Microsoft's identity platform, in this process and without time
/// or chance. Answers https://graph.microsoft.com/v1.0 and https://login.microsoftonline.com. One thread.
class GraphSim final : public http::HttpTransport {
public:
    GraphSim(const Clock&, const ZoneResolver&, GraphQuirks);
    ~GraphSim() override;
    GraphSim(const GraphSim&) = delete;
    GraphSim& operator=(const GraphSim&) = delete;

    /// Every SimFault kind; TruncatedXml cuts whatever body there is.
    Result<http::Response> send(const http::Request&, const Context&) override;
    GraphQuirks& quirks();  ///< Changes count from the next request on.

    /// A new access token of the mailbox's owner, good for an hour. @param scope empty: everything is allowed.
    std::string issue_token(const std::string& scope = {});
    std::string issue_refresh_token();
    void revoke_tokens();  ///< 401 for every access token so far; refresh tokens are invalid_grant.
    static std::string user_id();
    static std::string client_id();
    static std::string client_secret();

    /// @return the calendar's id.
    std::string make_calendar(const std::string& name, bool can_edit = true);
    void remove_calendar(const std::string& id);
    /// As another client: a POST body of an event; `iCalUId` is taken from it too, as for an invitation that arrived.
    /// @return the event's immutable id. Throws std::invalid_argument with the service's answer.
    std::string put_event(const std::string& calendar, const std::string& json);
    void patch_event(const std::string& id, const std::string& json);
    void erase_event(const std::string& id);
    /// What a single get of it gives, as JSON; empty when it is gone.
    std::string event_json(const std::string& id) const;
    /// The event of a calendar with this UID (ours or iCalUId); empty when there is none.
    std::string id_of_uid(const std::string& calendar, const std::string& uid) const;
    /// Immutable ids of what a calendar holds, series as one.
    std::vector<std::string> event_ids(const std::string& calendar) const;
    void bump_change_key(const std::string& id);                                 ///< Moves without any visible change.
    std::string move_event(const std::string& id, const std::string& calendar);  ///< @return the immutable id.
    std::size_t count(const std::string& calendar) const;

    void fail_next(SimFault);
    void clear_faults();
    void set_down(bool down);
    void forget_tokens();                      ///< Every delta and skip token.
    void other_requests_in_flight(int count);  ///< At the same mailbox; from four on a request is throttled.
    /// Counts a request to the mailbox among those until what is given back is dropped; nullptr: it is none.
    std::shared_ptr<void> in_flight(const http::Request&);
    void deny_mailbox(bool denied);          ///< 403 "Access to OData is disabled."
    void without_mailbox(bool missing);      ///< 404 MailboxNotEnabledForRESTAPI.
    void refuse_sign_in(std::string error);  ///< What /authorize answers; empty: a code.

    /// Notification endpoints: gets what the service would POST. Without one, every handshake fails.
    using Callback = std::function<http::Response(const http::Request&)>;
    void set_callback(Callback);
    /// Sends what waits. @return how many POSTs were answered 2xx.
    int deliver();
    void send_lifecycle(const std::string& event);  ///< To every subscription: "missed", "subscriptionRemoved", ….
    std::size_t subscriptions() const;

    const std::vector<SeenRequest>& requests() const;
    const std::vector<http::Request>& exchanges() const;  ///< The same, whole.
    /// Invitations, updates and cancellations that Exchange would have mailed to attendees.
    int mails_sent() const;

    struct State;

private:
    std::shared_ptr<State> state_;
};

}  // namespace calgate::testing
