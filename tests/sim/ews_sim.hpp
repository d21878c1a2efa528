#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"
#include "core/zone.hpp"
#include "tests/sim/caldav_sim.hpp"

namespace calgate::testing {

/// Habits in which compatible servers, and Exchange itself, differ.
struct EwsQuirks {
    std::string name{};
    bool scrambles_order = false;     ///< Elements of a type in another order than the schema's, unknown ones added.
    bool omits_optional = false;      ///< Leaves out what the schema lets it.
    bool ignores_change_key = false;  ///< Takes every write.
    bool bad_state_is_everything = false;       ///< A SyncState it does not know is answered as none at all.
    bool bumps_change_key = false;              ///< An assistant touches what was written, without any visible change.
    bool html_bodies = false;                   ///< BodyType is not looked at: bodies come as HTML.
    bool speaks_2013_only = false;              ///< Newer RequestServerVersions are refused.
    bool omits_keys = false;                    ///< Answers to writes name no ChangeKey.
    bool other_words = false;                   ///< Other prefixes than usual, a byte order mark.
    bool omits_last_page = false;               ///< IncludesLastItemInRange and TotalItemsInView are left out.
    bool shows_all_properties = false;          ///< Named properties that nobody asked for, the last written first.
    bool ignores_restrictions = false;          ///< Whoever searches gets everything, without the property.
    std::set<std::string> without_free_busy{};  ///< Mailboxes whose busy time nobody may see.
    bool digits_only = false;                   ///< Busy time is told as MergedFreeBusy alone.
    bool streams = true;                        ///< false: Subscribe is an operation that it does not know.
    std::size_t most_streams = 10;              ///< HangingConnectionLimit.
    std::size_t largest_page = 512;
};
/// "plain", "scrambled", "lax", "amnesiac", "assistant", "html", "blind" (ignores restrictions), "worst" (scrambled,
/// lax and amnesiac) and "stranger" (worst, and whatever else makes a server unlike Exchange). Asserts for any other
/// name.
EwsQuirks ews_quirks_of(const std::string& profile);

/// Exchange Web Services and Autodiscover of one mailbox, in this process and without time or chance. Answers
/// https://mail.corp.example/EWS/Exchange.asmx and https://autodiscover.corp.example. One thread.
class EwsSim final : public http::HttpTransport {
public:
    EwsSim(const Clock&, const ZoneResolver&, EwsQuirks);
    ~EwsSim() override;
    EwsSim(const EwsSim&) = delete;
    EwsSim& operator=(const EwsSim&) = delete;

    Result<http::Response> send(const http::Request&, const Context&) override;
    Result<std::unique_ptr<http::OpenStream>>
    open_stream(const http::Request&, std::shared_ptr<http::StreamListener>, const http::StreamLimits&) override;
    EwsQuirks& quirks();  ///< Changes count from the next request on.

    static std::string url();
    static http::Credentials credentials();
    static std::string address();  ///< Of the mailbox.
    static std::string token();    ///< Accepted as a bearer token.
    void change_password();        ///< 401 for the one that was right.
    void restore_password();

    /// @return the folder's id.
    std::string make_calendar(const std::string& name);
    void remove_calendar(const std::string& id);
    /// As a person deletes it in Outlook: its id and what is in it stay.
    void put_into_deleted_items(const std::string& folder);
    void put_back(const std::string& folder);
    /// To another mailbox and back, say: what was in it has new ids. @return the folder's new id.
    std::string move_calendar(const std::string& id);
    /// As a person in Outlook. @param item a t:CalendarItem with what CreateItem takes. @return the item's id.
    /// Throws std::invalid_argument with the service's code.
    std::string put_item(const std::string& folder, const std::string& item);
    /// As `put_item`, and whoever is on the item is told.
    void invite(const std::string& folder, const std::string& item);
    /// The children of `item` replace what the item has of that name; an empty one takes it away.
    void patch_item(const std::string& id, const std::string& item);
    void erase_item(const std::string& id);
    void bump_change_key(const std::string& id);
    /// All properties, names without prefixes; empty when it is gone.
    std::string item_xml(const std::string& id) const;
    std::string id_of_uid(const std::string& folder, const std::string& uid) const;
    std::vector<std::string> item_ids(const std::string& folder) const;
    std::size_t count(const std::string& folder) const;

    void fail_next(SimFault);
    void clear_faults();
    void set_down(bool down);
    void forget_states();                           ///< Every SyncState so far.
    void busy_for(int requests, int milliseconds);  ///< ErrorServerBusy with a back-off hint, as a SOAP fault.
    void set_full(bool full);                       ///< ErrorQuotaExceeded for every new item.
    /// Keeps streams alive, and ends those whose time is over, by the clock.
    void pass_time();
    void cut_streams();                          ///< As a network does.
    void forget_subscriptions();                 ///< As a failing-over server does, and says so.
    void tell_again(const std::string& folder);  ///< An event about nothing.
    std::size_t open_streams() const;
    std::size_t most_streams() const;  ///< That were open at once.
    int mails_sent() const;            ///< Invitations and cancellations to attendees.
    const std::vector<http::Request>& exchanges() const;

    struct State;

private:
    std::unique_ptr<State> state_;
};

}  // namespace calgate::testing
