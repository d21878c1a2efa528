#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "core/resilience.hpp"
#include "scheduler/engine.hpp"
#include "scheduler/push_keeper.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/stream_keeper.hpp"
#include "scheduler/sync_pass.hpp"
#include "scheduler/worker_pool.hpp"

namespace calgate {

/// An account may save calls up for so long, where its service does not bear more.
inline constexpr std::chrono::seconds kSavedUp{2};

/// An account at work: its connector, used by one thread at a time, and the calls it may make.
struct Desk {
    explicit Desk(double per_second)
        : bucket(per_second, saved_up(per_second, 0)), most(per_second), pace(per_second) {}
    /// The service is known to want no more than this; 0: nothing is known.
    void slow_to(double per_second, double at_once) {
        if (per_second <= 0 || per_second >= most) return;
        most = per_second;
        bucket = TokenBucket(per_second, saved_up(per_second, at_once));
        pace = per_second;
    }
    static double saved_up(double per_second, double at_once) {
        return std::max({1.0, at_once, per_second * static_cast<double>(kSavedUp.count())});
    }
    std::mutex mutex{};
    std::unique_ptr<Connector> connector{};
    Account opened{};
    TokenBucket bucket;
    double most;                      ///< Calls per second, whatever the service has refused.
    std::atomic<double> pace;         ///< Calls per second that `bucket` allows now, for any thread to read.
    SteadyInstant no_writes_until{};  ///< The service takes no writes for long; reading is another allowance.
    std::string no_writes_why{};
    std::stop_source leaving{};  ///< Ends what runs here; under the engine's mutex.
};

/// Stops when one of the two does.
class EitherStop {
public:
    EitherStop(std::stop_token a, std::stop_token b)
        : first_(std::move(a), Request{&both_}), second_(std::move(b), Request{&both_}) {}
    std::stop_token token() const { return both_.get_token(); }

private:
    struct Request {
        std::stop_source* both;
        void operator()() const { both->request_stop(); }
    };
    std::stop_source both_{};
    std::stop_callback<Request> first_, second_;
};

struct Engine::Impl {
    Impl(EngineParts given, const Settings& chosen);

    std::chrono::milliseconds step(std::stop_token stop);
    void refresh_lanes();
    /// Writes how new the calendars are where a run left that in memory.
    void keep_as_of();
    /// @throws StoreFailure; what was not shown yet is tried again.
    void show_missed();
    void run_job(const Job&, std::stop_token);
    ThisLife& life_of(const CalendarId&);  ///< Under mutex.
    PassReport run(
        const CalendarId&,
        bool pull,
        std::stop_token,
        SteadyInstant turn_ends,
        Outcome&,
        std::vector<CalendarId>& touched
    );
    std::shared_ptr<Desk> desk_of(const AccountId&);
    std::stop_token leaving(const Desk&) const;
    /// Under the desk's mutex. @return why the account cannot be worked with.
    std::optional<Error> sit_down(Desk&, const Account&);
    Disconnection disconnect(
        const Calendar&, const Account&, bool remove_copies, SteadyInstant deadline, const std::string& actor
    );
    /// @return whether no copy is left.
    bool
    remove_copies(const Calendar&, Desk&, const std::optional<Error>& trouble, SteadyInstant deadline, Disconnection&);
    /// Calls `work` with the account's connector while nobody else uses it.
    std::optional<Error> with_desk(const CalendarId&, const std::function<void(Connector&, Desk&)>& work);
    /// What a sign-in needs of this host (its secret, the key to it) is not there: one alarm.
    void park_unopened(const Account&, const Error&);
    void note_opened(const AccountId&);
    /// Whoever starts the gateway again may have mended it.
    void try_unopened();
    /// In the account's turn, after a pass that went well: the service is there.
    void keep_push(Connector&, const CalendarId&, std::stop_token);
    /// There too. @return when its account wants another turn for it.
    std::optional<std::chrono::milliseconds> keep_stream(Connector&, const CalendarId&, std::stop_token);
    void hear(const CalendarId&, StreamKeeper::Cause);
    std::optional<std::chrono::milliseconds> until_next_write(const CalendarId&) const;
    /// Of a service that is polled by the hour of the day of the calendar's person.
    std::optional<std::chrono::seconds> hourly_poll(const Connector&, const CalendarId&) const;
    /// The wall clock over the steady one.
    SteadyInstant::duration ahead() const;
    /// How far the wall clock was set ahead since the calendar's last run (F27).
    std::chrono::seconds jumped(const CalendarId&);
    /// Whether it is time to compare what a marker says besides its counts with the store: once in ten minutes.
    bool facts_due(const CalendarId&);
    bool audit_due(const CalendarId&) const;
    /// Compares all copies of a target by content, in its account's turn. What is not as it should be is read anew and
    /// decided by policy with the next pull (F13).
    void audit(Connector&, const CalendarId&, const std::stop_token&);
    /// Keeps what a verify found, for status; a store that cannot write loses only that.
    void keep_verified(const VerifyReport&);
    /// Closes channels of calendars that are no longer read, one at a time.
    void close_unread(const std::map<CalendarId, std::string>& read_calendars);
    void release(const std::vector<CalendarId>&);
    void note(const PassReport&);

    EngineParts parts;
    Settings settings;
    mutable std::mutex mutex{};  ///< Guards what follows up to `pool`.
    Scheduler scheduler;
    std::map<CalendarId, std::string> services{};
    std::map<CalendarId, std::uint64_t> reads{};  ///< Pulls that ended, well or not.
    std::condition_variable was_read{};           ///< With `mutex`.
    std::map<CalendarId, PassReport> last{};
    std::map<AccountId, std::shared_ptr<Desk>> desks{};  ///< Shared: a running job outlives a removed account.
    std::set<CalendarId> missed{};                       ///< The index may say less of them than was committed.
    std::optional<SteadyInstant> refreshed{};            ///< The lanes.
    SteadyInstant::duration lane_refresh{};              ///< So long after that they are read again.
    std::optional<SteadyInstant> tidied{};
    std::optional<SteadyInstant> expanded{};
    std::map<CalendarId, SteadyInstant::duration> last_ahead{};
    std::map<CalendarId, SteadyInstant> facts_read{};
    std::map<CalendarId, ThisLife> lives{};
    PushKeeper push;
    StreamKeeper streams;
    const SteadyInstant::duration began_ahead;
    const SteadyInstant started;
    const ThisLife::Unsure born;  ///< This process's life.
    bool runs = false;            ///< By whoever starts and stops.
    WorkerPool pool;
};

}  // namespace calgate
