#pragma once

#include <memory>
#include <string>
#include <vector>

namespace calgate::testing {

/// A certificate and its private key, both PEM.
struct TlsIdentity {
    std::string certificate{};
    std::string key{};
};

/// A certificate authority that lives as long as this object: its key is never written anywhere. Certificates are valid
/// from a day ago for thirty days. One thread. Throws std::runtime_error when OpenSSL refuses.
class LocalCa {
public:
    LocalCa();
    ~LocalCa();
    LocalCa(const LocalCa&) = delete;
    LocalCa& operator=(const LocalCa&) = delete;

    /// PEM, for a client's list of trusted authorities.
    const std::string& certificate() const;
    /// @param names host names, or IPv4 addresses. The first is also the common name.
    TlsIdentity issue(const std::vector<std::string>& names);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace calgate::testing
