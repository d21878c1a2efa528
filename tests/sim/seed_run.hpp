#pragma once

#include <optional>

#include "tests/sim/seed_callers.hpp"
#include "tests/sim/seed_persons.hpp"
#include "tests/sim/seed_play.hpp"
#include "tests/sim/seed_troubles.hpp"

namespace calgate::seeds {

struct Verdict {
    std::uint64_t seed = 0;
    int step = 0;
    std::optional<Violation> violation{};
    std::vector<std::string> history{};
    std::string trace{};  ///< Of all that happened.
};

/// One seed from the first booking to the settled end; the same seed is the same run.
class Run {
public:
    Run(const Play&, const ZoneResolver&, Statistics&);
    /// @param recorded of the whole run; not needed for one of which nothing is left out.
    Verdict play(const Recording* recorded = nullptr);
    /// Up to where the run came.
    const Recording& recording() const { return recording_; }

private:
    void step();
    void draw_as_recorded(int step);
    void act();
    void act_as_caller();
    void act_as_person();
    void work();
    void guarded(const std::function<void()>&);
    void stand_still();  ///< F35: the process is paused, as with its machine.
    void keep_backup();
    void put_backup_back();  ///< F37
    void end_faults();
    void settle();
    void check_rest();   ///< R3.
    void check_heard();  ///< L2: the gateway has a channel wherever there may be one.
    void let_persons_decide();

    const Play play_;
    const Recording* recorded_ = nullptr;
    Recording recording_{};
    Statistics& statistics_;
    Stage stage_;
    Callers callers_{stage_};
    Persons persons_{stage_};
    Troubles troubles_{stage_};
    int backup_at_ = 0, put_back_at_ = 0;  ///< Operations (F37).
};

/// Plays it, and first the whole of it where something is left out.
Verdict play(const Play&, const ZoneResolver&, Statistics&);
/// Plays a whole run for what is drawn in it. @return how it ended.
Verdict record(const Play&, const ZoneResolver&, Statistics&, Recording&);

}  // namespace calgate::seeds
