#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "gateway/commands.hpp"
#include "gateway/credentials.hpp"
#include "gateway/serve.hpp"

using namespace calgate;

namespace {

/// Whose calendars these are and what for.
void add_choice(CLI::App& command, ConnectOptions& options) {
    command.add_option("--staff", options.staff, "id of the person whose calendars these are");
    auto* create = command.add_option("--create-staff", options.create_staff, "create that person, with this name");
    command.add_option("--zone", options.zone, "their time zone");
    create->needs("--zone");
    command.add_option("--mirror", options.mirror, "calendar that gets the appointments; may be repeated");
    command.add_option("--busy", options.busy, "calendar that blocks time; may be repeated");
    command.add_option("--show", options.show, "what a copy shows: busy, full, or fields such as title,place");
}

/// A person signs in with a browser.
void add_sign_in(CLI::App& command, ConnectOptions& options) {
    command.add_option("--user", options.user, "address that the sign-in page should propose");
    command.add_option("--account", options.account, "link this account again, by its id");
    command.add_flag("--confirm-other-person", options.confirm_other_person, "that account passes to another person");
    command.add_flag("--read-only", options.read_only, "ask only for what blocking time needs");
}

/// An application of Microsoft's directory signs in.
void add_application(CLI::App& command, ConnectOptions& options) {
    command.add_option("--tenant", options.tenant, "as an application: id or domain of the tenant");
    command.add_option("--client-id", options.client_id, "of the application");
    command.add_option("--client-secret-file", options.client_secret_file, "mode 0600");
    command.add_option("--certificate", options.certificate, "PEM, certificate and private key, mode 0600");
}

/// Their options have to last until they are parsed.
void add_booking_commands(CLI::App& app, const std::string& directory, int& code) {
    static LinkOptions linking;
    static std::string link, overlap = "24h";
    static std::int64_t after = 0;
    static bool json = false;
    auto* links = app.add_subcommand("links", "links that let chosen customers book");
    links->require_subcommand(1);
    auto* create = links->add_subcommand("create", "make one; its address is shown once");
    create->add_option("customer", linking.customer, "an id or a name, as your booking system knows him")->required();
    create->add_option("--service", linking.service, "the only one it is good for");
    create->add_option("--expires", linking.expires, "how long it is good, such as 12h or 30d");
    create->add_flag("--many", linking.many, "for more than one booking");
    create->callback([&] { code = command_links_create(directory, linking); });
    auto* list = links->add_subcommand("list", "for whom, for what, until when, and whether used");
    list->add_flag("--json", json);
    list->callback([&] { code = command_links_list(directory, json); });
    auto* revoke = links->add_subcommand("revoke", "end one; bookings made under it stay");
    revoke->add_option("id", link)->required();
    revoke->callback([&] { code = command_links_revoke(directory, link); });

    auto* callbacks = app.add_subcommand("callbacks", "how far the booking system was told of changes");
    callbacks->add_flag("--json", json);
    auto* replay = callbacks->add_subcommand("replay", "tell of every change after a number again");
    replay->add_option("--after", after, "sequence number of the change feed")->required();
    auto* rotate = callbacks->add_subcommand("rotate", "make a new secret; it is shown once");
    rotate->add_option("--overlap", overlap, "how long the one before signs beside it");
    callbacks->callback([&, replay, rotate] {
        code = replay->parsed()   ? command_callbacks_replay(directory, after)
               : rotate->parsed() ? command_callbacks_rotate(directory, overlap)
                                  : command_callbacks(directory, json);
    });
}

int run(int argc, char** argv) {
    CLI::App app{"calgate: appointments mirrored to the calendars people already use"};
    app.require_subcommand(1);
    app.fallthrough();
    app.set_version_flag("--version", "calgate " CALGATE_VERSION);
    std::string directory = default_directory();
    app.add_option("--dir", directory, "data directory")->envname("CALGATE_DIR");
    int code = 0;

    auto* init = app.add_subcommand("init", "make a gateway in the data directory");
    std::string name, zone, listen;
    init->add_option("--name", name, "of the business")->required();
    init->add_option("--zone", zone, "IANA time zone, such as Europe/Berlin")->required();
    init->add_option("--listen", listen, "address and port of the API");
    init->callback([&] { code = command_init(directory, name, zone, listen); });

    auto* serving = app.add_subcommand("serve", "run the gateway");
    std::vector<std::string> also;
    serving->add_option("--also", also, "data directory of another business, served beside; may be repeated");
    serving->callback([&] { code = serve(directory, also); });

    auto* connect = app.add_subcommand("connect", "connect an account");
    connect->require_subcommand(1);
    auto* caldav = connect->add_subcommand("caldav", "any CalDAV server");
    ConnectOptions options;
    caldav->add_option("--url", options.url, "of the server, your home there, or one calendar")->required();
    caldav->add_option("--user", options.user)->required();
    caldav->add_option("--password-file", options.password_file, "otherwise CALGATE_PASSWORD, or you are asked");
    add_choice(*caldav, options);
    caldav->callback([&] { code = command_connect_caldav(directory, options); });
    auto* icloud = connect->add_subcommand("icloud", "iCloud, with an app-specific password");
    icloud->add_option("--user", options.user, "address of the Apple Account")->required();
    icloud->add_option("--password-file", options.password_file, "otherwise CALGATE_PASSWORD, or you are asked");
    icloud->add_option("--url", options.url, "only in mainland China: https://caldav.icloud.com.cn/");
    add_choice(*icloud, options);
    icloud->callback([&] { code = command_connect_icloud(directory, options); });
    auto* ews = connect->add_subcommand("ews", "an Exchange server of your own");
    ews->add_option("--url", options.url, "such as https://mail.example.com/EWS/Exchange.asmx");
    ews->add_option("--address", options.address, "of a mailbox there, to find the server by Autodiscover");
    ews->add_option("--user", options.user, "DOMAIN\\user or an address; otherwise --address");
    ews->add_option("--password-file", options.password_file, "otherwise CALGATE_PASSWORD, or you are asked");
    ews->add_option("--mailbox", options.mailbox, "whose calendars, when the account may act for others");
    add_application(*ews, options);
    add_choice(*ews, options);
    ews->callback([&] { code = command_connect_ews(directory, options); });
    auto* google = connect->add_subcommand("google", "Google Calendar: a person signs in, or a service account");
    add_sign_in(*google, options);
    google->add_option("--service-account", options.service_account, "its key file (JSON), mode 0600");
    google->add_option("--subject", options.subject, "whom the service account acts for");
    add_choice(*google, options);
    google->callback([&] { code = command_connect_google(directory, options); });
    auto* microsoft = connect->add_subcommand("microsoft", "Microsoft 365: a person signs in, or an application");
    add_sign_in(*microsoft, options);
    microsoft->add_option("--mailbox", options.mailbox, "as an application: whose calendars");
    add_application(*microsoft, options);
    add_choice(*microsoft, options);
    microsoft->callback([&] { code = command_connect_microsoft(directory, options); });

    bool json = false;
    auto* calendars = app.add_subcommand("calendars", "list the calendars in use");
    calendars->add_flag("--json", json);
    auto* set = calendars->add_subcommand("set", "change what a calendar is used for");
    std::string id, role;
    set->add_option("id", id)->required();
    set->add_option("--role", role, "mirror, busy, mirror,busy or none")->required();
    calendars->callback([&] {
        code = set->parsed() ? command_set_calendar(directory, id, role) : command_calendars(directory, json);
    });

    auto* disconnect = app.add_subcommand("disconnect", "end an account or a calendar; appointments stay");
    std::string leaving;
    bool remove_copies = false;
    disconnect->add_option("what", leaving, "an account or a calendar, by id, name or user")->required();
    disconnect->add_flag("--remove-copies", remove_copies, "delete our own copies there first; otherwise they stay");
    disconnect->callback([&] { code = command_disconnect(directory, leaving, remove_copies); });

    auto* status = app.add_subcommand("status", "what is live, what is cached since when, what waits");
    status->add_flag("--json", json);
    status->callback([&] { code = command_status(directory, json); });

    auto* sync = app.add_subcommand("sync", "read all calendars now");
    bool dry_run = false;
    sync->add_flag("--dry-run", dry_run, "only say what it would do");
    sync->callback([&] { code = dry_run ? command_preview(directory) : command_sync(directory); });

    auto* verify = app.add_subcommand("verify", "compare every copy by content; reads only");
    std::string target;
    verify->add_option("--target", target, "one calendar, by id or name");
    verify->add_flag("--json", json);
    verify->callback([&] { code = command_verify(directory, target, json); });

    auto* conflicts = app.add_subcommand("conflicts", "what waits for a person");
    conflicts->add_flag("--json", json);
    auto* resolve = conflicts->add_subcommand("resolve", "decide one");
    ResolveOptions resolution;
    resolve->add_option("id", id)->required();
    resolve->add_option("resolution", resolution.resolution)
        ->required()
        ->check(CLI::IsMember({"ours", "theirs", "merged"}));
    for (const char* field : {"start", "end", "title", "place", "notes"}) {
        resolve->add_option_function<std::string>(
            std::string("--") + field,
            [&resolution, field](const std::string& value) { resolution.fields[field] = value; },
            "with merged: what it is to be"
        );
    }
    auto* approve = conflicts->add_subcommand("approve", "take over what a stopped run found");
    approve->add_option("run", id)->required();
    auto* reject = conflicts->add_subcommand("reject", "write our copies again instead of taking a stopped run over");
    reject->add_option("run", id)->required();
    conflicts->callback([&] {
        resolution.of_run = approve->parsed() || reject->parsed();
        if (approve->parsed()) resolution.resolution = "theirs";
        if (reject->parsed()) resolution.resolution = "ours";
        code = resolution.resolution.empty() ? command_conflicts(directory, json)
                                             : command_resolve(directory, id, resolution);
    });

    std::string appointment;
    auto* explain = app.add_subcommand("explain", "who made an appointment what it is, when and why");
    explain->add_option("appointment", appointment)->required();
    explain->add_flag("--json", json);
    explain->callback([&] { code = command_explain(directory, appointment, json); });

    auto* take_over = app.add_subcommand("take-over", "write again after another gateway wrote the same calendars");
    take_over->callback([&] { code = command_take_over(directory); });

    std::string run;
    auto* undo = app.add_subcommand("undo", "take back what a run took over from a calendar; without a run lists them");
    undo->add_option("run", run);
    undo->add_flag("--json", json);
    undo->callback([&] { code = run.empty() ? command_list_runs(directory, json) : command_undo(directory, run); });

    auto* keys = app.add_subcommand("keys", "API keys, and the vault's");
    keys->require_subcommand(1);
    auto* list = keys->add_subcommand("list", "ids, labels, what each may do and until when");
    list->add_flag("--json", json);
    list->callback([&] { code = command_keys_list(directory, json); });
    auto* create = keys->add_subcommand("create", "make one; it is shown once")->alias("add");
    std::string label, scope = "write", expires;
    create->add_option("label", label)->required();
    create->add_option("--scope", scope, "monitor, read, write or admin")
        ->check(CLI::IsMember({"monitor", "read", "write", "admin"}));
    create->add_option("--expires", expires, "how long it opens anything, such as 90d; otherwise for ever");
    create->callback([&] { code = command_keys_create(directory, label, scope, expires); });
    keys->add_subcommand("rotate", "make a new vault key and seal every stored secret with it")->callback([&] {
        code = command_keys_rotate(directory);
    });
    auto* revoke = keys->add_subcommand("revoke", "end one");
    revoke->add_option("id", id)->required();
    revoke->callback([&] { code = command_keys_revoke(directory, id); });

    add_booking_commands(app, directory, code);
    auto* feeds = app.add_subcommand("feeds", "addresses by which phones subscribe to a person's time");
    feeds->require_subcommand(1);
    auto* list_feeds = feeds->add_subcommand("list", "ids, whose, and how much each shows");
    list_feeds->add_flag("--json", json);
    list_feeds->callback([&] { code = command_feeds_list(directory, json); });
    auto* create_feed = feeds->add_subcommand("create", "make one; its address is shown once");
    std::string feed_staff, feed_label, feed_id;
    bool full = false;
    create_feed->add_option("--staff", feed_staff, "whose time")->required();
    create_feed->add_option("--label", feed_label, "what the phone calls it");
    create_feed->add_flag("--full", full, "with titles, places and notes; otherwise only when the person is busy");
    create_feed->callback([&] { code = command_feeds_create(directory, feed_staff, feed_label, full); });
    auto* revoke_feed = feeds->add_subcommand("revoke", "end one");
    revoke_feed->add_option("id", feed_id)->required();
    revoke_feed->callback([&] { code = command_feeds_revoke(directory, feed_id); });

    std::string folder;
    auto* out = app.add_subcommand("export", "everything but secrets, in open formats");
    out->add_option("target", folder, "a folder, or a file that ends in .tar")->required();
    out->callback([&] { code = command_export(directory, folder); });
    auto* in =
        app.add_subcommand("import", "take in an export, .ics files or a .csv or .tsv file; a dry run unless --apply");
    ImportOptions importing;
    in->add_option("source", importing.source)->required();
    in->add_option("--staff", importing.staff, ".ics, .csv: whose appointments they become");
    in->add_option("--zone", importing.zone, ".csv: time zone of its times; otherwise the person's");
    in->add_option("--dates", importing.dates, ".csv: order in dates such as 01/12/2026")
        ->check(CLI::IsMember({"ymd", "dmy", "mdy"}));
    in->add_option("--column", importing.columns, ".csv: the table's name for a field, such as start=Beginn");
    in->add_flag("--merge", importing.merge, "an export: as new bookings beside those that are here");
    auto* really = in->add_flag("--apply", importing.apply);
    bool only_say = true;
    in->add_flag("--dry-run", only_say, "only say what it would do, as without --apply")->excludes(really);
    in->callback([&] { code = command_import(directory, importing); });

    auto* erase = app.add_subcommand("erase", "erase a customer from store and copies; a dry run unless --apply");
    std::string customer;
    bool erasing = false;
    erase->add_option("--customer", customer, "as the field \"customer\" of the appointments has it")->required();
    erase->add_flag("--apply", erasing);
    erase->add_flag("--json", json);
    erase->callback([&] { code = command_erase(directory, customer, erasing, json); });

    auto* restore =
        app.add_subcommand("restore", "rebuild all appointments from their copies; a dry run unless --apply");
    RestoreOptions restoring;
    restore->add_option("--from", restoring.from, "calendar with copies, by name or address; may be repeated")
        ->required();
    restore->add_option(
        "--recovery-key", restoring.recovery_key_file, "file with the key that init printed, mode 0600"
    );
    restore->add_option("--show", restoring.show, "what the copies show, if the marker cannot say");
    restore->add_flag("--accept-missing", restoring.accept_missing, "restore although copies are missing");
    restore->add_flag("--apply", restoring.apply);
    restore->add_flag("--json", restoring.json);
    restore->callback([&] { code = command_restore(directory, restoring); });

    auto* datamap = app.add_subcommand("datamap", "what personal data goes where, and abroad");
    datamap->add_flag("--json", json);
    datamap->callback([&] { code = command_datamap(directory, json); });

    auto* audit = app.add_subcommand("audit", "who changed what, when and why, from what to what");
    std::string about;
    audit->add_option("--about", about, "only what concerns this id");
    audit->add_flag("--json", json);
    auto* proven = audit->add_subcommand("verify", "whether the audit is as it was written");
    audit->callback([&] {
        code = proven->parsed() ? command_audit_verify(directory, json) : command_audit(directory, about, json);
    });

    auto* purge = app.add_subcommand(
        "purge-mirrors", "delete all our copies from a calendar, without the store; a dry run unless --apply"
    );
    PurgeOptions purging;
    purge->add_option("--calendar", purging.calendar, "by name or address")->required();
    purge->add_option("--recovery-key", purging.recovery_key_file, "file with the key that init printed, mode 0600");
    purge->add_flag("--apply", purging.apply);
    purge->add_flag("--json", purging.json);
    purge->callback([&] { code = command_purge_mirrors(directory, purging); });

    auto* drill = app.add_subcommand("drill", "prove beforehand that failover works");
    DrillOptions drilling;
    std::string provider, length = "60s", report_file, preset, schedule, who, jump = "25h";
    int percent = 100;
    auto* lost_host = drill->add_subcommand("host", "restore every target into a scratch store and compare");
    lost_host->add_option("--target", drilling.target, "one calendar, by id or name");
    auto* away = drill->add_subcommand("provider", "cut the calls of the running gateway to one provider off");
    away->add_option("name", provider, "caldav, icloud, ews, google, microsoft, or an account's id")->required();
    auto* share = away->add_option("--percent", percent, "of the calls that fail")->check(CLI::Range(1, 100));
    auto* duration = away->add_option("--for", length, "such as 90s, 15m or 18h");
    away->add_option("--preset", preset, "a failure of the past; calgate drill presets lists them")
        ->excludes(share)
        ->excludes(duration);
    bool simulated = false;
    int changes = -1;
    auto* by_clock = away->add_flag(
        "--simulated",
        simulated,
        "on a simulated clock, in a copy of the store: no call is made, and nobody waits for hours"
    );
    away->add_option("--changes", changes, "bookings meanwhile; otherwise as many as were usual lately")
        ->check(CLI::Range(0, 20'000))
        ->needs(by_clock);
    auto* revoked =
        drill->add_subcommand("revoked", "what a sign-in that is taken back leads to; in a copy of the store");
    auto* wrong_clock = drill->add_subcommand("clock", "what a wall clock that jumps leads to; in a copy of the store");
    wrong_clock->add_option("--jump", jump, "how far it is set ahead, and then back behind where it was");
    for (auto* one : {revoked, wrong_clock}) one->add_option("account", who, "by id or user, or a kind; otherwise all");
    drill->add_subcommand("presets", "failures of the past")->callback([&] { code = command_drill_presets(); });
    drill->add_option("--schedule", schedule, "how often drill host runs by itself while serving: 24h, 7d, off");
    for (auto* one : {lost_host, away, revoked, wrong_clock}) {
        one->add_option("--report", drilling.report, "name of the report's files, without an ending");
        one->add_flag("--json", drilling.json);
    }
    auto* check = drill->add_subcommand("check", "whether a report is as this gateway wrote it");
    check->add_option("file", report_file)->required();
    lost_host->callback([&] { code = command_drill_host(directory, drilling); });
    away->callback([&] {
        if (!preset.empty() && !use_preset(preset, percent, length)) {
            std::fprintf(stderr, "There is no preset %s; calgate drill presets lists them.\n", preset.c_str());
            code = 2;
            return;
        }
        code = simulated ? command_drill_outage(directory, provider, percent, length, changes, drilling)
                         : command_drill_provider(directory, provider, percent, length, drilling);
    });
    revoked->callback([&] { code = command_drill_rehearsal(directory, "revoked", who, jump, drilling); });
    wrong_clock->callback([&] { code = command_drill_rehearsal(directory, "clock", who, jump, drilling); });
    drill->callback([&] {
        if (!drill->get_subcommands().empty()) return;
        if (schedule.empty()) throw CLI::RequiredError("drill: host, provider, revoked, clock, check or --schedule");
        code = command_drill_schedule(directory, schedule);
    });
    check->callback([&] { code = command_drill_check(directory, report_file); });

    auto* kit = app.add_subcommand("kit", "day sheets and free time of everybody, for when nothing answers");
    KitOptions packing;
    kit->add_option("target", packing.target, "a folder, or the https address of a WebDAV folder or a CalDAV calendar")
        ->required();
    kit->add_option("--days", packing.days, "from today on")->check(CLI::Range(1, 60));
    kit->add_option("--password-file", packing.password_file, "seal it with this password; mode 0600");
    kit->add_option("--user", packing.user, "at that server");
    kit->add_option("--target-password-file", packing.target_password_file, "of that user; mode 0600");
    kit->callback([&] { code = command_kit(directory, packing); });

    auto* doctor = app.add_subcommand("doctor", "check everything, a sentence per finding");
    doctor->callback([&] { code = command_doctor(directory); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
