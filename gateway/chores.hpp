#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.hpp"
#include "store/store.hpp"

namespace calgate {

/// Work that a serving gateway does by itself now and then, one after the other on a thread of its own: the outage kit,
/// drills. When each was last tried is kept in the store, so that a restart neither repeats nor forgets one.
class Chores {
public:
    struct Chore {
        std::string name{};                             ///< Of the setting that keeps when it was last tried.
        std::function<std::chrono::seconds()> every{};  ///< Asked each time; 0: not at present.
        std::function<bool()> work{};                   ///< @return whether it went well.
    };
    Chores(Store& store, const Clock& clock, std::vector<Chore> chores);
    ~Chores();
    Chores(const Chores&) = delete;
    Chores& operator=(const Chores&) = delete;

    void start();
    void stop();
    /// What the thread does: everything that is due. @return how many were.
    int run_due();

private:
    bool due(const Chore&) const;
    void note(const Chore&, bool good);

    Store& store_;
    const Clock& clock_;
    const std::vector<Chore> chores_;
    std::jthread thread_{};
};

/// When a chore last went well; nothing: never.
std::optional<Instant> last_done(const Reader&, const std::string& chore);

}  // namespace calgate
