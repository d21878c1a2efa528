#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/keys.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxImport = 1024u * 1024 * 1024;

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

int command_import(const std::string& directory, const std::string& source, bool apply) {
    const std::string file = std::filesystem::is_directory(source) ? source + "/calgate.json" : source;
    const auto text = read_file(file, kMaxImport);
    if (!text) return fail(text.error().detail);
    const auto document = Json::parse(*text, nullptr, false);
    if (!document.is_object())
        return fail("The file " + file + " is no calgate export; give the folder that calgate export wrote.");
    return with_gateway(directory, [&](Caller& caller) {
        const auto done = caller.call("POST", apply ? "/v1/import?apply=true" : "/v1/import", document);
        if (!done.good()) return fail(done.problem());
        std::printf(
            "%s: %lld people, %lld services, %lld appointments\n",
            apply ? "Taken in" : "Would take in",
            static_cast<long long>(done.body.value("staff", 0)),
            static_cast<long long>(done.body.value("services", 0)),
            static_cast<long long>(done.body.value("appointments", 0))
        );
        for (const Json& id : done.body["refused"])
            std::printf("    refused, that person is booked at this time: %s\n", id.get<std::string>().c_str());
        if (!apply) std::printf("Nothing was changed; add --apply to do it.\n");
        return done.body["refused"].empty() ? kDone : kFailed;
    });
}

}  // namespace calgate
