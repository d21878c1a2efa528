#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "connectors/ews/ews_availability.hpp"
#include "connectors/ews/ews_wire.hpp"
#include "connectors/google/google_free_busy.hpp"
#include "connectors/graph/graph_free_busy.hpp"

namespace {

using calgate::freebusy::TakenTime;

/// Whatever is read as taken lasts some time: anything else would count as free.
void check(const calgate::Result<std::vector<TakenTime>>& taken) {
    if (!taken) return;
    for (const TakenTime& time : *taken)
        if (time.when.end <= time.when.start) std::abort();
}

}  // namespace

/// Free and busy times as Google, Graph and Exchange answer them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace calgate;
    static const ZoneResolver zones;
    const Instant from = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1};
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    check(google::read_free_busy(body, "anna@example.com"));
    check(graph::read_schedule(body, "anna@example.com", zones));
    if (const auto root = ews::parse_xml(body)) {
        const ews::Element* const inside = root->find("FreeBusyResponse");
        check(ews::read_availability(inside ? *inside : *root, from, zones, "anna@example.com"));
    }
    return 0;
}
