#include "connectors/caldav/caldav_icloud.hpp"

#include <algorithm>

namespace calgate::caldav {

namespace {

constexpr std::size_t kPasswordLetters = 16;
constexpr std::size_t kGroup = 4;
constexpr std::chrono::seconds kSlowDown{30};
constexpr std::chrono::seconds kSignInStorm{300};
constexpr std::string_view kMakeOne =
    "make an app-specific password at https://account.apple.com (Sign-In and Security), and connect again with that";

}  // namespace

http::Url at_icloud_entry(http::Url url) {
    if (http::is_icloud_host(url.host) && url.scheme == "https" && url.port == 443)
        url.host = url.host.substr(url.host.find("caldav."));
    return url;
}

bool is_app_specific(std::string_view password) {
    std::string letters;
    for (std::size_t i = 0; i < password.size(); ++i) {
        const bool dash = password[i] == '-' && i % (kGroup + 1) == kGroup;
        if (!dash) letters += password[i];
    }
    const bool grouped = password.size() == kPasswordLetters + kPasswordLetters / kGroup - 1;
    return letters.size() == kPasswordLetters && (grouped || letters == password) &&
           std::all_of(letters.begin(), letters.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

Error icloud_sign_in_refusal(std::string_view password, bool worked_before) {
    std::string why;
    if (!is_app_specific(password))
        why =
            "iCloud refused the sign-in: this is no app-specific password. The password of the Apple Account itself "
            "is never accepted; " +
            std::string(kMakeOne) + ".";
    else if (worked_before)
        why =
            "iCloud no longer accepts this app-specific password: it was revoked, by hand or because the password of "
            "the Apple Account was changed; " +
            std::string(kMakeOne) + ".";
    else
        why =
            "iCloud refused the sign-in: check the address of the Apple Account (the one it signs in with) and the "
            "app-specific password (16 letters); if both are right, " +
            std::string(kMakeOne) + ".";
    return {ErrorCode::Unauthorized, why + " (status 401)", {}};
}

Error icloud_refusal(Call call, int status, Error error) {
    if (call == Call::Discover && status == 403)
        return {
            ErrorCode::RateLimited,
            "iCloud does not let anybody in from here for the moment, which says nothing about the password; wait a "
            "few minutes. (status 403)",
            error.retry_after ? error.retry_after : kSignInStorm};
    if ((status == 429 || status == 503) && !error.retry_after) error.retry_after = kSlowDown;
    return error;
}

}  // namespace calgate::caldav
