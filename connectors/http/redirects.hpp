#pragma once

#include <string>

#include "connectors/http/transport.hpp"
#include "connectors/http/url.hpp"

namespace calgate::http {

bool is_redirect(int status);

/// Where a redirect leads, or why it is not followed: never to another host (the hosts of iCloud count as one), never
/// from https to http (the same place is tried on https instead), never a 303 for a method other than GET and HEAD.
Result<Url> redirect_target(const std::string& method, const Url& from, const Response& response);

/// Sends and follows redirects, at most five, with method, body and headers unchanged (RFC 9110 15.4).
/// `Response::url` is the address that answered.
Result<Response> send_following(HttpTransport&, Request, const Context&);

}  // namespace calgate::http
