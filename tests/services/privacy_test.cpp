#include <boost/test/data/test_case.hpp>

#include "scheduler/purge.hpp"
#include "store/erase.hpp"
#include "tests/services/salon.hpp"

/// Erasing a customer (I28) and purging a target, alike for each service.
namespace calgate::testing {

namespace data = boost::unit_test::data;

namespace {

const std::string kName = "Quendolina Vexberger";

}  // namespace

struct Private : Salon {
    explicit Private(const std::string& name) : Salon(name) {}

    void book_for(const std::string& id, LocalSeconds start, const std::string& customer) {
        Appointment wanted;
        wanted.id = {id};
        wanted.staff = {"anna"};
        wanted.start = start;
        wanted.end = start + 1h;
        wanted.zone = "Europe/Berlin";
        wanted.title = "Cut of " + customer;
        wanted.place = "Home of " + customer;
        wanted.customer = customer;
        wanted.notes = "Notes on " + customer;
        const auto result = calgate::write(store, [&](Writer& w) {
            return place_appointment(w, wanted, {}, zones, clock.now(), "api", "");
        });
        engine->wake(result.targets);
    }
    std::vector<RemoteEvent> listed() {
        ListingOptions options;
        const auto all = list_calendar(*phone, clock, service->calendar(), options);
        BOOST_REQUIRE_MESSAGE(all.has_value(), (all ? "" : all.error().detail));
        return *all;
    }
    EraseParts parts() { return {store, zones, clock, keys.recovery_key, {}}; }
    void go_on() { engine->wake(go_on_erasing(parts())); }
    Erasure erasure() const {
        return calgate::read(store, [](const Reader& r) { return r.erasures().at(0); });
    }
    /// Copies that still say the name, in the clear or sealed.
    int copies_naming() {
        int count = 0;
        for (const RemoteEvent& event : events()) {
            const auto sealed = open_capsule(event.event.capsule, keys);
            const bool inside = sealed && (sealed->customer == kName || sealed->notes.find(kName) != std::string::npos);
            count += inside || mentions(event.event.source, kName) ? 1 : 0;
        }
        return count;
    }
    bool store_names() const {
        return calgate::read(store, [&](const Reader& r) {
            bool named = !r.customers().empty() && r.customers().front() == kName;
            for (const Mirror& m : r.mirrors_on(calendar))
                named = named || mentions(m.remote_text, kName) ||
                        (m.base && m.base->title.find(kName) != m.base->title.npos);
            for (const Conflict& c : r.conflicts(false))
                named = named || (c.theirs && c.theirs->title.find(kName) != c.theirs->title.npos);
            for (const Change& c : r.changes(0, 10'000))
                for (const FieldChange& f : c.fields)
                    named = named || f.to.find(kName) != f.to.npos || f.from.find(kName) != f.from.npos;
            for (const CachedEvent& e : r.cached_events(calendar)) named = named || mentions(e.text, kName);
            return named;
        });
    }
    /// A person makes an event of their own out of a copy.
    void duplicate(const RemoteEvent& copy, const std::string& uid) {
        Event event = copy.event;
        event.uid = {uid};
        event.source.clear();
        BOOST_REQUIRE(phone->create_event(context(), service->calendar(), event).has_value());
    }
};

BOOST_AUTO_TEST_SUITE(privacy)

BOOST_DATA_TEST_CASE(I28_copies_of_an_erased_customer_are_rewritten, data::make(kServices), name) {
    Private salon(name);
    salon.book_for("a", salon.at(10, 9), kName);
    salon.book_for("b", salon.at(11, 9), "Somebody");
    salon.run(30s);
    salon.edit("a", [](EventInstance& master) { master.title += ", late"; });  // Not read yet.
    BOOST_REQUIRE(salon.copies_naming() == 1);
    salon.store.write([&](Writer& writer) {
        begin_erasure(writer, erased_name(kName, salon.keys.recovery_key), salon.clock.now(), "api");
    });
    salon.go_on();
    BOOST_TEST(!salon.store_names());
    BOOST_TEST(!salon.erasure().done);
    salon.run(180s, 5s);
    salon.go_on();
    BOOST_TEST(salon.erasure().done);
    BOOST_TEST(salon.copies_naming() == 0);
    salon.run(180s, 5s);
    BOOST_TEST(!salon.store_names());
    BOOST_TEST(salon.copies_naming() == 0);
    BOOST_TEST(salon.appointment("a").title == "Busy");
    BOOST_TEST((salon.appointment("a").start == salon.at(10, 9)));
    BOOST_TEST((salon.appointment("a").state == AppointmentState::Confirmed));
    BOOST_TEST(salon.appointment("b").customer == "Somebody");
    BOOST_TEST(salon.events().size() == 2u);
    BOOST_TEST(salon.service->mails() == 0);
}

BOOST_DATA_TEST_CASE(I8_a_purge_takes_our_copies_and_nothing_else, data::make(kServices), name) {
    Private salon(name);
    for (int i = 0; i < 4; ++i) salon.book("a" + std::to_string(i), salon.at(10 + i, 9));
    salon.run(30s);
    salon.block("private", salon.at(20, 9));
    const auto copies = salon.events();
    salon.duplicate(copies.front(), "duplicate");
    Event other = copies.back().event;
    const Keys others{std::string(32, 'x'), std::string(32, 'y')};
    other.uid = copy_name("b2", {"a1"}, {"anna"}, 1);
    other.source.clear();
    other.mark = write_mark({"e9", "b2", {"a1"}, 1, 1}, others);
    BOOST_REQUIRE(salon.phone->create_event(salon.context(), salon.service->calendar(), other).has_value());

    // Nothing but the recovery key is known.
    const PurgePlan plan = plan_purge(salon.listed(), {salon.keys.recovery_key, {}});
    BOOST_TEST(plan.copies.size() == 4u, plan.sentence);
    BOOST_TEST(plan.markers.size() == 1u);
    BOOST_TEST(plan.foreign == 1);
    BOOST_TEST(plan.others == 1);
    BOOST_TEST(plan.duplicates == 1);
    BOOST_TEST(plan_purge(salon.listed(), {std::string(32, 'z'), {}}).copies.empty());

    salon.edit("a2", [](EventInstance& master) { master.title = "mine"; });  // After it was read.
    const PurgeReport done = carry_out(plan, *salon.phone, salon.clock, {});
    BOOST_TEST(done.deleted == 5);
    BOOST_TEST(done.left == 0);
    BOOST_TEST(!done.stopped.has_value());
    const auto left = salon.listed();
    BOOST_TEST(left.size() == 3u);
    for (const RemoteEvent& event : left) BOOST_TEST(!is_ours_to_purge(event, plan));
    BOOST_TEST(plan_purge(left, {salon.keys.recovery_key, {}}).copies.empty());
    BOOST_TEST(salon.service->mails() == 0);
}

BOOST_AUTO_TEST_CASE(a_purge_leaves_what_somebody_made_theirs_meanwhile_and_the_marker_with_it) {
    Private salon("caldav");
    for (int i = 0; i < 3; ++i) salon.book("a" + std::to_string(i), salon.at(10 + i, 9));
    salon.run(30s);
    const PurgePlan plan = plan_purge(salon.listed(), {salon.keys.recovery_key, {}});
    auto held = salon.phone->fetch_event(salon.context(), *salon.mirror("a1").href);
    held->event.mark.clear();
    held->event.capsule.clear();
    BOOST_REQUIRE(salon.phone->update_event(salon.context(), held->href, *held->version, held->event).has_value());
    const PurgeReport done = carry_out(plan, *salon.phone, salon.clock, {});
    BOOST_TEST(done.deleted == 2);
    BOOST_TEST(done.left == 1);
    BOOST_TEST(salon.listed().size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
