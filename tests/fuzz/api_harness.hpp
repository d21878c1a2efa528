#pragma once

#include <memory>

#include "gateway/api.hpp"

namespace calgate::testing {

/// The API over a business in memory, which each request finds as it was made: two people, a service, bookings, a
/// calendar with a channel of notifications. Calls to services fail at once; the clock stands still. One thread.
class FuzzedApi {
public:
    FuzzedApi();
    ~FuzzedApi();

    /// Aborts when the gateway met something unexpected (500), or when the answer is none that HTTP can carry.
    HttpResponse handle(const HttpRequest&);

    static constexpr const char* kAdminToken = "local_admin";

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace calgate::testing
