#include "connectors/oauth/grant.hpp"

namespace calgate::oauth {

RefreshGrant::RefreshGrant(GrantParts parts, Client client, RefreshTokenKeeper keeper)
    : parts_(parts), client_(std::move(client)), keeper_(std::move(keeper)) {}

Result<TokenAnswer> RefreshGrant::request(const Context& context) {
    if (!unkept_.empty()) {
        CALGATE_TRY_STATUS(keeper_.keep(unkept_));
        unkept_.clear();
    }
    CALGATE_TRY(std::string used, keeper_.load());
    auto answer = ask(context, used);
    if (!answer && answer.error().code == ErrorCode::Unauthorized) {
        CALGATE_TRY(std::string stored, keeper_.load());
        if (stored == used) return answer;
        used = std::move(stored);
        answer = ask(context, used);
    }
    if (!answer || !answer->refresh_token || *answer->refresh_token == used) return answer;
    if (auto kept = keeper_.keep(*answer->refresh_token); !kept) {
        unkept_ = *answer->refresh_token;
        return kept.error();
    }
    return answer;
}

Result<TokenAnswer> RefreshGrant::ask(const Context& context, const std::string& refresh_token) {
    Form form = {{"grant_type", "refresh_token"}, {"refresh_token", refresh_token}};
    CALGATE_TRY_STATUS(authenticate(form, client_, parts_.clock, parts_.random));
    CALGATE_TRY(const http::Response response, parts_.transport.send(token_request(client_, form), context));
    return read_token_answer(response, client_.provider, Purpose::Refresh, parts_.clock.now());
}

ServiceAccountGrant::ServiceAccountGrant(GrantParts parts, ServiceAccount account, std::string subject, Access access)
    : parts_(parts), account_(std::move(account)), subject_(std::move(subject)), access_(access) {}

Result<TokenAnswer> ServiceAccountGrant::request(const Context& context) {
    CALGATE_TRY(
        std::string assertion,
        service_account_assertion(account_, subject_, service_account_scopes(access_), parts_.clock.now())
    );
    const Form form = {
        {"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", std::move(assertion)}};
    CALGATE_TRY(const http::Response response, parts_.transport.send(token_request(Client{}, form), context));
    return read_token_answer(response, Provider::Google, Purpose::ServiceAccount, parts_.clock.now());
}

ClientCredentialsGrant::ClientCredentialsGrant(GrantParts parts, Client client)
    : parts_(parts), client_(std::move(client)) {}

Result<TokenAnswer> ClientCredentialsGrant::request(const Context& context) {
    const std::string resource = client_.resource.empty() ? client_.cloud.graph : client_.resource;
    Form form = {{"grant_type", "client_credentials"}, {"scope", resource + "/.default"}};
    CALGATE_TRY_STATUS(authenticate(form, client_, parts_.clock, parts_.random));
    CALGATE_TRY(const http::Response response, parts_.transport.send(token_request(client_, form), context));
    return read_token_answer(response, client_.provider, Purpose::ClientCredentials, parts_.clock.now());
}

}  // namespace calgate::oauth
