#include "tests/sim/graph_site.hpp"

#include <stdexcept>

#include "tests/sim/advanced_clock.hpp"
#include "tests/sim/sim_receiver.hpp"

namespace calgate::testing {

namespace {

struct GraphService {
    GraphService(const Clock& real, const ZoneResolver& zones, const std::string& profile)
        : clock(real), sim(clock, zones, graph_quirks_of(profile)) {}
    AdvancedClock clock;
    GraphSim sim;
};

class GraphPerson final : public SimPerson {
public:
    GraphPerson(std::shared_ptr<GraphService> service, const Clock& clock)
        : service_(std::move(service)), sim_(service_->sim), receiver_(clock) {
        sim_.set_callback([this](const http::Request& request) { return receiver_.send(request); });
    }
    ~GraphPerson() override { sim_.set_callback({}); }

    std::string make_calendar(const std::string& name) override { return sim_.make_calendar(name); }
    std::vector<Entry> events(const std::string& calendar) override {
        std::vector<Entry> entries;
        for (const auto& id : sim_.event_ids(calendar)) entries.push_back({id, sim_.event_json(id)});
        return entries;
    }
    std::string put(const std::string& calendar, const std::string& event, const std::string& content) override {
        if (event.empty()) return sim_.put_event(calendar, content);
        if (sim_.event_json(event).empty()) throw std::invalid_argument("There is no such event.");
        sim_.patch_event(event, content);
        return event;
    }
    void erase(const std::string&, const std::string& event) override {
        if (sim_.event_json(event).empty()) throw std::invalid_argument("There is no such event.");
        sim_.erase_event(event);
    }
    int mails() override { return sim_.mails_sent(); }
    int deliver() override { return sim_.deliver(); }
    void forget_tokens() override { sim_.forget_tokens(); }
    void revoke() override { sim_.revoke_tokens(); }
    void set_quirk(const std::string& name, const std::string& value) override {
        set_graph_quirk(sim_.quirks(), name, value);
    }
    void advance(std::chrono::seconds by) override { service_->clock.ahead += by; }
    void tell_life(const std::string& event) override {
        if (event != "missed" && event != "subscriptionRemoved" && event != "reauthorizationRequired")
            throw std::invalid_argument("Graph tells missed, subscriptionRemoved or reauthorizationRequired.");
        sim_.send_lifecycle(event);
    }
    void receive_at(const std::string& origin) override { receiver_.set_origin(origin); }
    void hear_notifications(Hearing hears) override { receiver_.hear(std::move(hears)); }

private:
    std::shared_ptr<GraphService> service_;
    GraphSim& sim_;
    SimReceiver receiver_;
};

}  // namespace

SimSite graph_site(
    const std::string& profile, const Clock& clock, const ZoneResolver& zones, std::shared_ptr<GraphSim>* simulator
) {
    const auto service = std::make_shared<GraphService>(clock, zones, profile);
    const std::shared_ptr<GraphSim> sim(service, &service->sim);
    if (simulator) *simulator = sim;
    SimSite site;
    site.name = "graph";
    site.hosts = {"graph.microsoft.com", "login.microsoftonline.com"};
    site.service = sim;
    site.in_flight = [sim](const http::Request& request) { return sim->in_flight(request); };
    site.person = std::make_shared<GraphPerson>(service, clock);
    site.login = {{"client_id", GraphSim::client_id()}, {"client_secret", GraphSim::client_secret()}};
    return site;
}

}  // namespace calgate::testing
