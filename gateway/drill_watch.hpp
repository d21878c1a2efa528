#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/caller.hpp"
#include "gateway/system_clock.hpp"

namespace calgate {

/// Looks at the gateway as its users do while a drill cuts something off. One thread.
class DrillWatch {
public:
    explicit DrillWatch(Caller& caller) : caller_(caller), began_(clock_.steady()) {}

    /// Since it began.
    std::int64_t seconds() const;
    /// Asks for status and availability once. @return whether nothing waits and everything is live.
    bool look();
    /// What a report draws; a long drill keeps every n-th.
    const nlohmann::json& samples() const { return samples_; }
    /// Adds "answers", "failed_answers", "oldest_answer_s", "most_waiting" and "rpo_s": the greatest age of a change
    /// that no calendar held yet, over all looks.
    void tell(nlohmann::json& summary) const;
    std::int64_t failed() const { return failed_; }

private:
    void ask_availability();

    Caller& caller_;
    SystemClock clock_{};
    SteadyInstant began_;
    nlohmann::json samples_ = nlohmann::json::array();
    std::vector<std::string> people_{};
    std::int64_t answers_ = 0, failed_ = 0, oldest_ = 0, most_waiting_ = 0, rpo_ = 0;
};

}  // namespace calgate
