#pragma once

#include <functional>
#include <memory>
#include <string>

#include "connectors/http/transport.hpp"
#include "connectors/oauth/client.hpp"
#include "connectors/oauth/token_answer.hpp"
#include "connectors/oauth/token_source.hpp"
#include "tests/sim/seed_host.hpp"

namespace calgate::seeds {

/// The gateway's sign-in at a service, whose token endpoint loses answers and whose disk is full at times (F25), and
/// to which somebody else signs in (F26). A refresh token that was kept outlives the process.
class SignIn final : public oauth::TokenSource {
public:
    /// @param consent gives a refresh token.
    SignIn(const Ground&, http::HttpTransport& site, oauth::Client, std::function<std::string()> consent);

    Result<std::string> access_token(const Context& context) override { return source_->access_token(context); }
    void refused(const std::string& access_token) override { source_->refused(access_token); }
    /// A person gives consent anew. @throws Violation when somebody else's sign-in passed for the owner's.
    void again();
    void start();  ///< As after a restart.
    void end_faults() { fails_ = false; }

private:
    class Endpoint final : public http::HttpTransport {
    public:
        Endpoint(SignIn& owner, http::HttpTransport& site) : owner_(owner), site_(site) {}
        Result<http::Response> send(const http::Request&, const Context&) override;

    private:
        SignIn& owner_;
        http::HttpTransport& site_;
    };

    bool strikes(int one_in);
    void try_somebody_else();
    Result<oauth::Person> who_signs_in(http::HttpTransport& site);

    const Clock& clock_;
    Statistics& statistics_;
    bool fails_;
    bool others_;  ///< Sign in, too.
    testing::SeededRandom random_;
    http::HttpTransport& site_;
    Endpoint endpoint_;
    oauth::Client client_;
    std::function<std::string()> consent_;
    std::string kept_{};
    std::unique_ptr<oauth::TokenSource> source_{};
};

}  // namespace calgate::seeds
