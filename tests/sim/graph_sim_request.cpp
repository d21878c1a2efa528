// What a request asks for, whatever the case of its header names and preferences.
#include <algorithm>
#include <charconv>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

std::string trimmed(const std::string& text) {
    const auto from = text.find_first_not_of(" \t");
    if (from == std::string::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

std::vector<std::pair<std::string, std::string>> preferences(const std::string& all) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const std::string& one : split_outside(all, ",")) {
        const auto equals = one.find('=');
        if (equals == std::string::npos) continue;
        std::string value = trimmed(one.substr(equals + 1));
        std::erase(value, '"');
        out.emplace_back(trimmed(one.substr(0, equals)), value);
    }
    return out;
}

/// Functions and actions may carry their namespace and empty brackets (OData 4.01 part 2, 4.5).
std::string plain_segment(std::string part) {
    constexpr std::string_view kNamespace = "microsoft.graph.";
    if (part.starts_with(kNamespace)) part.erase(0, kNamespace.size());
    if (part.ends_with("()")) part.resize(part.size() - 2);
    return part;
}

std::optional<std::size_t> page_size(const std::string& text) {
    std::size_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, value);
    return failure == std::errc{} && stop == end && value > 0 ? std::optional(value) : std::nullopt;
}

void prefer(GraphCall& call, const std::string& name, const std::string& value, const ZoneResolver& zones) {
    const auto is = [&](const char* wanted) { return same_without_case(name, wanted); };
    std::string answer = name + "=\"" + value + "\"";
    if (is("IdType") && same_without_case(value, "ImmutableId")) {
        call.immutable_ids = true;
    } else if (is("outlook.body-content-type") && same_without_case(value, "text")) {
        call.text_bodies = true;
    } else if (is("outlook.timezone")) {
        call.zone = value;
        if (!zones.canonical_name(value))
            call.refused = graph_error(
                400, "TimeZoneNotSupportedException", "A valid TimeZone value must be specified; this one is not known."
            );
    } else if (is("odata.maxpagesize")) {
        const auto page = page_size(value);
        if (!page) call.refused = graph_error(400, "BadRequest", "odata.maxpagesize is no positive number.");
        call.page = page.value_or(0);
        answer = name + "=" + value;
    } else {
        return;
    }
    call.applied += (call.applied.empty() ? "" : ", ") + answer;
}

}  // namespace

bool same_without_case(const std::string& a, const std::string& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

std::string graph_header(const http::Request& request, const std::string& wanted) {
    std::string out;
    for (const auto& [name, value] : request.headers)
        if (same_without_case(name, wanted)) out += (out.empty() ? "" : ", ") + value;
    return out;
}

GraphQuery parse_query(std::string_view query) {
    GraphQuery out;
    if (query.starts_with("?")) query.remove_prefix(1);
    while (!query.empty()) {
        const auto end = query.find('&');
        std::string pair(query.substr(0, end));
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
        std::replace(pair.begin(), pair.end(), '+', ' ');
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0) continue;
        out[http::percent_decode(pair.substr(0, equals))] = http::percent_decode(pair.substr(equals + 1));
    }
    return out;
}

GraphCall graph_call_of(const http::Request& request, const http::Url& url, const ZoneResolver& zones) {
    GraphCall call{request};
    call.method = request.method;
    call.path_text = url.origin() + url.path;
    call.query = parse_query(url.query);
    for (std::size_t at = 0; at < url.path.size();) {
        const auto end = std::min(url.path.find('/', at), url.path.size());
        if (end > at) call.path.push_back(plain_segment(http::percent_decode(url.path.substr(at, end - at))));
        at = end + 1;
    }
    for (const auto& [name, value] : preferences(graph_header(request, "Prefer"))) prefer(call, name, value, zones);
    if (request.body.empty()) return call;
    call.body = Json::parse(request.body, nullptr, false);
    if (!call.body.is_object()) call.refused = graph_error(400, "BadRequest", "Unable to read JSON request payload.");
    return call;
}

}  // namespace calgate::testing
