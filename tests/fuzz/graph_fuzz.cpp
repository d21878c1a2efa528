#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "connectors/graph/graph_errors.hpp"
#include "connectors/graph/graph_wire.hpp"

/// Whatever comes in, nothing crashes or hangs; what is understood is understood again from its own source, and what
/// can be written is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace calgate;
    static const ZoneResolver zones;
    const graph::WireContext context{zones, "Europe/Berlin"};
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    static_cast<void>(graph::parse_error(body));
    static_cast<void>(graph::parse_calendars(body));
    static_cast<void>(graph::parse_subscription(body));
    if (const auto event = graph::read_event(body, context)) {
        const auto again = graph::read_event(event->source, context);
        if (!again || !(*again == *event)) std::abort();
        static_cast<void>(graph::write_create(*event, "transaction", context));
    }
    const auto page = graph::parse_page(body);
    if (!page) return 0;
    for (const auto& item : page->items) static_cast<void>(graph::read_event(item.json, context));
    return 0;
}
