#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/config.hpp"
#include "gateway/gateway.hpp"
#include "gateway/keys.hpp"
#include "gateway/tls_identity.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

/// Time to make another certificate and have it registered.
constexpr std::chrono::days kCertificateNotice{30};

}  // namespace

int command_init(
    const std::string& directory, const std::string& name, const std::string& zone, const std::string& listen
) {
    Config config;
    config.name = name;
    config.zone = zone;
    config.retention = kRetentionOfNew;
    if (!listen.empty()) {
        const auto colon = listen.rfind(':');
        int port = -1;
        if (colon != std::string::npos) std::from_chars(listen.data() + colon + 1, listen.data() + listen.size(), port);
        if (port < 0 || port > 65535)
            return fail("--listen takes an address and a port, such as 127.0.0.1:8480.", kUsage);
        config.listen_host = listen.substr(0, colon);
        config.listen_port = port;
    }
    const ZoneResolver zones;
    if (!zones.knows(zone))
        return fail("The time zone " + zone + " is not known; use an IANA name such as Europe/Berlin.", kUsage);
    const auto made = init_gateway(directory, config);
    if (!made) return fail(made.error().detail);
    std::printf("The gateway of %s is in %s.\n\n", name.c_str(), directory.c_str());
    std::printf("API key (shown once, for your booking system):\n  %s\n\n", made->api_key.c_str());
    std::printf(
        "Recovery key (keep it away from this host; it opens what the copies carry):\n  %s\n\n",
        made->recovery_key.c_str()
    );
    std::printf("Next: calgate serve, then calgate connect caldav --url … --user …\n");
    return kDone;
}

int command_keys_list(const std::string& directory, bool json) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto found = caller.call("GET", "/v1/keys");
        if (!found.good()) return fail(found.problem());
        if (json) {
            std::printf("%s\n", found.body.dump(1).c_str());
            return kDone;
        }
        for (const Json& key : found.body["keys"]) {
            const std::string expires = text_of(key, "expires");
            std::printf(
                "%s  %-7s  %s  %s\n",
                text_of(key, "id").c_str(),
                text_of(key, "scope").c_str(),
                expires.empty()               ? "for ever           "
                : key.value("expired", false) ? "expired            "
                                              : expires.c_str(),
                text_of(key, "label").c_str()
            );
        }
        return kDone;
    });
}

int command_keys_create(
    const std::string& directory, const std::string& label, const std::string& scope, const std::string& expires
) {
    Json wanted = {{"label", label}, {"scope", scope}};
    if (!expires.empty()) {
        const auto life = length_of(expires);
        if (!life) return fail("--expires takes a length of time such as 12h or 90d, up to 365d.", kUsage);
        wanted["expires_in_s"] = life->count();
    }
    return with_gateway(directory, [&](Caller& caller) {
        const auto made = caller.call("POST", "/v1/keys", wanted);
        if (!made.good()) return fail(made.problem());
        std::printf("%s\n", text_of(made.body, "key").c_str());
        return kDone;
    });
}

int command_keys_rotate(const std::string& directory) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto done = caller.call("POST", "/v1/keys/rotate");
        if (!done.good()) return fail(done.problem());
        const auto damaged = done.body.value("damaged", 0);
        std::printf(
            "Vault key %lld seals from now on; %d secrets were sealed anew.\n",
            static_cast<long long>(done.body.value("key", std::int64_t{0})),
            done.body.value("resealed", 0)
        );
        std::printf("Keep a copy of keys.json: backups made before still need the earlier keys in it.\n");
        if (damaged == 0) return kDone;
        return fail(
            std::to_string(damaged) + " secrets did not open and were left; calgate doctor names their accounts."
        );
    });
}

int command_keys_revoke(const std::string& directory, const std::string& id) {
    return with_gateway(directory, [&](Caller& caller) {
        const auto done = caller.call("DELETE", "/v1/keys/" + id);
        return done.good() ? kDone : fail(done.problem());
    });
}

int command_doctor(const std::string& directory) {
    int code = kDone;
    const auto report = [&](bool good, const std::string& sentence) {
        std::printf("%s %s\n", good ? "ok  " : "BAD ", sentence.c_str());
        if (!good) code = kFailed;
    };
    const std::string library = ZoneResolver::library_version();
    report(
        library != "3.0.15",
        "libical " + library + (library == "3.0.15" ? " breaks recurrences; install another version." : " is used.")
    );
    const ZoneResolver zones;
    report(
        zones.knows("Europe/Berlin"),
        zones.knows("Europe/Berlin") ? "Time zones are installed." : "Time zones are missing; install tzdata."
    );
    const auto keys = load_keys(directory);
    report(keys.has_value(), keys ? "The keys can be read, by their owner only." : keys.error().detail);
    const auto config = load_config(directory);
    if (config && !config->certificate_file.empty()) {
        const TlsFiles files{config->certificate_file, config->certificate_key_file};
        const auto loaded = load_tls(files);
        const auto end = certificate_end(files);
        const bool lasts = end && *end - SystemClock{}.now() > std::chrono::hours{14 * 24};
        report(
            loaded.has_value() && lasts,
            !loaded ? loaded.error().detail
                    : "The certificate of the API ends on " + (end ? format_instant(*end) : "an unknown day") +
                          (lasts ? "." : "; put a new one there.")
        );
    }
    auto caller = Caller::open(directory);
    report(caller.has_value(), caller ? "The configuration and the store can be read." : caller.error().detail);
    if (!caller) return code;
    const auto accounts = (*caller)->call("GET", "/v1/accounts");
    for (const Json& account : accounts.body["accounts"]) {
        const bool good = text_of(account, "state") == "active";
        const std::string detail = text_of(account, "detail");
        const std::string name = "Account " + text_of(account, "user") + " at " + text_of(account, "url");
        report(good, name + (good ? " is active." : ":") + (detail.empty() ? "" : " " + detail));
        if (const auto end = parse_instant(text_of(account, "certificate_ends"))) {
            const bool lasts = *end - SystemClock{}.now() > kCertificateNotice;
            report(
                lasts,
                "The certificate of " + text_of(account, "user") + " ends on " + format_instant(*end) +
                    (lasts ? "." : "; make a new one, register it with the application and connect the account again.")
            );
        }
    }
    const auto status = (*caller)->call("GET", "/v1/status");
    for (const Json& target : status.body["targets"]) {
        const std::string trouble = text_of(target, "trouble");
        report(
            trouble.empty(),
            "Calendar " + text_of(target, "name") + (trouble.empty() ? " has no trouble." : ": " + trouble)
        );
    }
    const auto parked = (*caller)->call("GET", "/v1/parked");
    if (!parked.good()) report(false, parked.problem());
    const std::size_t count = parked.body.value("events", Json::array()).size();
    // Somebody's odd event is no fault of this gateway.
    if (parked.good() && count > 0)
        std::printf(
            "note Events of others that are not, or not wholly, understood: %zu%s; calgate calendars names them and "
            "says "
            "why.\n",
            count,
            parked.body.value("more", false) ? " or more" : ""
        );
    return code;
}

}  // namespace calgate
