#pragma once

#include <string>

#include "connectors/google/google_connector.hpp"
#include "connectors/google/google_ids.hpp"
#include "core/identity.hpp"
#include "tests/sim/google_sim.hpp"
#include "tests/support/fixed_tokens.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::testing {

/// A simulated account with one calendar, and a connector to it.
struct GoogleStage {
    explicit GoogleStage(google::GoogleSettings given = {})
        : sim(clock, zones()),
          tokens(sim.issue_access_token()),
          id(sim.make_calendar("Salon")),
          calendar(google::calendar_href(id)),
          connector(sim, clock, zones(), tokens, std::move(given)) {}

    static const ZoneResolver& zones() {
        static const ZoneResolver resolver;
        return resolver;
    }
    Context context() const { return {clock.steady() + std::chrono::seconds(20), {}}; }
    static Event haircut(int number = 1) {
        Event event;
        event.uid = copy_name("salon", AppointmentId{"appointment-" + std::to_string(number)}, CalendarId{"c"}, 1);
        event.master.start = {When::Kind::Zoned, *parse_local("2026-06-10T09:00:00"), "Europe/Berlin"};
        event.master.end = {When::Kind::Zoned, *parse_local("2026-06-10T10:00:00"), "Europe/Berlin"};
        event.master.title = "Haircut";
        event.mark = "cg1/epoch/salon/appointment/1/1/hash";
        return event;
    }
    static Event weekly(int number = 1) {
        Event event = haircut(number);
        event.master.rules = {"FREQ=WEEKLY;COUNT=6"};
        return event;
    }
    Href create(const Event& event) {
        const auto receipt = connector.create_event(context(), calendar, event);
        if (!receipt) throw std::runtime_error(receipt.error().detail);
        return receipt->href;
    }
    Result<ChangeSet> page(const std::optional<SyncToken>& since = {}, const KnownVersion& known = {}) {
        return connector.fetch_changes(context(), calendar, since, known);
    }
    /// All pages together.
    ChangeSet pull(std::optional<SyncToken> since = {}, const KnownVersion& known = {}) {
        ChangeSet all;
        for (int pages = 0; pages < 500; ++pages) {
            auto next = page(since, known);
            if (!next) throw std::runtime_error(next.error().detail);
            all.changed.insert(all.changed.end(), next->changed.begin(), next->changed.end());
            all.removed.insert(all.removed.end(), next->removed.begin(), next->removed.end());
            all.unchanged.insert(all.unchanged.end(), next->unchanged.begin(), next->unchanged.end());
            all.snapshot = next->snapshot;
            all.next = since = next->next;
            if (!next->more) return all;
        }
        throw std::runtime_error("The pages do not end.");
    }

    ManualClock clock{};
    GoogleSim sim;
    FixedTokens tokens;
    std::string id;
    Href calendar;
    google::GoogleConnector connector;
};

}  // namespace calgate::testing
