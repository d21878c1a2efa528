#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "core/connector.hpp"

namespace calgate {

/// What a drill cuts off. Lives in this process only and runs out by itself, so that no drill outlives whoever runs it
/// (I31). Any thread.
class TrafficCut {
public:
    TrafficCut(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

    /// @param kind of accounts, "google"; also one account's id. @param percent of calls that fail.
    /// @param lease from now on; given again, it starts anew.
    /// @return whether nothing was cut there before.
    bool cut(const std::string& kind, int percent, std::chrono::seconds lease);
    void lift();
    /// Whether this call has to fail.
    bool hits(const std::string& kind, const std::string& account);
    /// What is cut now, with the percentage.
    std::map<std::string, int> now() const;

private:
    struct Cut {
        int percent = 0;
        SteadyInstant until{};
    };
    bool hits_locked(const std::string& name);

    const Clock& clock_;
    Random& random_;
    mutable std::mutex mutex_{};
    std::map<std::string, Cut> cuts_{};
};

/// A connector whose calls fail while they are cut, before anything leaves this machine.
std::unique_ptr<Connector> cuttable(
    std::unique_ptr<Connector>, TrafficCut&, const std::string& kind, const std::string& account
);

}  // namespace calgate
