#pragma once

#include <boost/test/unit_test.hpp>
#include <map>
#include <set>
#include <string>

#include "connectors/graph/graph_connector.hpp"
#include "connectors/http/url.hpp"
#include "core/icalendar.hpp"
#include "tests/sim/graph_sim.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/renewed_tokens.hpp"

namespace calgate::testing {

namespace graph_stage {

inline const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

inline graph::GraphSettings berlin_settings() {
    graph::GraphSettings out;
    out.default_zone = "Europe/Berlin";
    return out;
}

inline When berlin(const std::string& text) { return {When::Kind::Zoned, *parse_local(text), "Europe/Berlin"}; }

template <class Outcome>
std::string why(const Outcome& outcome) {
    return outcome ? std::string() : outcome.error().detail;
}

inline Event haircut(const std::string& uid) {
    Event event;
    event.uid = Uid{uid};
    event.master.start = berlin("2026-06-10T09:00:00");
    event.master.end = berlin("2026-06-10T10:00:00");
    event.master.title = "Haircut";
    event.master.notes = "Asked for Anna";
    return event;
}

inline Event weekly(const std::string& uid) {
    Event event = haircut(uid);
    event.master.rules = {"FREQ=WEEKLY;COUNT=10"};
    return event;
}

inline std::string person_event(const std::string& start, const std::string& end, const std::string& more = "") {
    return R"({"subject":"Dentist","start":{"dateTime":")" + start + R"(","timeZone":"UTC"},"end":{"dateTime":")" +
           end + R"(","timeZone":"UTC"})" + more + "}";
}

struct Pulled {
    std::map<std::string, RemoteEvent> changed{};
    std::set<std::string> removed{}, unchanged{}, unread{};
    std::optional<SyncToken> token{};
    bool snapshot = false;
    int pages = 0;
};

/// A mailbox with one calendar, and a connector to it.
struct Office {
    ManualClock clock{};
    GraphSim sim;
    RenewedTokens tokens{[this] { return sim.issue_token(); }};
    graph::GraphSettings settings = berlin_settings();
    graph::GraphConnector connector;
    std::string calendar_id = sim.make_calendar("Salon");
    Href calendar{"calendars/" + http::percent_encode(calendar_id)};

    explicit Office(GraphQuirks quirks = graph_quirks_of("plain"), graph::GraphSettings given = berlin_settings())
        : sim(clock, zones(), quirks), settings(given), connector(sim, clock, zones(), tokens, given) {}

    Context context() const { return {clock.steady() + std::chrono::seconds(60), {}}; }
    Href href(const std::string& id) const { return Href{calendar.value + "/events/" + http::percent_encode(id)}; }
    std::string id(const Href& event) const {
        return http::percent_decode(event.value.substr(event.value.rfind('/') + 1));
    }
    WriteReceipt create(const Event& event) {
        const auto receipt = connector.create_event(context(), calendar, event);
        BOOST_REQUIRE_MESSAGE(receipt.has_value(), why(receipt));
        return *receipt;
    }
    RemoteEvent fetch(const Href& event) {
        const auto remote = connector.fetch_event(context(), event);
        BOOST_REQUIRE_MESSAGE(remote.has_value(), why(remote));
        return *remote;
    }
    Pulled pull(const std::optional<SyncToken>& since = {}, const KnownVersion& known = {}) {
        Pulled all;
        all.token = since;
        for (bool more = true; more;) {
            BOOST_REQUIRE(++all.pages < 100);
            const auto page = connector.fetch_changes(context(), calendar, all.token, known);
            BOOST_REQUIRE_MESSAGE(page.has_value(), why(page));
            for (const auto& event : page->changed) all.changed.insert_or_assign(event.href.value, event);
            for (const auto& gone : page->removed) all.removed.insert(gone.value);
            for (const auto& same : page->unchanged) all.unchanged.insert(same.value);
            for (const auto& odd : page->unread) all.unread.insert(odd.value);
            all.snapshot = page->snapshot;
            all.token = page->next;
            more = page->more;
        }
        return all;
    }
    KnownVersion holding(const Pulled& pulled) {
        return [held = pulled.changed](const Href& event) {
            const auto at = held.find(event.value);
            return at == held.end() ? std::nullopt : at->second.version;
        };
    }
    std::string digest(const Event& event) { return canonical_digest(event, zones(), "Europe/Berlin"); }
};

inline SimFault fault(SimFault::Kind kind, const std::string& method, int status = 503, int times = 1) {
    SimFault out;
    out.kind = kind;
    out.method = method;
    out.status = status;
    out.times = times;
    return out;
}

}  // namespace graph_stage

}  // namespace calgate::testing
