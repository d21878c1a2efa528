#include <cstdio>
#include <nlohmann/json.hpp>

#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr int kEntriesAtOnce = 1000;

void print_entry(const Json& entry) {
    std::printf(
        "%lld  %s  %s  %s  by %s%s%s%s\n",
        entry.value("sequence", 0LL),
        text_of(entry, "at").c_str(),
        text_of(entry, "kind").c_str(),
        text_of(entry, "subject").c_str(),
        text_of(entry, "actor").c_str(),
        text_of(entry, "why").empty() ? "" : ": ",
        text_of(entry, "why").c_str(),
        entry.value("erased", false) ? "  (words erased)" : ""
    );
    for (const Json& field : entry["fields"])
        std::printf(
            "      %s: \"%s\" -> \"%s\"\n",
            field[0].get<std::string>().c_str(),
            field[1].get<std::string>().c_str(),
            field[2].get<std::string>().c_str()
        );
}

}  // namespace

int command_audit(const std::string& directory, const std::string& about, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        for (long long after = 0;;) {
            const auto page = caller.call(
                "GET", "/v1/changes?after=" + std::to_string(after) + "&limit=" + std::to_string(kEntriesAtOnce)
            );
            if (!page.good()) return fail(page.problem());
            const Json& entries = page.body["changes"];
            for (const Json& entry : entries) {
                after = entry.value("sequence", after);
                if (!about.empty() && text_of(entry, "subject") != about) continue;
                if (json)
                    std::printf("%s\n", entry.dump().c_str());
                else
                    print_entry(entry);
            }
            if (entries.empty()) return kDone;
        }
    });
}

int command_audit_verify(const std::string& directory, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto done = caller.call("POST", "/v1/audit/verify");
        if (!done.good()) return fail(done.problem());
        bool broken = !done.body["findings"].empty(), unread = false;
        for (const Json& anchor : done.body["anchors"]) {
            broken = broken || (anchor.value("read", false) && !anchor.value("holds", false));
            unread = unread || !anchor.value("read", false);
        }
        if (json) {
            std::printf("%s\n", done.body.dump().c_str());
            return broken ? kFailed : unread ? kWaits : kDone;
        }
        std::printf(
            "%lld entries, %lld of them without their words; head %s\n",
            done.body.value("entries", 0LL),
            done.body.value("erased", 0LL),
            text_of(done.body, "head").c_str()
        );
        for (const Json& sentence : done.body["findings"]) std::printf("    %s\n", sentence.get<std::string>().c_str());
        for (const Json& anchor : done.body["anchors"])
            std::printf(
                "    marker in %s: %s%s\n",
                text_of(anchor, "calendar_name").c_str(),
                anchor.value("holds", false)
                    ? ("holds up to entry " + std::to_string(anchor.value("sequence", 0LL))).c_str()
                    : "",
                text_of(anchor, "why").c_str()
            );
        if (!broken) std::printf("The chain holds.\n");
        return broken ? kFailed : unread ? kWaits : kDone;
    });
}

}  // namespace calgate
