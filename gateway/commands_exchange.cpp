#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/import_ics.hpp"
#include "gateway/keys.hpp"

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
        auto read = read_ics(*text, staff, text_of(person.body, "zone"), zones);
        if (!read) return fail(file + ": " + read.error().detail);
        taken.refused.insert(taken.refused.end(), read->refused.begin(), read->refused.end());
        for (const auto& booking : read->bookings) take_in(caller, booking, apply, taken);
    }
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

/// The export in documents that a running gateway takes as one body each; people and services go first, bookings need
/// them.
std::vector<Json> pieces_of(const Json& document) {
    std::vector<Json> pieces;
    std::size_t size = kPieceBytes;
    for (const char* list : {"staff", "services", "appointments"}) {
        if (!document.contains(list)) continue;
        if (!document[list].is_array()) return {document};  // The gateway says what is wrong with it.
        for (const Json& record : document[list]) {
            const std::size_t more = record.dump().size();
            if (size + more > kPieceBytes) {
                pieces.push_back({{"format", document.value("format", Json())}});
                size = 0;
            }
            pieces.back()[list].push_back(record);
            size += more;
        }
    }
    return pieces.empty() ? std::vector<Json>{document} : pieces;
}

int import_export(Caller& caller, const Json& document, bool apply) {
    std::map<std::string, long long> taken = {{"staff", 0}, {"services", 0}, {"appointments", 0}};
    std::vector<std::string> refused;
    for (const bool really : {false, true}) {  // All of it is checked before the first record is written.
        if (really && !apply) break;
        for (auto& [list, count] : taken) count = 0;
        for (const Json& piece : pieces_of(document)) {
            const auto done = caller.call("POST", really ? "/v1/import?apply=true" : "/v1/import", piece);
            if (!done.good()) return fail(done.problem());
            for (auto& [list, count] : taken) count += done.body.value(list, 0LL);
            for (const Json& id : done.body["refused"]) refused.push_back(id.get<std::string>());
        }
    }
    std::printf(
        "%s: %lld people, %lld services, %lld appointments\n",
        apply ? "Taken in" : "Would take in",
        taken["staff"],
        taken["services"],
        taken["appointments"]
    );
    for (const std::string& id : refused)
        std::printf("    refused, that person is booked at this time: %s\n", id.c_str());
    if (!apply) std::printf("Nothing was changed; add --apply to do it.\n");
    return refused.empty() ? kDone : kFailed;
}

}  // namespace

int command_export(const std::string& directory, const std::string& folder) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto all = caller.call("GET", "/v1/export");
        if (!all.good()) return fail(all.problem());
        std::error_code error;
        std::filesystem::create_directories(folder, error);
        const auto data = write_private_file(folder + "/calgate.json", all.body.dump(1) + "\n");
        if (!data) return fail(data.error().detail);
        const auto calendar = write_private_file(folder + "/appointments.ics", text_of(all.body, "icalendar"));
        if (!calendar) return fail(calendar.error().detail);
        std::printf(
            "%zu appointments, %zu people, %zu services: %s/calgate.json and appointments.ics\n",
            all.body["appointments"].size(),
            all.body["staff"].size(),
            all.body["services"].size(),
            folder.c_str()
        );
        return kDone;
    });
}

int command_import(const std::string& directory, const std::string& source, const std::string& staff, bool apply) {
    if (!staff.empty())
        return with_gateway(directory, [&](Caller& caller) { return import_ics(caller, source, staff, apply); });
    if (source.ends_with(".ics")) return fail("Say whose appointments these become: --staff ID.", kUsage);
    const std::string file = std::filesystem::is_directory(source) ? source + "/calgate.json" : source;
    const auto text = read_file(file, kMaxImport);
    if (!text) return fail(text.error().detail);
    const auto document = Json::parse(*text, nullptr, false);
    if (!document.is_object())
        return fail("The file " + file + " is no calgate export; give the folder that calgate export wrote.");
    return with_gateway(directory, [&](Caller& caller) { return import_export(caller, document, apply); });
}

}  // namespace calgate
