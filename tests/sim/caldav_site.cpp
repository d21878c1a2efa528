#include "tests/sim/caldav_site.hpp"

#include <algorithm>
#include <stdexcept>

#include "connectors/http/url.hpp"

namespace calgate::testing {

namespace {

class CaldavPerson final : public SimPerson {
public:
    explicit CaldavPerson(std::shared_ptr<CaldavSim> sim) : sim_(std::move(sim)) {}

    std::string make_calendar(const std::string& name) override {
        return calendars_.emplace_back(sim_->make_calendar(name).value);
    }
    std::vector<Entry> events(const std::string& calendar) override {
        std::vector<Entry> entries;
        for (const Href& event : sim_->events(known(calendar))) entries.push_back({event.value, sim_->text(event)});
        return entries;
    }
    std::string put(const std::string& calendar, const std::string& event, const std::string& content) override {
        const Href home = known(calendar);
        const bool is_new = event.empty();
        if (!is_new && !event.starts_with(home.value)) throw std::invalid_argument("That event is elsewhere.");
        const std::string name =
            is_new ? "person-" + std::to_string(++created_) + ".ics" : event.substr(home.value.size());
        return sim_->put_text(home, name, content).value;
    }
    void erase(const std::string& calendar, const std::string& event) override {
        known(calendar);
        if (sim_->text(Href{event}).empty()) throw std::invalid_argument("There is no such event.");
        sim_->erase(Href{event});
    }
    int mails() override { return sim_->mails_sent(); }

private:
    Href known(const std::string& calendar) const {
        if (std::find(calendars_.begin(), calendars_.end(), calendar) == calendars_.end())
            throw std::invalid_argument("There is no calendar " + calendar + ".");
        return Href{calendar};
    }

    std::shared_ptr<CaldavSim> sim_;
    std::vector<std::string> calendars_{};
    int created_ = 0;
};

}  // namespace

SimSite caldav_site(const std::string& profile, const Clock& clock, std::shared_ptr<CaldavSim>* simulator) {
    const auto sim = std::make_shared<CaldavSim>(clock, quirks_of(profile));
    if (simulator) *simulator = sim;
    SimSite site;
    site.name = "caldav-" + profile;
    if (sim->quirks().icloud_hosts) {
        site.hosts = {"caldav.icloud.com", "p42-caldav.icloud.com", "p77-caldav.icloud.com"};
    } else {
        site.hosts = {profile + ".caldav.localhost"};
        site.origin = http::parse_url(sim->account_url())->origin();
    }
    site.service = sim;
    site.login = {{"user", CaldavSim::credentials().user}, {"password", CaldavSim::credentials().password}};
    site.person = std::make_shared<CaldavPerson>(sim);
    return site;
}

}  // namespace calgate::testing
