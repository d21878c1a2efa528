#include "core/brake.hpp"

#include <algorithm>
#include <map>

namespace calgate {
namespace {

constexpr int kOddTogether = 2;

/// How many moves share the most frequent span.
int most_alike(const std::vector<std::chrono::seconds>& moves) {
    std::map<std::chrono::seconds, int> counts;
    int most = 0;
    for (const auto move : moves) most = std::max(most, ++counts[move]);
    return most;
}

}  // namespace

void Taking::add(const Taking& more) {
    changed += more.changed;
    deleted += more.deleted;
    moves.insert(moves.end(), more.moves.begin(), more.moves.end());
}

int BrakeLimits::most() const { return std::max(minimum, static_cast<int>(share * static_cast<double>(copies))); }

std::optional<std::string> odd(const Taking& taking, const BrakeLimits& limits) {
    if (taking.changed > limits.most())
        return std::to_string(taking.changed) + " copies were changed or deleted in one run. Nothing was taken over.";
    if (taking.deleted > 0 && limits.odd_nearby >= kOddTogether)
        return "Copies were deleted while " + std::to_string(limits.odd_nearby) +
               " other calendars of the same service wait for a person. Nothing was taken over.";
    const int alike = most_alike(taking.moves);
    if (alike < limits.minimum) return std::nullopt;
    return std::to_string(alike) +
           " copies were moved by the same span in one run, as a wrong time zone does it. "
           "Nothing was taken over.";
}

}  // namespace calgate
