#pragma once

#include <string>

#include "connectors/oauth/token_source.hpp"

namespace calgate::testing {

/// Access tokens that a test hands out itself. One thread.
class FixedTokens final : public oauth::TokenSource {
public:
    explicit FixedTokens(std::string token) : token_(std::move(token)) {}

    Result<std::string> access_token(const Context& context) override {
        if (context.stop.stop_requested()) return Error{ErrorCode::Cancelled, "The call was stopped.", {}};
        if (dead) return Error{ErrorCode::Unauthorized, "A person has to sign in again.", {}};
        return token_;
    }
    void refused(const std::string& access_token) override {
        if (access_token != token_) return;
        ++refusals;
        if (!next.empty()) token_ = next;
    }

    int refusals = 0;
    bool dead = false;   ///< invalid_grant.
    std::string next{};  ///< Takes the place of a refused one.

private:
    std::string token_;
};

}  // namespace calgate::testing
