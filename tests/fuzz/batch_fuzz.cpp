#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "connectors/google/google_batch.hpp"
#include "connectors/graph/graph_batch.hpp"

/// Batch answers of Google (multipart) and Graph (JSON): a line with the Content-Type, then the body. As many answers
/// as parts come out of whatever goes in.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace calgate;
    constexpr std::size_t kParts = 5;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto line = std::min(text.find('\n'), text.size());
    http::Response response;
    response.status = 200;
    response.headers = {{"Content-Type", std::string(text.substr(0, line))}};
    response.body = text.substr(std::min(line + 1, text.size()));
    const auto google = google::read_batch(response, kParts);
    if (google && google->size() != kParts) std::abort();
    const auto graph = graph::read_batch(response, kParts);
    if (graph && graph->size() != kParts) std::abort();
    return 0;
}
