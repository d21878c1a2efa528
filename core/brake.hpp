#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace calgate {

/// What one run would decide of what people did in a calendar. Adds up over the steps of that run.
struct Taking {
    int changed = 0;                            ///< Copies changed or deleted, by people as far as we can tell.
    std::vector<std::chrono::seconds> moves{};  ///< By how much starts were moved, one per moved copy.
    int deleted = 0;                            ///< Of `changed`.
    void add(const Taking&);
};

struct BrakeLimits {
    int copies = 0;      ///< Copies that the target holds.
    int minimum = 5;     ///< So many pass in any case.
    double share = 0.2;  ///< Of `copies`.
    int odd_nearby = 0;  ///< Other calendars of the same service where a run waits, or just took many deletions over.
    int most() const;    ///< The largest number that passes.
};

/// Why a person has to look before any of it counts (I13): more than `most()` copies at once; or at least `minimum`
/// copies moved by the same span, as a wrong zone moves them and no person does (R11); or any deletion while two more
/// calendars of that service are odd, for then it is the service rather than a person. Nothing: it passes.
/// @return a sentence.
std::optional<std::string> odd(const Taking&, const BrakeLimits&);

}  // namespace calgate
