#include "connectors/http/transport.hpp"

#include <algorithm>
#include <cctype>

namespace calgate::http {

std::optional<std::string> Response::header(std::string_view name) const {
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    for (const auto& [key, value] : headers)
        if (std::equal(key.begin(), key.end(), name.begin(), name.end(), same)) return value;
    return std::nullopt;
}

std::vector<Result<Response>> HttpTransport::send_together(
    const std::vector<Request>& requests, const Context& context
) {
    std::vector<Result<Response>> answers;
    for (const Request& request : requests) answers.push_back(send(request, context));
    return answers;
}

Result<std::unique_ptr<OpenStream>>
// NOLINTNEXTLINE(performance-unnecessary-value-param): those that open one keep the listener.
HttpTransport::open_stream(const Request&, std::shared_ptr<StreamListener>, const StreamLimits&) {
    return Error{ErrorCode::Unsupported, "Answers are not kept open here.", {}};
}

}  // namespace calgate::http
