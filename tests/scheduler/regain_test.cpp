#include "scheduler/regain.hpp"

#include <boost/test/unit_test.hpp>

#include "core/forwarding_connector.hpp"
#include "tests/scheduler/small_business.hpp"

namespace calgate::testing {
namespace {

using namespace std::chrono_literals;

/// Does not show one calendar while it is hidden.
class HidingConnector final : public ForwardingConnector {
public:
    HidingConnector(std::unique_ptr<Connector> inner, const Href& href, const bool& hidden)
        : ForwardingConnector(*inner), owned_(std::move(inner)), href_(href), hidden_(hidden) {}

    Result<std::vector<RemoteCalendar>> list_calendars(const Context& context) override {
        auto listed = ForwardingConnector::list_calendars(context);
        if (listed && hidden_) std::erase_if(*listed, [&](const RemoteCalendar& c) { return c.href == href_; });
        return listed;
    }
    Result<ChangeSet> fetch_changes(
        const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override {
        if (hidden_ && calendar == href_) return Error{ErrorCode::NotFound, "There is no such calendar.", {}};
        return ForwardingConnector::fetch_changes(context, calendar, since, known);
    }

private:
    std::unique_ptr<Connector> owned_;
    const Href& href_;
    const bool& hidden_;
};

struct HidingFactory final : ConnectorFactory {
    HidingFactory(ConnectorFactory& given, const Href& of, const bool& now) : inner(given), href(of), hidden(now) {}
    Result<std::unique_ptr<Connector>> open(const Account& account) override {
        CALGATE_TRY(auto connector, inner.open(account));
        return std::unique_ptr<Connector>(std::make_unique<HidingConnector>(std::move(connector), href, hidden));
    }
    ConnectorFactory& inner;
    const Href& href;
    const bool& hidden;
};

/// Cannot open the account's secret while it is shut.
struct ShutFactory final : ConnectorFactory {
    explicit ShutFactory(ConnectorFactory& given) : inner(given) {}
    Result<std::unique_ptr<Connector>> open(const Account& account) override {
        if (shut) return Error{ErrorCode::Unauthorized, "The stored password does not open; bring back the keys.", {}};
        return inner.open(account);
    }
    ConnectorFactory& inner;
    bool shut = true;
};

struct Refusing : SmallBusiness {
    bool hidden = false;
    HidingFactory hiding{factory, href, hidden};
    Engine seeing{{store, index, hiding, zones, clock, random, keys, [](const std::string&) {}}, {}};
    Href other = service.add_calendar("Another");

