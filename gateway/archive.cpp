#include "gateway/archive.hpp"

#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>

#include "core/identity.hpp"
#include "gateway/exchange_records.hpp"
#include "gateway/keys.hpp"
#include "gateway/refused.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostFile = 1024u * 1024 * 1024;
constexpr std::size_t kBlock = 512;
constexpr const char* kManifest = "manifest.json";

/// A list of the document, the file it goes into, and the columns of its CSV.
struct Table {
    const char* list;
    std::string file;
    std::vector<std::string> columns;
    bool needed;  ///< For an import.
};

const std::vector<Table>& tables() {
    static const std::vector<std::string> kAppointment = {
        "id",
        "staff",
        "service",
        "start",
        "end",
        "zone",
        "state",
        "title",
        "place",
        "customer",
        "notes",
        "provisional",
        "hold_until",
        "buffer_before_min",
        "buffer_after_min",
        "revision",
        "created",
        "changed"};
    static const std::vector<Table> kTables = {
        {"settings", "settings", {"name", "value"}, true},
        {"staff", "staff", {"id", "name", "zone", "capacity", "working_hours", "exceptions"}, true},
        {"services",
         "services",
         {"id",
          "name",
          "duration_min",
          "buffer_before_min",
          "buffer_after_min",
          "step_min",
          "notice_min",
          "horizon_days",
          "staff"},
         true},
        {"customers", "customers", {"customer", "appointments", "first", "last"}, false},
        {"appointments", "appointments", kAppointment, true},
        {"versions", "versions", kAppointment, true},
        {"changes", "audit", {"sequence", "at", "kind", "subject", "actor", "why", "revision", "fields"}, true},
        {"accounts", "connections-accounts", {"id", "kind", "url", "user", "method", "access", "state"}, false},
        {"calendars",
         "connections-calendars",
         {"id", "account", "staff", "href", "name", "mirror", "busy", "show", "state"},
         false},
        {"conflicts",
         "connections-conflicts",
         {"id", "appointment", "calendar", "kind", "state", "why", "created", "resolved"},
         false},
    };
    return kTables;
}

std::string cell(const Json& value) {
    if (value.is_null()) return {};
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (value.is_string() && !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string::npos)
        text.insert(0, 1, '\'');
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::string lines_of(const Json& records) {
    std::string text;
    for (const Json& record : records) text += record.dump() + "\n";
    return text;
}

Json list_in(const Json& document, const char* name) {
    return document.contains(name) ? document[name] : Json::array();
}

std::optional<std::size_t> octal(const std::string& field) {
    std::size_t value = 0;
    const auto end = std::min(field.find_first_of(std::string(" \0", 2)), field.size());
    const auto parsed = std::from_chars(field.data(), field.data() + end, value, 8);
    return parsed.ec == std::errc{} && parsed.ptr == field.data() + end ? std::optional(value) : std::nullopt;
}

/// POSIX.1-1988 ustar, as calgate writes it.
Result<std::map<std::string, std::string>> files_of_tar(const std::string& path) {
    CALGATE_TRY(const std::string text, read_file(path, kMostFile));
    std::map<std::string, std::string> files;
    for (std::size_t at = 0; at + kBlock <= text.size() && text[at] != '\0';) {
        const std::string name(text.c_str() + at, strnlen(text.c_str() + at, 100));
        const auto size = octal(text.substr(at + 124, 12));
        at += kBlock;
        if (!size || *size > text.size() - at)
            return refused("The archive " + path + " is cut short; bring back the whole file.");
        files[name] = text.substr(at, *size);
        at += (*size + kBlock - 1) / kBlock * kBlock;
    }
    return files;
}

Result<std::map<std::string, std::string>> files_of_folder(const std::string& path) {
    CALGATE_TRY(const std::string manifest, read_file(path + "/" + kManifest, kMostFile));
    std::map<std::string, std::string> files = {{kManifest, manifest}};
    const Json named = Json::parse(manifest, nullptr, false);
    if (!named.is_object() || !named.contains("files")) return files;
    for (const auto& [name, hash] : named["files"].items()) {
        const bool inside = name.find('/') == std::string::npos && name != "..";
        if (inside && std::filesystem::exists(path + "/" + name)) {
            CALGATE_TRY(files[name], read_file(path + "/" + name, kMostFile));
        }
    }
    return files;
}

Result<Json> records_in(const std::string& text, const std::string& file) {
    Json list = Json::array();
    std::istringstream lines(text);
    std::string line;
    for (std::size_t number = 1; std::getline(lines, line); ++number) {
        Json record = Json::parse(line, nullptr, false);
        if (!record.is_object())
            return refused(file + ":" + std::to_string(number) + ": this is no record; the file is damaged.");
        list.push_back(std::move(record));
    }
    return list;
}

Status check_hashes(const Json& manifest, const std::map<std::string, std::string>& files) {
    for (const auto& [name, hash] : manifest["files"].items()) {
        const auto found = files.find(name);
        if (found == files.end())
            return refused("The file " + name + " of the archive is missing; bring back the whole archive.");
        if (!hash.is_string() || sha256_hex(found->second) != hash.get<std::string>())
            return refused(
                "The file " + name + " is not as it was exported; bring back the original, or take its line out of " +
                kManifest + " if the change is wanted."
            );
    }
    return {};
}

}  // namespace

