#include "core/lineage.hpp"

#include <algorithm>

namespace calgate {
namespace {

bool holds(const std::vector<std::string>& epochs, const std::string& epoch) {
    return std::find(epochs.begin(), epochs.end(), epoch) != epochs.end();
}

}  // namespace

Lineage lineage_of(
    const MarkerSeen& marker, const std::string& epoch, const std::vector<std::string>& earlier, bool wrote
) {
    if (holds(marker.earlier, epoch)) return Lineage::Replaced;
    if (holds(earlier, marker.epoch)) return Lineage::Ours;
    // Two that were both filled after the same disaster.
    if (marker.epoch != epoch) return Lineage::Rival;
    if (marker.known) return Lineage::Ours;
    return wrote || marker.stopped ? Lineage::Rival : Lineage::Behind;
}

}  // namespace calgate
