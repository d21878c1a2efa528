#pragma once

#include <memory>
#include <mutex>

#include "connectors/oauth/token_source.hpp"

namespace calgate {

/// The access tokens of one account through all its sign-ins: connectors keep a reference to this, while the grant
/// behind it changes. Any thread.
class AccountTokens final : public oauth::TokenSource {
public:
    /// @param sign_in the account's count when the source was made.
    void use(std::shared_ptr<oauth::TokenSource> source, int sign_in) {
        const std::lock_guard lock(mutex_);
        source_ = std::move(source);
        sign_in_ = sign_in;
    }
    /// 0: none yet.
    int sign_in() const {
        const std::lock_guard lock(mutex_);
        return sign_in_;
    }
    Result<std::string> access_token(const Context& context) override { return source()->access_token(context); }
    void refused(const std::string& access_token) override { source()->refused(access_token); }

private:
    /// Shared: a call may still run on the source that was replaced.
    std::shared_ptr<oauth::TokenSource> source() const {
        const std::lock_guard lock(mutex_);
        CALGATE_ASSERT(source_ != nullptr);
        return source_;
    }

    mutable std::mutex mutex_{};
    std::shared_ptr<oauth::TokenSource> source_{};
    int sign_in_ = 0;
};

}  // namespace calgate
