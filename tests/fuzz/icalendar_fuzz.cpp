#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "core/busy.hpp"
#include "core/icalendar.hpp"
#include "tests/support/manual_clock.hpp"

/// Read, expand, write: whatever comes in, nothing crashes or hangs, and what was written can be read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace calgate;
    static const ZoneResolver zones;
    const IcalendarContext context{zones, "Europe/Berlin", {"me@example.com"}};
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static_cast<void>(read_icalendar_stream(text, context));
    const auto event = read_icalendar(text, context);
    if (!event) return 0;
    const testing::ManualClock clock;
    const Interval window{clock.now() - std::chrono::days{60}, clock.now() + std::chrono::days{730}};
    static_cast<void>(busy_time(*event, window, zones, "Europe/Berlin", clock));
    static_cast<void>(canonical_digest(*event, zones, "Europe/Berlin"));
    Event fresh = *event;
    fresh.source.clear();
    for (const Event* given : {&std::as_const(*event), &std::as_const(fresh)}) {
        const auto written = write_icalendar(*given, zones, clock.now());
        if (written && !read_icalendar(*written, context)) std::abort();
    }
    return 0;
}
