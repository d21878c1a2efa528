#include <boost/test/unit_test.hpp>

#include "scheduler/audit_anchor.hpp"
#include "scheduler/purge.hpp"
#include "scheduler/restore.hpp"
#include "store/erase.hpp"
#include "tests/scheduler/small_business.hpp"

/// Erasing (I28), purging (I8) and what the markers know of the audit (I30), at a service in memory.
namespace calgate::testing {
namespace {

const std::string kNamed = "Quendolina Vexberger";

struct PrivateBusiness : SmallBusiness {
    void book_named(const std::string& id, int day, int hour) {
        Appointment wanted;
        wanted.id = {id};
        wanted.staff = {"anna"};
        wanted.start = at(day, hour);
        wanted.end = at(day, hour + 1);
        wanted.zone = "Europe/Berlin";
        wanted.customer = kNamed;
        wanted.title = "Cut of " + kNamed;
        wanted.notes = "Notes on " + kNamed;
        store.write([&](Writer& w) { place_appointment(w, wanted, {}, zones, clock.now(), "api", ""); });
    }
    std::vector<RemoteEvent> listed() {
        memory::MemoryConnector phone(service);
        return *list_calendar(phone, clock, href, {});
    }
    std::optional<Event> there(const Href& event) {
        memory::MemoryConnector phone(service);
        const auto found = phone.fetch_event({clock.steady() + std::chrono::seconds{60}, {}}, event);
        return found ? std::optional(found->event) : std::nullopt;
    }
    bool copies_name() {
        for (const RemoteEvent& event : listed()) {
            const auto sealed = open_capsule(event.event.capsule, keys);
            if (mentions(event.event.source, kNamed) || (sealed && sealed->customer == kNamed)) return true;
        }
        return false;
    }
    void begin() {
        store.write([&](Writer& w) { begin_erasure(w, erased_name(kNamed, keys.recovery_key), clock.now(), "api"); });
    }
    void go_on() { go_on_erasing({store, zones, clock, keys.recovery_key, {}}); }
    bool done() const {
        return calgate::read(store, [](const Reader& r) { return r.erasures().at(0).done; });
    }
    bool store_names() const {
        return calgate::read(store, [&](const Reader& r) {
            bool named = !r.customers().empty();
            for (const Mirror& m : r.mirrors_on(calendar))
                named = named || mentions(m.remote_text, kNamed) || (m.base && mentions(m.base->title, kNamed));
            for (const Conflict& c : r.conflicts(false))
                named = named || (c.theirs && mentions(c.theirs->title, kNamed));
            for (const Change& c : r.changes(0, 10'000)) {
                named = named || mentions(c.why, kNamed);
                for (const FieldChange& f : c.fields)
                    named = named || mentions(f.to, kNamed) || mentions(f.from, kNamed);
            }
            for (const CachedEvent& e : r.cached_events(calendar)) named = named || mentions(e.text, kNamed);
            return named;
        });
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(privacy, PrivateBusiness)

BOOST_AUTO_TEST_CASE(I28_a_copy_edited_on_the_phone_does_not_bring_the_name_back) {
    book_named("a", 10, 9);
    book("b", 11, 9);
    pass();
    service.edit(*mirror("a").href, [](Event& event) {
        event.master.title += ", late";
        event.master.start.local += std::chrono::hours{1};
        event.master.end.local += std::chrono::hours{1};
    });
    BOOST_REQUIRE(copies_name());
    begin();
    go_on();
    BOOST_TEST(!store_names());
    BOOST_TEST(!done());
    clock.advance(std::chrono::seconds{60});
    pass();  // Reads the edit before anything is written.
    BOOST_TEST(!store_names());
    clock.advance(std::chrono::seconds{60});
    pass();
    go_on();
    BOOST_TEST(done());
    BOOST_TEST(!copies_name());
    clock.advance(std::chrono::seconds{60});
    pass();
    BOOST_TEST(!store_names());
    BOOST_TEST(!copies_name());
    BOOST_TEST(appointment("a").title == "Busy");
    BOOST_TEST(appointment("b").title == "Cut b");
    BOOST_TEST(conflicts().empty());
}

BOOST_AUTO_TEST_CASE(I28_a_target_that_is_away_keeps_the_erasure_open) {
    book_named("a", 10, 9);
    pass();
    begin();
    service.fail_next({memory::Operation::Any, {ErrorCode::Unavailable, "away", {}}, false, -1});
    go_on();
    pass();
    go_on();
    BOOST_TEST(!done());
    store.read([](const Reader& r) { BOOST_TEST(copies_left(r, r.erasures().at(0)).size() == 1u); });
    service.clear_faults();
    for (int i = 0; i < 5 && !done(); ++i) {
        clock.advance(std::chrono::seconds{300});
        pass();
        go_on();
    }
    BOOST_TEST(done());
    BOOST_TEST(!copies_name());
}

BOOST_AUTO_TEST_CASE(I28_a_restore_brings_an_erased_customer_back_nameless) {
    book_named("a", 10, 9);
    book("b", 11, 9);
    pass();
    const auto listing = listed();  // A target that the erasure never reached.
    RestoreRequest request;
    request.recovery_key = keys.recovery_key;
    const RestorePlan plan = plan_restore(listing, request, zones);
    BOOST_REQUIRE(plan.possible());
    MapStore fresh;
    fresh.write([&](Writer& writer) {
        writer.put(Account{.id = {"acc"}, .kind = "memory", .url = "memory://host"});
        take_erasures(writer, {{erased_name(kNamed, keys.recovery_key), clock.now(), true, {}}});
    });
    const RestoreReport report = fill_store({fresh, zones, clock, random}, plan, row(), {});
    BOOST_TEST(report.created == 2);
    fresh.read([&](const Reader& reader) {
        BOOST_TEST(is_nameless(*reader.appointment({"a"})));
        BOOST_TEST(reader.appointment({"b"})->title == "Cut b");
        BOOST_TEST(reader.customers().empty());
        BOOST_TEST(reader.mirror({"a"}, calendar)->open());
        BOOST_TEST(reader.mirror({"a"}, calendar)->remote_text.empty());
        BOOST_TEST(awaits_erasure(reader, *reader.mirror({"a"}, calendar)));
        BOOST_TEST(!reader.erasures().at(0).done);
    });
}

BOOST_AUTO_TEST_CASE(I28_an_older_store_learns_from_the_marker_who_was_erased) {
    book_named("a", 10, 9);
    pass();
    auto manifest = *open_manifest(there(*row().marker)->capsule, keys.recovery_key);
    manifest.erased.push_back({erased_name(kNamed, keys.recovery_key), clock.now(), false, {}});
    service.edit(*row().marker, [&](Event& event) { event.capsule = seal_manifest(manifest, keys.recovery_key); });
    clock.advance(std::chrono::seconds{60});
    pass();
    go_on();
    clock.advance(std::chrono::seconds{60});
    pass();
    go_on();
    BOOST_TEST(done());
    BOOST_TEST(!copies_name());
    BOOST_TEST(!store_names());
}

BOOST_AUTO_TEST_CASE(I30_a_marker_that_has_seen_another_audit_is_noted_once) {
    book("a", 10, 9);
    pass();
    auto manifest = *open_manifest(there(*row().marker)->capsule, keys.recovery_key);
    BOOST_TEST(manifest.audit.sequence > 0);
    const auto noted = [&] {
        return calgate::read(store, [](const Reader& r) {
            int count = 0;
            for (const Change& change : r.changes(0, 1000)) count += change.kind == "audit.broken" ? 1 : 0;
            return count;
        });
    };
    clock.advance(std::chrono::seconds{60});
    pass();
    BOOST_TEST(noted() == 0);
    manifest.audit = {5000, "5000"};  // More than this store has: its tail was cut off.
    for (int i = 0; i < 2; ++i) {
        service.edit(*row().marker, [&](Event& event) {
            event.capsule = seal_manifest(manifest, keys.recovery_key);
            event.master.notes += " ";
        });
        clock.advance(std::chrono::seconds{60});
        pass();
        BOOST_TEST(noted() == 1);
    }
    manifest.business.epoch = "another life";
    store.read([&](const Reader& r) { BOOST_TEST(!anchor_trouble(r, manifest).has_value()); });
    manifest.business.epoch = "e1";
    manifest.audit = {1, "forged"};
    store.read([&](const Reader& r) {
        BOOST_TEST(anchor_trouble(r, manifest).value_or("").find("not the one that the marker") != std::string::npos);
    });
}

BOOST_AUTO_TEST_CASE(I8_a_purge_takes_our_copies_and_nothing_else) {
    for (int i = 0; i < 4; ++i) book("a" + std::to_string(i), 10 + i, 9);
    pass();
    service.put(href, foreign("private", 20, 9));
    Event duplicate = *there(*mirror("a0").href);
    duplicate.uid = {"duplicate"};
    duplicate.source.clear();
    service.put(href, duplicate);
    Event other = duplicate;
    other.uid = copy_name("b2", {"a1"}, calendar, 1);
    other.mark = write_mark({"e9", "b2", {"a1"}, 1, 1}, {std::string(32, 'x'), std::string(32, 'y')});
    service.put(href, other);
    const PurgePlan plan = plan_purge(listed(), {keys.recovery_key, {}});
    BOOST_TEST(plan.copies.size() == 4u, plan.sentence);
    BOOST_TEST(plan.markers.size() == 1u);
    BOOST_TEST(plan.foreign == 1);
    BOOST_TEST(plan.others == 1);
    BOOST_TEST(plan.duplicates == 1);
    BOOST_TEST(plan_purge(listed(), {std::string(32, 'z'), {}}).copies.empty());

    const Href kept = *mirror("a1").href;
    service.edit(*mirror("a2").href, [](Event& event) { event.master.title = "mine"; });  // After it was read.
    service.edit(kept, [](Event& event) { event.mark.clear(); });                         // Somebody made it theirs.
    memory::MemoryConnector connector(service);
    service.fail_next({memory::Operation::Delete, {ErrorCode::Timeout, "lost", {}}, true, 1});
    ListingOptions waiting;
    int waits = 0;
    waiting.wait = [&](const Error&, std::chrono::seconds) { return ++waits > 0; };
    const PurgeReport done = carry_out(plan, connector, clock, waiting);
    BOOST_TEST(done.deleted == 3);
    BOOST_TEST(done.left == 1);
    BOOST_TEST(waits == 1);
    BOOST_TEST(!done.stopped.has_value());
    BOOST_TEST(listed().size() == 5u);  // Theirs, the marker, private, the duplicate, the other business's.
    BOOST_TEST(there(kept).has_value());
    // Run again without it: the marker goes last.
    service.erase(kept);
    const PurgePlan rest = plan_purge(listed(), {keys.recovery_key, {}});
    BOOST_TEST(rest.copies.empty());
    BOOST_TEST(carry_out(rest, connector, clock, waiting).deleted == 1);
    BOOST_TEST(listed().size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
