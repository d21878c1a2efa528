#pragma once

#include <functional>
#include <string>

#include "connectors/http/transport.hpp"
#include "core/result.hpp"

namespace calgate::ews {

/// The transport for a host; whether it may be a private one is the gateway's business.
using TransportFor = std::function<http::HttpTransport&(const std::string& url)>;

/// The EWS address of a mailbox, asked of autodiscover.<domain> and <domain> over https: first without a password
/// (Autodiscover v2, JSON), then with it (GetUserSettings, MS-OXWSADISC; POX, MS-OXDSCLI), at last where a plain
/// http://autodiscover.<domain> redirects to, which is told no password. Redirections, by address, by URL and by HTTP,
/// are followed, ten at most and only within the domain over https; another domain is named in the sentence. SRV
/// records are not looked up.
/// @param address whose mailbox; its domain is asked.
/// @return NotFound when nobody answers, Unauthorized when somebody refused the password, Unsupported for a mailbox in
/// Exchange Online, which Graph serves.
Result<std::string>
discover_ews(const TransportFor&, const Context&, const std::string& address, const http::Credentials&);

}  // namespace calgate::ews
