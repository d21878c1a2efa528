#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "connectors/http/transport.hpp"

namespace calgate::testing {

/// Answers in the order given and keeps what was asked. Thread-safe; a request beyond the script is Unavailable.
class ScriptedTransport final : public http::HttpTransport {
public:
    using Step = std::function<Result<http::Response>(const http::Request&, const Context&)>;

    void then(Step step) {
        const std::lock_guard lock(mutex_);
        steps_.push_back(std::move(step));
    }
    void then(int status, std::string body, http::Headers headers = {}) {
        then([=](const http::Request& request, const Context&) -> Result<http::Response> {
            return http::Response{status, headers, body, request.url};
        });
    }
    void then(Error error) {
        then([=](const http::Request&, const Context&) -> Result<http::Response> { return error; });
    }

    Result<http::Response> send(const http::Request& request, const Context& context) override {
        Step step;
        {
            const std::lock_guard lock(mutex_);
            asked_.push_back(request);
            if (steps_.empty()) return Error{ErrorCode::Unavailable, "The script has ended.", {}};
            step = std::move(steps_.front());
            steps_.pop_front();
        }
        return step(request, context);
    }
    std::vector<http::Request> asked() const {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

private:
    mutable std::mutex mutex_{};
    std::deque<Step> steps_{};
    std::vector<http::Request> asked_{};
};

}  // namespace calgate::testing
