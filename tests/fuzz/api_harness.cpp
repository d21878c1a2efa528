#include "tests/fuzz/api_harness.hpp"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/scheduler/map_store.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"

namespace calgate::testing {
namespace {

class NoNetwork final : public http::HttpTransport {
public:
    Result<http::Response> send(const http::Request&, const Context&) override {
        return Error{ErrorCode::Unavailable, "There is no network.", {}};
    }
};

const Keys& fuzz_keys() {
    static const Keys made{mark_key_of(std::string(32, 'r')), std::string(32, 'r')};
    return made;
}

/// One gateway on one store; made anew for each request.
struct Gateway {
    explicit Gateway(Store& its_store)
        : store(its_store),
          vault("/nonexistent", {{1, std::string(32, 'v')}}, random),
          connectors(
              {store, vault, zones, clock, random},
              {"Europe/Berlin", {}, {}, "https://cal.example.org", "", {}},
              [](const auto&) { return std::make_unique<NoNetwork>(); }
          ),
          engine({store, index, connectors, zones, clock, random, fuzz_keys(), [](const std::string&) {}}, settings()),
          api({store, index, engine, connectors, zones, clock, random, fuzz_keys(), FuzzedApi::kAdminToken, false, {}}
          ) {
        engine.load();
    }
    static Engine::Settings settings() {
        Engine::Settings wanted;
        wanted.push_url = "https://cal.example.org";
        return wanted;
    }

    static const ZoneResolver zones;
    Store& store;
    ManualClock clock{};
    SeededRandom random{1};
    AvailabilityIndex index{};
    Vault vault;
    GatewayConnectors connectors;
    Engine engine;
    Api api;
};
const ZoneResolver Gateway::zones{};

void put_business(Writer& writer) {
    Business business;
    business.id = "business";
    business.epoch = "epoch";
    business.name = "Salon";
    business.zone = "Europe/Berlin";
    writer.put(business);
    const Account account{AccountId{"acc-1"}, "google", "https://www.googleapis.com/", "anna@example.com"};
    writer.put(account);
    Calendar calendar;
    calendar.id.value = "cal-1";
    calendar.account = account.id;
    calendar.staff.value = "anna";
    calendar.href.value = "anna@example.com/";
    calendar.name = "Bookings";
    calendar.mirror = calendar.busy = true;
    writer.put(calendar);
    // Known to the seeds in fixtures/hooks: its id at Google and at Graph, and its secret.
    for (const auto& [id, secret] : {
             std::pair{"channel-1", "secret"},
             std::pair{"7f105c7d-2dc5-4530-97cd-4e7ae6534c07", "c2VjcmV0"},
         }) {
        ChannelRecord channel;
        channel.key = id;
        channel.calendar = calendar.id;
        channel.channel = {id, "resource-1", ManualClock{}.now() + std::chrono::hours{24}};
        channel.secret_hash = sha256_hex(secret);
        channel.state = ChannelState::Live;
        writer.put(channel);
    }
}

void call(Api& api, const std::string& method, const std::string& path, const nlohmann::json& body) {
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.headers = {{"authorization", std::string("Bearer ") + FuzzedApi::kAdminToken}};
    request.body = body.dump();
    const auto answer = api.handle(request);
    if (answer.status < 300) return;
    std::fprintf(stderr, "%s %s: %d %s\n", method.c_str(), path.c_str(), answer.status, answer.body.c_str());
    std::abort();
}

}  // namespace

struct FuzzedApi::Parts {
    MapStore store{};
};

FuzzedApi::FuzzedApi() : parts_(std::make_unique<Parts>()) {
    spdlog::set_level(spdlog::level::off);
    parts_->store.write(put_business);
    Gateway gateway(parts_->store);
    const nlohmann::json person = {{"name", "Anna"}, {"zone", "Europe/Berlin"}};
    for (const char* id : {"anna", "ben"}) call(gateway.api, "PUT", std::string("/v1/staff/") + id, person);
    call(gateway.api, "PUT", "/v1/services/cut", {{"name", "Cut"}, {"duration_min", 30}, {"staff", {"anna", "ben"}}});
    const nlohmann::json booking = {
        {"staff", "anna"},
        {"start", "2026-03-02T09:00:00"},
        {"end", "2026-03-02T10:00:00"},
        {"zone", "Europe/Berlin"},
        {"title", "Cut"},
        {"customer", "Ms Smith"}};
    call(gateway.api, "PUT", "/v1/appointments/one", booking);
}

FuzzedApi::~FuzzedApi() = default;

HttpResponse FuzzedApi::handle(const HttpRequest& request) {
    const auto copy = parts_->store.scratch_copy();
    Gateway gateway(*copy);
    static_cast<void>(gateway.api.lane(request));
    auto answer = gateway.api.handle(request);
    bool good = answer.status >= 200 && answer.status < 600 && answer.status != 500;
    for (const auto& [name, value] : answer.headers) good = good && value.find_first_of("\r\n") == std::string::npos;
    if (answer.type.find("json") != std::string::npos) good = good && nlohmann::json::accept(answer.body);
    if (good) return answer;
    std::fprintf(
        stderr, "%s %s: %d %s\n", request.method.c_str(), request.path.c_str(), answer.status, answer.body.c_str()
    );
    std::abort();
}

}  // namespace calgate::testing
