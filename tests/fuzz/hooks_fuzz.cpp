#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/fuzz/api_harness.hpp"

namespace {

std::string line_of(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

}  // namespace

/// Notifications: to Graph's address the input is the body; to Google's its first four lines are the headers; and as
/// the token of Graph's handshake it comes back as it is, or not at all.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace calgate;
    static testing::FuzzedApi api;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    HttpRequest graph;
    graph.method = "POST";
    graph.path = "/hooks/graph";
    graph.body = text;
    static_cast<void>(api.handle(graph));

    graph.query = {{"validationToken", std::string(text)}};
    const HttpResponse shaken = api.handle(graph);
    if (shaken.status == 200 && (shaken.body != text || shaken.type != "text/plain")) std::abort();

    HttpRequest google;
    google.method = "POST";
    google.path = "/hooks/google";
    std::string_view rest = text;
    for (const char* name :
         {"x-goog-channel-id", "x-goog-channel-token", "x-goog-resource-id", "x-goog-resource-state"})
        google.headers.emplace_back(name, line_of(rest));
    google.body = rest;
    static_cast<void>(api.handle(google));
    return 0;
}
