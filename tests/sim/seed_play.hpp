#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/seed_fault.hpp"
#include "tests/sim/seed_host.hpp"
#include "tests/support/seeded_random.hpp"

namespace calgate::seeds {

/// What is to be played; equal plays are equal runs.
struct Play {
    HostMaker services = make_caldav_host;
    bool everywhere = false;  ///< `services` has all five, not memory and CalDAV alone.
    std::uint64_t seed = 1;
    int operations = 100;  ///< Before faults end.
    Canary canary = Canary::None;
    bool old_backup = false;  ///< A copy of the store is put back later.
    bool disk = false;        ///< The store is a file on a disk that fails, not in memory.
    bool batches = false;     ///< The services take several writes in one call.
    bool upkeep = false;      ///< The host is paused and upgraded, and the wrong persons sign in.
    std::set<int> without{};  ///< Operations that are left out; the first is 1.
    std::set<Fault> without_faults{};

    bool is_whole() const { return without.empty() && without_faults.empty(); }
};

/// Where every source of chance stood.
struct Draws {
    testing::SeededRandom random, engine_random, side_random, disk_random, upkeep_random;
    int numbers = 0;
};

/// Of a whole run, before each operation and before the end of faults. What is left out of a run changes no draw of
/// what stays: each operation begins where it began in the whole run.
using Recording = std::vector<Draws>;

/// The command line that plays it again.
std::string command_of(const Play&);
/// What is left out, as the command line says it. @return whether it says the same.
bool read_back(Play&);
/// "3,5,7-20"; @return whether it could be read.
bool read_numbers(const std::string& text, std::set<int>& numbers);
/// "f11-reads-lag,f18-quota"; likewise.
bool read_faults(const std::string& text, std::set<Fault>& faults);

}  // namespace calgate::seeds
