#include <cstdio>
#include <nlohmann/json.hpp>

#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr int kMostLooks = 30;
constexpr std::chrono::seconds kBetweenLooks{2};

void print_found(const Json& found) {
    std::printf(
        "%lld appointments now, %lld kept revisions, %lld conflicts, %lld copies in calendars\n",
        found.value("appointments", 0LL),
        found.value("revisions", 0LL),
        found.value("conflicts", 0LL),
        found.value("copies", 0LL)
    );
    for (const Json& event : found["foreign"])
        std::printf(
            "    somebody's own event names them; delete or change it there: %s %s\n",
            text_of(event, "calendar_name").c_str(),
            text_of(event, "href").c_str()
        );
}

void print_beyond(const Json& found) {
    std::printf("Out of reach:\n");
    for (const Json& sentence : found["beyond_reach"]) std::printf("    %s\n", sentence.get<std::string>().c_str());
}

long long copies_waiting(const Json& erasure) {
    long long copies = 0;
    for (const Json& target : erasure["waiting"]) copies += target.value("copies", 0LL);
    return copies;
}

/// Has the targets written that still wait, if no gateway does that by itself.
void push_on(Caller& caller, const Json& erasure) {
    for (const Json& target : erasure["waiting"])
        caller.call("POST", "/v1/calendars/" + text_of(target, "calendar") + "/sync");
}

}  // namespace

int command_erase(const std::string& directory, const std::string& customer, bool apply, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        auto done = caller.call("POST", "/v1/erasures", {{"customer", customer}, {"apply", apply}});
        if (!done.good()) return fail(done.problem());
        if (!json) print_found(done.body);
        Json erasure = done.body["erasure"];
        for (int looks = 0; apply && !erasure.value("done", false) && looks < kMostLooks; ++looks) {
            if (json)
                std::printf("%s\n", erasure.dump().c_str());
            else
                std::printf("    copies to be rewritten: %lld\n", copies_waiting(erasure));
            std::fflush(stdout);
            push_on(caller, erasure);
            if (looks > 0) pause_for(kBetweenLooks);
            const auto now = caller.call("POST", "/v1/erasures/run");
            if (!now.good()) return fail(now.problem());
            for (const Json& one : now.body["erasures"])
                if (one["customer"] == erasure["customer"]) erasure = one;
        }
        done.body["erasure"] = erasure;
        if (json) std::printf("%s\n", done.body.dump().c_str());
        const bool complete = apply && erasure.value("done", false);
        if (!json) {
            print_beyond(done.body);
            for (const Json& target : apply && !complete ? erasure["waiting"] : Json::array())
                std::printf(
                    "Still waiting: %lld copies in %s. %s\n",
                    target.value("copies", 0LL),
                    text_of(target, "calendar_name").c_str(),
                    text_of(target, "why").c_str()
                );
            if (!apply)
                std::printf("Nothing was changed; add --apply to do it.\n");
            else if (complete)
                std::printf("Erased: nothing in the store and no copy names them any more.\n");
            else
                std::printf("The store is clean. The rest goes on by itself while calgate serves, or run this again.\n"
                );
        }
        return !apply || complete ? kDone : kWaits;
    });
}

int command_datamap(const std::string& directory, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto found = caller.call("GET", "/v1/datamap");
        if (!found.good()) return fail(found.problem());
        if (json) {
            std::printf("%s\n", found.body.dump().c_str());
            return kDone;
        }
        const auto list = [](const Json& names) {
            std::string text;
            for (const Json& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
            return text.empty() ? std::string("nothing") : text;
        };
        for (const Json& place : found.body["places"])
            std::printf(
                "%s\n    host %s, country %s, abroad: %s\n    readable: %s\n    sealed: %s\n",
                text_of(place, "what").c_str(),
                text_of(place, "host").c_str(),
                text_of(place, "country").c_str(),
                text_of(place, "abroad").c_str(),
                list(place["shown"]).c_str(),
                list(place["sealed"]).c_str()
            );
        std::printf("Nothing is sent to the makers of calgate or anybody else.\n");
        return kDone;
    });
}

}  // namespace calgate
