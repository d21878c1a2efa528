#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/seed_play.hpp"

namespace calgate::seeds {

/// What the command line asks for.
struct Wanted {
    Play play{};  ///< But for its seed.
    std::uint64_t first = 1;
    std::uint64_t seeds = 500;
    bool single = false;
    bool canaries = false;
    bool go_on = false;
    bool mixed = true;  ///< Each seed draws how it is played.
    int jobs = 1;
    bool shrink = false;
    std::optional<int> left_at_most{};  ///< The seed is to break something, and no more operations are needed for it.
    bool twice = false;
    std::vector<std::string> kept{};
    std::int64_t at_least = 0;
};

/// For a command line that is none.
extern const char* const kUsage;
/// Nothing for a command line that is none.
std::optional<Wanted> understood(int argc, char** argv);

/// How seeds are played: as the command line says, or as each of them draws.
class Casting {
public:
    /// @param everywhere makes services of all five kinds; empty: they are not in this program.
    Casting(const Wanted& wanted, const HostMaker& everywhere) : wanted_(wanted), everywhere_(everywhere) {}

    Play play_of(std::uint64_t seed, Canary) const;
    /// A line each: a seed, and after it how it is to be played. @throws std::runtime_error.
    std::vector<Play> kept() const;

private:
    void add_kept(const std::string& file, std::vector<Play>& all) const;
    Play at_its_services(Play) const;

    const Wanted& wanted_;
    const HostMaker& everywhere_;
};

}  // namespace calgate::seeds
