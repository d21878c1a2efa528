#include "connectors/oauth/client.hpp"

#include <algorithm>
#include <cctype>

#include "connectors/http/url.hpp"
#include "connectors/oauth/assertion.hpp"

namespace calgate::oauth {
namespace {

constexpr std::size_t kMaxAnswerBytes = 256 * 1024;
constexpr std::size_t kMaxTenant = 253;

struct ScopeRow {
    Provider provider;
    Access access;
    std::vector<std::string> calendar;  ///< Microsoft: after the address of Graph.
    std::vector<std::string> person;    ///< Who signed in, and staying signed in.
};

const std::vector<MicrosoftCloud>& microsoft_clouds() {
    static const char* const kGovernment = "https://login.microsoftonline.us";
    static const std::vector<MicrosoftCloud> kClouds{
        kWorldwide,
        {"us-government", kGovernment, kGovernment, "https://graph.microsoft.us"},
        {"us-government-dod", kGovernment, kGovernment, "https://dod-graph.microsoft.us"},
        {"china",
         "https://login.chinacloudapi.cn",
         "https://login.partner.microsoftonline.cn",
         "https://microsoftgraph.chinacloudapi.cn"},
    };
    return kClouds;
}

const std::vector<ScopeRow>& scope_rows() {
    static const std::string kAuth = "https://www.googleapis.com/auth/";
    static const std::string kList = kAuth + "calendar.calendarlist.readonly";
    // Busy is answered by freebusy.query and getSchedule, which see no event.
    // Microsoft names the person (oid) to those only who ask for `profile` (Entra: ID token claims).
    static const std::vector<ScopeRow> kRows{
        {Provider::Google, Access::Busy, {kAuth + "calendar.freebusy", kList}, {"openid", "email"}},
        {Provider::Google, Access::Mirror, {kAuth + "calendar.events", kList}, {"openid", "email"}},
        {Provider::Microsoft, Access::Busy, {"Calendars.ReadBasic"}, {"openid", "profile", "email", "offline_access"}},
        {Provider::Microsoft,
         Access::Mirror,
         {"Calendars.ReadWrite"},
         {"openid", "profile", "email", "offline_access"}},
    };
    return kRows;
}

const ScopeRow& row_of(Provider provider, Access access) {
    const auto& rows = scope_rows();
    return *std::find_if(rows.begin(), rows.end(), [&](const ScopeRow& row) {
        return row.provider == provider && row.access == access;
    });
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

/// Microsoft names its scopes with and without the resource, in any case.
std::string last_part(const std::string& scope) { return lower(scope.substr(scope.rfind('/') + 1)); }

bool names(std::string_view granted, const std::string& wanted) {
    while (!granted.empty()) {
        const auto end = std::min(granted.find(' '), granted.size());
        if (last_part(std::string(granted.substr(0, end))) == last_part(wanted)) return true;
        granted.remove_prefix(std::min(end + 1, granted.size()));
    }
    return false;
}

}  // namespace

const char* to_string(Provider provider) { return provider == Provider::Google ? "Google" : "Microsoft"; }

bool is_tenant(std::string_view text) {
    return !text.empty() && text.size() <= kMaxTenant && text.front() != '.' &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '.' || c == '-';
           });
}

const MicrosoftCloud* microsoft_cloud(std::string_view name) {
    const auto& all = microsoft_clouds();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const MicrosoftCloud& one) { return name == one.name; });
    return found == all.end() ? nullptr : &*found;
}

const MicrosoftCloud& microsoft_cloud_at(std::string_view graph) {
    const auto& all = microsoft_clouds();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const MicrosoftCloud& one) { return graph == one.graph; });
    return found == all.end() ? all.front() : *found;
}

std::string authorize_endpoint(const Client& client) {
    if (client.provider == Provider::Google) return "https://accounts.google.com/o/oauth2/v2/auth";
    return std::string(client.cloud.login) + "/" + client.tenant + "/oauth2/v2.0/authorize";
}

std::string token_endpoint(const Client& client) {
    if (client.provider == Provider::Google) return "https://oauth2.googleapis.com/token";
    return std::string(client.cloud.login) + "/" + client.tenant + "/oauth2/v2.0/token";
}

std::vector<std::string> scopes(const Client& client, Access access) {
    const ScopeRow& row = row_of(client.provider, access);
    const std::string api = client.provider == Provider::Google ? std::string() : std::string(client.cloud.graph) + "/";
    std::vector<std::string> all = row.person;
    for (const std::string& scope : row.calendar) all.push_back(api + scope);
    return all;
}

std::vector<std::string> service_account_scopes(Access access) { return row_of(Provider::Google, access).calendar; }

Status check_granted(Provider provider, Access access, std::string_view granted) {
    if (granted.empty()) return {};
    for (const std::string& scope : row_of(provider, access).calendar) {
        if (names(granted, scope)) continue;
        return Error{
            ErrorCode::Forbidden,
            std::string(to_string(provider)) + " did not grant " + scope +
                ". Sign in again and leave every calendar permission ticked.",
            {}};
    }
    return {};
}

std::string encode(const Form& form) {
    std::string out;
    for (const auto& [name, value] : form) {
        if (!out.empty()) out += '&';
        out += http::percent_encode(name) + '=' + http::percent_encode(value);
    }
    return out;
}

Status authenticate(Form& form, const Client& client, const Clock& clock, Random& random) {
    form.emplace_back("client_id", client.id);
    if (!client.certificate.empty()) {
        CALGATE_TRY(std::string assertion, client_assertion(client, clock.now(), random));
        form.emplace_back("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        form.emplace_back("client_assertion", std::move(assertion));
    } else if (!client.secret.empty()) {
        form.emplace_back("client_secret", client.secret);
    }
    return {};
}

http::Request token_request(const Client& client, const Form& form) {
    http::Request request;
    request.method = "POST";
    request.url = token_endpoint(client);
    request.connections = http::kManyConnections;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
    request.body = encode(form);
    request.max_response_bytes = kMaxAnswerBytes;
    return request;
}

}  // namespace calgate::oauth
