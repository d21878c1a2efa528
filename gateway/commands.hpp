#pragma once

#include <string>
#include <vector>

/// The command line's verbs. Each returns the exit code: 0 done, 1 failed, 2 usage, 3 waits for a person.
namespace calgate {

struct ConnectOptions {
    std::string url{};      ///< CalDAV, Exchange.
    std::string address{};  ///< Exchange: a mailbox whose server is to be found.
    std::string user{};     ///< CalDAV, Exchange; with a person's sign-in whom the page should propose.
    std::string password_file{};
    std::string account{};  ///< To link again, by id.
    bool confirm_other_person = false;
    bool read_only = false;
    std::string service_account{};  ///< Google: its key file.
    std::string subject{};
    std::string tenant{};  ///< Microsoft, as an application.
    std::string client_id{};
    std::string client_secret_file{};
    std::string certificate{};
    std::string mailbox{};
    std::string staff{};
    std::string create_staff{};  ///< The person's name, when they shall be created.
    std::string zone{};
    std::vector<std::string> mirror{};  ///< Names or addresses of calendars.
    std::vector<std::string> busy{};
    std::string show = "busy";
};

int command_init(
    const std::string& directory, const std::string& name, const std::string& zone, const std::string& listen
);
int command_connect_caldav(const std::string& directory, const ConnectOptions& options);
int command_connect_ews(const std::string& directory, const ConnectOptions& options);
int command_connect_google(const std::string& directory, const ConnectOptions& options);
int command_connect_microsoft(const std::string& directory, const ConnectOptions& options);
int command_calendars(const std::string& directory, bool json);
int command_set_calendar(const std::string& directory, const std::string& id, const std::string& roles);
int command_status(const std::string& directory, bool json);
int command_sync(const std::string& directory);
int command_verify(const std::string& directory, const std::string& target, bool json);
int command_conflicts(const std::string& directory, bool json);
int command_resolve(const std::string& directory, const std::string& id, const std::string& resolution);
int command_keys_list(const std::string& directory);
int command_keys_add(const std::string& directory, const std::string& label);
int command_keys_rotate(const std::string& directory);
int command_keys_revoke(const std::string& directory, const std::string& id);
int command_export(const std::string& directory, const std::string& folder);
/// @param staff empty: a calgate export; otherwise plain calendar files become appointments of this person.
int command_import(const std::string& directory, const std::string& source, const std::string& staff, bool apply);
int command_doctor(const std::string& directory);

}  // namespace calgate
