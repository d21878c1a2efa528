#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/availability.hpp"
#include "core/clock.hpp"
#include "core/slots.hpp"
#include "core/zone.hpp"
#include "gateway/api_keys.hpp"
#include "gateway/attempt_costs.hpp"
#include "gateway/booking_links.hpp"
#include "gateway/change_stream.hpp"
#include "gateway/config.hpp"
#include "gateway/connector_factory.hpp"
#include "gateway/feeds.hpp"
#include "gateway/http_server.hpp"
#include "gateway/json_input.hpp"
#include "gateway/request_limits.hpp"
#include "gateway/sign_in.hpp"
#include "scheduler/engine.hpp"
#include "store/booking.hpp"
#include "store/erase.hpp"
#include "store/store.hpp"

namespace calgate {

/// Requests a minute; 0: no limit.
struct CallLimits {
    int per_key = 0;
    int per_address = 0;        ///< Of those that bring no valid key.
    bool behind_proxy = false;  ///< Addresses come from a proxy on this machine.
    int streams_per_key = 8;    ///< That are open at once.
    int streams = 256;          ///< That are open at once, in all.
};

/// What the API works with; outlives it.
struct ApiParts {
    Store& store;
    AvailabilityIndex& index;
    Engine& engine;
    GatewayConnectors& connectors;
    const ZoneResolver& zones;
    const Clock& clock;
    Random& random;
    const Keys& keys;
    std::string admin_token{};   ///< For the command line on this machine; empty: none.
    bool engine_running = true;  ///< false: a command opened the store itself; passes run in the caller's thread.
    CallLimits limits{};
    BookingConfig booking{};
    std::string callback_url{};            ///< Empty: nobody hears of changes.
    std::chrono::milliseconds recheck{0};  ///< How long a confirmation waits for stale calendars; 0: not at all.
    std::function<void(const Staff&)> person_changed{};  ///< Told after somebody came or changed; may be empty.
    std::vector<std::string> countries{};                ///< "host=CC", see Config.
    std::string kit_target{};                            ///< Where outage kits go; empty: nowhere.
    std::string directory{};  ///< Of the data; empty: the list of erased customers is kept in the store alone.
};

/// Setting: seconds between two drills that run by themselves; "0" or absent: none does.
inline constexpr const char* kDrillSchedule = "drill.schedule";

/// The id of a calendar in use: equal for the same place, so that choosing it again finds it.
CalendarId calendar_id(const AccountId&, const Href&);

/// Values of the `{name}` parts of a route.
using PathValues = std::map<std::string, std::string>;

/// The HTTP API, v1 (design 11). handle() may be called from any thread.
class Api {
public:
    struct Route {
        std::string method{};
        std::string pattern{};  ///< "/v1/appointments/{id}"
        Lane lane = Lane::Store;
        std::optional<KeyScope> scope{};  ///< That a key needs; absent: open to everybody.
        std::string summary{};
        std::vector<std::string> parameters{};  ///< Of the query; "*": any other too.
        std::vector<std::string> fields{};      ///< Of the body; empty: none.
        HttpResponse (Api::*run)(const HttpRequest&, const PathValues&) = nullptr;
        std::vector<std::string> headers{};  ///< That the caller may send beside the key.
    };

    explicit Api(ApiParts parts);
    static const std::vector<Route>& routes();
    /// OpenAPI 3.1, made from routes().
    static std::string openapi();

    Lane lane(const HttpRequest&) const;
    HttpResponse handle(const HttpRequest&);
    /// Whether no key is asked for at this address.
    static bool is_open(const HttpRequest&);
    /// Whether the request brings a key of this business that is valid now.
    bool knows(const HttpRequest&) const;

private:
    /// Who books, as the business's rules ask.
    struct Booker {
        BookingOrigin origin{};
        std::string customer{};  ///< As it will stand in the appointment.
        std::string identity{};  ///< What tells this customer from others; empty: `customer`.
        std::string link{};      ///< As it came; empty: none.
        bool exempt = false;     ///< The booking system decides itself.
        bool from_page = false;
        bool counted = false;  ///< Set by judge().
    };
    /// What became of a wish to hold.
    struct Held {
        std::optional<BookingResult> booked{};
        HttpResponse refusal{};  ///< When it is not booked.
        std::string why{};       ///< This person.
    };

    HttpResponse dispatch(const HttpRequest&);
    /// Why the caller may not have this now; nothing: they may, and it was counted.
    std::optional<HttpResponse> turned_away(const HttpRequest&, const Route&);
    /// Hash of the key that a request came with.
    static std::string caller_of(const HttpRequest&);
    /// The actor of what a request changes: "api:" and the label of its key; "api" with the gateway's own key or none.
    std::string who(const HttpRequest&) const;

