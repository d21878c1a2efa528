#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace calgate::caldav {

/// One `response` of a multistatus (RFC 4918 14.24). Properties come only from a propstat with a 2xx status.
struct Entry {
    std::string href{};           ///< As it came, trimmed.
    int status = 0;               ///< Of the whole resource; 0 when unsaid.
    bool has_properties = false;  ///< Some propstat has a 2xx status.
    int refused_properties = 0;   ///< Status of a propstat that is not 2xx; the last one.
    std::optional<std::string> etag{};
    std::optional<std::string> calendar_data{};  ///< Not trimmed.
    std::optional<std::string> sync_token{};
    std::optional<std::string> ctag{};
    std::string name{};
    std::string timezone{};        ///< VTIMEZONE text.
    std::string principal{};       ///< current-user-principal, else principal-URL.
    bool unauthenticated = false;  ///< RFC 5397 3.
    std::vector<std::string> homes{};
    std::vector<std::string> addresses{};  ///< calendar-user-address-set.
    bool is_collection = false, is_calendar = false, is_subscribed = false, is_principal = false;
    bool transparent = false;                              ///< RFC 6638 9.1
    std::optional<std::vector<std::string>> components{};  ///< Absent: any.
    std::optional<std::vector<std::string>> privileges{};  ///< DAV: names; absent: unsaid.
    std::vector<std::string> errors{};                     ///< Names as in `error_elements`.
};

struct Multistatus {
    std::vector<Entry> entries{};
    std::optional<std::string> sync_token{};
};

/// @return InvalidResponse for anything that is not a whole, well-formed multistatus. Control characters are dropped;
/// more than 32 levels are refused. Never throws.
Result<Multistatus> parse_multistatus(std::string_view body);

/// Names of conditions in a DAV:error body, "DAV:valid-sync-token", "urn:ietf:params:xml:ns:caldav:no-uid-conflict";
/// also those inside a multistatus. Empty when there are none, or the body is no XML.
std::vector<std::string> error_elements(std::string_view body);

/// For writes: the first inner status that is not 2xx; 0 when all are, or nothing is inside (RFC 4918 13).
int refused_status(const Multistatus& content);

std::string xml_escaped(std::string_view text);
std::string propfind_discovery();
std::string propfind_calendars();
std::string propfind_state();
std::string propfind_etags();
std::string report_sync(std::string_view token);
std::string report_multiget(const std::vector<std::string>& hrefs);
/// Every VEVENT with content; no time-range, because services get it wrong.
std::string report_query_all();
std::string report_query_uid(std::string_view uid);

}  // namespace calgate::caldav
