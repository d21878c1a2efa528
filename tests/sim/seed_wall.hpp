#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/identity.hpp"
#include "tests/sim/seed_channels.hpp"
#include "tests/sim/seed_fault.hpp"
#include "tests/sim/seed_host.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::seeds {

/// Hears what got through.
class Witness {
public:
    virtual ~Witness() = default;
    /// The gateway was given this content.
    virtual void delivered(const RemoteEvent&) = 0;
    /// A listing that called itself complete left it out (F12).
    virtual void omitted(const Href&) = 0;
    /// The service said what is gone: by name, or by the last page of a listing of everything.
    virtual void told_gone(const Href& calendar, const ChangeSet& page) = 0;
    /// A listing of this calendar came to its end now.
    virtual void listed(const Href& calendar, Instant now) = 0;
    /// One call of the gateway turned the calendar from `before` into `after`.
    virtual void wrote(const Href& calendar, const Texts& before, const Texts& after) = 0;
    /// Likewise a call that was late (F6): what it was right about may have changed since.
    virtual void wrote_late(const Href& calendar, const Texts& before, const Texts& after) = 0;
};

/// What stands around a wall.
struct Surroundings {
    testing::ManualClock& clock;
    testing::SeededRandom& random;
    Statistics& statistics;
    Witness& witness;
    CrashPlan& crash;
    const Keys& keys;
    Canary canary = Canary::None;
    bool batches = false;  ///< Several writes fit into one call.
    bool may_burn = true;  ///< Some services take no name a second time.
    /// A person changes something at this event, or somewhere in this calendar.
    std::function<void(const Href&)> person{};
    std::function<void()> paused{};  ///< The gateway stands still in the middle of a call, and the world goes on.
};

/// Stands between the gateway and one account, and does to its calls what networks and services do. Outlives every
/// connector that it made, and a crash.
class Wall {
public:
    Wall(Host&, Surroundings);

    std::unique_ptr<Connector> connect();
    void arm(Fault, int calls);
    void arm_for(Fault, std::chrono::seconds);
    /// Carries out the writes that are late by now.
    void apply_late(bool all);
    void clear();
    /// The service loses it and will never name it as removed.
    void drop(const Href& event);
    bool acting(Fault) const;
    bool names_burn() const { return names_burn_; }
    Host& host() { return host_; }
    /// From now on the service notifies of changes.
    void notify_from_now_on(testing::SeededRandom&);
    Channels* channels() { return channels_ ? &*channels_ : nullptr; }

private:
    friend class WalledConnector;
    struct Armed {
        Fault fault{};
        int calls = 0;
        std::optional<SteadyInstant> until{};
    };
    struct Late {
        SteadyInstant due{};
        Href calendar{};
        std::function<void(Connector&)> apply{};
    };
    struct Before {
        Uid uid{};
        std::optional<RemoteEvent> event{};  ///< As lagging reads still show it; absent: not there yet.
    };

    bool take(Fault);
    void stand_still();
    bool holds(const Armed&) const;
    Error timeout() const;
    std::optional<Error> refused(bool write, bool adds);
    void remember_before(Connector&, const Href& event, const Uid&);
    void remember_absent(const Href& event, const Uid&);
    void spoil(ChangeSet&, const Href& calendar);
    /// @return whether a deletion is not shown yet: then the page is one of before it.
    bool lag(ChangeSet&) const;
    const Before* lagging(const Href&) const;

    Host& host_;
    Surroundings around_;
    std::deque<Armed> armed_{};
    std::deque<Late> late_{};
    std::map<std::string, Before> before_{};
    std::set<std::string> never_named_{};
    std::set<std::string> names_used_{};
    std::map<std::string, std::string> first_text_{};
    bool names_burn_ = false;
    std::set<std::string> paging_{};
    std::optional<Channels> channels_{};
    // For canaries.
    std::optional<std::string> hidden_{};           ///< Said to be gone.
    std::map<std::string, RemoteEvent> markers_{};  ///< Said to be there, by href.
    std::map<std::string, Uid> names_{};            ///< By mark.
    std::set<std::string> tried_{};                 ///< Creations.
};

}  // namespace calgate::seeds
