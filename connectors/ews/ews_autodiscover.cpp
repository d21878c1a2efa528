#include "connectors/ews/ews_autodiscover.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "connectors/ews/ews_xml.hpp"
#include "connectors/exchange/exchange_text.hpp"
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

/// What an endpoint says: an address of the service, or another mailbox to ask for, or neither.
struct Said {
    std::string url{};
    std::string address{};
};

std::string text_in(const Element& at, std::string_view name) {
    const Element* const found = at.find(name);
    return found ? found->text : std::string();
}

Said read_json(const std::string& body) {
    const Json json = Json::parse(body, nullptr, false);
    if (!json.is_object() || !json.contains("Url") || !json["Url"].is_string()) return {};
    return {json["Url"].get<std::string>(), {}};
}

/// The outer address before the inner one.
Said read_pox(const std::string& body) {
    const auto root = parse_xml(body);
    const Element* const account = root ? root->find("Account") : nullptr;
    if (!account) return {};
    Said said;
    for (const std::string_view kind : {"EXCH", "EXPR"})
        for (const Element& protocol : account->children)
            if (protocol.name == "Protocol" && protocol.word("Type") == kind && protocol.has("EwsUrl"))
                said.url = protocol.word("EwsUrl");
    said.address = account->word("RedirectAddr");
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
    if (user->word("ErrorCode") == "RedirectAddress") said.address = text_in(*user, "RedirectTarget");
    return said;
}

http::Request json_request(const std::string& host, const std::string& address) {
    http::Request out;
    out.method = "GET";
    out.url =
        "https://" + host + "/autodiscover/autodiscover.json/v1.0/" + http::percent_encode(address) + "?Protocol=EWS";
    return out;
}

http::Request pox_request(const std::string& host, const std::string& address) {
    const std::string schemas = "http://schemas.microsoft.com/exchange/autodiscover/outlook/";
    http::Request out;
    out.method = "POST";
    out.url = "https://" + host + "/autodiscover/autodiscover.xml";
    out.headers = {{"Content-Type", "text/xml; charset=utf-8"}};
    out.body = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Autodiscover xmlns=\"" + schemas +
               "requestschema/2006\"><Request><EMailAddress>" + escaped(address) +
               "</EMailAddress><AcceptableResponseSchema>" + schemas +
               "responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>";
    return out;
}

http::Request soap_request(const std::string& host, const std::string& address) {
    http::Request out;
    out.method = "POST";
    out.url = "https://" + host + "/autodiscover/autodiscover.svc";
    out.headers = {{"Content-Type", "text/xml; charset=utf-8"}};
    out.body =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<s:Envelope "
        "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:w=\"http://www.w3.org/2005/08/addressing\" "
        "xmlns:a=\"http://schemas.microsoft.com/exchange/2010/Autodiscover\"><s:Header><a:RequestedServerVersion>"
        "Exchange2013_SP1</a:RequestedServerVersion><w:Action>http://schemas.microsoft.com/exchange/2010/Autodiscover/"
        "Autodiscover/GetUserSettings</w:Action><w:To>" +
        escaped(out.url) +
        "</w:To></s:Header><s:Body><a:GetUserSettingsRequestMessage><a:Request><a:Users><a:User><a:Mailbox>" +
        escaped(address) +
        "</a:Mailbox></a:User></a:Users><a:RequestedSettings><a:Setting>ExternalEwsUrl</a:Setting><a:Setting>"
        "InternalEwsUrl</a:Setting></a:RequestedSettings></a:Request></a:GetUserSettingsRequestMessage></s:Body>"
        "</s:Envelope>";
    return out;
}

struct Way {
    http::Request (*request)(const std::string& host, const std::string& address);
    Said (*read)(const std::string& body);
    bool with_password;
};
constexpr Way kWays[] = {
    {json_request, read_json, false}, {soap_request, read_soap, true}, {pox_request, read_pox, true}};

class Search {
public:
    Search(const TransportFor& transports, const Context& context, const http::Credentials& credentials)
        : transports_(transports), context_(context), credentials_(credentials) {}

    /// Neither an address nor a redirection: nobody knew.
    Result<Said> ask(const std::string& address) {
        const std::string domain = domain_of(address);
        for (const Way& way : kWays)
            for (const std::string& host : {"autodiscover." + domain, domain}) {
                http::Request request = way.request(host, address);
                request.max_response_bytes = kMaxAnswer;
                if (way.with_password) request.credentials = credentials_;
                const auto response = transports_(request.url).send(request, context_);
                if (!response && response.error().code == ErrorCode::Cancelled) return response.error();
                if (!response) continue;
                note(*response, host);
                if (response->status != 200) continue;
                Said said = way.read(response->body);
                if (!said.url.empty() || !said.address.empty()) return said;
            }
        return Said{};
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
                "https://mail.example.com/EWS/Exchange.asmx." + elsewhere_,
            {}};
    }

private:
    void note(const http::Response& response, const std::string& host) {
        refused_ = refused_ || response.status == 401;
        const auto target = http::parse_url(response.header("Location").value_or(""));
        if (response.status >= 300 && response.status < 400 && target && target->host != host)
            elsewhere_ = " Autodiscover of " + host + " points to " + exchange::printable(target->host, 120) + ".";
    }

    const TransportFor& transports_;
    const Context& context_;
    const http::Credentials& credentials_;
    bool refused_ = false;
    std::string elsewhere_{};
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
        if (domain_of(said.address) != domain_of(address))
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
