#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/result.hpp"

namespace calgate {

/// Title of the problem that says: one account is connected at a time, try again.
inline constexpr const char* kBusyConnecting = "Another account is being connected";

/// How a command reaches the API: over HTTP when a gateway runs on this data directory, otherwise on the store itself.
class Caller {
public:
    struct Answer {
        int status = 0;
        nlohmann::json body{};
        /// The sentence of a problem document; empty on success.
        std::string problem() const;
        bool good() const { return status >= 200 && status < 300; }
    };
    virtual ~Caller() = default;
    virtual Answer call(const std::string& method, const std::string& path, const nlohmann::json& body = nullptr) = 0;
    /// @return Rejected with a sentence.
    static Result<std::unique_ptr<Caller>> open(const std::string& directory);
    /// Only at the gateway that runs on this data directory. @return Rejected when none does.
    static Result<std::unique_ptr<Caller>> to_running(const std::string& directory);
};

/// Where a running gateway leaves its address and token, readable by its owner only.
std::string admin_file(const std::string& directory);

}  // namespace calgate
