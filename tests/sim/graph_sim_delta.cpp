#include <algorithm>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::days kLongestView{1825};

}  // namespace

http::Response GraphSim::State::dead_token() const {
    const std::string message = "The sync state generation is not found; generation=149;[highest=157][157][155][156].";
    switch (quirks.dead_token) {
        case DeadToken::Gone410:
            return graph_error(410, "SyncStateNotFound", message);
        case DeadToken::Gone410LowerCase:
            return graph_error(410, "syncStateNotFound", message);
        case DeadToken::ResyncRequired: {
            http::Response response = graph_error(410, "resyncRequired", "Resync required.");
            response.headers.emplace_back("Location", std::string(kGraphOrigin) + "/v1.0/me/calendarView/delta");
            return response;
        }
        case DeadToken::BadRequest400:
            return graph_error(400, "BadRequest", "Badly formed token.");
        case DeadToken::MalformedId400:
            return graph_error(400, "ErrorInvalidIdMalformed", "Id is malformed.");
        case DeadToken::NotFound404:
            break;
    }
    return graph_error(404, "ErrorItemNotFound", "The specified object was not found in the store.");
}

http::Response GraphSim::State::delta(GraphCall& call, const std::string& calendar_id, const std::string& kind) {
    for (const char* name : {"$deltatoken", "$skiptoken"})
        if (const auto at = call.query.find(name); at != call.query.end()) {
            const auto round = rounds.find(at->second);
            const bool is_of_another =
                round != rounds.end() && (round->second.calendar != calendar_id || round->second.kind != kind);
            if (is_of_another) return graph_error(400, "BadRequest", "Badly formed token.");
            return delta_page(call, at->second);
        }
    for (const char* name : {"$select", "$filter", "$orderby", "$expand", "$search", "$top"})
        if (call.query.contains(name) && !(kind == "events" && name == std::string("$select")))
            return graph_error(
                400, "ErrorInvalidUrlQuery", std::string(name) + " is not supported for change tracking."
            );
    if (kind == "events" && quirks.refuses_events_delta)
        return graph_error(400, "BadRequest", "Change tracking is not supported against this collection.");
    DeltaRound round;
    round.calendar = calendar_id;
    round.kind = kind;
    const auto window = window_of(call.query);
    if (!window && kind == "calendarView") return no_window();
    if (window && window->end - window->start > kLongestView)
        return graph_error(400, "ErrorInvalidRequest", "The range between the start and end dates is too large.");
    round.start = window ? window->start : Instant{};
    round.end = window ? window->end : Instant{std::chrono::sys_days{std::chrono::year{2099} / 1 / 1}};
    round.made = clock.now();
    round.generation = newest_generation(round) + 1;
    const std::string token = next_name("R0usmc");
    rounds[token] = round;
    return delta_page(call, token);
}

/// The last change that a round sees while delta lags.
std::int64_t GraphSim::State::seen_changes(Instant horizon) const {
    std::int64_t upto = change;
    for (const auto& [id, event] : events)
        if (event.modified > horizon) upto = std::min(upto, event.change - 1);
    return upto;
}

void GraphSim::State::fill_round(const GraphCall& call, DeltaRound& round) const {
    const Interval window{round.start, round.end};
    const Instant horizon = clock.now() - quirks.delta_lag;
    round.upto = seen_changes(horizon);
    round.items = std::make_shared<std::vector<Json>>();
    const auto gone = [&](const GraphEvent& event) {
        Json item = {
            {"id", id_for(call, event)}, {"@removed", {{"reason", quirks.removed_as_changed ? "changed" : "deleted"}}}};
        if (!round.first) round.items->push_back(item);
    };
    for (const auto& id : event_order) {
        const GraphEvent& event = events.at(id);
        if ((round.first ? event.created : event.modified) > horizon) continue;
        const auto left = event.left.find(round.calendar);
        if (left != event.left.end() && left->second > round.since && event.calendar != round.calendar) gone(event);
        if (event.calendar != round.calendar || event.change <= round.since) continue;
        if (event.deleted) {
            if (!quirks.loses_deletions) gone(event);
            continue;
        }
        if (round.kind == "calendarView" && !overlaps(event, window)) {
            gone(event);
            continue;
        }
        GraphCall bare = call;
        bare.query.clear();
        round.items->push_back(render(bare, event, nullptr, ""));
        if (!event.is_series()) continue;
        for (const auto& [slot, exception] : event.exceptions)
            if (exception.change > round.since || round.kind == "calendarView")
                round.items->push_back(render(bare, exception, &event, slot));
        if (round.kind != "calendarView") continue;
        for (const GraphSlot& slot : slots(event, window))
            if (!event.cancelled.contains(slot.date) && !event.exceptions.contains(slot.date))
                round.items->push_back(stub(bare, event, slot));
    }
    if (!quirks.delta_doubles) return;
    const std::vector<Json> once = *round.items;
    round.items->insert(round.items->end(), once.begin(), once.end());
}

std::int64_t GraphSim::State::newest_generation(const DeltaRound& round) const {
    std::int64_t newest = 0;
    for (const auto& [token, other] : rounds)
        if (other.calendar == round.calendar && other.kind == round.kind) newest = std::max(newest, other.generation);
    return newest;
}

http::Response GraphSim::State::delta_page(GraphCall& call, const std::string& token) {
    const auto at = rounds.find(token);
    if (at == rounds.end()) return dead_token();
    const bool is_old = quirks.token_life.count() > 0 && at->second.made + quirks.token_life < clock.now();
    const bool is_outlived = quirks.token_generations > 0 &&
                             newest_generation(at->second) - at->second.generation >= quirks.token_generations;
    if (is_old || is_outlived) return dead_token();
    DeltaRound round = at->second;
    if (!round.waits) {
        fill_round(call, round);
        round.waits = true;
    }
    const std::size_t page = call.page == 0 ? quirks.default_page : call.page;
    const bool empty_one = quirks.empty_delta_pages && !round.gave_empty;
    const std::size_t end = empty_one ? round.at : std::min(round.items->size(), round.at + page);
    Json out;
    out["@odata.context"] = std::string(kGraphOrigin) + "/v1.0/$metadata#Collection(event)";
    out["value"] = Json::array();
    for (std::size_t i = round.at; i < end; ++i) out["value"].push_back((*round.items)[i]);
    DeltaRound next = round;
    next.made = clock.now();
    next.at = end;
    next.gave_empty = true;
    const bool more = end < round.items->size() || empty_one;
    if (!more) {
        next.items.reset();
        next.at = 0;
        next.waits = next.gave_empty = false;
        next.first = false;
        next.since = quirks.replays_last_round ? round.base : round.upto;
        next.base = round.upto;
        next.generation = newest_generation(round) + 1;
    }
    const std::string name = next_name("R0usmcCM");
    rounds[name] = std::move(next);
    const std::string link = call.path_text + (more ? "?$skiptoken=" : "?$deltatoken=") + name;
    out[more ? "@odata.nextLink" : "@odata.deltaLink"] = link;
    call.applied += call.applied.empty() ? "odata.track-changes" : ", odata.track-changes";
    return graph_json(200, out);
}

}  // namespace calgate::testing
