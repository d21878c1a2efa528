#include "tests/sim/seed_sign_in.hpp"

#include "connectors/oauth/grant.hpp"
#include "connectors/oauth/shared_token_source.hpp"

namespace calgate::seeds {

SignIn::SignIn(
    const Ground& ground, http::HttpTransport& site, oauth::Client client, std::function<std::string()> consent
)
    : clock_(ground.clock),
      statistics_(ground.statistics),
      fails_(!ground.without_faults.contains(Fault::SignInAnswerLost)),
      random_(ground.random.next()),
      endpoint_(*this, site),
      client_(std::move(client)),
      consent_(std::move(consent)) {
    again();
}

void SignIn::again() {
    kept_ = consent_();
    start();
}

void SignIn::start() {
    const oauth::RefreshTokenKeeper keeper{
        [this]() -> Result<std::string> { return kept_; },
        [this](const std::string& rotated) -> Status {
            if (strikes(8)) return Error{ErrorCode::Unavailable, "The disk is full.", {}};
            kept_ = rotated;
            return {};
        }};
    source_ = std::make_unique<oauth::SharedTokenSource>(
        clock_, std::make_unique<oauth::RefreshGrant>(oauth::GrantParts{endpoint_, clock_, random_}, client_, keeper)
    );
}

Result<http::Response> SignIn::Endpoint::send(const http::Request& request, const Context& context) {
    auto answer = site_.send(request, context);
    if (owner_.strikes(6)) return Error{ErrorCode::Timeout, "No answer came in time.", {}};
    if (answer && owner_.strikes(12)) answer->body.resize(answer->body.size() / 2);
    return answer;
}

bool SignIn::strikes(int one_in) {
    if (!random_.one_in(one_in) || !fails_) return false;
    statistics_.fire(Fault::SignInAnswerLost);
    return true;
}

}  // namespace calgate::seeds
