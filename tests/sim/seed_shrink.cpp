#include "tests/sim/seed_shrink.hpp"

#include <algorithm>
#include <ctime>

namespace calgate::seeds {

namespace {

/// Done by callers and persons, and left out with what they do.
bool is_an_operation(Fault fault) {
    return fault == Fault::StaffDeletes || fault == Fault::StaffMoves || fault == Fault::StaffDuplicates ||
           fault == Fault::ClockChangeDay;
}

class Shrinker {
public:
    Shrinker(const Play& play, const Verdict& broken, const ZoneResolver& zones, double time_limit_s)
        : zones_(zones), invariant_(broken.violation->invariant), until_(now_s() + time_limit_s) {
        smallest_.play = play;
        smallest_.verdict = broken;
        end_at_failure();
        Statistics fired;
        Play whole = smallest_.play;
        whole.without.clear();
        whole.without_faults.clear();
        record(whole, zones_, fired, recording_);
        for (std::size_t i = 0; i < kFaults; ++i)
            if (fired.fired.at(i) > 0 && !is_an_operation(static_cast<Fault>(i)))
                faults_.push_back(static_cast<Fault>(i));
    }

    Shrunk shrink() {
        for (bool smaller = true; smaller && in_time();) {
            smaller = leave_out_faults();
            smaller = leave_out_operations() || smaller;
        }
        smallest_.complete = in_time();
        return smallest_;
    }

private:
    static double now_s() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
    bool in_time() const { return now_s() < until_; }

    /// What comes after the violation needs no leaving out.
    void end_at_failure() {
        Play& play = smallest_.play;
        play.operations = std::min(play.operations, smallest_.verdict.step);
        play.without.erase(play.without.upper_bound(play.operations), play.without.end());
    }

    bool try_play(const Play& candidate) {
        if (!in_time()) return false;
        ++smallest_.plays;
        Statistics statistics;
        auto verdict = Run(candidate, zones_, statistics).play(&recording_);
        if (!verdict.violation || verdict.violation->invariant != invariant_) return false;
        smallest_.play = candidate;
        smallest_.verdict = std::move(verdict);
        end_at_failure();
        return true;
    }

    bool leave_out_faults() {
        Play none = smallest_.play;
        none.without_faults.insert(faults_.begin(), faults_.end());
        if (none.without_faults == smallest_.play.without_faults) return false;
        if (try_play(none)) return true;
        bool smaller = false;
        for (const Fault fault : faults_) {
            Play candidate = smallest_.play;
            if (candidate.without_faults.insert(fault).second) smaller = try_play(candidate) || smaller;
        }
        return smaller;
    }

    /// Halves first, then ever smaller pieces.
    bool leave_out_operations() {
        bool smaller = false;
        for (std::size_t piece = std::max<std::size_t>(left().size() / 2, 1); in_time(); piece /= 2) {
            for (std::size_t at = 0; at < left().size();) {
                const auto all = left();
                Play candidate = smallest_.play;
                const auto end = std::min(at + piece, all.size());
                candidate.without.insert(
                    all.begin() + static_cast<std::ptrdiff_t>(at), all.begin() + static_cast<std::ptrdiff_t>(end)
                );
                if (try_play(candidate))
                    smaller = true;
                else
                    at += piece;
                if (!in_time()) break;
            }
            if (piece == 1) break;
        }
        return smaller;
    }

    std::vector<int> left() const {
        std::vector<int> all;
        for (int step = 1; step <= smallest_.play.operations; ++step)
            if (!smallest_.play.without.contains(step)) all.push_back(step);
        return all;
    }

    const ZoneResolver& zones_;
    const std::string invariant_;
    const double until_;
    Recording recording_{};
    std::vector<Fault> faults_{};
    Shrunk smallest_{};
};

}  // namespace

Shrunk shrink(const Play& play, const Verdict& broken, const ZoneResolver& zones, double seconds) {
    return Shrinker(play, broken, zones, seconds).shrink();
}

}  // namespace calgate::seeds
