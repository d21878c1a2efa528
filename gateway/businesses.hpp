#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"
#include "gateway/http_server.hpp"

namespace calgate {

class Api;

/// The businesses that one process serves, each with a store, keys and limits of its own. Every request goes to one of
/// them: by its key, and where no key is asked for (booking page, feeds, hooks) by the host that it was sent to. What
/// belongs to another business is not there. Used by any thread once all are added.
class Businesses {
public:
    /// The first also gets what names nobody. @param public_url empty: it is reached by its keys only.
    /// @return Rejected when another has the same host.
    Status add(Api&, const std::string& public_url);
    Lane lane(const HttpRequest&) const;
    HttpResponse handle(const HttpRequest&) const;

private:
    struct Member {
        Api* api = nullptr;
        std::string host{};
    };

    Api& meant_by(const HttpRequest&) const;

    std::vector<Member> members_{};
};

}  // namespace calgate
