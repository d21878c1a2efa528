#include "tests/support/recording_transport.hpp"

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "connectors/http/url.hpp"

namespace calgate::testing {

namespace {

using Json = nlohmann::json;

bool asks_for_a_token(const http::Request& request) {
    const auto url = http::parse_url(request.url);
    return url && url->path.ends_with("/token");
}

std::string preferences(const http::Request& request) {
    for (const auto& [name, value] : request.headers)
        if (name == "Prefer") return value;
    return {};
}

std::string line_of(const http::Request& request, const http::Response& response) {
    const Json exchange = {
        {"method", request.method},
        {"url", request.url},
        {"request", asks_for_a_token(request) ? std::string() : request.body},
        {"prefer", preferences(request)},
        {"status", response.status},
        {"type", response.header("Content-Type").value_or("")},
        {"response", response.body}};
    return exchange.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

RecordingTransport::RecordingTransport(http::HttpTransport& inner, const std::string& path) : inner_(inner) {
    if (path.empty()) return;
    out_.open(path, std::ios::binary | std::ios::trunc);
    if (!out_) throw std::runtime_error("Cannot write " + path + ".");
}

Result<http::Response> RecordingTransport::send(const http::Request& request, const Context& context) {
    auto response = inner_.send(request, context);
    if (response && on_ && out_.is_open()) out_ << line_of(request, *response) << std::endl;
    return response;
}

std::string exchanges_file(const std::string& name) {
    const char* const folder = std::getenv("CALGATE_EXCHANGES");
    if (!folder) return {};
    std::filesystem::create_directories(folder);
    return std::string(folder) + "/" + name + ".jsonl";
}

}  // namespace calgate::testing
