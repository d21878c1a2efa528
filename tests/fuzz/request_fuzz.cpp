#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/http_session.hpp"
#include "tests/fuzz/api_harness.hpp"

/// Bytes as they come over a connection: head, address, parameters and body of a request into the API. Without an
/// Authorization of its own it comes from the command line on this machine, which may do everything.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace calgate;
    static testing::FuzzedApi api;
    auto request = request_in({reinterpret_cast<const char*>(data), size}, HttpServer::Settings{});
    if (!request) return 0;
    request->address = "192.0.2.1";
    if (request->header("authorization").empty())
        request->headers.emplace_back("authorization", std::string("Bearer ") + testing::FuzzedApi::kAdminToken);
    static_cast<void>(api.handle(*request));
    return 0;
}
