#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "gateway/archive.hpp"
#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/import_csv.hpp"
#include "gateway/import_ics.hpp"
#include "gateway/keys.hpp"
#include "gateway/kit_seal.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxImport = 1024u * 1024 * 1024;
constexpr std::size_t kMaxIcs = 64u * 1024 * 1024;
// A quarter of the body that a gateway takes unless configured otherwise.
constexpr std::size_t kPieceBytes = 64u * 1024;

/// The file, or every .ics of the folder, by name.
std::vector<std::string> ics_files(const std::string& source) {
    if (!std::filesystem::is_directory(source)) return {source};
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(source)) {
        if (entry.path().extension() == ".ics") files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// What happened to the events of all files.
struct Taken {
    int created = 0;
    int changed = 0;
    int same = 0;
    std::vector<std::string> refused{};
};

void take_in(Caller& caller, const IcsBookings::Booking& wanted, bool apply, Taken& taken) {
    const std::string address = "/v1/appointments/" + wanted.id;
    const auto before = caller.call("GET", address);
    const std::string name = "\"" + text_of(wanted.fields, "title") + "\" (" + wanted.id + ") ";
    if (before.good() && text_of(before.body, "staff") != text_of(wanted.fields, "staff")) {
        taken.refused.push_back(name + "is an appointment of " + text_of(before.body, "staff") + "; it stays there.");
        return;
    }
    Json fields = wanted.fields;
    if (before.good()) {  // What a calendar file cannot say stays as it is.
        for (const char* kept : {"service", "customer"}) fields[kept] = text_of(before.body, kept);
        if (!fields.contains("state")) fields["state"] = text_of(before.body, "state") == "held" ? "held" : "confirmed";
        const bool same = std::all_of(fields.items().begin(), fields.items().end(), [&](const auto& field) {
            return before.body.at(field.key()) == field.value();
        });
        if (same) {
            ++taken.same;
            return;
        }
    }
    if (apply) {
        const auto put = caller.call("PUT", address, fields);
        if (!put.good()) {
            taken.refused.push_back(name + put.problem());
            return;
        }
    }
    ++(before.good() ? taken.changed : taken.created);
}

int report_bookings(const Taken& taken, bool apply) {
    std::printf(
        "%s: %d new, %d changed, %d as they are, %zu refused\n",
        apply ? "Taken in" : "Would take in",
        taken.created,
        taken.changed,
        taken.same,
        taken.refused.size()
    );
    for (const std::string& sentence : taken.refused) std::printf("    %s\n", sentence.c_str());
    if (!apply) std::printf("Nothing was changed; add --apply to do it. Overlaps are found then.\n");
    return taken.refused.empty() ? kDone : kFailed;
}

void take_in(Caller& caller, const IcsBookings& read, bool apply, Taken& taken) {
    taken.refused.insert(taken.refused.end(), read.refused.begin(), read.refused.end());
    for (const auto& booking : read.bookings) take_in(caller, booking, apply, taken);
}

int import_ics(Caller& caller, const std::string& source, const std::string& staff, bool apply) {
    const auto person = caller.call("GET", "/v1/staff/" + staff);
    if (!person.good()) return fail(person.problem());
    const auto files = ics_files(source);
    if (files.empty()) return fail("There is no .ics file in " + source + ".");
    const ZoneResolver zones;
    Taken taken;
    for (const std::string& file : files) {
        const auto text = read_file(file, kMaxIcs);
        if (!text) return fail(text.error().detail);
        const auto read = read_ics(*text, staff, text_of(person.body, "zone"), zones);
        if (!read) return fail(file + ": " + read.error().detail);
        take_in(caller, *read, apply, taken);
    }
    return report_bookings(taken, apply);
}

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

/// Records by their names, and then by their ids, which nobody's name hides. A name of two is nobody's.
template <class T, class Make>
void by_name_and_id(const Json& records, std::map<std::string, T>& out, Make make) {
    std::map<std::string, int> bearers;
    for (const Json& one : records) ++bearers[lower(text_of(one, "name"))];
    for (const Json& one : records)
        if (const std::string name = lower(text_of(one, "name")); bearers[name] == 1) out[name] = make(one);
    for (const Json& one : records) out[lower(text_of(one, "id"))] = make(one);
}

/// Who and what there is here.
void read_names(Caller& caller, CsvReading& how) {
    const auto people = caller.call("GET", "/v1/staff"), services = caller.call("GET", "/v1/services");
    if (people.good())
        by_name_and_id(people.body["staff"], how.people, [](const Json& one) {
            return CsvReading::Person{text_of(one, "id"), text_of(one, "zone")};
        });
    if (services.good())
        by_name_and_id(services.body["services"], how.services, [](const Json& one) { return text_of(one, "id"); });
}

int import_csv(Caller& caller, const ImportOptions& options) {
    CsvReading how{options.staff, options.zone, options.dates, {}, {}, {}};
    for (const std::string& column : options.columns) {
        const auto equals = column.find('=');
        if (equals == std::string::npos || equals == 0)
            return fail("--column takes a field and the table's name for it, such as start=Beginn.", kUsage);
        how.columns[column.substr(0, equals)] = column.substr(equals + 1);
    }
    if (!options.staff.empty()) {
        const auto person = caller.call("GET", "/v1/staff/" + options.staff);
        if (!person.good()) return fail(person.problem());
        if (how.zone.empty()) how.zone = text_of(person.body, "zone");
    }
    read_names(caller, how);
    const auto text = read_file(options.source, kMaxIcs);
    if (!text) return fail(text.error().detail);
    const auto read = read_csv(*text, how, ZoneResolver{});
    if (!read) return fail(options.source + ": " + read.error().detail);
    Taken taken;
    take_in(caller, *read, options.apply, taken);
    return report_bookings(taken, options.apply);
}

/// What an export has that can be put back as it was.
constexpr std::array kReplayed = {"changes", "staff", "services", "versions", "appointments"};

/// Records in the order in which a gateway takes them, each with the list it belongs to.
using Records = std::vector<std::pair<const char*, Json>>;

/// Bookings need people and services. Empty: a list is none, and the gateway says what is wrong with it.
Records merge_records(const Json& document) {
    Records records;
    for (const char* list : {"staff", "services", "appointments"}) {
        if (!document.contains(list)) continue;
        if (!document[list].is_array()) return {};
        for (const Json& record : document[list]) records.emplace_back(list, record);
    }
    return records;
}

/// With the history: the revisions of an appointment come before what it is now.
Records replay_records(const Json& document) {
    Records records;
    for (const char* list : {"changes", "staff", "services"})
        for (const Json& record : document[list]) records.emplace_back(list, record);
    std::map<std::string, std::vector<const Json*>> versions;
    for (const Json& version : document["versions"]) versions[text_of(version, "id")].push_back(&version);
    for (const Json& appointment : document["appointments"]) {
        for (const Json* version : versions[text_of(appointment, "id")]) records.emplace_back("versions", *version);
        records.emplace_back("appointments", appointment);
    }
    return records;
}

/// The export in documents that a running gateway takes as one body each.
std::vector<Json> pieces_of(const Json& document, const Records& records) {
    std::vector<Json> pieces;
    std::size_t size = kPieceBytes;
    for (const auto& [list, record] : records) {
        const std::size_t more = record.dump().size();
        if (size + more > kPieceBytes) {
            pieces.push_back({{"format", document.value("format", Json())}});
            size = 0;
        }
        pieces.back()[list].push_back(record);
        size += more;
    }
    if (pieces.empty()) return {document};
    if (document.contains("settings")) pieces.back()["settings"] = document["settings"];
    return pieces;
}

int import_export(Caller& caller, const Json& document, bool merge, bool apply) {
    const bool lists = std::all_of(kReplayed.begin(), kReplayed.end(), [&](const char* list) {
        return document.contains(list) && document[list].is_array();
    });
    const bool whole = lists && !merge;
    const std::string address = std::string("/v1/import?merge=") + (whole ? "false" : "true");
    const auto pieces = pieces_of(document, whole ? replay_records(document) : merge_records(document));
    std::map<std::string, long long> taken;
    std::vector<std::string> refused;
    Json differ = Json::array();
    for (const bool really : {false, true}) {  // All of it is checked before the first record is written.
        if (really && !apply) break;
        taken.clear();
        for (const Json& piece : pieces) {
            const auto done = caller.call("POST", address + (really ? "&apply=true" : ""), piece);
            if (!done.good()) return fail(done.problem());
            for (const char* list : {"staff", "services", "appointments", "changes"})
                taken[list] += done.body.value(list, 0LL);
            for (const Json& id : done.body["refused"]) refused.push_back(id.get<std::string>());
            differ = done.body.value("settings_differ", Json::array());
        }
    }
    std::printf(
        "%s: %lld people, %lld services, %lld appointments, %lld entries of the change feed\n",
        apply ? "Taken in" : "Would take in",
        taken["staff"],
        taken["services"],
        taken["appointments"],
        taken["changes"]
    );
    for (const std::string& id : refused)
        std::printf("    refused, that person is booked at this time: %s\n", id.c_str());
    for (const Json& name : differ)
        std::printf("    the setting %s differs; calgate.toml decides.\n", name.get<std::string>().c_str());
    if (!apply) std::printf("Nothing was changed; add --apply to do it.\n");
    return refused.empty() ? kDone : kFailed;
}

}  // namespace

