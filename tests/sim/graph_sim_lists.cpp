#include <algorithm>
#include <charconv>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::days kLongestView{1825};

/// A query option that counts; nothing for what is no number.
std::optional<std::size_t> number(const GraphQuery& query, const char* name, std::size_t otherwise) {
    const auto at = query.find(name);
    if (at == query.end()) return otherwise;
    std::size_t value = 0;
    const char* const end = at->second.data() + at->second.size();
    const auto [stop, failure] = std::from_chars(at->second.data(), end, value);
    return failure == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

std::string member_at(const Json& item, const std::string& path) {
    const Json* at = &item;
    for (const std::string& name : split_outside(path, "/")) {
        if (!at->is_object() || !at->contains(name)) return {};
        at = &(*at)[name];
    }
    return at->is_string() ? at->get<std::string>() : at->dump();
}

void select(Json& item, const std::string& names) {
    const auto wanted = split_outside(names, ",");
    Json out;
    for (const auto& [name, value] : item.items()) {
        const bool kept = name.starts_with("@odata") || name == "id" ||
                          std::find(wanted.begin(), wanted.end(), name) != wanted.end() ||
                          name == "singleValueExtendedProperties" || name == "exceptionOccurrences";
        if (kept) out[name] = value;
    }
    item = out;
}

void sort_items(std::vector<Json>& items, const std::string& order) {
    const std::string first = split_outside(order, ",").front();
    const bool descending = first.ends_with(" desc");
    const std::string path = first.substr(0, first.find(' '));
    std::stable_sort(items.begin(), items.end(), [&](const Json& a, const Json& b) {
        return descending ? member_at(b, path) < member_at(a, path) : member_at(a, path) < member_at(b, path);
    });
}

std::string encoded(const GraphQuery& query) {
    std::string out;
    for (const auto& [name, value] : query) out += (out.empty() ? "?" : "&") + name + "=" + http::percent_encode(value);
    return out;
}

}  // namespace

std::vector<std::string> split_outside(const std::string& text, const std::string& separator) {
    std::vector<std::string> out(1);
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\'') quoted = !quoted;
        if (!quoted && text[i] == '(') ++depth;
        if (!quoted && text[i] == ')') --depth;
        if (!quoted && depth == 0 && text.compare(i, separator.size(), separator) == 0) {
            out.emplace_back();
            i += separator.size() - 1;
            continue;
        }
        out.back() += text[i];
    }
    return out;
}

/// Sorting, counting, paging and $select, as every collection has them.
http::Response GraphSim::State::list(const GraphCall& call, std::vector<Json> items) {
    const std::size_t total = items.size();
    const auto asked_skip = number(call.query, "$skip", 0);
    const auto asked_top = number(call.query, "$top", call.page == 0 ? quirks.default_page : call.page);
    if (!asked_skip || !asked_top || *asked_top == 0)
        return graph_error(400, "BadRequest", "Invalid value for a query option that counts.");
    if (call.query.contains("$orderby")) sort_items(items, call.query.at("$orderby"));
    const std::size_t skip = std::min(*asked_skip, total), top = std::min(*asked_top, quirks.largest_page);
    const std::size_t end = std::min(total, skip + top);
    Json out;
    out["@odata.context"] = std::string(kGraphOrigin) + "/v1.0/$metadata#Collection(event)";
    if (call.query.contains("$count") && call.query.at("$count") == "true") out["@odata.count"] = total;
    out["value"] = Json::array();
    for (std::size_t i = skip; i < end; ++i) {
        if (call.query.contains("$select")) select(items[i], call.query.at("$select"));
        out["value"].push_back(std::move(items[i]));
    }
    if (end < total) {
        GraphQuery next = call.query;
        next["$skip"] = std::to_string(end);
        out["@odata.nextLink"] = call.path_text + encoded(next);
    }
    return graph_json(200, out);
}

http::Response GraphSim::State::event_list(const GraphCall& call, const std::string& calendar_id) {
    std::vector<GraphTerm> terms;
    if (auto refused = read_filter(call, terms)) return *refused;
    const bool by_property = std::all_of(terms.begin(), terms.end(), [](const GraphTerm& term) {
        return term.kind == GraphTerm::Kind::Property;
    });
    std::vector<Json> items;
    for (const auto& id : event_order) {
        const GraphEvent& event = events.at(id);
        if (event.deleted || event.calendar != calendar_id) continue;
        if (by_property && !all_hold(terms, {}, event.properties)) continue;  // Before it costs its rendering.
        Json item = render(call, event, nullptr, "");
        if (!all_hold(terms, item, event.properties)) continue;
        items.push_back(std::move(item));
        if (quirks.lists_exceptions)
            for (const auto& [slot, exception] : event.exceptions)
                items.push_back(render(call, exception, &event, slot));
    }
    return list(call, std::move(items));
}

