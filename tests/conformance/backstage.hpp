#pragma once

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "connectors/http/curl_transport.hpp"
#include "gateway/system_clock.hpp"
#include "tests/sim/caldav_sim.hpp"
#include "tests/sim/sim_world.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/recording_transport.hpp"

namespace calgate::testing {

/// One day of March 2026 that does not end, in which time passes for deadlines.
class LongDayClock final : public Clock {
public:
    Instant now() const override { return day_.now(); }
    SteadyInstant steady() const override { return real_.steady(); }

private:
    ManualClock day_{};
    SystemClock real_{};
};

/// Passes everything on, and forgets the answer to one write on demand.
class ForgetfulTransport final : public http::HttpTransport {
public:
    explicit ForgetfulTransport(http::HttpTransport& inner) : inner_(inner) {}

    void lose_next_answer() { armed_ = true; }
    Result<http::Response> send(const http::Request& request, const Context& context) override {
        auto response = inner_.send(request, context);
        if (!armed_ || request.method == "GET") return response;
        armed_ = false;
        return Error{ErrorCode::Timeout, "No answer came in time.", {}};
    }

private:
    http::HttpTransport& inner_;
    bool armed_ = false;
};

/// How a simulator is reached, by a connector and by a test: in this process, or behind HTTPS under its own names with
/// every exchange recorded.
template <class Sim>
class Backstage {
public:
    Backstage(SimSite site, std::shared_ptr<Sim> sim, const Clock& clock, bool over_https)
        : name_(site.name), sim_(std::move(sim)) {
        if (!over_https) {
            front_ = std::make_unique<ForgetfulTransport>(*sim_);
            return;
        }
        std::string folder = (std::filesystem::temp_directory_path() / "calgate-conformance-XXXXXX").string();
        if (!::mkdtemp(folder.data())) throw std::runtime_error("No temporary folder can be made.");
        folder_ = folder;
        std::vector<SimSite> sites;
        sites.push_back(std::move(site));
        world_ = std::make_unique<SimWorld>(clock, std::move(sites), folder_);
        client_ = std::make_unique<http::CurlTransport>(world_->client_settings(), clock);
        recording_ = std::make_unique<RecordingTransport>(*client_, exchanges_file(name_));
        front_ = std::make_unique<ForgetfulTransport>(*recording_);
    }
    ~Backstage() {
        client_.reset();
        world_.reset();
        if (!folder_.empty()) std::filesystem::remove_all(folder_);
    }
    Backstage(const Backstage&) = delete;
    Backstage& operator=(const Backstage&) = delete;

    ForgetfulTransport& front() { return *front_; }
    bool over_https() const { return world_ != nullptr; }
    /// On the thread that serves.
    template <class Value>
    Value with(const std::function<Value(Sim&)>& work) {
        if (!world_) return work(*sim_);
        std::optional<Value> out;
        std::exception_ptr trouble;
        world_->run([&](SimSites&) {
            try {
                out = work(*sim_);
            } catch (...) {
                trouble = std::current_exception();
            }
        });
        if (trouble) std::rethrow_exception(trouble);
        return std::move(*out);
    }
    void with(const std::function<void(Sim&)>& work) {
        with<bool>([&](Sim& sim) {
            work(sim);
            return true;
        });
    }
    void set_down(bool down) {
        if (!world_) return sim_->set_down(down);
        SimFaults faults;
        faults.down = down;
        world_->set_faults(name_, faults);
    }
    void set_frozen(bool frozen) {
        if (!world_) throw std::runtime_error("In this process nothing can freeze.");
        SimFaults faults;
        faults.hang = frozen;
        world_->set_faults(name_, faults);
    }
    void fail_next(const SimFault& fault) {
        if (recording_) recording_->record(false);
        with([&](Sim& sim) { sim.fail_next(fault); });
    }
    void clear_faults() {
        with([](Sim& sim) { sim.clear_faults(); });
        if (recording_) recording_->record(true);
    }

private:
    const std::string name_;
    std::shared_ptr<Sim> sim_;
    std::string folder_{};
    std::unique_ptr<SimWorld> world_{};
    std::unique_ptr<http::CurlTransport> client_{};
    std::unique_ptr<RecordingTransport> recording_{};
    std::unique_ptr<ForgetfulTransport> front_{};
};

}  // namespace calgate::testing