int command_export(const std::string& directory, const std::string& target) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto all = caller.call("GET", "/v1/export");
        if (!all.good()) return fail(all.problem());
        const auto files = archive_files(all.body);
        if (target.ends_with(".tar")) {
            const auto kept = write_private_file(target, tar_of(files, Instant{}));
            if (!kept) return fail(kept.error().detail);
        } else {
            std::error_code error;
            std::filesystem::create_directories(target, error);
            for (const KitFile& file : files) {  // The manifest is the last one, so that half an export is none.
                const auto kept = write_private_file(target + "/" + file.name, file.text);
                if (!kept) return fail(kept.error().detail);
            }
        }
        std::printf(
            "%zu appointments, %zu people, %zu services: %s\n",
            all.body["appointments"].size(),
            all.body["staff"].size(),
            all.body["services"].size(),
            target.c_str()
        );
        return kDone;
    });
}

int command_import(const std::string& directory, const ImportOptions& options) {
    const std::string& source = options.source;
    if (source.ends_with(".csv") || source.ends_with(".tsv"))
        return with_gateway(directory, [&](Caller& caller) { return import_csv(caller, options); });
    if (is_archive(source)) {
        const auto document = read_archive(source);
        if (!document) return fail(document.error().detail);
        return with_gateway(directory, [&](Caller& caller) {
            return import_export(caller, *document, options.merge, options.apply);
        });
    }
    if (!options.staff.empty())
        return with_gateway(directory, [&](Caller& caller) {
            return import_ics(caller, source, options.staff, options.apply);
        });
    if (source.ends_with(".ics")) return fail("Say whose appointments these become: --staff ID.", kUsage);
    const std::string file = std::filesystem::is_directory(source) ? source + "/calgate.json" : source;
    const auto text = read_file(file, kMaxImport);
    if (!text) return fail(text.error().detail);
    const auto document = Json::parse(*text, nullptr, false);
    if (!document.is_object())
        return fail("The file " + file + " is no calgate export; give the folder that calgate export wrote.");
    return with_gateway(directory, [&](Caller& caller) {
        return import_export(caller, document, options.merge, options.apply);
    });
}

}  // namespace calgate
