#include <boost/test/unit_test.hpp>

#include "tests/scheduler/notifying_business.hpp"
#include "tests/scheduler/refusing_store.hpp"

namespace calgate {
namespace {

using namespace testing;
using namespace std::chrono_literals;

struct IndexStage : SmallBusiness {
    std::vector<BusyInterval> shown(const std::string& staff = "anna") const {
        const auto told = index.told({staff}, calendar.value);
        return told ? told->all() : std::vector<BusyInterval>{};
    }
    std::vector<BusyInterval> stored() const {
        std::vector<BusyInterval> out;
        for (const auto& event : calgate::read(store, [&](const Reader& r) { return r.cached_events(calendar); }))
            if (!event.appointment) out.insert(out.end(), event.busy.begin(), event.busy.end());
        std::sort(out.begin(), out.end());
        return out;
    }
    void write_events(int count, const char* name) {
        for (int i = 0; i < count; ++i) service.put(href, foreign(name + std::to_string(i), 5 + i % 20, 8));
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(busy_change, IndexStage)

BOOST_AUTO_TEST_CASE(the_index_says_what_the_store_holds_after_each_run) {
    std::vector<Href> events;
    std::mt19937 draw(5);
    for (int run = 0; run < 150; ++run) {
        for (int change = 0; change < 3; ++change) {
            const int day = 3 + static_cast<int>(draw() % 25), hour = static_cast<int>(draw() % 23);
            const auto kind = draw() % 4;
            if (kind < 2 || events.empty()) {
                Event event = foreign("e" + std::to_string(run) + "-" + std::to_string(change), day, hour);
                if (draw() % 5 == 0) event.master.end = {When::Kind::Zoned, at(day, hour) + 24h * 40, "Europe/Berlin"};
                events.push_back(service.put(href, event));
            } else if (kind == 2) {
                service.edit(events[draw() % events.size()], [&](Event& event) {
                    event.master.start.local = at(day, hour);
                    event.master.end.local = at(day, hour) + 30min;
                });
            } else {
                std::swap(events[draw() % events.size()], events.back());
                service.erase(events.back());
                events.pop_back();
            }
        }
        BOOST_REQUIRE(pass().completed);
        BOOST_REQUIRE_MESSAGE(shown() == stored(), "run " << run);
    }
    BOOST_TEST(!shown().empty());
}

BOOST_AUTO_TEST_CASE(a_change_beside_a_retold_calendar_is_there_once) {
    write_events(1, "first");
    pass();
    // Somebody tells the calendar's busy time anew between a page's commit and the end of the run.
    struct Retelling final : ConnectorFactory {
        IndexStage& stage;
        FakePush push{};
        int pages = 0;
        const std::function<void()> retell = [this] {
            ++pages;
            stage.index.set_source({"anna"}, {stage.calendar.value, {}, {}}, stage.stored());
        };
        explicit Retelling(IndexStage& on) : stage(on) {}
        Result<std::unique_ptr<Connector>> open(const Account&) override {
            return std::unique_ptr<Connector>(std::make_unique<NotifyingConnector>(stage.service, push, retell));
        }
    } factory_here(*this);
    Engine other{{store, index, factory_here, zones, clock, random, keys, [](const std::string&) {}}, {}};
    write_events(3, "second");
    service.set_page_size(1);
    BOOST_REQUIRE(other.run_pass(calendar).completed);
    BOOST_TEST(factory_here.pages >= 3);
    BOOST_TEST(shown().size() == 4u);
    BOOST_TEST((shown() == stored()));
}

BOOST_AUTO_TEST_CASE(a_first_read_of_a_large_calendar_is_told_whole) {
    write_events(6'000, "many");
    BOOST_REQUIRE(pass().completed);
    BOOST_TEST(shown().size() == 6'000u);
    BOOST_TEST((shown() == stored()));
}

BOOST_AUTO_TEST_CASE(what_was_committed_before_the_store_refused_is_offered_no_more_I16) {
    RefusingStore refusing(store);
    Engine other{{refusing, index, factory, zones, clock, random, keys, [](const std::string&) {}}, {}};
    other.load();
    BOOST_REQUIRE(other.run_pass(calendar).completed);
    write_events(2, "new");
    service.set_page_size(1);
    // The first page is committed; the second meets a store that refuses.
    refusing.refuse_after(1);
    BOOST_CHECK_THROW(other.run_pass(calendar), StoreFailure);
    BOOST_TEST(calgate::read(refusing, [&](const Reader& r) { return r.cached_events(calendar).size(); }) == 1u);
    refusing.refuse_after(0);
    other.run_due();
    BOOST_TEST(shown().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_calendar_that_is_given_to_another_person_blocks_that_one_I16) {
    write_events(2, "dentist");
    BOOST_REQUIRE(pass().completed);
    store.write([&](Writer& writer) {
        writer.put(Staff{.id = {"ben"}, .name = "Ben", .zone = "Europe/Berlin"});
        auto row = *writer.calendar(calendar);
        row.staff = {"ben"};
        writer.put(row);
    });
    index.set_person({.id = {"ben"}, .name = "Ben", .zone = "Europe/Berlin"});
    index.remove_source({"anna"}, calendar.value);
    BOOST_REQUIRE(pass().completed);
    BOOST_TEST((shown("ben") == stored()));
    BOOST_TEST(shown("anna").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
