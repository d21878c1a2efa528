#include "gateway/served_business.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "connectors/http/curl_transport.hpp"
#include "connectors/http/url.hpp"
#include "gateway/api.hpp"
#include "gateway/callbacks.hpp"
#include "gateway/caller.hpp"
#include "gateway/chores.hpp"
#include "gateway/commands.hpp"
#include "gateway/credentials.hpp"
#include "gateway/erasure_list.hpp"
#include "gateway/gateway.hpp"
#include "gateway/holidays.hpp"
#include "gateway/keys.hpp"

namespace calgate {
namespace {

constexpr std::chrono::seconds kEraseEvery{30};
constexpr std::chrono::hours kRetainEvery{24};
constexpr std::size_t kMostHolidayBytes = 1024 * 1024;
constexpr std::chrono::seconds kHolidayPatience{30};

/// @return whether the work, given a way to the API that is being served, ended well.
bool over_the_api(const std::string& directory, const std::function<int(Caller&)>& work) {
    const auto caller = Caller::to_running(directory);
    return caller && work(**caller) == 0;
}

/// What the source of the holidays holds now. @param transport for an address.
Result<std::string> holidays_text(const Gateway& gateway, http::HttpTransport& transport) {
    const std::string& source = gateway.config.holidays;
    const auto url = http::parse_url(source);
    if (!url) {
        const auto file = std::filesystem::path(gateway.directory) / source;
        return read_file(file.string(), kMostHolidayBytes);
    }
    if (url->scheme != "https" && !http::is_loopback_host(url->host))
        return Error{
            ErrorCode::Rejected, "Holidays are read over https only; write such an address into [holidays].", {}};
    http::Request request;
    request.method = "GET";
    request.url = source;
    request.headers = {{"Accept", "text/calendar"}};
    request.max_response_bytes = kMostHolidayBytes;
    CALGATE_TRY(http::Response response, transport.send(request, {gateway.clock.steady() + kHolidayPatience, {}}));
    if (response.status == 200) return std::move(response.body);
    return Error{
        ErrorCode::Unavailable,
        "The address of the holidays answered " + std::to_string(response.status) + "; check source in [holidays].",
        {}};
}

http::CurlTransport::Settings holiday_transport(const Config& config) {
    http::CurlTransport::Settings settings;
    settings.allow_private_addresses = true;  // The operator names the place himself.
    settings.ca_file = config.ca_file;
    settings.connect_to = config.connect_to;
    return settings;
}

Chores::Chore holiday_chore(const Gateway& gateway, Holidays& holidays) {
    const auto every = [&gateway] {
        return gateway.config.holidays.empty() ? std::chrono::seconds{0} : gateway.config.holidays_every;
    };
    const auto read_them = [&holidays] {
        const Status status = holidays.refresh();
        if (!status) spdlog::warn("event=holidays_unread what=\"{}\"", status.error().detail);
        return status.has_value();
    };
    return {"holidays", every, read_them};
}

std::vector<Chores::Chore> chores_of(const Gateway& gateway) {
    const KitConfig& kit = gateway.config.kit;
    const auto kit_every = [&kit] {
        return kit.target.empty() ? std::chrono::seconds{0} : std::chrono::seconds{kit.every};
    };
    const auto write_it = [&gateway, &kit] {
        const KitOptions options{kit.target, kit.days, kit.password_file, kit.user, kit.target_password_file, true};
        return over_the_api(gateway.directory, [&](Caller& caller) {
            return write_kit(caller, gateway.directory, options);
        });
    };
    const auto drill_every = [&gateway] {
        const auto text = read(*gateway.store, [](const Reader& r) { return r.setting(kDrillSchedule); });
        return std::chrono::seconds{std::strtoll(text.value_or("0").c_str(), nullptr, 10)};
    };
    const auto drill_it = [&gateway] {
        DrillOptions options;
        options.quiet = true;
        return over_the_api(gateway.directory, [&](Caller& caller) {
            return drill_host(caller, gateway.directory, options);
        });
    };
    const auto open_erasures = [&gateway] {
        const auto all = read(*gateway.store, [](const Reader& r) { return r.erasures(); });
        return std::count_if(all.begin(), all.end(), [](const Erasure& one) { return !one.done; });
    };
    const auto erase_every = [open_erasures] { return open_erasures() > 0 ? kEraseEvery : std::chrono::seconds{0}; };
    const auto erase_it = [&gateway, &kit, write_it, open_erasures] {
        const auto before = open_erasures();
        if (!match_erasure_list(gateway.directory, *gateway.store)) return false;
        const bool good = over_the_api(gateway.directory, [](Caller& caller) {
            return caller.call("POST", "/v1/erasures/run").good() ? 0 : 1;
        });
        // The sheets of before have the names.
        return good && (open_erasures() == before || kit.target.empty() || write_it());
    };
    const auto retain = [&gateway] {
        const auto report = apply_retention(
            {*gateway.store, gateway.zones, gateway.clock, gateway.keys.recovery_key, {}}, gateway.config.retention
        );
        gateway.engine->wake(report.targets);
        spdlog::info("job=retention nameless={} versions={} words={}", report.nameless, report.versions, report.words);
        return true;
    };
    return {
        {"retention", [] { return std::chrono::seconds{kRetainEvery}; }, retain},
        {"erasures", erase_every, erase_it},
        {"kit", kit_every, write_it},
        {"drill", drill_every, drill_it}};
}

/// Tells the booking system of changes, over connections of its own.
struct CallbackParts {
    CallbackParts(Gateway& gateway, http::CurlTransport::Settings settings)
        : transport(std::move(settings), gateway.clock),
          worker(
              {gateway.config.callbacks.url}, *gateway.store, gateway.vault, transport, gateway.clock, gateway.random
          ) {}
    http::CurlTransport transport;
    Callbacks worker;
};

/// Started; null when nobody is to be told.
std::unique_ptr<CallbackParts> callbacks_of(Gateway& gateway) {
    if (gateway.config.callbacks.url.empty()) return nullptr;
    http::CurlTransport::Settings settings;
    settings.allow_private_addresses = gateway.config.callbacks.allow_internal;
    settings.ca_file = gateway.config.ca_file;
    settings.connect_to = gateway.config.connect_to;
    auto parts = std::make_unique<CallbackParts>(gateway, std::move(settings));
    parts->worker.start();
    return parts;
}

}  // namespace

struct ServedBusiness::Impl {
    explicit Impl(std::unique_ptr<Gateway> opened)
        : gateway(std::move(opened)),
          transport(holiday_transport(gateway->config), gateway->clock),
          holidays(
              *gateway->store,
              gateway->index,
              gateway->zones,
              gateway->clock,
              [this] { return holidays_text(*gateway, transport); }
          ),
          token("local_" + base64url(random_bytes(gateway->random, 32))),
          api(parts()) {
        if (!gateway->config.holidays.empty()) holidays.load();
    }

