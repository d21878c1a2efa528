#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "connectors/google/google_errors.hpp"
#include "connectors/google/google_ids.hpp"
#include "connectors/google/google_wire.hpp"

/// Pages, events, calendars, channels and errors: whatever comes in, nothing crashes, and what was read can be read
/// again from its source.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace calgate;
    static const ZoneResolver zones;
    const google::ReadContext context{zones, "Europe/Berlin"};
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    static_cast<void>(google::read_calendars_page(body));
    static_cast<void>(google::read_channel(body));
    static_cast<void>(google::meaning(google::Call::Create, google::parse_refusal(400, body), "host"));
    if (const auto page = google::read_events_page(body)) {
        const Href calendar = google::calendar_href("shop@example.com");
        for (const google::Item& item : page->items)
            static_cast<void>(google::remote_event(calendar, google::Whole{item, {}}, context));
    }
    const auto whole = google::read_whole(body);
    if (!whole) return 0;
    const auto again = google::read_whole(whole->source());
    if (!again || again->version() != whole->version()) std::abort();
    const auto event = google::read_event(*whole, context);
    if (!event) return 0;
    static_cast<void>(google::patches(*whole, *event, context));
    static_cast<void>(google::insert_body(*event, "abcde", context));
    return 0;
}
