#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/http/transport.hpp"

namespace calgate::caldav {

/// A calendar object by its type or by its first line; false for what a proxy or a sign-in page gives under 200.
bool is_calendar_object(const http::Response&);
/// Markup where a write is answered with nothing, an object or a multistatus.
bool is_web_page(std::string_view body);

/// Whether it is a scheduling object with others as guests (RFC 6638 3.1): whoever writes or deletes it makes the
/// service mail them. @param own_addresses of the owner, who is no guest; compared without case.
bool has_guests(const std::string& icalendar, const std::vector<std::string>& own_addresses);

}  // namespace calgate::caldav
