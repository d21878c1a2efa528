#pragma once

#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"
#include "gateway/vault.hpp"
#include "store/store.hpp"

namespace calgate {

/// How far the booking system was told.
struct CallbackState {
    std::int64_t cursor = 0;   ///< Every change up to here was delivered, or waits in a row of its own.
    std::int64_t behind = 0;   ///< Changes after it.
    std::int64_t waiting = 0;  ///< Appointments whose delivery failed and is tried again.
    std::int64_t parked = 0;   ///< Given up after three days.
    bool has_secret = false;
    std::string trouble{};  ///< What the last attempt said; empty: it went well.
};
CallbackState callback_state(const Reader&);

/// Makes a new secret and keeps it in the caller's transaction; the one before signs beside it until `overlap` is over.
/// @return as a receiver is shown it.
std::string rotate_callback_secret(Writer&, const Vault&, Random&, Instant now, std::chrono::seconds overlap);

/// Has every change after `after` told again, and what was given up.
void replay_callbacks(Writer&, std::int64_t after, Instant now);

/// Tells the booking system of every change of an appointment, in order for each appointment, at least once: a cursor
/// over the change feed, and a row for each appointment whose delivery failed, behind which its later changes wait. A
/// receiver that fails for several appointments is taken for away: one attempt a pause then, and the feed waits. One
/// thread of its own and a transport of its own: what hangs here holds nothing else up.
class Callbacks {
public:
    struct Settings {
        std::string url{};
        std::chrono::seconds call_timeout{15};
        std::chrono::milliseconds look_every{500};
    };
    Callbacks(Settings, Store&, const Vault&, http::HttpTransport&, const Clock&, Random&);
    ~Callbacks();
    Callbacks(const Callbacks&) = delete;
    Callbacks& operator=(const Callbacks&) = delete;

    void start();
    void stop();
    /// What the thread does: all that is due. @return how many were delivered.
    int run_due(const std::stop_token& stop = {});

private:
    struct Outcome {
        bool delivered = false;
        std::string trouble{};
        std::optional<std::chrono::seconds> hint{};
    };
    /// Whether any secret is there to sign with.
    bool load_secrets();
    /// A secret that does not open is told in the log once, and as the trouble until it opens.
    void note_whether_open(bool);
    /// The next change of the feed, and the next appointment whose pause is over. @return whether there may be more.
    bool take_next(const std::stop_token&, int& delivered);
    bool retry_next(const std::stop_token&, int& delivered);
    Outcome deliver(const Change&, const std::stop_token&);
    /// Ids and state, nobody's name.
    static std::string body_of(const Reader&, const Change&);
    void note(const std::string& subject, const Outcome&);
    /// Keeps what failed for later, or parks it.
    void put_off(Writer&, CallbackWait, const Outcome&, Instant now);
    /// The receiver is back: nothing waits for its own pause any more.
    void release_all();

    const Settings settings_;
    Store& store_;
    const Vault& vault_;
    http::HttpTransport& transport_;
    const Clock& clock_;
    Random& random_;
    std::vector<std::string> secrets_{};
    std::set<std::string> failing_{};  ///< Appointments, since the last delivery that went well.
    int pauses_ = 0;
    std::optional<SteadyInstant> away_until_{};
    std::string told_trouble_{};
    std::optional<bool> open_{};  ///< Whether the secret opened when it was last read.
    bool both_open_ = true;       ///< And the one before it, while that counts.
    std::jthread thread_{};
};

}  // namespace calgate
