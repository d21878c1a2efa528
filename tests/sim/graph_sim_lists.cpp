#include <algorithm>
#include <charconv>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::days kLongestView{1825};

std::size_t number(const GraphQuery& query, const char* name, std::size_t otherwise) {
    const auto at = query.find(name);
    if (at == query.end()) return otherwise;
    std::size_t value = 0;
    const char* const end = at->second.data() + at->second.size();
    const auto [stop, failure] = std::from_chars(at->second.data(), end, value);
    return failure == std::errc{} && stop == end ? value : otherwise;
}

std::string unquoted(const std::string& text) {
    std::string out;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        out += text[i];
        if (text[i] == '\'') ++i;
    }
    return out;
}

bool same_without_case(const std::string& a, const std::string& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

/// A clause that asks for an extended property, taken apart once for all events.
struct WantedProperty {
    std::string id{}, value{};
    /// Name with case, value without (Graph: extended properties).
    bool is_of(const GraphEvent& event) const {
        const auto at = event.properties.find(id);
        return at != event.properties.end() && same_without_case(at->second, value);
    }
};

std::optional<WantedProperty> wanted_property(const std::string& clause) {
    constexpr std::string_view kAny = "singleValueExtendedProperties/Any(ep: ";
    if (!clause.starts_with(kAny) || !clause.ends_with(")")) return std::nullopt;
    WantedProperty out;
    for (const std::string& part :
         split_outside(clause.substr(kAny.size(), clause.size() - kAny.size() - 1), " and ")) {
        if (part.starts_with("ep/id eq ")) out.id = unquoted(part.substr(9));
        if (part.starts_with("ep/value eq ")) out.value = unquoted(part.substr(12));
    }
    return out;
}

std::string member_at(const Json& item, const std::string& path) {
    const Json* at = &item;
    for (const std::string& name : split_outside(path, "/")) {
        if (!at->is_object() || !at->contains(name)) return {};
        at = &(*at)[name];
    }
    return at->is_string() ? at->get<std::string>() : at->dump();
}

/// One comparison of a $filter; nothing for what is not supported.
std::optional<bool> holds(const Json& item, const std::string& clause) {
    if (clause.starts_with("startswith(") && clause.ends_with(")")) {
        const auto comma = clause.find(',');
        if (comma == std::string::npos) return std::nullopt;
        std::string value = clause.substr(comma + 1, clause.size() - comma - 2);
        value.erase(0, value.find_first_not_of(' '));
        return member_at(item, clause.substr(11, comma - 11)).starts_with(unquoted(value));
    }
    for (const char* word : {" eq ", " ne ", " ge ", " le ", " gt ", " lt "}) {
        const auto at = clause.find(word);
        if (at == std::string::npos) continue;
        const std::string left = member_at(item, clause.substr(0, at));
        std::string right = clause.substr(at + 4);
        if (right.starts_with("'")) right = unquoted(right);
        const std::string name = word;
        if (name == " eq ") return left == right;
        if (name == " ne ") return left != right;
        if (name == " ge ") return left >= right;
        if (name == " le ") return left <= right;
        return name == " gt " ? left > right : left < right;
    }
    return std::nullopt;
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
http::Response GraphSim::State::list(const GraphCall& call, std::vector<Json> items, bool) {
    const std::size_t total = items.size();
    if (call.query.contains("$orderby")) sort_items(items, call.query.at("$orderby"));
    const std::size_t skip = std::min(number(call.query, "$skip", 0), total);
    const std::size_t top =
        std::clamp<std::size_t>(number(call.query, "$top", quirks.default_page), 1, quirks.largest_page);
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
    std::vector<Json> items;
    const bool filtered = call.query.contains("$filter");
    std::vector<WantedProperty> properties;
    std::vector<std::string> clauses;
    if (filtered)
        for (const std::string& clause : split_outside(call.query.at("$filter"), " and ")) {
            if (auto property = wanted_property(clause))
                properties.push_back(std::move(*property));
            else
                clauses.push_back(clause);
        }
    for (const auto& id : event_order) {
        const GraphEvent& event = events.at(id);
        if (event.deleted || event.calendar != calendar_id) continue;
        bool wanted = std::all_of(properties.begin(), properties.end(), [&](const auto& p) { return p.is_of(event); });
        if (!wanted && clauses.empty()) continue;
        Json item = render(call, event, nullptr, "");
        for (const std::string& clause : clauses) {
            const bool refused = quirks.refuses_icaluid_filter && clause.starts_with("iCalUId");
            const auto held = refused ? std::nullopt : holds(item, clause);
            if (!held) return graph_error(400, "ErrorInvalidUrlQueryFilter", "The filter clause is not supported.");
            wanted = wanted && *held;
        }
        if (wanted) items.push_back(std::move(item));
        if (wanted && quirks.lists_exceptions)
            for (const auto& [slot, exception] : event.exceptions)
                items.push_back(render(call, exception, &event, slot));
    }
    return list(call, std::move(items), filtered);
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
    std::vector<Json> items;
    for (const auto& id : event_order) {
        const GraphEvent& event = events.at(id);
        if (event.deleted || event.calendar != calendar_id || !overlaps(event, *window)) continue;
        if (!event.is_series()) {
            items.push_back(render(call, event, nullptr, ""));
            continue;
        }
        for (const GraphSlot& slot : slots(event, *window))
            if (!event.cancelled.contains(slot.date) && !event.exceptions.contains(slot.date))
                items.push_back(occurrence(call, event, slot));
        for (const auto& [slot, exception] : event.exceptions)
            if (overlaps(exception, *window)) items.push_back(render(call, exception, &event, slot));
    }
    return list(call, std::move(items), false);
}

http::Response GraphSim::State::instances(const GraphCall& call, const GraphEvent& master) {
    const auto window = window_of(call.query);
    if (!window) return no_window();
    if (window->end - window->start > kLongestView)
        return graph_error(400, "ErrorInvalidRequest", "The range between the start and end dates is too large.");
    if (!master.is_series())
        return graph_error(400, "ErrorInvalidRequest", "The request is only valid on a recurring master.");
    std::vector<Json> items;
    for (const GraphSlot& slot : slots(master, *window))
        if (!master.cancelled.contains(slot.date) && !master.exceptions.contains(slot.date))
            items.push_back(occurrence(call, master, slot));
    for (const auto& [slot, exception] : master.exceptions)
        if (overlaps(exception, *window)) items.push_back(render(call, exception, &master, slot));
    return list(call, std::move(items), false);
}

}  // namespace calgate::testing
