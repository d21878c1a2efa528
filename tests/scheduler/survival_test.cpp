#include "core/survival.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/carrier.hpp"
#include "scheduler/sync_pass.hpp"
#include "tests/scheduler/habitual_connector.hpp"

namespace bdata = boost::unit_test::data;

namespace calgate::testing {
namespace {

struct Probing : SmallBusiness {
    Habits habits{};
    HabitualFactory habitual{service, habits};
    std::unique_ptr<Engine> trying = started();

    std::unique_ptr<Engine> started() {
        Engine::Settings settings;
        settings.survival_probe = true;
        return std::make_unique<Engine>(
            EngineParts{store, index, habitual, zones, clock, random, keys, [](const std::string&) {}}, settings
        );
    }
    PassReport try_pass() { return trying->run_pass(calendar); }
    std::optional<Survival> kept() const {
        return read_survival(calgate::read(store, [&](const Reader& r) {
            return r.setting(survival_setting(calendar)).value_or("");
        }));
    }
    std::size_t busy_intervals() const {
        return calgate::read(store, [&](const Reader& r) { return r.busy_time(calendar); }).size();
    }
    /// Nothing of the gateway is there but what should be.
    void expect_clean(std::size_t events) const {
        BOOST_TEST(service.count(href) == events);
        for (const auto& event : service.events(href)) BOOST_TEST(event.event.master.title != "calgate probe");
    }
};

struct Row {
    const char* name;
    Habits habits;
    Survival want;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

constexpr auto kGiven = VersionNews::Given;
constexpr auto kYes = NameReuse::Yes;
constexpr auto kProperties = Carrier::Properties, kNotes = Carrier::Notes;
// clang-format off
const Row kRows[] = {
    {"keeps everything", {}, {kProperties, 24'000, true, kGiven, kYes}},
    {"cuts long properties", {.capsule_limit = 10'000}, {kProperties, 8'000, true, kGiven, kYes}},
    {"refuses long properties", {.capsule_limit = 3'000, .refuses_long = true}, {kProperties, 2'000, true, kGiven, kYes}},
    {"keeps no capsule", {.capsule_limit = 100}, {kNotes, 24'000, true, kGiven, kYes}},
    {"drops properties", {.drops_mark = true}, {kNotes, 24'000, true, kGiven, kYes}},
    {"drops properties, cuts notes", {.drops_mark = true, .notes_limit = 3'000}, {kNotes, 2'000, true, kGiven, kYes}},
    {"keeps the mark alone", {.capsule_limit = 100, .notes_limit = 300}, {kProperties, 0, true, kGiven, kYes}},
    {"keeps nothing", {.drops_mark = true, .notes_limit = 20}, {Carrier::None, 0, true, kGiven, kYes}},
    {"knows no free time", {.forgets_free = true}, {kProperties, 24'000, false, kGiven, kYes}},
    {"says no version", {.no_version = true}, {kProperties, 24'000, true, VersionNews::Missing, kYes}},
    {"says a wrong version", {.wrong_version = true}, {kProperties, 24'000, true, VersionNews::Misleading, kYes}},
    {"burns names", {.burns_names = true}, {kProperties, 24'000, true, kGiven, NameReuse::No}},
    {"takes any version", {.takes_any_version = true}, {kProperties, 24'000, true, kGiven, kYes, false}},
};
// clang-format on

}  // namespace

BOOST_FIXTURE_TEST_SUITE(survival, Probing)

BOOST_DATA_TEST_CASE(a_new_target_is_tried_out_and_left_as_it_was, bdata::make(kRows), row) {
    habits = row.habits;
    service.put(href, foreign("theirs", 12, 9));
    const auto before = service.events(href);
    try_pass();
    BOOST_REQUIRE(kept().has_value());
    BOOST_TEST(write_survival(*kept()) == write_survival(row.want));
    BOOST_TEST((kept() == row.want));
    expect_clean(1);
    BOOST_TEST((service.events(href).front().version == before.front().version));
    BOOST_TEST(!described(row.want).empty());
    const auto calls = service.counters().create;
    try_pass();
    BOOST_TEST(service.counters().create == calls);  // Once is enough.
}

BOOST_AUTO_TEST_CASE(a_calendar_that_drops_the_mark_gets_no_copies_I8) {
    habits.drops_mark = true;
    habits.notes_limit = 20;
    book("a", 12, 9);
    try_pass();
    BOOST_TEST((row().state == CalendarState::ReadOnly));
    BOOST_TEST(row().detail.find("choose another calendar") != std::string::npos);
    expect_clean(0);
}

BOOST_AUTO_TEST_CASE(a_calendar_that_drops_properties_gets_mark_and_capsule_in_the_notes) {
    habits.drops_mark = true;
    book("a", 12, 9);
    BOOST_TEST(try_pass().created == 1);
    BOOST_TEST(mirror("a").open() == false);
    BOOST_TEST(cached() == 0u);  // It is known as a copy, not as a foreign event.
    const Href copy = *mirror("a").href;
    for (const auto& event : service.events(href)) BOOST_TEST(event.event.mark.empty());

    // A person changes it on the phone, and the business changes it again.
    service.edit(copy, [](Event& event) { event.master.title = "Changed"; });
    BOOST_TEST(try_pass().taken == 1);
    BOOST_TEST(appointment("a").title == "Changed");
    service.edit(copy, [](Event& event) { event.master.notes = "Bring the dog\n" + event.master.notes; });
    try_pass();
    BOOST_TEST(appointment("a").notes == "Bring the dog");
    Appointment wanted = appointment("a");
    wanted.notes = "No dog";
    calgate::write(store, [&](Writer& w) {
        return place_appointment(w, wanted, wanted.revision, zones, clock.now(), "api", "test");
    });
    try_pass();
    for (const auto& event : service.events(href)) {
        if (event.href != copy) continue;
        BOOST_TEST(event.event.master.notes.starts_with("No dog\n"));
        BOOST_TEST(event.event.master.notes.find("dog", 8) == std::string::npos);
    }
    BOOST_TEST(try_pass().updated == 0);  // Nothing is written for ever.
    const auto found = trying->verify(calendar);
    BOOST_TEST(found.same == 1);
    BOOST_TEST(found.findings.empty());
}

/// I10: the service lets both through, so we look before we write.
BOOST_DATA_TEST_CASE_F(
    Probing, a_calendar_that_takes_any_version_loses_no_edit_of_a_person, bdata::make({false, true}), together
) {
    habits.takes_any_version = true;
    habits.writes_together = together;
    book("a", 12, 9);
    book("b", 12, 11);
    try_pass();
    try_pass();
    BOOST_REQUIRE(kept().has_value());
    BOOST_TEST(!kept()->checks_versions);
    BOOST_TEST(described(*kept()).find("preceded by a reading") != std::string::npos);
    // After our last reading, before our writing.
    service.edit(*mirror("a").href, [](Event& event) { event.master.place = "Room 7"; });
    for (const char* id : {"a", "b"}) {
        Appointment wanted = appointment(id);
        wanted.title = "Colouring";
        calgate::write(store, [&](Writer& w) {
            return place_appointment(w, wanted, wanted.revision, zones, clock.now(), "api", "test");
        });
    }
    HabitualConnector connector(service, habits, habitual.burnt);
    Engine::Settings settings;
    settings.survival_probe = true;
    const EngineParts parts{store, index, habitual, zones, clock, random, keys, [](const std::string&) {}};
    SyncPass::Options only_writes;
    only_writes.pull = false;
    SyncPass(parts, settings, connector, calendar, only_writes).run();
    try_pass();
    BOOST_TEST(appointment("a").place == "Room 7");
    BOOST_TEST(appointment("a").title == "Colouring");
    for (const auto& event : service.events(href)) {
        if (event.href == *mirror("a").href) BOOST_TEST(event.event.master.place == "Room 7");
    }
}

BOOST_AUTO_TEST_CASE(a_short_capsule_stops_no_copies) {
    habits.capsule_limit = 2'500;
    book("a", 12, 9);
    BOOST_TEST(try_pass().created == 1);
    BOOST_TEST((row().state == CalendarState::Active));
}

BOOST_AUTO_TEST_CASE(only_targets_are_tried_out) {
    store.write([&](Writer& writer) {
        auto calendar_row = *writer.calendar(calendar);
        calendar_row.mirror = false;
        writer.put(calendar_row);
    });
    try_pass();
    BOOST_TEST(!kept().has_value());
    BOOST_TEST(service.counters().create == 0);
}

BOOST_AUTO_TEST_CASE(what_a_killed_run_left_is_removed_by_the_next_and_never_busy_F33) {
    habits.dies_after_create = true;
    BOOST_CHECK_THROW(try_pass(), StoreFailure);
    BOOST_TEST(service.count(href) == 1u);
    habits.dies_after_create = false;
    trying = started();
    BOOST_TEST(try_pass().completed);
    expect_clean(0);
    BOOST_TEST(cached() == 0u);
    BOOST_TEST(busy_intervals() == 0u);
    BOOST_TEST(kept().has_value());
}

BOOST_AUTO_TEST_CASE(a_probe_that_nobody_remembers_is_known_by_its_mark_or_its_name) {
    try_pass();
    const Business business = calgate::read(store, [](const Reader& r) { return *r.business(); });
    Event marked = survival_probe(business, calendar, 7, 10, keys);
    Event named = survival_probe(business, calendar, 1, 10, keys);
    named.mark.clear();
    named.capsule.clear();
    named.master.transparency = Transparency::Opaque;
    service.put(href, marked);
    service.put(href, named);
    BOOST_TEST(service.count(href) == 2u);
    BOOST_TEST(try_pass().completed);
    expect_clean(0);
    BOOST_TEST(cached() == 0u);
}

BOOST_AUTO_TEST_CASE(an_event_of_a_person_with_that_title_is_not_touched_I8) {
    Event theirs = foreign("theirs", 12, 9);
    theirs.master.title = "calgate probe";
    theirs.master.notes = "calgate-probe somebody else's";
    service.put(href, theirs);
    try_pass();
    try_pass();
    BOOST_TEST(service.count(href) == 1u);
    BOOST_TEST(cached() == 1u);
    BOOST_TEST(busy_intervals() == 1u);
}

BOOST_AUTO_TEST_CASE(reads_that_lag_leave_nothing_behind_F11) {
    habits.reads_lag = true;
    try_pass();
    BOOST_TEST(!kept().has_value());
    habits.reads_lag = false;
    try_pass();
    try_pass();
    expect_clean(0);
    BOOST_TEST(kept().has_value());
}

BOOST_AUTO_TEST_CASE(the_event_that_reads_do_not_show_yet_is_read_again_and_not_written_again_F11) {
    habits.blind_reads = 3;
    book("a", 12, 9);
    for (int pass = 0; pass < 4; ++pass, clock.advance(std::chrono::seconds{10})) {
        BOOST_TEST(!kept().has_value());
        try_pass();
    }
    BOOST_REQUIRE(kept().has_value());
    BOOST_TEST(write_survival(*kept()) == write_survival({kProperties, 24'000, true, kGiven, kYes}));
    BOOST_TEST(mirror("a").confirmed == 1);
    BOOST_TEST(service.counters().create == 4, "the probe, its name again, the marker and the copy");
    expect_clean(2);
}

BOOST_AUTO_TEST_CASE(an_event_that_is_never_shown_gives_way_to_the_next_after_the_window) {
    habits.reads_lag = true;
    for (int pass = 0; pass < 20; ++pass, clock.advance(std::chrono::minutes{1})) try_pass();
    BOOST_TEST(service.counters().create == 2);
    habits.reads_lag = false;
    for (int pass = 0; pass < 3; ++pass) try_pass();
    BOOST_TEST(kept().has_value());
    clock.advance(std::chrono::hours{25});  // The next full listing names whatever is there.
    try_pass();
    expect_clean(0);
}

BOOST_AUTO_TEST_CASE(a_calendar_that_takes_no_event_of_that_day_still_gets_copies) {
    habits.no_events_then = true;
    book("a", 12, 9);
    BOOST_TEST(try_pass().created == 1);
    BOOST_TEST(!kept().has_value());
}

BOOST_AUTO_TEST_CASE(an_outage_puts_it_off) {
    service.set_outage(Error{ErrorCode::Unavailable, "Away.", {}});
    book("a", 12, 9);
    try_pass();
    service.set_outage(std::nullopt);
    BOOST_TEST(try_pass().created == 1);
    BOOST_TEST(kept().has_value());
    expect_clean(2);  // The copy and the marker.
}

BOOST_AUTO_TEST_CASE(a_text_that_another_version_wrote_counts_for_nothing) {
    for (const char* text :
         {"",
          "2 carrier=notes",
          "1 carrier=notes capsule=x version=given reuse=yes",
          "1 capsule=5",
          "1 carrier=notes capsule=5 transparency=yes version=odd reuse=yes"})
        BOOST_TEST(!read_survival(text).has_value());
}

BOOST_AUTO_TEST_CASE(a_sign_in_is_tried_three_times_apart_and_then_waits_for_a_person_R16_F24) {
    habits.sign_in_tries = 3;
    try_pass();
    const auto state = [&] { return calgate::read(store, [](const Reader& r) { return r.account({"acc"})->state; }); };
    const auto calls = [&] { return service.counters().total(); };
    service.set_outage(Error{ErrorCode::Unauthorized, "Refused.", {}});
    const auto before = calls();
    for (int refusal = 1; refusal <= 3; ++refusal) {
        BOOST_TEST((state() == AccountState::Active));
        const auto first = try_pass();
        BOOST_TEST(calls() == before + refusal);
        if (refusal == 3) break;
        BOOST_TEST((first.error.value().retry_after.value() >= std::chrono::seconds{30}));
        // Whoever asks at once does not reach the service.
        trying = started();
        BOOST_TEST((try_pass().error.value().code == ErrorCode::Unauthorized));
        BOOST_TEST(calls() == before + refusal);
        clock.advance(std::chrono::seconds{61});
    }
    BOOST_TEST((state() == AccountState::NeedsAttention));
}

BOOST_AUTO_TEST_CASE(a_refusal_that_passes_is_forgotten_R16) {
    habits.sign_in_tries = 3;
    for (int round = 0; round < 4; ++round) {
        service.set_outage(Error{ErrorCode::Unauthorized, "Refused.", {}});
        try_pass();
        service.set_outage(std::nullopt);
        clock.advance(std::chrono::seconds{61});
        BOOST_TEST(try_pass().completed);
    }
    BOOST_TEST((calgate::read(store, [](const Reader& r) { return r.account({"acc"})->state; }) == AccountState::Active)
    );
}

BOOST_AUTO_TEST_CASE(a_new_sign_in_starts_counting_anew_R16) {
    habits.sign_in_tries = 3;
    service.set_outage(Error{ErrorCode::Unauthorized, "Refused.", {}});
    try_pass();
    clock.advance(std::chrono::seconds{61});
    try_pass();
    store.write([](Writer& writer) {
        auto account = *writer.account({"acc"});
        ++account.sign_ins;
        writer.put(account);
    });
    try_pass();
    BOOST_TEST((calgate::read(store, [](const Reader& r) { return r.account({"acc"})->state; }) == AccountState::Active)
    );
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
