#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/oauth/assertion.hpp"
#include "connectors/oauth/token_answer.hpp"
#include "core/identity.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace calgate;
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    for (const int status : {200, 400}) {
        const http::Response response{status, {}, std::string(body), "https://oauth2.googleapis.com/token"};
        static_cast<void>(
            oauth::read_token_answer(response, oauth::Provider::Google, oauth::Purpose::Refresh, Instant{})
        );
    }
    const oauth::Client microsoft{oauth::Provider::Microsoft, "client", "common", {}, {}};
    static_cast<void>(oauth::read_id_token(body, oauth::Client{}, Instant{}));
    static_cast<void>(oauth::read_id_token("a." + base64url(body) + ".c", microsoft, Instant{}));
    static_cast<void>(oauth::read_service_account(body));
    return 0;
}
