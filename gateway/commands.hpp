#pragma once

#include <cstdint>
#include <map>
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
int command_connect_icloud(const std::string& directory, const ConnectOptions& options);
int command_connect_ews(const std::string& directory, const ConnectOptions& options);
int command_connect_google(const std::string& directory, const ConnectOptions& options);
int command_connect_microsoft(const std::string& directory, const ConnectOptions& options);
int command_calendars(const std::string& directory, bool json);
int command_set_calendar(const std::string& directory, const std::string& id, const std::string& roles);
/// @param what an account or a calendar, by id, name or user.
int command_disconnect(const std::string& directory, const std::string& what, bool remove_copies);
int command_status(const std::string& directory, bool json);
int command_sync(const std::string& directory);
/// What a sync would do.
int command_preview(const std::string& directory);
int command_verify(const std::string& directory, const std::string& target, bool json);
int command_conflicts(const std::string& directory, bool json);
struct ResolveOptions {
    std::string resolution{};                     ///< "ours", "theirs" or "merged".
    bool of_run = false;                          ///< Of a stopped run, and of nothing else.
    std::map<std::string, std::string> fields{};  ///< With "merged": what it is to be instead.
};
int command_resolve(const std::string& directory, const std::string& id, const ResolveOptions& options);
int command_explain(const std::string& directory, const std::string& appointment, bool json);
int command_list_runs(const std::string& directory, bool json);
int command_undo(const std::string& directory, const std::string& run);
/// This gateway becomes the one that writes, see Lineage.
int command_take_over(const std::string& directory);
int command_keys_list(const std::string& directory, bool json);
/// @param scope "monitor", "read", "write" or "admin". @param expires a length of time; empty: never.
int command_keys_create(
    const std::string& directory, const std::string& label, const std::string& scope, const std::string& expires
);
int command_keys_rotate(const std::string& directory);
int command_keys_revoke(const std::string& directory, const std::string& id);
int command_feeds_list(const std::string& directory, bool json);
/// Prints the feed's address, once. @param label what the phone calls it; empty: "Appointments".
int command_feeds_create(const std::string& directory, const std::string& staff, const std::string& label, bool full);
int command_feeds_revoke(const std::string& directory, const std::string& id);
/// @param target a folder, or a file that ends in .tar.
int command_export(const std::string& directory, const std::string& target);
struct ImportOptions {
    std::string source{};  ///< What calgate export wrote, or .ics files, or a .csv file.
    std::string staff{};   ///< Whose appointments those of other tools become.
    std::string zone{};    ///< .csv: of the times there; empty: the person's.
    std::string dates = "ymd";
    std::vector<std::string> columns{};  ///< .csv: "field=Name in the table".
    bool merge = false;                  ///< An export: as new bookings beside what is here.
    bool apply = false;
};
int command_import(const std::string& directory, const ImportOptions& options);
struct RestoreOptions {
    std::vector<std::string> from{};  ///< Calendars, by id, name or address.
    std::string recovery_key_file{};  ///< Empty: the key in keys.json.
    std::string show{};               ///< Empty: as the marker says.
    bool accept_missing = false;
    bool apply = false;
    bool json = false;
};
/// Fills an empty store from the copies in calendars. Not while a gateway runs on this folder.
int command_restore(const std::string& directory, const RestoreOptions& options);
struct PurgeOptions {
    std::string calendar{};           ///< By id, name or address.
    std::string recovery_key_file{};  ///< Empty: the key in keys.json.
    bool apply = false;
    bool json = false;
};
/// Deletes all our copies from a calendar, and only ours, by what they carry; the store they came from is not needed.
int command_purge_mirrors(const std::string& directory, const PurgeOptions& options);
struct DrillOptions {
    std::string target{};  ///< One calendar, by id or name; empty: all.
    std::string report{};  ///< Name of the report's files, without an ending; empty: in the data directory.
    bool json = false;
    bool quiet = false;  ///< Nothing is printed; the report is written all the same.
};
/// Restores every target into a scratch store and compares it with the living one. Writes to no calendar.
int command_drill_host(const std::string& directory, const DrillOptions& options);
class Caller;
/// The same, at a gateway that is reached already.
int drill_host(Caller&, const std::string& directory, const DrillOptions& options);
/// Cuts calls of the running gateway to one provider off, watches, and sees that all is well again. Killed at any
/// moment, the cut ends within ten seconds.
int command_drill_provider(
    const std::string& directory,
    const std::string& provider,
    int percent,
    const std::string& time,
    const DrillOptions& options
);
/// @param drill "revoked" or "clock". @param who an account, by id or user, or a kind; empty: all.
/// @param jump of the wall clock, with "clock". Runs in a copy of the store: nothing real is revoked, set or written.
int command_drill_rehearsal(
    const std::string& directory,
    const std::string& drill,
    const std::string& who,
    const std::string& jump,
    const DrillOptions& options
);
/// A provider that is away, lived through in a copy of the store on a simulated clock. No call is made, and nobody
/// waits for hours. @param changes bookings meanwhile, over all accounts; -1: as many as were usual lately.
int command_drill_outage(
    const std::string& directory,
    const std::string& provider,
    int percent,
    const std::string& time,
    int changes,
    const DrillOptions& options
);
/// Lists what `--preset` knows.
int command_drill_presets();
/// @return false when there is no such preset.
bool use_preset(const std::string& name, int& percent, std::string& time);
/// How often `drill host` runs by itself while the gateway serves. @param every a length of time, or "off".
int command_drill_schedule(const std::string& directory, const std::string& every);
struct KitOptions {
    std::string target{};  ///< A folder, or the address of a WebDAV folder or a CalDAV calendar.
    int days = 14;
    std::string password_file{};  ///< Seals the kit; empty: it is plain.
    std::string user{};           ///< At the WebDAV server.
    std::string target_password_file{};
    bool quiet = false;
};
/// Writes day sheets and free time of everybody (see gateway/kit.hpp).
int command_kit(const std::string& directory, const KitOptions& options);
/// The same, at a gateway that is reached already.
int write_kit(Caller&, const std::string& directory, const KitOptions& options);
/// Whether a report is as this gateway wrote it.
int command_drill_check(const std::string& directory, const std::string& file);
struct LinkOptions {
    std::string customer{};
    std::string service{};  ///< Empty: any.
    std::string expires = "30d";
    bool many = false;  ///< Good for more than one booking.
};
/// Prints the address to send to the customer, once.
int command_links_create(const std::string& directory, const LinkOptions& options);
int command_links_list(const std::string& directory, bool json);
int command_links_revoke(const std::string& directory, const std::string& id);
/// How far the booking system was told of changes.
int command_callbacks(const std::string& directory, bool json);
int command_callbacks_replay(const std::string& directory, std::int64_t after);
/// Prints the new secret, once.
int command_callbacks_rotate(const std::string& directory, const std::string& overlap);
/// Erases a customer from store and copies, and says what is left and what lies out of reach. Run again it goes on.
int command_erase(const std::string& directory, const std::string& customer, bool apply, bool json);
/// What personal data goes where.
int command_datamap(const std::string& directory, bool json);
/// Lists the audit. @param about only entries with this subject; empty: all.
int command_audit(const std::string& directory, const std::string& about, bool json);
/// Whether the audit is as it was written, also as the markers have seen it.
int command_audit_verify(const std::string& directory, bool json);
int command_doctor(const std::string& directory);

}  // namespace calgate
