#pragma once

#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"
#include "gateway/kit.hpp"

namespace calgate {

/// Puts every file into a folder on this machine (a disk, a stick, a share), made with mode 0700 if it is not there.
/// Each replaces its earlier one whole or not at all, mode 0600; durable when it returns.
/// @return Rejected with a sentence; files written until then stand.
Status put_into_folder(const std::vector<KitFile>&, const std::string& folder);

/// Puts every file into a collection of a WebDAV server (RFC 4918), made with MKCOL if it is not there: uploaded under
/// another name, then moved over the earlier one, so that no reader sees half a file.
/// @param url of the collection, https or a loopback address.
/// @return the server's refusal as a sentence; files replaced until then stand.
Status put_to_webdav(
    const std::vector<KitFile>&,
    http::HttpTransport&,
    const Clock&,
    const std::string& url,
    const http::Credentials& credentials
);

}  // namespace calgate
