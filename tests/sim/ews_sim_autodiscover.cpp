#include "connectors/http/url.hpp"
#include "tests/sim/ews_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr const char* kOutlook = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
constexpr const char* kOuter = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";

std::string soap_answer(const std::string& user) {
    return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<s:Envelope "
           "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><GetUserSettingsResponseMessage "
           "xmlns=\"http://schemas.microsoft.com/exchange/2010/Autodiscover\"><Response><ErrorCode>NoError</ErrorCode>"
           "<ErrorMessage/><UserResponses><UserResponse>" +
           user + "</UserResponse></UserResponses></Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>";
}

std::string pox_answer(const std::string& response) {
    return std::string("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Autodiscover xmlns=\"") + kOuter + "\">" +
           response + "</Autodiscover>";
}

}  // namespace

std::string EwsSim::State::autodiscover(const http::Request& request, const std::string& path) const {
    if (path.find("autodiscover.json") != std::string::npos)
        return "{\"Protocol\":\"EWS\",\"Url\":\"" + EwsSim::url() + "\"}";
    const bool known = request.body.find(EwsSim::address()) != std::string::npos;
    if (path.ends_with(".svc"))
        return soap_answer(
            known ? "<ErrorCode>NoError</ErrorCode><ErrorMessage>No error.</ErrorMessage><RedirectTarget/>"
                    "<UserSettingErrors/><UserSettings><UserSetting><Name>ExternalEwsUrl</Name><Value>" +
                        EwsSim::url() + "</Value></UserSetting></UserSettings>"
                  : "<ErrorCode>InvalidUser</ErrorCode><ErrorMessage>Invalid user.</ErrorMessage>"
        );
    if (!known)
        return pox_answer(
            "<Response><Error Time=\"12:34:56.7890123\" Id=\"1054084152\"><ErrorCode>500</ErrorCode><Message>The email "
            "address can't be found.</Message><DebugData/></Error></Response>"
        );
    return pox_answer(
        std::string("<Response xmlns=\"") + kOutlook +
        "\"><User><DisplayName>Anna Berg</DisplayName>"
        "<AutoDiscoverSMTPAddress>" +
        EwsSim::address() +
        "</AutoDiscoverSMTPAddress></User><Account><AccountType>email"
        "</AccountType><Action>settings</Action><Protocol><Type>EXPR</Type><EwsUrl>" +
        EwsSim::url() + "</EwsUrl></Protocol></Account></Response>"
    );
}

}  // namespace calgate::testing