    ApiParts parts() {
        return ApiParts{
            *gateway->store,
            gateway->index,
            *gateway->engine,
            gateway->connectors,
            gateway->zones,
            gateway->clock,
            gateway->random,
            gateway->keys,
            token,
            true,
            {gateway->config.key_per_minute,
             gateway->config.address_per_minute,
             gateway->config.behind_proxy,
             gateway->config.streams_per_key,
             std::max(1, gateway->config.connections / 4)},
            gateway->config.booking,
            gateway->config.callbacks.url,
            std::chrono::milliseconds{gateway->config.recheck_ms},
            [this](const Staff& staff) {
                if (!gateway->config.holidays.empty()) holidays.show(staff);
            },
            gateway->config.countries,
            gateway->config.kit.target,
            gateway->directory};
    }

    std::unique_ptr<Gateway> gateway;
    http::CurlTransport transport;
    Holidays holidays;
    const std::string token;
    Api api;
    std::optional<Chores> chores{};
    std::unique_ptr<CallbackParts> callbacks{};
};

ServedBusiness::ServedBusiness(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ServedBusiness::~ServedBusiness() = default;

Result<std::unique_ptr<ServedBusiness>> ServedBusiness::open(const std::string& directory) {
    CALGATE_TRY(auto gateway, Gateway::open(directory));
    return std::unique_ptr<ServedBusiness>(new ServedBusiness(std::make_unique<Impl>(std::move(gateway))));
}

Api& ServedBusiness::api() { return impl_->api; }

const Gateway& ServedBusiness::gateway() const { return *impl_->gateway; }

Status ServedBusiness::tell_commands(const std::string& url) const {
    const nlohmann::json content = {{"url", url}, {"token", impl_->token}};
    return write_private_file(admin_file(impl_->gateway->directory), content.dump());
}

void ServedBusiness::start_engine() { impl_->gateway->engine->start(); }

void ServedBusiness::start_chores() {
    std::vector<Chores::Chore> regular = chores_of(*impl_->gateway);
    regular.push_back(holiday_chore(*impl_->gateway, impl_->holidays));
    impl_->chores.emplace(*impl_->gateway->store, impl_->gateway->clock, std::move(regular));
    impl_->chores->start();
    impl_->callbacks = callbacks_of(*impl_->gateway);
}

void ServedBusiness::stop() {
    if (impl_->chores) impl_->chores->stop();
    if (impl_->callbacks) impl_->callbacks->worker.stop();
    impl_->gateway->engine->stop();
    std::remove(admin_file(impl_->gateway->directory).c_str());
}

}  // namespace calgate
