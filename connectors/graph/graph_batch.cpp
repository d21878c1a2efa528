#include "connectors/graph/graph_batch.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "connectors/graph/graph_text.hpp"

namespace calgate::graph {

namespace {

using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::optional<std::size_t> number_of(const Json& answer) {
    if (!answer.is_object() || !answer.contains("id") || !answer["id"].is_string()) return std::nullopt;
    const auto& text = answer["id"].get_ref<const std::string&>();
    std::size_t number = 0;
    const auto [at, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || at != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<http::Response> response_of(const Json& answer) {
    if (!answer.contains("status") || !answer["status"].is_number_integer()) return std::nullopt;
    http::Response out;
    out.status = answer["status"].get<int>();
    if (answer.contains("headers") && answer["headers"].is_object())
        for (const auto& [name, value] : answer["headers"].items())
            if (value.is_string()) out.headers.emplace_back(name, value.get<std::string>());
    if (answer.contains("body") && !answer["body"].is_null())
        out.body = answer["body"].is_string() ? answer["body"].get<std::string>() : dumped(answer["body"]);
    return out;
}

}  // namespace

std::string write_batch(const std::vector<BatchPart>& parts) {
    Json out;
    out["requests"] = Json::array();
    for (std::size_t i = 0; i < parts.size(); ++i) {
        Json part{{"id", std::to_string(i)}, {"method", parts[i].method}, {"url", parts[i].url}};
        for (const auto& [name, value] : parts[i].headers) part["headers"][name] = value;
        if (!parts[i].body.empty()) part["body"] = Json::parse(parts[i].body, nullptr, false);
        out["requests"].push_back(std::move(part));
    }
    return dumped(out);
}

Result<std::vector<std::optional<http::Response>>> read_batch(const http::Response& response, std::size_t parts) {
    const Json body = Json::parse(cleaned_json(response.body), nullptr, false);
    if (!body.is_object() || !body.contains("responses") || !body["responses"].is_array())
        return Error{
            ErrorCode::InvalidResponse,
            "Microsoft Graph answered several calls with something else; we look what it did.",
            {}};
    std::vector<std::optional<http::Response>> out(parts);
    for (const Json& answer : body["responses"]) {
        const auto number = number_of(answer);
        if (!number || *number >= parts || out[*number]) continue;
        out[*number] = response_of(answer);
        if (out[*number]) out[*number]->url = response.url;
    }
    return out;
}

}  // namespace calgate::graph