    HttpResponse put_appointment(const HttpRequest&, const PathValues&);
    HttpResponse get_appointment(const HttpRequest&, const PathValues&);
    HttpResponse delete_appointment(const HttpRequest&, const PathValues&);
    HttpResponse list_appointments(const HttpRequest&, const PathValues&);
    HttpResponse get_availability(const HttpRequest&, const PathValues&);
    HttpResponse get_slots(const HttpRequest&, const PathValues&);
    HttpResponse post_hold(const HttpRequest&, const PathValues&);
    HttpResponse list_links(const HttpRequest&, const PathValues&);
    HttpResponse post_link(const HttpRequest&, const PathValues&);
    HttpResponse delete_link(const HttpRequest&, const PathValues&);
    HttpResponse get_book_page(const HttpRequest&, const PathValues&);
    HttpResponse get_book_services(const HttpRequest&, const PathValues&);
    HttpResponse get_book_slots(const HttpRequest&, const PathValues&);
    HttpResponse post_book_link(const HttpRequest&, const PathValues&);
    HttpResponse post_book_hold(const HttpRequest&, const PathValues&);
    HttpResponse post_book_confirm(const HttpRequest&, const PathValues&);
    HttpResponse post_book_look(const HttpRequest&, const PathValues&);
    HttpResponse post_book_cancel(const HttpRequest&, const PathValues&);
    HttpResponse get_callbacks(const HttpRequest&, const PathValues&);
    HttpResponse replay_callbacks(const HttpRequest&, const PathValues&);
    HttpResponse rotate_callback_secret(const HttpRequest&, const PathValues&);
    /// Several bookings in one transaction, all kept or, when `work` throws Refused, none. `work` lists what it booked.
    HttpResponse write_together(
        const HttpRequest&, const std::function<HttpResponse(Writer&, std::vector<BookingResult>&)>& work
    );
    /// Holds the same time of everybody in the group, or of nobody.
    HttpResponse hold_group(
        const HttpRequest&, const Service&, const Appointment& wanted, const std::vector<StaffId>& group, Booker
    );
    HttpResponse post_confirmation(const HttpRequest&, const PathValues&);
    HttpResponse list_feeds(const HttpRequest&, const PathValues&);
    HttpResponse post_feed(const HttpRequest&, const PathValues&);
    HttpResponse delete_feed(const HttpRequest&, const PathValues&);
    HttpResponse get_feed(const HttpRequest&, const PathValues&);
    HttpResponse put_staff(const HttpRequest&, const PathValues&);
    HttpResponse get_staff(const HttpRequest&, const PathValues&);
    HttpResponse list_staff(const HttpRequest&, const PathValues&);
    HttpResponse put_service(const HttpRequest&, const PathValues&);
    HttpResponse get_service(const HttpRequest&, const PathValues&);
    HttpResponse list_services(const HttpRequest&, const PathValues&);
    HttpResponse list_accounts(const HttpRequest&, const PathValues&);
    HttpResponse delete_account(const HttpRequest&, const PathValues&);
    HttpResponse post_account(const HttpRequest&, const PathValues&);
    HttpResponse post_application(const HttpRequest&, const PathValues&);
    HttpResponse post_sign_in(const HttpRequest&, const PathValues&);
    HttpResponse get_sign_in(const HttpRequest&, const PathValues&);
    HttpResponse finish_sign_in(const HttpRequest&, const PathValues&);
    HttpResponse get_callback(const HttpRequest&, const PathValues&);
    HttpResponse list_calendars(const HttpRequest&, const PathValues&);
    /// Foreign events of busy sources that are not, or not wholly, understood (R20), the first 200; no text of theirs.
    HttpResponse list_parked(const HttpRequest&, const PathValues&);
    HttpResponse post_calendar(const HttpRequest&, const PathValues&);
    HttpResponse delete_calendar(const HttpRequest&, const PathValues&);
    HttpResponse sync_calendar(const HttpRequest&, const PathValues&);
    HttpResponse preview_calendar(const HttpRequest&, const PathValues&);
    HttpResponse verify_calendar(const HttpRequest&, const PathValues&);
    HttpResponse list_changes(const HttpRequest&, const PathValues&);
    HttpResponse stream_changes(const HttpRequest&, std::int64_t after);
    HttpResponse drill_calendar(const HttpRequest&, const PathValues&);
    HttpResponse rehearse(const HttpRequest&, const PathValues&);
    HttpResponse put_drill_schedule(const HttpRequest&, const PathValues&);
    HttpResponse cut_traffic(const HttpRequest&, const PathValues&);
    HttpResponse lift_cut(const HttpRequest&, const PathValues&);
    HttpResponse post_drill_result(const HttpRequest&, const PathValues&);
    /// Seconds since each drill last passed; absent: never.
    std::map<std::string, std::optional<std::int64_t>> drill_ages(const Reader&) const;
    std::string verify_metrics(const Reader&) const;
    nlohmann::json callbacks_json(const Reader&) const;
    static std::string callback_metrics(const Reader&);
    HttpResponse list_conflicts(const HttpRequest&, const PathValues&);
    HttpResponse resolve_conflict(const HttpRequest&, const PathValues&);
    HttpResponse get_history(const HttpRequest&, const PathValues&);
    HttpResponse list_runs(const HttpRequest&, const PathValues&);
    HttpResponse post_undo(const HttpRequest&, const PathValues&);
    HttpResponse post_take_over(const HttpRequest&, const PathValues&);
    HttpResponse get_status(const HttpRequest&, const PathValues&);
    HttpResponse get_live(const HttpRequest&, const PathValues&);
    HttpResponse get_ready(const HttpRequest&, const PathValues&);
    HttpResponse get_metrics(const HttpRequest&, const PathValues&);
    HttpResponse post_google_hook(const HttpRequest&, const PathValues&);
    HttpResponse post_graph_hook(const HttpRequest&, const PathValues&);
    HttpResponse get_openapi(const HttpRequest&, const PathValues&);
    HttpResponse list_keys(const HttpRequest&, const PathValues&);
    HttpResponse post_key(const HttpRequest&, const PathValues&);
    HttpResponse delete_key(const HttpRequest&, const PathValues&);
    HttpResponse rotate_keys(const HttpRequest&, const PathValues&);
    HttpResponse get_export(const HttpRequest&, const PathValues&);
    HttpResponse post_import(const HttpRequest&, const PathValues&);
    HttpResponse post_erasure(const HttpRequest&, const PathValues&);
    HttpResponse list_erasures(const HttpRequest&, const PathValues&);
    HttpResponse post_erasures_on(const HttpRequest&, const PathValues&);
    EraseParts erase_parts() const;
    HttpResponse get_datamap(const HttpRequest&, const PathValues&);
    HttpResponse verify_audit(const HttpRequest&, const PathValues&);

