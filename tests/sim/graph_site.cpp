#include "tests/sim/graph_site.hpp"

#include <stdexcept>

#include "tests/sim/sim_receiver.hpp"

namespace calgate::testing {

namespace {

class GraphPerson final : public SimPerson {
public:
    GraphPerson(std::shared_ptr<GraphSim> sim, const Clock& clock) : sim_(std::move(sim)), receiver_(clock) {
        sim_->set_callback([this](const http::Request& request) { return receiver_.send(request); });
    }
    ~GraphPerson() override { sim_->set_callback({}); }

    std::string make_calendar(const std::string& name) override { return sim_->make_calendar(name); }
    std::vector<Entry> events(const std::string& calendar) override {
        std::vector<Entry> entries;
        for (const auto& id : sim_->event_ids(calendar)) entries.push_back({id, sim_->event_json(id)});
        return entries;
    }
    std::string put(const std::string& calendar, const std::string& event, const std::string& content) override {
        if (event.empty()) return sim_->put_event(calendar, content);
        if (sim_->event_json(event).empty()) throw std::invalid_argument("There is no such event.");
        sim_->patch_event(event, content);
        return event;
    }
    void erase(const std::string&, const std::string& event) override {
        if (sim_->event_json(event).empty()) throw std::invalid_argument("There is no such event.");
        sim_->erase_event(event);
    }
    int mails() override { return sim_->mails_sent(); }
    int deliver() override { return sim_->deliver(); }
    void receive_at(const std::string& origin) override { receiver_.set_origin(origin); }

private:
    std::shared_ptr<GraphSim> sim_;
    SimReceiver receiver_;
};

}  // namespace

SimSite graph_site(
    const std::string& profile, const Clock& clock, const ZoneResolver& zones, std::shared_ptr<GraphSim>* simulator
) {
    const auto sim = std::make_shared<GraphSim>(clock, zones, graph_quirks_of(profile));
    if (simulator) *simulator = sim;
    SimSite site;
    site.name = "graph";
    site.hosts = {"graph.microsoft.com", "login.microsoftonline.com"};
    site.service = sim;
    site.person = std::make_shared<GraphPerson>(sim, clock);
    site.login = {{"client_id", GraphSim::client_id()}, {"client_secret", GraphSim::client_secret()}};
    return site;
}

}  // namespace calgate::testing
