#include "connectors/ews/ews_autodiscover.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "connectors/ews/ews_xml.hpp"
#include "connectors/exchange/exchange_text.hpp"
#include "connectors/http/code_word.hpp"
#include "connectors/http/url.hpp"

namespace calgate::ews {

namespace {

using Json = nlohmann::json;

constexpr int kMaxRedirections = 10;
constexpr std::size_t kMaxAnswer = 1024 * 1024;

std::string domain_of(const std::string& address) {
    const std::size_t at = address.rfind('@');
    return at == std::string::npos || at == 0 || at + 1 == address.size() ? std::string() : address.substr(at + 1);
}

/// What an endpoint says: an address of the service, another mailbox or another endpoint to ask, or nothing.
struct Said {
    std::string url{};
    std::string address{};
    std::string endpoint{};
    std::string error{};  ///< Code of a refusal inside an answer that reports success.

    bool nothing() const { return url.empty() && address.empty() && endpoint.empty(); }
};

std::string text_in(const Element& at, std::string_view name) {
    const Element* const found = at.find(name);
    return found ? found->text : std::string();
}

Said read_json(const std::string& body) {
    const Json json = Json::parse(body, nullptr, false);
    if (!json.is_object() || !json.contains("Url") || !json["Url"].is_string()) return {};
    return {json["Url"].get<std::string>(), {}, {}, {}};
}

/// The outer address before the inner one.
Said read_pox(const std::string& body) {
    const auto root = parse_xml(body);
    Said said;
    if (const Element* const error = root ? root->find("Error") : nullptr) said.error = error->word("ErrorCode");
    const Element* const account = root ? root->find("Account") : nullptr;
    if (!account) return said;
    for (const std::string_view kind : {"EXCH", "EXPR"})
        for (const Element& protocol : account->children)
            if (protocol.name == "Protocol" && protocol.word("Type") == kind && protocol.has("EwsUrl"))
                said.url = protocol.word("EwsUrl");
    said.address = account->word("RedirectAddr");
    said.endpoint = account->word("RedirectUrl");
    return said;
}

Said read_soap(const std::string& body) {
    const auto root = parse_xml(body);
    const Element* const user = root ? root->find("UserResponse") : nullptr;
    if (!user) return {};
    Said said;
    if (const Element* const settings = user->find("UserSettings"))
        for (const std::string_view name : {"InternalEwsUrl", "ExternalEwsUrl"})
            for (const Element& setting : settings->children)
                if (setting.word("Name") == name && !setting.word("Value").empty()) said.url = setting.word("Value");
    const std::string code = user->word("ErrorCode");
    if (code == "RedirectAddress") said.address = text_in(*user, "RedirectTarget");
    if (code == "RedirectUrl") said.endpoint = text_in(*user, "RedirectTarget");
    if (said.nothing() && code != "NoError") said.error = code;
    return said;
}

std::string json_path(const std::string& address) {
    return "/autodiscover/autodiscover.json/v1.0/" + http::percent_encode(address) + "?Protocol=EWS";
}
std::string pox_path(const std::string&) { return "/autodiscover/autodiscover.xml"; }
std::string soap_path(const std::string&) { return "/autodiscover/autodiscover.svc"; }

http::Request json_request(const std::string& url, const std::string&) {
    http::Request out;
    out.method = "GET";
    out.url = url;
    return out;
}

http::Request pox_request(const std::string& url, const std::string& address) {
    const std::string schemas = "http://schemas.microsoft.com/exchange/autodiscover/outlook/";
    http::Request out;
    out.method = "POST";
    out.url = url;
    out.headers = {{"Content-Type", "text/xml; charset=utf-8"}};
    const Element asked = with_children(
        "Request",
        {with_text("EMailAddress", address), with_text("AcceptableResponseSchema", schemas + "responseschema/2006a")}
    );
    out.body = write_document({"Autodiscover", {{"xmlns", schemas + "requestschema/2006"}}, {}, {asked}});
    return out;
}

http::Request soap_request(const std::string& url, const std::string& address) {
    http::Request out;
    out.method = "POST";
    out.url = url;
    out.headers = {{"Content-Type", "text/xml; charset=utf-8"}};
    const std::string space = "http://schemas.microsoft.com/exchange/2010/Autodiscover";
    const Element header = with_children(
        "s:Header",
        {with_text("a:RequestedServerVersion", "Exchange2013_SP1"),
         with_text("w:Action", space + "/Autodiscover/GetUserSettings"),
         with_text("w:To", out.url)}
    );
    const Element user = with_children("a:User", {with_text("a:Mailbox", address)});
    const Element settings = with_children(
        "a:RequestedSettings", {with_text("a:Setting", "ExternalEwsUrl"), with_text("a:Setting", "InternalEwsUrl")}
    );
    const Element asked = with_children("a:Request", {with_children("a:Users", {user}), settings});
    out.body = write_document(
        {"s:Envelope",
         {{"xmlns:s", "http://schemas.xmlsoap.org/soap/envelope/"},
          {"xmlns:w", "http://www.w3.org/2005/08/addressing"},
          {"xmlns:a", space}},
         {},
         {header, with_children("s:Body", {with_children("a:GetUserSettingsRequestMessage", {asked})})}}
    );
    return out;
}

struct Way {
    std::string (*path)(const std::string& address);
    http::Request (*request)(const std::string& url, const std::string& address);
    Said (*read)(const std::string& body);
    bool with_password;
};
constexpr Way kWays[] = {
    {json_path, json_request, read_json, false},
    {soap_path, soap_request, read_soap, true},
    {pox_path, pox_request, read_pox, true}};
constexpr const Way& kPox = kWays[2];

/// Where a password of this domain may go.
bool is_within(const std::string& url, const std::string& domain) {
    const auto at = http::parse_url(url);
    return at && at->scheme == "https" && (at->host == domain || at->host.ends_with("." + domain));
}

std::string lower(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return text;
}

class Search {
public:
    Search(const TransportFor& transports, const Context& context, const http::Credentials& credentials)
        : transports_(transports), context_(context), credentials_(credentials) {}

