#include "tests/bench/mirrored_people.hpp"

#include <stdexcept>
#include <thread>

#include "gateway/system_random.hpp"

namespace calgate::bench {

Result<http::Response> TimedWire::send(const http::Request& request, const Context& context) {
    std::this_thread::sleep_for(latency_ / 2);
    auto response = pass_on(request, context);
    std::this_thread::sleep_for(latency_ / 2);
    return response;
}

std::vector<Result<http::Response>> TimedWire::send_together(
    const std::vector<http::Request>& requests, const Context& context
) {
    std::vector<Result<http::Response>> answers;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const bool first_of_a_round = i % http::kFewConnections == 0;
        if (first_of_a_round) std::this_thread::sleep_for(latency_);
        answers.push_back(pass_on(requests[i], context));
    }
    return answers;
}

Result<http::Response> TimedWire::pass_on(const http::Request& request, const Context& context) {
    if (down) return Error{ErrorCode::Unavailable, "The service is away.", {}};
    ++calls;
    auto response = inner_.send(request, context);
    if (!response || response->status >= 400) {
        refused += response && (response->status == 403 || response->status == 429) ? 1 : 0;
        return response;
    }
    const std::lock_guard lock(mutex_);
    // A title ends with '#'.
    for (auto at = request.body.find("copy-"); at != std::string::npos; at = request.body.find("copy-", at + 1)) {
        const auto end = request.body.find('#', at);
        if (end == std::string::npos || end - at > 20) continue;
        arrivals_.try_emplace(request.body.substr(at, end - at), clock_.steady());
    }
    return response;
}

TimedWire::Arrivals TimedWire::arrivals() const {
    const std::lock_guard lock(mutex_);
    return arrivals_;
}

MirroredPeople::MirroredPeople(
    const std::string& file,
    const Clock& clock,
    int people,
    const std::vector<Account>& accounts,
    Engine::Settings settings,
    std::chrono::milliseconds latency
)
    : clock_(clock), random_(std::make_unique<SystemRandom>()), store_(SqliteStore::open(file)) {
    store_->write([&](Writer& writer) {
        writer.put(Business{.id = "b1", .name = "Salon", .zone = "Europe/Berlin", .epoch = "e1"});
        for (int person = 0; person < people; ++person) {
            const std::string staff = "p" + std::to_string(person);
            writer.put(Staff{.id = {staff}, .name = staff, .zone = "Europe/Berlin"});
            for (const Account& account : accounts) {
                const std::string id = staff + account.service;
                auto& service = services_[id] = testing::service_named(account.service, clock, zones_);
                wires_[id] = std::make_unique<TimedWire>(service->site(), clock, latency);
                const std::string host = account.url + (account.service == "caldav" ? std::to_string(person % 2) : "");
                writer.put(calgate::Account{.id = {id}, .kind = service->kind(), .url = host});
                Calendar row;
                row.id = {id};
                row.account = {id};
                row.staff = {staff};
                row.href = service->calendar();
                row.mirror = true;
                row.copy_detail = CopyDetail::kFull;
                writer.put(row);
                calendars_.push_back(row.id);
            }
        }
    });
    engine_ = std::make_unique<Engine>(
        EngineParts{*store_, index_, *this, zones_, clock, *random_, keys_, [](const std::string&) {}}, settings
    );
    engine_->load();
}

Result<std::unique_ptr<Connector>> MirroredPeople::open(const calgate::Account& account) {
    return services_.at(account.id.value)->connect(*wires_.at(account.id.value));
}

SteadyInstant MirroredPeople::place(int number, int person, int slot, const std::string& title) {
    Appointment wanted;
    wanted.id = {"n" + std::to_string(number)};
    wanted.staff = {"p" + std::to_string(person)};
    wanted.start =
        LocalSeconds{std::chrono::local_days{std::chrono::year{2026} / 4 / 1} + std::chrono::minutes{15} * slot};
    wanted.end = wanted.start + std::chrono::minutes{15};
    wanted.zone = "UTC";
    wanted.title = title;
    const auto result = write(*store_, [&](Writer& writer) {
        return place_appointment(writer, wanted, {}, zones_, clock_.now(), "bench", "");
    });
    if (result.outcome != BookingOutcome::Created && result.outcome != BookingOutcome::Changed)
        throw std::runtime_error("A booking was not taken.");
    const auto acknowledged = clock_.steady();
    engine_->wake(result.targets);
    return acknowledged;
}

std::int64_t MirroredPeople::waiting() const {
    return read(*store_, [&](const Reader& reader) {
        std::int64_t count = 0;
        for (const auto& calendar : calendars_) count += reader.count_open_mirrors(calendar);
        return count;
    });
}

int MirroredPeople::set_quota() {
    int calls_a_minute = 0;
    for (const auto& [id, service] : services_) {
        calls_a_minute = service->set_documented_quota();
        if (calls_a_minute == 0) throw std::runtime_error("This service counts no calls.");
    }
    return calls_a_minute;
}

}  // namespace calgate::bench
