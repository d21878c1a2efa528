#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"
#include "tests/support/fault_vfs.hpp"

using namespace calgate;
using namespace calgate::testing;

BOOST_AUTO_TEST_SUITE(cached_busy)

/// Texts that look like the row's own members, quotes and all, change nothing.
BOOST_AUTO_TEST_CASE(busy_time_alone_is_what_whole_rows_tell_without_our_copies) {
    const ScratchFolder folder;
    const auto store = SqliteStore::open(folder.file("store.db"));
    const auto event_at = [](const std::string& href, int hour) {
        CachedEvent event;
        event.calendar = {"cal-ann"};
        event.href = {href};
        const Instant start = instant("2026-04-01T00:00:00Z") + std::chrono::hours{hour};
        event.busy = {{start, start + std::chrono::hours{1}, BusyKind::Busy}};
        return event;
    };
    store->write([&](Writer& writer) {
        set_up(writer);
        CachedEvent copy = event_at("/copy", 1);
        copy.appointment = AppointmentId{"a"};
        copy.text = R"("appointment":null)";
        CachedEvent odd = event_at("/odd", 2);
        odd.text = R"("appointment":"b", \"appointment\":null)";
        CachedEvent other = event_at("/other", 3);
        other.calendar = {"cal-bob"};
        for (const CachedEvent& event : {copy, odd, other, event_at("/plain", 4)}) writer.put(event);
    });
    store->read([](const Reader& reader) {
        auto got = reader.busy_time({"cal-ann"});
        std::vector<BusyInterval> wanted;
        for (const CachedEvent& event : reader.cached_events({"cal-ann"}))
            if (!event.appointment) wanted.insert(wanted.end(), event.busy.begin(), event.busy.end());
        std::sort(got.begin(), got.end());
        std::sort(wanted.begin(), wanted.end());
        BOOST_TEST((got == wanted));
        BOOST_TEST(got.size() == 2u);
    });
}

BOOST_AUTO_TEST_SUITE_END()
