#pragma once

#include <functional>
#include <string>
#include <utility>

#include "connectors/oauth/token_source.hpp"

namespace calgate::testing {

/// Access tokens without a sign-in: one until it is refused, then what `renew` gives. For one thread.
class FixedTokens final : public oauth::TokenSource {
public:
    explicit FixedTokens(std::function<std::string()> renew) : renew_(std::move(renew)), token_(renew_()) {}

    Result<std::string> access_token(const Context&) override {
        if (revoked_) return Error{ErrorCode::Unauthorized, "The account has to be connected again.", {}};
        return token_;
    }
    void refused(const std::string& access_token) override {
        ++refusals_;
        if (access_token == token_) token_ = renew_();
    }
    void revoke() { revoked_ = true; }
    int refusals() const { return refusals_; }

private:
    std::function<std::string()> renew_;
    std::string token_;
    bool revoked_ = false;
    int refusals_ = 0;
};

}  // namespace calgate::testing
