#include <boost/test/unit_test.hpp>

#include "core/forwarding_connector.hpp"
#include "scheduler/verify.hpp"
#include "tests/scheduler/small_business.hpp"

using namespace calgate;
using namespace calgate::testing;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

/// A service that does not say what it lost, unless everything is listed.
class ForgetfulService final : public ConnectorFactory {
public:
    explicit ForgetfulService(memory::MemoryService& service) : memory_(service) {}
    Result<std::unique_ptr<Connector>> open(const Account&) override {
        return std::unique_ptr<Connector>(std::make_unique<Silent>(memory_));
    }

private:
    class Silent final : public ForwardingConnector {
    public:
        using ForwardingConnector::ForwardingConnector;
        Result<ChangeSet> fetch_changes(
            const Context& context,
            const Href& calendar,
            const std::optional<SyncToken>& since,
            const KnownVersion& known
        ) override {
            auto page = inner_.fetch_changes(context, calendar, since, known);
            if (page && since) page->removed.clear();
            return page;
        }
    };
    memory::MemoryConnector memory_;
};

Engine::Settings auditing() {
    Engine::Settings settings;
    settings.verify_every = hours{6};
    return settings;
}

struct AuditedBusiness : SmallBusiness {
    ForgetfulService forgetful{service};
    Engine audited{{store, index, forgetful, zones, clock, random, keys, {}}, auditing()};

    void pass_time(hours time) {
        for (int turn = 0; turn < time.count() * 6; ++turn) {
            clock.advance(minutes{10});
            audited.run_pass(calendar);
        }
    }
    int found() const {
        return calgate::read(store, [](const Reader& r) {
            int count = 0;
            for (const auto& change : r.changes(0, 10'000)) count += change.kind == "verify.found" ? 1 : 0;
            return count;
        });
    }
    std::optional<Verified> verified() const {
        return calgate::read(store, [&](const Reader& r) { return last_verified(r, calendar); });
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(audit)

BOOST_AUTO_TEST_CASE(F13_a_copy_that_the_service_dropped_silently_is_found_and_decided_by_policy) {
    AuditedBusiness business;
    for (int hour = 9; hour < 15; ++hour) business.book("a" + std::to_string(hour), 20, hour);
    business.pass_time(hours{1});
    BOOST_REQUIRE(business.verified().has_value());
    BOOST_TEST(business.verified()->same == 6);
    BOOST_TEST(business.verified()->findings == 0);
    business.service.erase(*business.mirror("a10").href);
    business.pass_time(hours{4});
    BOOST_TEST(business.found() == 0);  // Not due, and no poll can know.
    BOOST_TEST((business.appointment("a10").state == AppointmentState::Confirmed));
    business.pass_time(hours{3});
    BOOST_TEST(business.found() == 1);
    BOOST_TEST((business.appointment("a10").state == AppointmentState::Cancelled));  // One deletion in a run.
    business.pass_time(hours{7});
    BOOST_TEST(business.found() == 1);
    BOOST_TEST(business.verified()->same == 5);
    BOOST_TEST(business.verified()->findings == 0);
}

BOOST_AUTO_TEST_CASE(I10_F13_what_an_audit_doubts_is_not_written_over_before_it_was_read) {
    AuditedBusiness business;
    business.book("a", 20, 9);
    business.book("b", 20, 10);
    business.pass_time(hours{1});
    business.service.erase(*business.mirror("a").href);
    for (int turn = 0; turn < 48 && business.found() == 0; ++turn) {
        business.clock.advance(minutes{10});
        business.audited.run_pass(business.calendar);
    }
    BOOST_REQUIRE(business.found() == 1);
    BOOST_TEST(!business.mirror("a").version.has_value());  // An update reads first.
    BOOST_TEST(business.mirror("b").version.has_value());
}

BOOST_AUTO_TEST_CASE(a_verify_is_remembered_and_no_audit_runs_unless_it_is_wanted) {
    SmallBusiness business;
    business.book("a", 20, 9);
    business.pass();
    business.clock.advance(hours{48});
    business.pass();
    const auto noted = [&] {
        return calgate::read(business.store, [&](const Reader& r) { return last_verified(r, business.calendar); });
    };
    BOOST_TEST(!noted().has_value());
    business.engine.verify(business.calendar);
    BOOST_REQUIRE(noted().has_value());
    BOOST_TEST((noted()->at == business.clock.now()));
    BOOST_TEST(noted()->same == 1);
    business.service.set_outage(Error{ErrorCode::Unavailable, "Down.", {}});
    business.clock.advance(hours{1});
    business.engine.verify(business.calendar);
    BOOST_TEST((noted()->at == business.clock.now() - hours{1}));  // Nothing was learnt.
}

BOOST_AUTO_TEST_CASE(what_a_marker_says_besides_its_counts_is_compared_once_in_ten_minutes) {
    SmallBusiness business;
    business.book("a", 20, 9);
    business.pass();
    business.clock.advance(minutes{11});
    business.pass();
    business.clock.advance(minutes{11});
    business.pass();  // Nothing is due; it was looked at.
    business.store.write([](Writer& writer) {
        writer.put(Staff{.id = {"ben"}, .name = "Ben", .zone = "Europe/Berlin"});
    });
    const auto writes = [&] { return business.service.counters().update; };
    const auto before = writes();
    business.clock.advance(minutes{1});
    business.pass();
    BOOST_TEST(writes() == before);
    business.clock.advance(minutes{10});
    business.pass();
    BOOST_TEST(writes() == before + 1);
}

BOOST_AUTO_TEST_SUITE_END()
