#include "connectors/graph/graph_terms.hpp"

#include <nlohmann/json.hpp>

#include "connectors/graph/graph_text.hpp"
#include "core/windows_zones.hpp"

namespace calgate::graph {

using Json = nlohmann::ordered_json;

std::string graph_zone(const std::string& iana) {
    const std::string_view windows = windows_of_iana(iana);
    return windows.empty() ? iana : std::string(windows);
}

std::string write_wording(const Wording& wording) {
    Json out = Json::object();
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) out[name] = value;
    };
    add("zone", wording.zone);
    add("rule", wording.rule);
    add("notes", wording.notes);
    add("state", wording.state);
    return out.empty() ? std::string() : out.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Wording read_wording(std::string_view text) {
    Wording out;
    const Json body = Json::parse(cleaned_json(text), nullptr, false);
    if (!body.is_object()) return out;
    const auto word = [&](const char* name) {
        return body.contains(name) && body[name].is_string() ? body[name].get<std::string>() : std::string();
    };
    out.zone = word("zone");
    out.rule = word("rule");
    out.notes = word("notes");
    out.state = word("state");
    return out;
}

}  // namespace calgate::graph
