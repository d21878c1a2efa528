#include <cstdio>
#include <nlohmann/json.hpp>

#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/config.hpp"
#include "gateway/gateway.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

}  // namespace

int command_links_create(const std::string& directory, const LinkOptions& options) {
    Json wanted = {{"customer", options.customer}, {"single_use", !options.many}};
    if (!options.service.empty()) wanted["service"] = options.service;
    const auto life = length_of(options.expires);
    if (!life) return fail("--expires takes a length of time such as 12h or 30d, up to 365d.", kUsage);
    wanted["expires_in_s"] = life->count();
    return with_gateway(directory, [&](Caller& caller) {
        const auto made = caller.call("POST", "/v1/links", wanted);
        if (!made.good()) return fail(made.problem());
        const auto config = load_config(directory);
        const std::string place = !config ? ""
                                  : config->public_url.empty()
                                      ? "http://127.0.0.1:" + std::to_string(config->listen_port)
                                      : config->public_url;
        // Behind a #, so that no server writes it into its log.
        std::printf("%s/book#link=%s\n", place.c_str(), text_of(made.body, "link").c_str());
        return kDone;
    });
}

int command_links_list(const std::string& directory, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto found = caller.call("GET", "/v1/links");
        if (!found.good()) return fail(found.problem());
        if (json) {
            std::printf("%s\n", found.body.dump(1).c_str());
            return kDone;
        }
        if (found.body["links"].empty()) std::printf("There are no links; calgate links create makes one.\n");
        for (const Json& link : found.body["links"]) {
            const std::string service = text_of(link, "service");
            std::printf(
                "%s  %-7s  %s  %s  %s  %s\n",
                text_of(link, "id").c_str(),
                text_of(link, "state").c_str(),
                text_of(link, "expires").c_str(),
                link.value("single_use", true) ? "once " : "often",
                service.empty() ? "any service" : service.c_str(),
                text_of(link, "customer").c_str()
            );
        }
        return kDone;
    });
}

int command_links_revoke(const std::string& directory, const std::string& id) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto done = caller.call("DELETE", "/v1/links/" + id);
        return done.good() ? kDone : fail(done.problem());
    });
}

int command_callbacks(const std::string& directory, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto found = caller.call("GET", "/v1/callbacks");
        if (!found.good()) return fail(found.problem());
        const Json& state = found.body;
        if (json) {
            std::printf("%s\n", state.dump(1).c_str());
            return kDone;
        }
        const auto count = [&](const char* name) { return static_cast<long long>(state.value(name, std::int64_t{0})); };
        if (!state.value("url_set", false)) std::printf("Nobody is told; set url in [callbacks] of calgate.toml.\n");
        if (!state.value("secret_set", false)) std::printf("There is no secret; run calgate callbacks rotate.\n");
        std::printf(
            "Told up to change %lld; %lld behind, %lld appointments wait, %lld given up.\n",
            count("cursor"),
            count("behind"),
            count("waiting"),
            count("parked")
        );
        const std::string trouble = text_of(state, "trouble");
        if (!trouble.empty()) std::printf("%s\n", trouble.c_str());
        if (count("parked") == 0) return kDone;
        std::printf("Mend the receiver, then run calgate callbacks replay --after N.\n");
        return kWaits;
    });
}

int command_callbacks_replay(const std::string& directory, std::int64_t after) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto done = caller.call("POST", "/v1/callbacks/replay", Json{{"after", after}});
        if (!done.good()) return fail(done.problem());
        std::printf(
            "%lld changes are told again.\n", static_cast<long long>(done.body.value("behind", std::int64_t{0}))
        );
        return kDone;
    });
}

int command_callbacks_rotate(const std::string& directory, const std::string& overlap) {
    const auto length = length_of(overlap);
    if (!length) return fail("--overlap takes a length of time such as 12h or 7d.", kUsage);
    return with_gateway(directory, [&](Caller& caller) {
        const auto made = caller.call("POST", "/v1/callbacks/secret", Json{{"overlap_s", length->count()}});
        if (!made.good()) return fail(made.problem());
        std::printf("%s\n", text_of(made.body, "secret").c_str());
        return kDone;
    });
}

}  // namespace calgate
