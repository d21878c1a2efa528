#include <algorithm>

#include "core/identity.hpp"
#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr const char* kTenant = "84bd8158-6d4d-4958-8b9f-9d6445542f95";
constexpr std::chrono::minutes kCodeLife{10};
constexpr std::chrono::days kRefreshLife{90};

http::Response login_error(int status, const std::string& name, int number, const std::string& text) {
    return graph_json(
        status,
        {{"error", name},
         {"error_description",
          "AADSTS" + std::to_string(number) + ": " + text +
              " Trace ID: 00000000-0000-0000-0000-000000000004 Correlation ID: 00000000-0000-0000-0000-000000000005 "
              "Timestamp: 2026-03-02 09:15:00Z"},
         {"error_codes", Json::array({number})},
         {"timestamp", "2026-03-02 09:15:00Z"},
         {"trace_id", "00000000-0000-0000-0000-000000000004"},
         {"correlation_id", "00000000-0000-0000-0000-000000000005"},
         {"error_uri", "https://login.microsoftonline.com/error?code=" + std::to_string(number)}}
    );
}

std::string unhex(const std::string& hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return out;
}

std::string value(const GraphQuery& query, const char* name) {
    const auto at = query.find(name);
    return at == query.end() ? std::string() : at->second;
}

bool has_scope(const std::string& scopes, const std::string& wanted) {
    return (" " + scopes + " ").find(" " + wanted + " ") != std::string::npos;
}

/// client_secret_basic: both halves are form-encoded first (RFC 6749 2.3.1).
void add_basic_credentials(GraphQuery& form, const std::string& authorization) {
    if (!authorization.starts_with("Basic ")) return;
    std::string text = authorization.substr(6);
    std::erase(text, '=');
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    const std::string pair = from_base64url(text).value_or("");
    const auto colon = pair.find(':');
    if (colon == std::string::npos) return;
    form["client_id"] = http::percent_decode(pair.substr(0, colon));
    form["client_secret"] = http::percent_decode(pair.substr(colon + 1));
}

