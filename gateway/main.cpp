#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "gateway/commands.hpp"
#include "gateway/serve.hpp"

using namespace calgate;

namespace {

int run(int argc, char** argv) {
    CLI::App app{"calgate: appointments mirrored to the calendars people already use"};
    app.require_subcommand(1);
    app.fallthrough();
    std::string directory = "./calgate-data";
    app.add_option("--dir", directory, "data directory")->envname("CALGATE_DIR");
    int code = 0;

    auto* init = app.add_subcommand("init", "make a gateway in the data directory");
    std::string name, zone, listen;
    init->add_option("--name", name, "of the business")->required();
    init->add_option("--zone", zone, "IANA time zone, such as Europe/Berlin")->required();
    init->add_option("--listen", listen, "address and port of the API");
    init->callback([&] { code = command_init(directory, name, zone, listen); });

    auto* serving = app.add_subcommand("serve", "run the gateway");
    serving->callback([&] { code = serve(directory); });

    auto* connect = app.add_subcommand("connect", "connect an account");
    connect->require_subcommand(1);
    auto* caldav = connect->add_subcommand("caldav", "any CalDAV server");
    ConnectOptions options;
    caldav->add_option("--url", options.url, "of the server, your home there, or one calendar")->required();
    caldav->add_option("--user", options.user)->required();
    caldav->add_option("--password-file", options.password_file, "otherwise CALGATE_PASSWORD, or you are asked");
    caldav->add_option("--staff", options.staff, "id of the person whose calendars these are");
    auto* create = caldav->add_option("--create-staff", options.create_staff, "create that person, with this name");
    caldav->add_option("--zone", options.zone, "their time zone");
    create->needs("--zone");
    caldav->add_option("--mirror", options.mirror, "calendar that gets the appointments; may be repeated");
    caldav->add_option("--busy", options.busy, "calendar that blocks time; may be repeated");
    caldav->add_option("--show", options.show, "what a copy shows: busy, title or full")
        ->check(CLI::IsMember({"busy", "title", "full"}));
    caldav->callback([&] { code = command_connect(directory, options); });

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

    auto* status = app.add_subcommand("status", "what is live, what is cached since when, what waits");
    status->add_flag("--json", json);
    status->callback([&] { code = command_status(directory, json); });

    auto* sync = app.add_subcommand("sync", "read all calendars now");
    sync->callback([&] { code = command_sync(directory); });

    auto* verify = app.add_subcommand("verify", "compare every copy by content; reads only");
    std::string target;
    verify->add_option("--target", target, "one calendar, by id or name");
    verify->add_flag("--json", json);
    verify->callback([&] { code = command_verify(directory, target, json); });

    auto* conflicts = app.add_subcommand("conflicts", "what waits for a person");
    conflicts->add_flag("--json", json);
    auto* resolve = conflicts->add_subcommand("resolve", "decide one");
    std::string resolution;
    resolve->add_option("id", id)->required();
    resolve->add_option("resolution", resolution)->required()->check(CLI::IsMember({"ours", "theirs"}));
    conflicts->callback([&] {
        code = resolve->parsed() ? command_resolve(directory, id, resolution) : command_conflicts(directory, json);
    });

    auto* keys = app.add_subcommand("keys", "API keys");
    keys->require_subcommand(1);
    keys->add_subcommand("list", "ids and labels")->callback([&] { code = command_keys_list(directory); });
    auto* add = keys->add_subcommand("add", "make one; it is shown once");
    std::string label;
    add->add_option("label", label)->required();
    add->callback([&] { code = command_keys_add(directory, label); });
    auto* revoke = keys->add_subcommand("revoke", "end one");
    revoke->add_option("id", id)->required();
    revoke->callback([&] { code = command_keys_revoke(directory, id); });

    std::string folder;
    auto* out = app.add_subcommand("export", "everything but secrets, in open formats");
    out->add_option("folder", folder)->required();
    out->callback([&] { code = command_export(directory, folder); });
    auto* in = app.add_subcommand("import", "take in an export, or .ics files; a dry run unless --apply");
    bool apply = false;
    std::string import_staff;
    in->add_option("source", folder)->required();
    in->add_option("--staff", import_staff, "plain .ics: whose appointments they become");
    in->add_flag("--apply", apply);
    in->callback([&] { code = command_import(directory, folder, import_staff, apply); });

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