std::string csv_of(const Json& records, const std::vector<std::string>& columns) {
    std::string text;
    for (const std::string& column : columns) text += (text.empty() ? "" : ",") + column;
    text += "\r\n";
    for (const Json& record : records) {
        bool first = true;
        for (const std::string& column : columns) {
            text += std::string(first ? "" : ",") + (record.contains(column) ? cell(record[column]) : "");
            first = false;
        }
        text += "\r\n";
    }
    return text;
}

std::vector<KitFile> archive_files(const Json& document) {
    std::vector<KitFile> files;
    for (const Table& table : tables()) {
        const Json list = list_in(document, table.list);
        files.push_back({table.file + ".jsonl", "application/jsonl", lines_of(list)});
        files.push_back({table.file + ".csv", "text/csv", csv_of(list, table.columns)});
    }
    files.push_back({"appointments.ics", "text/calendar", document.value("icalendar", "")});
    Json external = Json::array();
    for (const Json& calendar : list_in(document, "external")) {
        for (const Json& event : calendar["events"]) external.push_back(event);
        files.push_back(
            {"connections-" + calendar.value("calendar", "") + ".ics", "text/calendar", calendar.value("icalendar", "")}
        );
    }
    files.push_back({"connections-external.jsonl", "application/jsonl", lines_of(external)});
    Json manifest = {{"format", kExportFormat}, {"files", Json::object()}};
    for (const KitFile& file : files) manifest["files"][file.name] = sha256_hex(file.text);
    files.push_back({kManifest, "application/json", manifest.dump(1) + "\n"});
    return files;
}

bool is_archive(const std::string& source) {
    return source.ends_with(".tar") || std::filesystem::exists(source + "/" + kManifest);
}

Result<Json> read_archive(const std::string& source) {
    CALGATE_TRY(const auto files, source.ends_with(".tar") ? files_of_tar(source) : files_of_folder(source));
    const auto named = files.find(kManifest);
    const Json manifest = named == files.end() ? Json() : Json::parse(named->second, nullptr, false);
    if (!manifest.is_object() || !manifest.contains("files") || !manifest["files"].is_object() ||
        manifest.value("format", Json()) != Json(kExportFormat))
        return refused("There is no calgate export of format 2 in " + source + "; give what calgate export wrote.");
    CALGATE_TRY_STATUS(check_hashes(manifest, files));
    Json document = {{"format", kExportFormat}};
    for (const Table& table : tables()) {
        if (!table.needed) continue;
        const auto file = files.find(table.file + ".jsonl");
        if (file == files.end())
            return refused("The archive has no " + table.file + ".jsonl; bring back the whole archive.");
        CALGATE_TRY(document[table.list], records_in(file->second, file->first));
    }
    return document;
}

}  // namespace calgate
