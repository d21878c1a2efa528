#include <cstdio>
#include <nlohmann/json.hpp>

#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/gateway.hpp"

namespace calgate {

int command_feeds_list(const std::string& directory, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto found = caller.call("GET", "/v1/feeds");
        if (!found.good()) return fail(found.problem());
        if (json) {
            std::printf("%s\n", found.body.dump(1).c_str());
            return kDone;
        }
        for (const nlohmann::json& feed : found.body["feeds"])
            std::printf(
                "%s  %-4s  %s  %s  %s\n",
                text_of(feed, "id").c_str(),
                text_of(feed, "detail").c_str(),
                text_of(feed, "created").c_str(),
                text_of(feed, "staff").c_str(),
                text_of(feed, "label").c_str()
            );
        return kDone;
    });
}

int command_feeds_create(const std::string& directory, const std::string& staff, const std::string& label, bool full) {
    nlohmann::json wanted = {{"staff", staff}, {"detail", full ? "full" : "busy"}};
    if (!label.empty()) wanted["label"] = label;
    const auto config = load_config(directory);
    if (!config) return fail(config.error().detail);
    return with_gateway(directory, [&](Caller& caller) {
        const auto made = caller.call("POST", "/v1/feeds", wanted);
        if (!made.good()) return fail(made.problem());
        const std::string where = config->public_url.empty()
                                      ? "http://" + config->listen_host + ":" + std::to_string(config->listen_port)
                                      : config->public_url;
        std::printf("%s%s\n", where.c_str(), text_of(made.body, "path").c_str());
        return kDone;
    });
}

int command_feeds_revoke(const std::string& directory, const std::string& id) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto done = caller.call("DELETE", "/v1/feeds/" + id);
        return done.good() ? kDone : fail(done.problem());
    });
}

}  // namespace calgate
