#include <boost/test/unit_test.hpp>
#include <functional>
#include <set>

#include "core/forwarding_connector.hpp"
#include "scheduler/sync_pass.hpp"
#include "tests/scheduler/small_business.hpp"

namespace calgate {
namespace {

using namespace std::chrono_literals;
using testing::SmallBusiness;

/// A service that gives no name twice (F16). `meanwhile` is done once, after a copy was deleted there.
class NamesOnce final : public ForwardingConnector {
public:
    NamesOnce(Connector& inner, std::function<void()> meanwhile)
        : ForwardingConnector(inner), meanwhile_(std::move(meanwhile)) {}
    Result<WriteReceipt> create_event(const Context& context, const Href& calendar, const Event& event) override {
        if (!used_.insert(event.uid.value).second)
            return Error{ErrorCode::AlreadyExists, "This name was used before.", {}};
        return inner_.create_event(context, calendar, event);
    }
    Status delete_event(const Context& context, const Href& href, const Version& if_match) override {
        const Status deleted = inner_.delete_event(context, href, if_match);
        if (meanwhile_) std::exchange(meanwhile_, nullptr)();
        return deleted;
    }
    BatchService* batch() override { return nullptr; }

private:
    std::function<void()> meanwhile_;
    std::set<std::string> used_{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rebooking, SmallBusiness)

BOOST_AUTO_TEST_CASE(F16_what_is_booked_again_while_its_copy_is_deleted_has_a_copy_at_once) {
    memory::MemoryConnector service_side(service);
    NamesOnce names_once(service_side, [&] { book("a", 10, 9); });
    const EngineParts parts{store, index, factory, zones, clock, random, keys, [](const std::string&) {}};
    const Engine::Settings settings;
    const auto run = [&] {
        BOOST_TEST(SyncPass(parts, settings, names_once, calendar, {}).run().completed);
        clock.advance(60s);
    };
    book("a", 10, 9);
    for (int i = 0; i < 2; ++i) run();
    calgate::write(store, [&](Writer& w) {
        return cancel_appointment(w, {"a"}, {}, zones, clock.now(), "api", "test");
    });
    for (int i = 0; i < 2; ++i) run();
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
    BOOST_TEST(mirror("a").generation == 2);
    BOOST_TEST(!mirror("a").open());
    BOOST_TEST(service.count(href) == 2u);  // The marker is the other one.
    for (int i = 0; i < 2; ++i) run();
    BOOST_TEST(engine.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
