#pragma once

#include <compare>
#include <functional>
#include <string>

namespace calgate {

/// A string that cannot be mistaken for another kind of string. Opaque outside its connector.
template <class Tag>
struct Text {
    std::string value{};
    bool empty() const { return value.empty(); }
    auto operator<=>(const Text&) const = default;
};

using Href = Text<struct HrefTag>;            ///< Where an event or calendar lives at its service.
using Version = Text<struct VersionTag>;      ///< ETag, ChangeKey: equal or not, nothing else.
using SyncToken = Text<struct SyncTokenTag>;  ///< RFC 6578 token, deltaLink, ctag: sent back byte for byte.
using Uid = Text<struct UidTag>;              ///< RFC 5545 3.8.4.7.

using AppointmentId = Text<struct AppointmentIdTag>;  ///< The caller's id.
using StaffId = Text<struct StaffIdTag>;
using ServiceId = Text<struct ServiceIdTag>;
using AccountId = Text<struct AccountIdTag>;
using CalendarId = Text<struct CalendarIdTag>;

}  // namespace calgate

template <class Tag>
struct std::hash<calgate::Text<Tag>> {
    std::size_t operator()(const calgate::Text<Tag>& text) const noexcept {
        return std::hash<std::string>{}(text.value);
    }
};
