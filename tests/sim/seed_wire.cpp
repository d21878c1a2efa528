#include "tests/sim/seed_wire.hpp"

#include <array>

namespace calgate::seeds {

namespace {

/// Exchange says in the body what it is asked for.
bool is_write(const http::Request& request) {
    for (const char* operation : {"<m:CreateItem", "<m:UpdateItem", "<m:DeleteItem"})
        if (request.body.find(operation) != std::string::npos) return true;
    return request.method != "GET" && request.body.find(":Envelope") == std::string::npos;
}

}  // namespace

void FaultyWire::arm(testing::SeededRandom& random) {
    constexpr std::array kStatuses{429, 500, 502, 503, 504};
    Armed armed;
    armed.kind = static_cast<Kind>(random.between(0, static_cast<int>(Kind::ControlCharacters)));
    armed.status = kStatuses.at(random.next() % kStatuses.size());
    armed.says_when = random.one_in(2);
    armed.writes_only = random.one_in(2);
    armed_ = armed;
}

Result<http::Response> FaultyWire::send(const http::Request& request, const Context& context) {
    if (!armed_ || (armed_->writes_only && !is_write(request))) return inner_.send(request, context);
    const Armed armed = *std::exchange(armed_, std::nullopt);
    if (armed.kind == Kind::NoConnection) return Error{ErrorCode::Unavailable, "No connection.", {}};
    if (armed.kind == Kind::Refusal) {
        http::Response refusal{armed.status, {}, {}, request.url};
        if (armed.says_when) refusal.headers.emplace_back("Retry-After", "20");
        return refusal;
    }
    if (armed.kind == Kind::WebPage)
        return http::Response{
            armed.says_when ? 200 : armed.status,
            {{"Content-Type", "text/html"}},
            "<!DOCTYPE html><html><body>Sign in to the network</body></html>",
            request.url};
    auto answer = inner_.send(request, context);
    if (!answer) return answer;
    if (armed.kind == Kind::LostAnswer) return Error{ErrorCode::Timeout, "No answer came in time.", {}};
    if (armed.kind == Kind::BrokenOff) return Error{ErrorCode::InvalidResponse, "The answer broke off.", {}};
    if (armed.kind == Kind::HalfABody)
        answer->body.resize(answer->body.size() / 2);
    else
        answer->body.insert(answer->body.size() / 2, "\x01\x0b");
    return answer;
}

}  // namespace calgate::seeds
