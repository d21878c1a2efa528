#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/availability.hpp"
#include "core/clock.hpp"
#include "core/connector.hpp"
#include "core/identity.hpp"
#include "core/model.hpp"
#include "core/policy.hpp"
#include "core/zone.hpp"
#include "scheduler/push_keeper.hpp"
#include "store/store.hpp"

namespace calgate {

/// Makes the connector of an account; the secret is opened inside. Implemented in gateway/.
class ConnectorFactory {
public:
    virtual ~ConnectorFactory() = default;
    virtual Result<std::unique_ptr<Connector>> open(const Account&) = 0;
};

/// What a run did; also the log line.
struct PassReport {
    CalendarId calendar{};
    bool completed = false;
    std::optional<Error> error{};
    int pages = 0, changed = 0, removed = 0;
    int created = 0, updated = 0, deleted = 0, adopted = 0, taken = 0, conflicts = 0, parked = 0;
};

/// What everything in scheduler/ works with. References outlive the engine.
struct EngineParts {
    Store& store;
    AvailabilityIndex& index;
    ConnectorFactory& connectors;
    const ZoneResolver& zones;
    const Clock& clock;
    Random& random;
    const Keys& keys;
    std::function<void(const std::string&)> log;  ///< One line of key=value per finished job.
};

/// How a calendar stands, for status and verify.
struct CalendarHealth {
    CalendarId calendar{};
    bool live = false;  ///< The last pass completed and the breaker is closed.
    std::optional<Instant> as_of{};
    std::int64_t waiting = 0;  ///< Open intents.
    /// How long writing what waits takes, with what its account has besides, at the allowed rate of calls.
    std::chrono::seconds catch_up{0};
    std::string trouble{};  ///< A sentence, or empty.
};

enum class CopyVerdict : std::uint8_t { Same, Missing, Different, Extra, Unreadable };
struct CopyFinding {
    CalendarId calendar{};
    AppointmentId appointment{};
    Href href{};
    CopyVerdict verdict{};
    std::string why{};
};
struct VerifyReport {
    CalendarId calendar{};
    std::optional<Error> error{};  ///< The target could not be read: nothing is known, nothing is counted.
    int same = 0, foreign = 0;
    std::vector<CopyFinding> findings{};  ///< Everything but Same.
};

/// How disconnecting a calendar went.
struct Disconnection {
    bool done = false;                 ///< false: it is connected still; given again it goes on.
    int removed = 0;                   ///< Copies deleted at the service.
    std::int64_t left = 0;             ///< Copies that are at the service still.
    std::vector<std::string> notes{};  ///< A sentence each: what could not be done, and what follows from it.
};

/// The engine: lanes per target, a blocking worker pool with a share per service, one retry place, breakers, adaptive
/// polling. Thread-safe.
class Engine {
public:
    struct Settings {
        int workers = 16;
        int workers_per_service = 4;           ///< Bulkhead: share of one (service, host); half of all where it serves
                                               ///< everybody.
        std::chrono::seconds poll_active{60};  ///< A change was seen in the last ten minutes.
        std::chrono::seconds poll_idle{300};
        std::chrono::seconds call_timeout{60};
        std::chrono::seconds first_sync_timeout{180};
        std::chrono::seconds consistency_window{900};
        std::chrono::hours full_listing_every{24};
        std::chrono::hours horizon_back{24 * 60};
        std::chrono::hours horizon_ahead{24 * 730};
        std::chrono::seconds probe_every{30};
        std::chrono::hours verify_every{0};  ///< How often a target is verified by itself (F13); 0: never.
        int brake_minimum = 5;               ///< I13
        double brake_share = 0.2;
        double calls_per_second = 50;  ///< Token bucket per account.
        bool survival_probe = false;   ///< A new target is tried out before copies are written, see core/survival.hpp.
        Policies policies{};           ///< Beside those that stand in the store.
        std::string push_url{};        ///< Where services reach this gateway, see PushKeeper; empty: they do not.
    };
    Engine(EngineParts, const Settings&);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Fills the availability index from the store: appointments and cached busy time. Before start().
    void load();
    /// Starts the workers. stop() lets running calls be cancelled, then joins.
    void start();
    void stop();
    /// Work arrived for these targets.
    void wake(const std::vector<CalendarId>&);
    /// Read this calendar soon (`calgate sync`, a hint, a new calendar).
    void poll_now(const CalendarId&);
    /// Has those of the calendars read anew whose services answer, by the workers, and waits until each was tried or
    /// the budget is used up. What came of it stands in the index.
    void read_within(const std::vector<CalendarId>&, std::chrono::milliseconds budget);
    /// What a worker does: at most one job that is due, in the caller's thread. @return how long until more may be due.
    std::chrono::milliseconds run_due();
    /// A notification came. Memory only, in microseconds; all it causes is that its calendar is read soon (I24).
    /// @return false when no channel of ours has that id and secret.
    bool notified(const PushNote&);
    /// One pass in the caller's thread, without the pool: tests and `calgate sync` on a stopped gateway.
    PassReport run_pass(const CalendarId&);
    /// Compares every copy on a target by content with what should be there. Reads only.
    VerifyReport verify(const CalendarId&, std::stop_token = {});
    /// Works with the connector of a calendar's account while nobody else does. @return why it could not.
    std::optional<Error> with_connector(const CalendarId&, const std::function<void(Connector&)>& work);
    /// The index blocks what is known of the calendar, as its row says it now: after its person or its role changed.
    /// @throws StoreFailure; then it is tried again.
    void show(const CalendarId&);
    /// Ends the calendar: what runs for its account is stopped, the service is asked to notify no more, and all that is
    /// known of it is forgotten but the appointments, none of which is changed. A service that does not answer holds
    /// this up until the deadline at most. The account stays.
    /// @param remove_copies deletes our own copies there first; without it they stay. While some are left, the
    /// calendar stays too, and gets nothing new.
    /// @param actor for the record of changes.
    Disconnection disconnect(const CalendarId&, bool remove_copies, SteadyInstant deadline, const std::string& actor);
    /// The account is gone from the store: its connector goes too.
    void forget(const AccountId&);
    std::vector<CalendarHealth> health() const;
    const Policies& policies() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace calgate
