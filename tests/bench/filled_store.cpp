#include "tests/bench/filled_store.hpp"

#include "core/icalendar.hpp"
#include "scheduler/sync_pass.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/bench/business_calendar.hpp"

namespace calgate::bench {
namespace {

Calendar calendar_of(const std::string& person, Instant now) {
    Calendar calendar;
    calendar.id = {"c-" + person};
    calendar.account = {"acc"};
    calendar.staff = {person};
    calendar.href = {"/" + person + "/"};
    calendar.busy = true;
    calendar.as_of = calendar.full_listing = now;
    return calendar;
}

}  // namespace

void fill_store(
    const std::string& directory, std::size_t people, std::size_t events, const ZoneResolver& zones, const Clock& clock
) {
    const auto store = SqliteStore::open(directory + "/calgate.db");
    const Instant now = clock.now();
    const Interval horizon{now - std::chrono::days{60}, now + std::chrono::days{730}};
    const IcalendarContext context{zones, "Europe/Berlin", {}};
    store->write([&](Writer& writer) {
        Account account{.id = {"acc"}, .kind = "caldav", .url = "http://127.0.0.1:9/"};
        account.state = AccountState::NeedsAttention;
        writer.put(account);
    });
    for (std::size_t number = 0; number < people; ++number) {
        const std::string person = "p" + std::to_string(number);
        const Calendar calendar = calendar_of(person, now);
        store->write([&](Writer& writer) {
            Staff staff{.id = {person}, .name = "P", .zone = "Europe/Berlin"};
            for (std::size_t day = 0; day < 5; ++day) staff.week.at(day) = {{9 * 60, 12 * 60}, {13 * 60, 17 * 60}};
            writer.put(staff);
            writer.put(calendar);
            std::size_t place = 0;
            for (const std::string& text : business_calendar(events, number)) {
                auto event = read_icalendar(text, context);
                if (!event) continue;
                RemoteEvent remote{
                    {calendar.href.value + std::to_string(place++) + ".ics"}, Version{"1"}, std::move(*event), {}};
                writer.put(cached_event(remote, calendar, "Europe/Berlin", horizon, std::nullopt, zones, clock));
            }
        });
    }
}

}  // namespace calgate::bench
