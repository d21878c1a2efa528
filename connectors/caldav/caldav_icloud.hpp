#pragma once

#include <string>
#include <string_view>

#include "connectors/caldav/caldav_errors.hpp"
#include "connectors/http/url.hpp"

namespace calgate::caldav {

/// Where everybody's account at iCloud begins; in mainland China it is caldav.icloud.com.cn.
inline constexpr const char* kIcloudEntry = "https://caldav.icloud.com/";

/// The same place at the entry host. The partition (pNN-caldav.icloud.com) that an account lies on may change, so it is
/// part of no address that is kept. Other hosts stay as they are.
http::Url at_icloud_entry(http::Url url);

/// Shaped as Apple's app-specific passwords: 16 lower-case letters, with dashes between groups of four or without.
bool is_app_specific(std::string_view password);

/// What a refused sign-in at iCloud means, told apart by what is known of the password.
/// @param worked_before it let us in once.
Error icloud_sign_in_refusal(std::string_view password, bool worked_before);

/// iCloud's limits are not published and often named without a time: such a refusal waits longer than elsewhere. A bare
/// 403 while signing in is one of them (many sign-ins in a short time), no word about the password.
Error icloud_refusal(Call, int status, Error);

}  // namespace calgate::caldav
