#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace calgate {

/// How the store stands to what was written into a target (I21).
enum class Lineage : std::uint8_t {
    Ours,      ///< This store, or a life of it that it has outlived, wrote what is there.
    Behind,    ///< A later state of this store did: the store is an older backup.
    Rival,     ///< Another gateway writes there as well.
    Replaced,  ///< A life of the business that came after this store has taken over.
};

/// Whose marker a target holds, and what the store knows of it.
struct MarkerSeen {
    std::string epoch{};                 ///< The epoch that wrote it.
    std::vector<std::string> earlier{};  ///< Epochs that it had outlived.
    bool known = true;                   ///< The store's audit has the entry where the marker saw the chain.
    bool stopped = false;                ///< Its writer had met another gateway and stopped.
};

/// @param epoch of the store. @param earlier epochs that the store has outlived.
/// @param wrote this process wrote the marker there before it saw this one.
Lineage lineage_of(const MarkerSeen&, const std::string& epoch, const std::vector<std::string>& earlier, bool wrote);

}  // namespace calgate
