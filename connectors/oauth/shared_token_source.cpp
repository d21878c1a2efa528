#include "connectors/oauth/shared_token_source.hpp"

#include <algorithm>

namespace calgate::oauth {
namespace {

constexpr std::chrono::seconds kRenewEarly{300};
constexpr std::chrono::seconds kStillGood{30};
constexpr std::chrono::seconds kAgainAfter{30};

bool passes(ErrorCode code) {
    return code == ErrorCode::Unavailable || code == ErrorCode::Timeout || code == ErrorCode::RateLimited ||
           code == ErrorCode::InvalidResponse;
}

}  // namespace

SharedTokenSource::SharedTokenSource(const Clock& clock, std::unique_ptr<Grant> grant)
    : clock_(clock), grant_(std::move(grant)) {}

Result<std::string> SharedTokenSource::access_token(const Context& context) {
    std::unique_lock lock(mutex_);
    while (true) {
        if (token_ && clock_.steady() < token_->renew_at) return token_->text;
        if (ended_) return *ended_;
        if (!asking_) break;
        if (const auto error = wait(lock, context)) return *error;
    }
    asking_ = true;
    const SteadyInstant asked = clock_.steady();
    lock.unlock();
    const auto finish = [this](Result<TokenAnswer> answer, SteadyInstant when) {
        const std::lock_guard again(mutex_);
        asking_ = false;
        ++round_;
        auto out = take(std::move(answer), when);
        changed_.notify_all();
        return out;
    };
    try {
        return finish(grant_->request(context), asked);
    } catch (...) {
        static_cast<void>(finish(Error{ErrorCode::Cancelled, "The request for a token broke off.", {}}, asked));
        throw;
    }
}

std::optional<Error> SharedTokenSource::wait(std::unique_lock<std::mutex>& lock, const Context& context) {
    const auto round = round_;
    const auto remaining = std::max(context.deadline - clock_.steady(), SteadyInstant::duration::zero());
    if (!changed_.wait_for(lock, context.stop, remaining, [&] { return round_ != round; })) {
        if (context.stop.stop_requested()) return Error{ErrorCode::Cancelled, "The call was stopped.", {}};
        return Error{ErrorCode::Unavailable, "No access token came in time; we try again later.", {}};
    }
    // A caller that was stopped says nothing about the provider: the next one asks.
    const bool serves = token_ && clock_.steady() < token_->renew_at;
    if (serves || !last_error_ || last_error_->code == ErrorCode::Cancelled) return std::nullopt;
    return last_error_;
}

Result<std::string> SharedTokenSource::take(Result<TokenAnswer> answer, SteadyInstant asked) {
    const SteadyInstant now = clock_.steady();
    if (answer) {
        last_error_.reset();
        const auto life = std::chrono::duration_cast<SteadyInstant::duration>(answer->expires_in);
        const auto early = std::min<SteadyInstant::duration>(kRenewEarly, life / 2);
        token_ = Token{answer->access_token, asked + life - early, asked + life};
        return token_->text;
    }
    last_error_ = answer.error();
    if (last_error_->code == ErrorCode::Unauthorized) {
        ended_ = last_error_;
        token_.reset();
        return *ended_;
    }
    if (token_ && passes(last_error_->code) && now + kStillGood < token_->ends_at) {
        token_->renew_at = std::min<SteadyInstant>(now + kAgainAfter, token_->ends_at - kStillGood);
        return token_->text;
    }
    return *last_error_;
}

void SharedTokenSource::refused(const std::string& access_token) {
    const std::lock_guard lock(mutex_);
    if (token_ && token_->text == access_token) token_.reset();
}

}  // namespace calgate::oauth
