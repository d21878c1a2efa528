#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "connectors/ews/ews_errors.hpp"
#include "connectors/ews/ews_wire.hpp"

/// Whatever comes in, nothing crashes or hangs; what is understood is understood again from its own source, and what
/// can be written is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace calgate;
    static const ZoneResolver zones;
    const ews::WireContext context{zones, "Europe/Berlin"};
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    static_cast<void>(ews::read_copy_words(body));
    static_cast<void>(ews::uid_of(body));
    const auto root = ews::parse_xml(body);
    if (!root) return 0;
    if (!ews::parse_xml(ews::write_xml(*root))) std::abort();
    static_cast<void>(ews::verdict_of_fault(*root));
    for (const ews::Element* message : ews::messages_of(*root)) static_cast<void>(ews::verdict_of(*message));
    const ews::Element* const item = root->find("CalendarItem");
    const std::string source = root->name == "Series" ? ews::write_xml(*root) : item ? ews::write_xml(*item) : "";
    const auto event = ews::read_event(source, context);
    if (!event) return 0;
    const auto again = ews::read_event(event->source, context);
    if (!again || !(*again == *event)) std::abort();
    static_cast<void>(ews::write_create(*event, context));
    static_cast<void>(ews::write_update(*event, *again, context));
    return 0;
}
