#include <boost/test/unit_test.hpp>

#include "core/forwarding_connector.hpp"
#include "tests/scheduler/small_business.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

/// Every write takes a second, each in a call of its own.
class Slow final : public ForwardingConnector {
public:
    Slow(std::unique_ptr<Connector> inner, HandClock& clock)
        : ForwardingConnector(*inner), inner_here_(std::move(inner)), clock_(clock) {}
    Result<WriteReceipt> create_event(const Context& context, const Href& calendar, const Event& event) override {
        clock_.advance(std::chrono::seconds{1});
        return inner_.create_event(context, calendar, event);
    }
    BatchService* batch() override { return nullptr; }

private:
    std::unique_ptr<Connector> inner_here_;
    HandClock& clock_;
};

class SlowFactory final : public ConnectorFactory {
public:
    explicit SlowFactory(SmallBusiness& business) : business_(business) {}
    Result<std::unique_ptr<Connector>> open(const Account& account) override {
        CALGATE_TRY(auto inner, business_.factory.open(account));
        return std::unique_ptr<Connector>(std::make_unique<Slow>(std::move(inner), business_.clock));
    }

private:
    SmallBusiness& business_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(turns)

BOOST_AUTO_TEST_CASE(L2_a_calendar_with_much_to_write_lets_the_others_of_its_account_have_their_turn) {
    SmallBusiness business;
    const CalendarId second{"zoe"};
    business.store.write([&](Writer& writer) {
        Calendar row = *writer.calendar(business.calendar);
        row.id = second;
        row.href = business.service.add_calendar("Zoe");
        row.staff = {"zoe"};
        writer.put(Staff{.id = {"zoe"}, .name = "Zoe", .zone = "Europe/Berlin"});
        writer.put(row);
    });
    for (int hour = 0; hour < 60; ++hour) business.book("a" + std::to_string(hour), 2 + hour / 20, hour % 20);
    Appointment hers;
    hers.id = {"z"};
    hers.staff = {"zoe"};
    hers.start = SmallBusiness::at(20, 9);
    hers.end = SmallBusiness::at(20, 10);
    hers.zone = "Europe/Berlin";
    calgate::write(business.store, [&](Writer& w) {
        return place_appointment(w, hers, {}, business.zones, business.clock.now(), "api", "test");
    });
    SlowFactory factory(business);
    Engine engine(
        {business.store, business.index, factory, business.zones, business.clock, business.random, business.keys, {}},
        {.calls_per_second = 1000}
    );
    engine.load();
    const auto waiting = [&](const CalendarId& id) {
        return calgate::read(business.store, [&](const Reader& r) { return r.count_open_mirrors(id); });
    };
    for (int jobs = 0; jobs < 3 && waiting(second) > 0; ++jobs) engine.run_due();
    BOOST_TEST(waiting(second) == 0);
    BOOST_TEST(waiting(business.calendar) > 0);
    for (int jobs = 0; jobs < 20 && waiting(business.calendar) > 0; ++jobs) engine.run_due();
    BOOST_TEST(waiting(business.calendar) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
