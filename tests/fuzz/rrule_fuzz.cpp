#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/recurrence.hpp"
#include "core/recurrence_rule.hpp"
#include "core/recurrence_walk.hpp"
#include "tests/support/manual_clock.hpp"

/// RRULE values, each on a line: reading, walking and expanding end, and candidates come in order.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace calgate;
    static const ZoneResolver zones;
    constexpr int kPeriods = 400;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string_view line = text.substr(0, text.find('\n'));
    const testing::ManualClock clock;
    const LocalSeconds start{clock.now().time_since_epoch()};
    for (const bool date_only : {false, true}) {
        const auto rule = read_recurrence_rule(line, date_only);
        if (!rule) continue;
        RecurrenceWalk walk(*rule, start, date_only);
        std::vector<LocalSeconds> candidates;
        LocalSeconds last = LocalSeconds::min();
        for (int period = 0; period < kPeriods && walk.next(candidates); ++period) {
            for (const LocalSeconds at : candidates) {
                if (at < last) std::abort();
                last = at;
            }
        }
    }
    Event event;
    event.uid.value = "series";
    event.master.start = {When::Kind::Zoned, start, "Europe/Berlin"};
    event.master.end = {When::Kind::Zoned, start + std::chrono::hours{1}, "Europe/Berlin"};
    for (std::size_t from = 0; from < text.size() && event.master.rules.size() < 4;) {
        const auto end = std::min(text.find('\n', from), text.size());
        event.master.rules.emplace_back(text.substr(from, end - from));
        from = end + 1;
    }
    const Interval window{clock.now() - std::chrono::days{60}, clock.now() + std::chrono::days{730}};
    const Expansion expansion = expand(event, window, zones, "Europe/Berlin", clock);
    for (const Occurrence& occurrence : expansion.occurrences)
        if (occurrence.end < window.start || occurrence.start >= window.end) std::abort();
    return 0;
}