bool GraphSim::State::overlaps(const GraphEvent& event, Interval window) const {
    const auto inside = [&](const GraphTimes& times) {
        const Interval at = span(times);
        return at.start < window.end && (at.end > window.start || at.start >= window.start);
    };
    if (!event.is_series()) return inside(event.times);
    for (const auto& [slot, exception] : event.exceptions)
        if (inside(exception.times)) return true;
    for (const GraphSlot& slot : slots(event, window))
        if (!event.cancelled.contains(slot.date) && !event.exceptions.contains(slot.date)) return true;
    return false;
}

std::optional<Interval> window_of(const GraphQuery& query) {
    const auto start = query.find("startDateTime"), end = query.find("endDateTime");
    if (start == query.end() || end == query.end()) return std::nullopt;
    const auto parse = [](std::string text) -> std::optional<Instant> {
        if (const auto dot = text.find('.'); dot != std::string::npos)
            text.erase(dot, text.find_first_not_of("0123456789", dot + 1) - dot);
        if (const auto instant = parse_instant(text)) return instant;
        return parse_instant(text.size() == 10 ? text + "T00:00:00Z" : text + "Z");
    };
    const auto from = parse(start->second), to = parse(end->second);
    if (!from || !to || *to < *from) return std::nullopt;
    return Interval{*from, *to};
}

http::Response no_window() {
    return graph_error(
        400,
        "ErrorInvalidParameter",
        "This request requires a time window specified by startDateTime "
        "and endDateTime."
    );
}

http::Response GraphSim::State::view(const GraphCall& call, const std::string& calendar_id) {
    const auto window = window_of(call.query);
    if (!window) return no_window();
    if (window->end - window->start > kLongestView)
        return graph_error(400, "ErrorInvalidRequest", "The range between the start and end dates is too large.");
    std::vector<GraphTerm> terms;
    if (auto refused = read_filter(call, terms)) return *refused;
    std::vector<Json> items;
    const auto add = [&](Json item, const GraphEvent& event) {
        if (all_hold(terms, item, event.properties)) items.push_back(std::move(item));
    };
    for (const auto& id : event_order) {
        const GraphEvent& event = events.at(id);
        if (event.deleted || event.calendar != calendar_id || !overlaps(event, *window)) continue;
        if (!event.is_series()) {
            add(render(call, event, nullptr, ""), event);
            continue;
        }
        for (const GraphSlot& slot : slots(event, *window))
            if (!event.cancelled.contains(slot.date) && !event.exceptions.contains(slot.date))
                add(occurrence(call, event, slot), event);
        for (const auto& [slot, exception] : event.exceptions)
            if (overlaps(exception, *window)) add(render(call, exception, &event, slot), exception);
    }
    return list(call, std::move(items));
}

http::Response GraphSim::State::instances(const GraphCall& call, const GraphEvent& master) {
    const auto window = window_of(call.query);
    if (!window) return no_window();
    if (window->end - window->start > kLongestView)
        return graph_error(400, "ErrorInvalidRequest", "The range between the start and end dates is too large.");
    if (!master.is_series())
        return graph_error(400, "ErrorInvalidRequest", "The request is only valid on a recurring master.");
    std::vector<GraphTerm> terms;
    if (auto refused = read_filter(call, terms)) return *refused;
    std::vector<Json> items;
    const auto add = [&](Json item, const GraphEvent& event) {
        if (all_hold(terms, item, event.properties)) items.push_back(std::move(item));
    };
    for (const GraphSlot& slot : slots(master, *window))
        if (!master.cancelled.contains(slot.date) && !master.exceptions.contains(slot.date))
            add(occurrence(call, master, slot), master);
    for (const auto& [slot, exception] : master.exceptions)
        if (overlaps(exception, *window)) add(render(call, exception, &master, slot), exception);
    return list(call, std::move(items));
}

}  // namespace calgate::testing
