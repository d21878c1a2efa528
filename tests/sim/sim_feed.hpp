#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "connectors/http/transport.hpp"

namespace calgate::testing {

/// What the session of a stream is told.
class Outlet {
public:
    virtual ~Outlet() = default;
    virtual void give(std::string_view piece) = 0;
    virtual void give_end(const Result<http::Response>&) = 0;
};

/// Hands on to a session while there is one.
class Feed final : public http::StreamListener {
public:
    explicit Feed(std::weak_ptr<Outlet> outlet) : outlet_(std::move(outlet)) {}
    bool piece(std::string_view bytes) override {
        const auto outlet = outlet_.lock();
        if (outlet) outlet->give(bytes);
        return outlet != nullptr;
    }
    void ended(const Result<http::Response>& how) override {
        if (const auto outlet = outlet_.lock()) outlet->give_end(how);
    }

private:
    std::weak_ptr<Outlet> outlet_;
};

}  // namespace calgate::testing