    HttpResponse replay_import(const nlohmann::json& document, bool apply_it);
    HttpResponse merge_import(const nlohmann::json& document, bool apply_it);
    void apply(const BookingResult& result);
    Booker booker_from(const JsonInput&);
    /// Why the public page's addresses do not answer this; nothing: they do.
    std::optional<HttpResponse> page_is_off(const HttpRequest&) const;
    Appointment page_hold(const Service&, Instant start, Instant now) const;
    /// Makes a hold of the page firm. Throws what the transaction then is to end with.
    BookingResult confirm_one(Writer&, Appointment held, Booker, const std::string& note, Instant now);
    /// The wait that grows with attempts (docs/decisions/0004). @return 429, or nothing: this one was counted.
    std::optional<HttpResponse> too_many_attempts(const Booker&);
    /// In the transaction that books, before it does. Fills in what the link and an earlier booking say.
    std::optional<BookingRule> judge(const Reader&, const Appointment& wanted, Booker&, Instant now);
    /// In the same transaction, after it did.
    static void note_booker(Writer&, const BookingResult&, const Booker&, Instant now);
    /// Who could do this then, the fairest choice first.
    std::vector<Load> free_for(const Service&, const Appointment& wanted, Instant now) const;
    /// Books the first of them for whom the time is still free.
    Held hold_first(
        Writer&, const Appointment& wanted, const std::vector<Load>& free, Instant now, const std::string& actor
    ) const;
    /// Free and busy time as iCalendar.
    HttpResponse calendar_of(const std::vector<std::string>& names, Interval window);
    /// Has these people's stale calendars read anew, within the budget and where their services answer. Not within a
    /// transaction. Costs nothing while all are fresh, or while as many requests wait for that as may.
    void freshen(const std::vector<StaffId>&);
    /// Runs `work` in one transaction; under an Idempotency-Key once only, its answer kept for a week when it is good.
    HttpResponse write_once(const HttpRequest&, const std::function<HttpResponse(Writer&)>& work);
    /// Exchanges the code and keeps the account; the outcome is kept for whoever began the sign-in.
    Result<Account> complete(const BegunSignIn&, const std::string& code, const std::string& error, const Context&);
    Result<Account> exchange(const BegunSignIn&, const std::string& code, const Context&);
    /// Erases an account that no calendar needs any more, with its secret and the person's consent.
    /// @return what could not be done, a sentence each.
    std::vector<std::string> part_with(const Account&, const std::string& actor);
    /// Keeps the account with its new secret in place of all earlier ones, and wakes its calendars.
    void keep_account(Account&, const std::string& secret, const std::string& actor);
    /// The account and its calendars as a sign-in answers them.
    HttpResponse signed_in(const Account&, Connector*, const Context&);

    ApiParts parts_;
    SignIns sign_ins_;
    KeyRing keys_;
    FeedRing feeds_;
    StreamSeats stream_seats_;
    std::atomic<int> rechecks_{0};  ///< Requests that wait for stale calendars.
    RequestLimits key_limits_;
    RequestLimits address_limits_;
    BookingLinks links_;
    AttemptCosts link_costs_{};
    AttemptCosts address_costs_{};
    /// Held while an account is being connected: one that hangs leaves the other thread for providers to everybody
    /// else.
    std::mutex connecting_{};
    std::mutex mutex_{};
    std::set<std::string> running_keys_{};   ///< Idempotency keys in flight, under mutex_.
    Business policy_{};                      ///< What stale data means; fixed while the process runs.
    std::map<int, std::int64_t> answers_{};  ///< By status, under mutex_.
};

}  // namespace calgate
