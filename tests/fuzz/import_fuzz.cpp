#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/archive.hpp"
#include "gateway/exchange_records.hpp"
#include "gateway/import_csv.hpp"
#include "gateway/import_ics.hpp"
#include "gateway/kit_seal.hpp"
#include "tests/scheduler/map_store.hpp"

using namespace calgate;

namespace {

/// In memory; read_archive() takes a name.
const std::string& scratch_file() {
    static const std::string name = "/dev/shm/calgate-import-fuzz-" + std::to_string(::getpid()) + ".tar";
    static const bool removed_at_the_end = std::atexit([] { ::unlink(name.c_str()); }) == 0;
    static_cast<void>(removed_at_the_end);
    return name;
}

void take_in(const std::string& archive, const ZoneResolver& zones) {
    std::ofstream(scratch_file(), std::ios::binary | std::ios::trunc) << archive;
    const auto document = read_archive(scratch_file());
    if (!document) return;
    testing::MapStore store;
    try {
        store.read([&](const Reader& reader) { check_replay(reader, *document, zones); });
        store.write([&](Writer& writer) { static_cast<void>(replay(writer, *document, zones)); });
        store.read([&](const Reader& reader) { check_replay(reader, *document, zones); });
    } catch (const InputError&) {  // The sentence for whoever brought it.
    }
}

/// The pieces of the input, cut at form feeds, as the tables of an archive whose manifest names no hashes.
std::string archive_of(std::string_view text) {
    static const std::vector<std::string> kNames = {
        "audit.jsonl", "staff.jsonl", "services.jsonl", "versions.jsonl", "appointments.jsonl", "settings.jsonl"};
    std::vector<KitFile> files = {
        {"manifest.json", "", "{\"format\":" + std::to_string(kExportFormat) + ",\"files\":{}}"}};
    for (const std::string& name : kNames) {
        const auto end = std::min(text.find('\f'), text.size());
        files.push_back({name, "", std::string(text.substr(0, end))});
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return tar_of(files, Instant{});
}

}  // namespace

/// What calgate import takes: calendar files, tables, archives. The first letter says which.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const ZoneResolver zones;
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0]) {
        case 'i':
            static_cast<void>(read_ics(text, "anna", "Europe/Berlin", zones));
            break;
        case 'y':
        case 'd':
        case 'm':
            static_cast<void>(read_csv(
                text,
                {"anna",
                 "Europe/Berlin",
                 data[0] == 'y'   ? "ymd"
                 : data[0] == 'd' ? "dmy"
                                  : "mdy",
                 {}},
                zones
            ));
            break;
        case 't':
            take_in(std::string(text), zones);
            break;
        default:
            take_in(archive_of(text), zones);
    }
    return 0;
}
