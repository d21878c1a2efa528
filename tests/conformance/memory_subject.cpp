#include <stdexcept>

#include "connectors/memory/memory_connector.hpp"
#include "tests/conformance/subject.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::testing {

std::vector<std::string> Subject::decoration() const {
    return {
        "X-LAUNDRY",
        "X-COLOUR=blue",
        "two shirts",
        "CATEGORIES:WORK",
        "https://intranet.example/meeting",
        "BEGIN:VALARM",
        "TRIGGER:-PT15M"};
}
std::unique_ptr<Connector> Subject::for_times_only() {
    throw std::runtime_error("This subject tells no free and busy times.");
}
void Subject::set_down(bool) { throw std::runtime_error("This subject has no outages."); }
void Subject::set_frozen(bool) { throw std::runtime_error("This subject cannot freeze."); }
CaldavSim& Subject::sim() { throw std::runtime_error("This subject is no simulator."); }
void Subject::fail_next(const SimFault&) { throw std::runtime_error("This subject breaks no answers."); }
void Subject::clear_faults() { throw std::runtime_error("This subject breaks no answers."); }
void Subject::forget_tokens() { throw std::runtime_error("This subject forgets nothing."); }
std::vector<std::string> Subject::reading_methods() const { return {"GET"}; }
int Subject::mails_sent() { throw std::runtime_error("This subject counts no mails."); }
void Subject::invite_a_customer(const Href&, const Uid&) { throw std::runtime_error("This subject counts no mails."); }

namespace {

class MemorySubject final : public Subject {
public:
    explicit MemorySubject(const ZoneResolver& zones) : service_(zones, clock_, settings()) {}

    Features features() const override {
        Features offered;
        offered.garbage = offered.outages = offered.batches = true;
        return offered;
    }
    Connector& connector() override { return connector_; }
    std::unique_ptr<Connector> with_wrong_password() override {
        throw std::runtime_error("There are no passwords here.");
    }
    const Clock& clock() const override { return clock_; }

    Href make_calendar(const std::string& name) override { return service_.add_calendar(name); }
    Href put_text(const Href& calendar, const std::string& name, const std::string& icalendar) override {
        return service_.put_text(calendar, name, icalendar);
    }
    void erase(const Href& event) override { service_.erase(event); }
    Href unknown_calendar() override { return Href{"/memory/no-such-calendar/"}; }
    void lose_next_answer() override {
        service_.fail_next({memory::Operation::Any, {ErrorCode::Timeout, "No answer came in time.", {}}, true, 1});
    }
    void set_down(bool down) override {
        const Error outage{ErrorCode::Unavailable, "The service is down.", {}};
        service_.set_outage(down ? std::optional(outage) : std::nullopt);
    }

private:
    static memory::MemoryService::Settings settings() {
        memory::MemoryService::Settings made;
        made.batch_size = 6;
        return made;
    }

    ManualClock clock_{};
    memory::MemoryService service_;
    memory::MemoryConnector connector_{service_};
};

}  // namespace

std::unique_ptr<Subject> memory_subject(const ZoneResolver& zones) { return std::make_unique<MemorySubject>(zones); }

}  // namespace calgate::testing
