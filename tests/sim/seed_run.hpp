#pragma once

#include <optional>

#include "tests/sim/seed_callers.hpp"
#include "tests/sim/seed_persons.hpp"
#include "tests/sim/seed_troubles.hpp"

namespace calgate::seeds {

struct Verdict {
    std::uint64_t seed = 0;
    int step = 0;
    std::optional<Violation> violation{};
    std::vector<std::string> history{};
};

/// One seed from the first booking to the settled end; the same seed is the same run.
class Run {
public:
    Run(std::uint64_t seed, Canary, bool batches, const ZoneResolver&, Statistics&);
    /// @param operations before faults end.
    Verdict play(int operations);

private:
    void step();
    void act();
    void act_as_caller();
    void act_as_person();
    void work();
    void guarded(const std::function<void()>&);
    void end_faults();
    void settle();
    void check_rest();   ///< R3.
    void check_heard();  ///< L2: the gateway has a channel wherever there may be one.
    void let_persons_decide();

    std::uint64_t seed_;
    Statistics& statistics_;
    Stage stage_;
    Callers callers_{stage_};
    Persons persons_{stage_};
    Troubles troubles_{stage_};
};

}  // namespace calgate::seeds
