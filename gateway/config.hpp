#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/booking_rules.hpp"
#include "core/model.hpp"
#include "core/policy.hpp"
#include "core/result.hpp"
#include "core/zone.hpp"
#include "store/retention.hpp"

namespace calgate {

/// The application as it is registered at a provider. Secrets lie in files of their own, readable by their owner only;
/// a relative name is a credential of the service or one in the data directory (see gateway/credentials.hpp).
struct ApplicationConfig {
    std::string client_id{};  ///< Empty: people cannot sign in there.
    std::string client_secret_file{};
    std::string certificate_file{};   ///< Microsoft only, instead of a secret: certificate and private key, PEM.
    std::string tenant = "common";    ///< Microsoft only.
    std::string cloud = "worldwide";  ///< Microsoft only: see `oauth::microsoft_cloud`.
};

/// The outage kit, written while the gateway serves.
struct KitConfig {
    std::string target{};  ///< A folder or the https address of a WebDAV collection; empty: none.
    std::chrono::minutes every{60};
    int days = 14;                ///< How many days a kit is for.
    std::string password_file{};  ///< What it is sealed with; empty: it is plain.
    std::string user{};           ///< At the WebDAV server.
    std::string target_password_file{};
};

/// What those who book for themselves may do, on the public page and through the API.
struct BookingConfig {
    bool page = false;               ///< `/book` is served.
    std::chrono::seconds hold{300};  ///< How long the page keeps a time for somebody who fills in his name.
    bool growing_wait = true;        ///< Between attempts of one link or address.
    BookingLimits limits{};
    bool operator==(const BookingConfig&) const = default;
};

/// Where the booking system hears of changes.
struct CallbackConfig {
    std::string url{};            ///< Empty: nowhere.
    bool allow_internal = false;  ///< It may lie in a private network, or on this machine.
};

/// What `calgate.toml` says; a key that is not there keeps the value here.
struct Config {
    std::string name{};  ///< Of the business; required.
    std::string zone{};  ///< IANA; required.
    std::string listen_host = "127.0.0.1";
    int listen_port = 8480;    ///< 0: any free one.
    std::string public_url{};  ///< Where browsers reach the gateway, without a slash at its end; empty: only locally.

    std::string certificate_file{};      ///< That the API shows, PEM; empty: it speaks plain HTTP.
    std::string certificate_key_file{};  ///< Mode 0600.
    bool behind_proxy = false;           ///< A proxy on this machine says in X-Forwarded-For who calls.

    std::size_t body_bytes = 256 * 1024;
    int connections = 1000;
    int connections_per_address = 200;         ///< 0: no limit.
    std::chrono::seconds request_timeout{10};  ///< For headers, and again for the body.
    int key_per_minute = 30'000;               ///< Requests under one API key; 0: no limit.
    int streams_per_key = 8;                   ///< Open change streams under one API key.
    int address_per_minute = 600;              ///< Requests without a valid key from one address; 0: no limit.

    std::chrono::seconds poll_active{60};
    std::chrono::seconds poll_idle{300};
    std::chrono::seconds probe_every{30};  ///< Of a service that is away.
    std::chrono::seconds call_timeout{60};
    int workers = 16;

    ConcurrentEditPolicy concurrent_edits = ConcurrentEditPolicy::Ask;
    DeletionPolicy deletions = DeletionPolicy::AskWhenMany;
    Policies policies{};  ///< The others, and what single calendars decide otherwise.
    StalePolicy stale = StalePolicy::Provisional;
    std::chrono::seconds stale_after{3600};
    int recheck_ms = 1500;  ///< How long a confirmation waits for stale calendars to be read anew; 0: not at all.

    Retention retention{};
    std::vector<std::string> countries{};  ///< "host=CC": where a service keeps its data, as the operator knows it.

    KitConfig kit{};
    BookingConfig booking{};
    CallbackConfig callbacks{};
    std::string holidays{};  ///< An iCalendar file or its address, when nobody works; empty: none.
    std::chrono::seconds holidays_every{6 * 3600};  ///< How often it is read.

    ApplicationConfig google{};
    ApplicationConfig microsoft{};

    std::string ca_file{};                  ///< Certificates to trust, PEM; empty: the system's.
    std::vector<std::string> connect_to{};  ///< "host:port:to-host:to-port", as curl's --connect-to.
};

/// @param file its name, for the sentences. @return Rejected: "file:line: what is wrong; what to write instead".
Result<Config> read_config(std::string_view text, const std::string& file, const ZoneResolver&);
/// The file that `init` writes: every key, at the values of `config`.
std::string write_config(const Config& config);

}  // namespace calgate
