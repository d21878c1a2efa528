#include "tests/sim/seed_sign_in.hpp"

#include <nlohmann/json.hpp>

#include "connectors/http/url.hpp"
#include "connectors/oauth/authorization.hpp"
#include "connectors/oauth/grant.hpp"
#include "connectors/oauth/shared_token_source.hpp"

namespace calgate::seeds {

namespace {

constexpr const char* kBack = "http://127.0.0.1:1/oauth/callback";

/// Where the browser is sent after consent. @return the code.
std::string code_from(const http::Response& answer) {
    const std::string location = answer.header("Location").value_or("");
    const auto from = location.find("code=");
    CALGATE_ASSERT(from != std::string::npos);
    return http::percent_decode(location.substr(from + 5, location.find('&', from) - from - 5));
}

/// At whose consent page somebody else is signed in.
class SomebodyElse final : public http::HttpTransport {
public:
    explicit SomebodyElse(http::HttpTransport& site) : site_(site) {}
    Result<http::Response> send(const http::Request& request, const Context& context) override {
        auto answer = site_.send(request, context);
        auto body = nlohmann::json::parse(answer ? answer->body : "", nullptr, false);
        if (!body.is_object() || !body.contains("id_token")) return answer;
        const std::string token = body["id_token"];
        const auto first = token.find('.'), second = token.find('.', first + 1);
        auto claims = nlohmann::json::parse(*from_base64url(token.substr(first + 1, second - first - 1)));
        for (const char* who : {"sub", "oid"})
            if (claims.contains(who)) claims[who] = "99" + claims[who].get<std::string>().substr(2);
        body["id_token"] = token.substr(0, first + 1) + base64url(claims.dump()) + token.substr(second);
        answer->body = body.dump();
        return answer;
    }

private:
    http::HttpTransport& site_;
};

}  // namespace

SignIn::SignIn(
    const Ground& ground, http::HttpTransport& site, oauth::Client client, std::function<std::string()> consent
)
    : clock_(ground.clock),
      statistics_(ground.statistics),
      fails_(!ground.without_faults.contains(Fault::SignInAnswerLost)),
      others_(ground.upkeep && !ground.without_faults.contains(Fault::OtherPerson)),
      random_(ground.random.next()),
      site_(site),
      endpoint_(*this, site),
      client_(std::move(client)),
      consent_(std::move(consent)) {
    again();
}

void SignIn::again() {
    if (others_ && source_ && random_.one_in(2)) try_somebody_else();
    kept_ = consent_();
    start();
}

void SignIn::try_somebody_else() {
    SomebodyElse page(site_);
    const auto owner = who_signs_in(site_);
    const auto other = who_signs_in(page);
    if (!owner || !other) return;  // As by a clock that is hours off (F27).
    statistics_.fire(Fault::OtherPerson);
    if (oauth::check_identity(owner->identity(client_.provider), owner->email, *other, client_.provider))
        throw Violation("I8", "the account passed to whoever signed in");
}

Result<oauth::Person> SignIn::who_signs_in(http::HttpTransport& site) {
    const Context context{clock_.steady() + std::chrono::seconds(60), {}};
    const auto begun = oauth::begin_authorization(client_, oauth::Access::Mirror, kBack, "", random_);
    CALGATE_TRY(const http::Response page, site.send({"GET", begun.url, {}, {}}, context));
    CALGATE_TRY(
        const oauth::SignedIn done,
        oauth::exchange_code(site, clock_, random_, context, client_, oauth::Access::Mirror, begun, code_from(page))
    );
    return done.person;
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
