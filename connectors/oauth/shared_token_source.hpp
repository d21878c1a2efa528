#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "connectors/oauth/grant.hpp"
#include "connectors/oauth/token_source.hpp"

namespace calgate::oauth {

/// The access tokens of one account over its grant. One caller asks, the others wait for the same answer, each within
/// its own deadline (F25). A token is renewed five minutes before its end; while that fails for reasons that pass, the
/// old one serves on. Once a person has to sign in again, nothing is asked any more.
class SharedTokenSource final : public TokenSource {
public:
    SharedTokenSource(const Clock&, std::unique_ptr<Grant>);
    Result<std::string> access_token(const Context&) override;
    void refused(const std::string& access_token) override;

private:
    struct Token {
        std::string text{};
        SteadyInstant renew_at{};
        SteadyInstant ends_at{};
    };
    /// Waits for the running request. @return its error, or nothing: look again.
    std::optional<Error> wait(std::unique_lock<std::mutex>&, const Context&);
    Result<std::string> take(Result<TokenAnswer>, SteadyInstant asked);

    const Clock& clock_;
    std::unique_ptr<Grant> grant_;
    std::mutex mutex_{};
    std::condition_variable_any changed_{};
    std::optional<Token> token_{};       ///< This and all below under mutex_.
    std::optional<Error> ended_{};       ///< Unauthorized: a person has to sign in.
    std::optional<Error> last_error_{};  ///< Of the last request.
    bool asking_ = false;
    std::uint64_t round_ = 0;  ///< Requests that ended.
};

}  // namespace calgate::oauth
