#pragma once

#include <string>

/// What a service manager hands to the gateway: secrets (systemd's LoadCredential=, which come as files in a folder
/// that CREDENTIALS_DIRECTORY names), and somebody to tell how far it is. Without one, all of this does nothing. Any
/// thread.
namespace calgate {

/// Where a file with a secret lies. An absolute name is its own; a relative one is the credential of that name if there
/// is one, otherwise a file in the data directory.
std::string secret_path(const std::string& directory, const std::string& name);
/// The service manager gave it: it cannot be written, and who may read it is the manager's to say.
bool is_credential(const std::string& path);

/// Sends a state such as "READY=1" to the socket that NOTIFY_SOCKET names (sd_notify(3)). Nothing waits for it, and
/// nothing depends on whether it arrives.
void tell_service_manager(const std::string& state);

/// The data directory that is meant when nobody names one: ./calgate-data, or, when there is none, that of the Debian
/// package if it is installed.
std::string default_directory();

}  // namespace calgate