    /// Neither an address of the service nor another mailbox: nobody knew.
    Result<Said> ask(const std::string& address) {
        const std::string domain = lower(domain_of(address));
        for (const Way& way : kWays)
            for (const std::string& host : {"autodiscover." + domain, domain}) {
                CALGATE_TRY(const Said said, follow(way, "https://" + host + way.path(address), address, domain));
                if (!said.nothing()) return said;
            }
        // Without a password, and only to hear where to go.
        http::Request plain;
        plain.method = "GET";
        plain.url = "http://autodiscover." + domain + pox_path(address);
        plain.max_response_bytes = kMaxAnswer;
        const auto response = transports_(plain.url).send(plain, context_);
        if (!response && response.error().code == ErrorCode::Cancelled) return response.error();
        const std::string target = response ? location_of(*response) : std::string();
        if (target.empty() || !allowed(target, domain)) return Said{};
        return follow(kPox, target, address, domain);
    }
    Error nothing(const std::string& address) const {
        if (refused_)
            return {
                ErrorCode::Unauthorized,
                "Autodiscover does not accept the user name or password; check both, or give the server's URL.",
                {}};
        return {
            ErrorCode::NotFound,
            "No Exchange server was found for " + exchange::printable(address, 120) + "; give its URL, such as " +
                "https://mail.example.com/EWS/Exchange.asmx." + elsewhere_ + said_,
            {}};
    }

private:
    /// One endpoint, and those that it names instead of itself.
    Result<Said> follow(const Way& way, std::string url, const std::string& address, const std::string& domain) {
        for (; hops_ <= kMaxRedirections; ++hops_) {
            http::Request request = way.request(url, address);
            request.max_response_bytes = kMaxAnswer;
            if (way.with_password) request.credentials = credentials_;
            const auto response = transports_(request.url).send(request, context_);
            if (!response && response.error().code == ErrorCode::Cancelled) return response.error();
            if (!response) return Said{};
            refused_ = refused_ || response->status == 401;
            Said said;
            if (response->status == 200) said = way.read(response->body);
            if (const std::string word = http::code_word(said.error); !word.empty()) said_ = " It says " + word + ".";
            std::string next = said.endpoint.empty() ? location_of(*response) : said.endpoint;
            if (!said.url.empty() || !said.address.empty()) return said;
            if (next.empty() || !allowed(next, domain)) return Said{};
            url = std::move(next);
        }
        return Said{};
    }
    static std::string location_of(const http::Response& response) {
        const auto base = http::parse_url(response.url);
        const auto location = response.header("Location");
        if (response.status < 300 || response.status >= 400 || !location) return {};
        const auto target = base ? http::resolve(*base, *location) : http::parse_url(*location);
        return target ? target->text() : std::string();
    }
    /// Another domain is named to the operator instead of being asked.
    bool allowed(const std::string& url, const std::string& domain) {
        if (is_within(url, domain)) return true;
        const auto target = http::parse_url(url);
        if (target)
            elsewhere_ = " Autodiscover of " + domain + " points to " + exchange::printable(target->origin(), 120) +
                         "; nothing was sent there.";
        return false;
    }

    const TransportFor& transports_;
    const Context& context_;
    const http::Credentials& credentials_;
    int hops_ = 0;  ///< Over all endpoints.
    bool refused_ = false;
    std::string elsewhere_{}, said_{};
};

}  // namespace

Result<std::string> discover_ews(
    const TransportFor& transports,
    const Context& context,
    const std::string& given,
    const http::Credentials& credentials
) {
    std::string address = given;
    Search search(transports, context, credentials);
    for (int hop = 0; hop <= kMaxRedirections && !domain_of(address).empty(); ++hop) {
        CALGATE_TRY(const Said said, search.ask(address));
        const auto url = http::parse_url(said.url);
        if (url && (url->host == "outlook.office365.com" || url->host.ends_with(".office.com")))
            return Error{
                ErrorCode::Unsupported, "This mailbox is in Exchange Online; use calgate connect microsoft.", {}};
        if (url && url->scheme == "https") return url->text();
        if (said.address.empty()) break;
        if (lower(domain_of(said.address)) != lower(domain_of(address)))
            return Error{
                ErrorCode::NotFound,
                "Autodiscover points to " + exchange::printable(said.address, 120) +
                    "; if that is right, connect with that address.",
                {}};
        address = said.address;
    }
    return search.nothing(given);
}

}  // namespace calgate::ews