/// Shape, audience and life of a client assertion; its signature is not looked at, as no certificate is registered.
bool is_assertion(const GraphQuery& form, Instant now) {
    const std::string jwt = value(form, "client_assertion");
    if (value(form, "client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer") return false;
    const auto first = jwt.find('.'), second = jwt.find('.', first + 1);
    if (first == std::string::npos || second == std::string::npos) return false;
    const auto head = from_base64url(jwt.substr(0, first)),
               body = from_base64url(jwt.substr(first + 1, second - first - 1));
    if (!head || !body) return false;
    const Json header = Json::parse(*head, nullptr, false), claims = Json::parse(*body, nullptr, false);
    if (!header.is_object() || !claims.is_object()) return false;
    const std::string algorithm = header.value("alg", "");
    const bool named = header.contains("x5t#S256") || header.contains("x5t");
    const auto seconds = now.time_since_epoch().count();
    return (algorithm == "PS256" || algorithm == "RS256") && named &&
           claims.value("iss", "") == GraphSim::client_id() && claims.value("sub", "") == GraphSim::client_id() &&
           claims.value("aud", "").starts_with("https://login.microsoftonline.com/") &&
           claims.value("exp", std::int64_t{0}) > seconds;
}

Json discovery(const std::string& tenant) {
    const std::string base = std::string(kLoginOrigin) + "/" + tenant;
    return {
        {"token_endpoint", base + "/oauth2/v2.0/token"},
        {"token_endpoint_auth_methods_supported", {"client_secret_post", "private_key_jwt", "client_secret_basic"}},
        {"jwks_uri", base + "/discovery/v2.0/keys"},
        {"response_modes_supported", {"query", "fragment", "form_post"}},
        {"subject_types_supported", {"pairwise"}},
        {"id_token_signing_alg_values_supported", {"RS256"}},
        {"response_types_supported", {"code", "id_token", "code id_token", "id_token token"}},
        {"scopes_supported", {"openid", "profile", "email", "offline_access"}},
        {"issuer", std::string(kLoginOrigin) + "/" + kTenant + "/v2.0"},
        {"authorization_endpoint", base + "/oauth2/v2.0/authorize"},
        {"end_session_endpoint", base + "/oauth2/v2.0/logout"},
        {"claims_supported", {"sub", "iss", "aud", "exp", "iat", "nonce", "oid", "tid", "preferred_username"}},
        {"tenant_region_scope", "EU"},
        {"cloud_instance_name", "microsoftonline.com"},
        {"msgraph_host", "graph.microsoft.com"}};
}

Json known_instances() {
    return {
        {"tenant_discovery_endpoint",
         std::string(kLoginOrigin) + "/" + kTenant + "/v2.0/.well-known/openid-configuration"},
        {"api-version", "1.1"},
        {"metadata",
         Json::array(
             {{{"preferred_network", "login.microsoftonline.com"},
               {"preferred_cache", "login.windows.net"},
               {"aliases",
                {"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}}}}
         )}};
}

}  // namespace

http::Response GraphSim::State::login(const http::Request& request, const http::Url& url) {
    const GraphQuery query = parse_query(url.query);
    if (url.path == "/common/discovery/instance") return graph_json(200, known_instances());
    const auto parts = split_outside(url.path, "/");
    const std::string tenant = parts.size() > 1 ? http::percent_decode(parts[1]) : "";
    const std::string rest = url.path.substr(std::min(url.path.size(), parts.size() > 1 ? parts[1].size() + 1 : 1));
    if (rest == "/v2.0/.well-known/openid-configuration") return graph_json(200, discovery(tenant));
    if (rest == "/discovery/v2.0/keys") return graph_json(200, {{"keys", Json::array()}});
    if (rest == "/oauth2/v2.0/authorize") return authorize(query);
    if (rest == "/adminconsent") {
        http::Response response = graph_json(302, nullptr);
        response.headers.emplace_back(
            "Location",
            value(query, "redirect_uri") + "?admin_consent=True&tenant=" + kTenant +
                "&state=" + http::percent_encode(value(query, "state"))
        );
        return response;
    }
    if (rest != "/oauth2/v2.0/token" || request.method != "POST")
        return login_error(404, "invalid_request", 90014, "There is nothing here.");
    GraphQuery form = parse_query(request.body);
    form["tenant"] = tenant;
    add_basic_credentials(form, graph_header(request, "Authorization"));
    return token(form);
}

http::Response GraphSim::State::authorize(const GraphQuery& query) {
    const std::string redirect = value(query, "redirect_uri");
    if (value(query, "client_id") != GraphSim::client_id() || redirect.empty())
        return login_error(400, "unauthorized_client", 700016, "Application was not found in the directory.");
    std::string location = redirect + (redirect.find('?') == std::string::npos ? "?" : "&");
    if (!quirks.sign_in_error.empty()) {
        location +=
            "error=" + quirks.sign_in_error + "&error_description=" + http::percent_encode("The person said no.");
    } else if (value(query, "response_type") != "code") {
        location += "error=unsupported_response_type";
    } else {
        const std::string code = next_name("M.C546_BAY.2.U.");
        codes[code] = {
            value(query, "code_challenge"),
            redirect,
            value(query, "scope"),
            value(query, "nonce"),
            clock.now() + kCodeLife};
        location += "code=" + http::percent_encode(code);
        if (value(query, "client_info") == "1")
            location += "&client_info=" + base64url(Json({{"uid", GraphSim::user_id()}, {"utid", kTenant}}).dump());
    }
    location += "&state=" + http::percent_encode(value(query, "state"));
    http::Response response = graph_json(302, nullptr);
    response.headers.emplace_back("Location", location);
    return response;
}

http::Response GraphSim::State::token(const GraphQuery& form) {
    if (value(form, "client_id") != GraphSim::client_id())
        return login_error(400, "unauthorized_client", 700016, "Application was not found in the directory.");
    const bool by_secret = value(form, "client_secret") == GraphSim::client_secret();
    if (!by_secret && !is_assertion(form, clock.now()))
        return login_error(401, "invalid_client", 7000215, "Invalid client secret provided.");
    const std::string grant = value(form, "grant_type");
    if (grant == "client_credentials") {
        const std::string& tenant = form.at("tenant");
        if (tenant == "common" || tenant == "consumers" || tenant == "organizations")
            return login_error(400, "invalid_request", 50059, "No tenant-identifying information found.");
        if (!value(form, "scope").ends_with("/.default"))
            return login_error(
                400, "invalid_scope", 70011, "The provided value for the input parameter 'scope' isn't valid."
            );
        return granted(form, value(form, "scope"), "", true);
    }
    if (grant == "authorization_code") {
        const auto found = codes.find(value(form, "code"));
        if (found == codes.end() || found->second.until <= clock.now())
            return login_error(
                400, "invalid_grant", 70000, "The provided value for the 'code' parameter is not valid."
            );
        const Code code = found->second;
        codes.erase(found);
        const std::string verifier = value(form, "code_verifier");
        const bool proven = code.challenge.empty() || base64url(unhex(sha256_hex(verifier))) == code.challenge;
        if (!proven || code.redirect != value(form, "redirect_uri"))
            return login_error(400, "invalid_grant", 50148, "The code_verifier does not match the code_challenge.");
        return granted(form, code.scope, code.nonce, false);
    }
    if (grant != "refresh_token")
        return login_error(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.");
    const auto held = refresh.find(value(form, "refresh_token"));
    if (held == refresh.end())
        return login_error(
            400,
            "invalid_grant",
            50173,
            "The provided grant has expired due to it being revoked, a fresh auth token is needed."
        );
    if (held->second.until <= clock.now())
        return login_error(400, "invalid_grant", 700082, "The refresh token has expired due to inactivity.");
    return granted(form, held->second.scope, "", false);
}

/// A refresh token is not revoked by its use; each answer brings another one.
http::Response GraphSim::State::granted(
    const GraphQuery& form, const std::string& scope, const std::string& nonce, bool app_only
) {
    const std::int64_t life = 3600 + (made * 97) % 1800;
    const std::string token = next_name("EwBwA8l6BAAU");
    access[token] = {clock.now() + std::chrono::seconds(life), scope, app_only};
    Json out = {{"token_type", "Bearer"}, {"expires_in", life}, {"ext_expires_in", life}, {"access_token", token}};
    if (app_only) return graph_json(200, out);
    out["scope"] = scope;
    if (has_scope(scope, "offline_access")) {
        const std::string next = next_name("M.C546_BAY.0.U.-Refresh");
        refresh[next] = {clock.now() + kRefreshLife, scope, false};
        out["refresh_token"] = next;
    }
    if (has_scope(scope, "openid")) {
        const auto seconds = clock.now().time_since_epoch().count();
        Json claims = {
            {"aud", GraphSim::client_id()},
            {"iss", std::string(kLoginOrigin) + "/" + kTenant + "/v2.0"},
            {"iat", seconds},
            {"nbf", seconds},
            {"exp", seconds + life},
            {"sub", "sub-" + GraphSim::user_id()},
            {"tid", kTenant},
            {"ver", "2.0"}};
        if (!nonce.empty()) claims["nonce"] = nonce;
        if (has_scope(scope, "profile"))
            claims.update({{"name", "Shop"}, {"oid", GraphSim::user_id()}, {"preferred_username", kGraphPerson}});
        out["id_token"] = base64url(Json({{"typ", "JWT"}, {"alg", "RS256"}, {"kid", "sim"}}).dump()) + "." +
                          base64url(claims.dump()) + "." + base64url("unsigned");
    }
    if (value(form, "client_info") == "1")
        out["client_info"] = base64url(Json({{"uid", GraphSim::user_id()}, {"utid", kTenant}}).dump());
    return graph_json(200, out);
}

}  // namespace calgate::testing