    int alarms(const char* kind = "calendar.attention") const {
        return calgate::read(store, [&](const Reader& r) {
            int count = 0;
            for (const auto& change : r.changes(0, 1000)) count += change.kind == kind;
            return count;
        });
    }
    std::int64_t writes() const {
        const auto counted = service.counters();
        return counted.create + counted.update + counted.erase;
    }
    /// All that is due in this time, looked at every minute.
    void live(std::chrono::minutes time) {
        for (auto passed = 0min; passed < time; passed += 1min) {
            clock.advance(1min);
            for (int jobs = 0; jobs < 50 && seeing.run_due() == 0ms; ++jobs) {
            }
        }
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(calendars_that_come_back, Refusing)

BOOST_AUTO_TEST_CASE(F17_a_calendar_that_refuses_writes_is_tried_once_an_hour_with_one_alarm) {
    book("a", 10, 9);
    book("b", 11, 9);
    service.set_writable(href, false);
    pass();
    BOOST_TEST((row().state == CalendarState::ReadOnly));
    BOOST_TEST(alarms() == 1);
    const auto before = writes();
    for (int i = 0; i < 11; ++i) {
        clock.advance(5min);
        pass();
    }
    BOOST_TEST(writes() == before);
    clock.advance(5min);
    BOOST_TEST(pass().completed);
    BOOST_TEST(writes() == before + 1);
    BOOST_TEST((row().state == CalendarState::ReadOnly));
    BOOST_TEST(!row().detail.empty());
    service.set_writable(href, true);
    clock.advance(30min);
    pass();
    BOOST_TEST(writes() == before + 1);
    BOOST_TEST(alarms() == 1);
    clock.advance(30min);
    BOOST_TEST(pass().created == 2);
    BOOST_TEST((row().state == CalendarState::Active));
    BOOST_TEST(row().detail.empty());
    BOOST_TEST(service.count(href) == 3u);  // The marker is one.
    BOOST_TEST(alarms() == 1);
}

BOOST_AUTO_TEST_CASE(a_refusal_of_a_calendar_that_was_written_again_is_told_again) {
    book("a", 10, 9);
    service.set_writable(href, false);
    pass();
    service.set_writable(href, true);
    clock.advance(1h);
    BOOST_TEST(pass().created == 1);
    service.set_writable(href, false);
    book("b", 11, 9);
    pass();
    BOOST_TEST((row().state == CalendarState::ReadOnly));
    BOOST_TEST(alarms() == 2);
}

BOOST_AUTO_TEST_CASE(connecting_the_account_again_lets_what_was_refused_be_written_at_once) {
    book("a", 10, 9);
    pass();
    service.set_writable(href, false);
    book("b", 11, 9);
    pass();
    BOOST_TEST((row().state == CalendarState::ReadOnly));
    BOOST_TEST(mirror("b").not_before.has_value());
    service.set_writable(href, true);
    store.write([&](Writer& writer) { try_again(writer, calendar); });
    BOOST_TEST((row().state == CalendarState::Active));
    BOOST_TEST(row().detail.empty());
    BOOST_TEST(pass().created == 1);
    BOOST_TEST(alarms() == 1);
}

BOOST_AUTO_TEST_CASE(R15_a_calendar_that_may_not_be_read_raises_one_alarm) {
    pass();
    service.fail_next({memory::Operation::Changes, Error{ErrorCode::Forbidden, "It is not shared.", {}}, false, -1});
    for (int i = 0; i < 3; ++i) {
        clock.advance(5min);
        BOOST_TEST(!pass().completed);
    }
    BOOST_TEST(alarms() == 1);
    BOOST_TEST((row().state == CalendarState::Active));
    service.clear_faults();
    BOOST_TEST(pass().completed);
    service.fail_next({memory::Operation::Changes, Error{ErrorCode::Forbidden, "It is not shared.", {}}, false, 1});
    pass();
    BOOST_TEST(alarms() == 2);
}

BOOST_AUTO_TEST_CASE(G34_a_calendar_that_is_gone_is_looked_for_once_a_day) {
    book("a", 10, 9);
    live(10min);
    BOOST_TEST(service.count(href) == 2u);
    hidden = true;
    live(10min);
    BOOST_TEST((row().state == CalendarState::Gone));
    BOOST_TEST(alarms() == 1);
    auto looks = service.counters().list;
    live(23h);
    BOOST_TEST(service.counters().list == looks);
    live(70min);
    BOOST_TEST(service.counters().list == looks + 1);
    BOOST_TEST((row().state == CalendarState::Gone));
    BOOST_TEST(alarms() == 1);
    hidden = false;
    book("b", 11, 9);
    live(25h);
    BOOST_TEST((row().state == CalendarState::Active));
    BOOST_TEST(row().detail.empty());
    BOOST_TEST(service.count(href) == 3u);
    BOOST_TEST(alarms() == 1);
}

BOOST_AUTO_TEST_CASE(I11_what_was_missing_before_a_calendar_was_gone_is_not_missing_since_then) {
    book("a", 10, 9);
    book("b", 11, 9);
    live(10min);
    hidden = true;
    live(10min);
    BOOST_TEST((row().state == CalendarState::Gone));
    service.erase(*mirror("a").href);
    store.write([&](Writer& writer) {
        auto missing = *writer.mirror({"a"}, calendar);
        missing.missing_since = clock.now() - 2h;
        writer.put(missing);
    });
    hidden = false;
    clock.advance(24h);
    BOOST_TEST(seeing.run_pass(calendar).completed);
    BOOST_TEST((row().state == CalendarState::Active));
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
    live(30min);
    BOOST_TEST((appointment("a").state == AppointmentState::Cancelled));  // Shown by reads of its own.
    BOOST_TEST((appointment("b").state == AppointmentState::Confirmed));
}

BOOST_AUTO_TEST_CASE(F24_an_account_whose_secret_does_not_open_is_parked_with_one_alarm_until_it_does) {
    book("a", 10, 9);
    ShutFactory factory_of_host(factory);
    const auto started = [&] {
        auto engine_of_host = std::make_unique<Engine>(
            EngineParts{store, index, factory_of_host, zones, clock, random, keys, [](const std::string&) {}},
            Engine::Settings{}
        );
        engine_of_host->load();
        return engine_of_host;
    };
    const auto account = [&] { return calgate::read(store, [](const Reader& r) { return *r.account({"acc"}); }); };
    for (int start = 0; start < 2; ++start) {
        const auto host = started();
        BOOST_TEST((account().state == AccountState::Active));
        for (int i = 0; i < 3; ++i) host->run_pass(calendar);
        BOOST_TEST((account().state == AccountState::NeedsAttention));
        BOOST_TEST(account().detail.find("bring back the keys") != std::string::npos, account().detail);
        BOOST_TEST(alarms("account.attention") == 1);
    }
    factory_of_host.shut = false;
    BOOST_TEST(started()->run_pass(calendar).created == 1);
    BOOST_TEST((account().state == AccountState::Active));
    BOOST_TEST(account().detail.empty());
    factory_of_host.shut = true;
    started()->run_pass(calendar);
    BOOST_TEST(alarms("account.attention") == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
