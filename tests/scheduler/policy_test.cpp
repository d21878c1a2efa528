#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <ostream>

#include "tests/scheduler/small_business.hpp"

using namespace std::chrono_literals;
namespace bdata = boost::unit_test::data;

namespace calgate::testing {
namespace {

/// Anna has a second calendar, from which her busy time is read; "a" and "b" have copies that were read back.
struct TwoCalendars : SmallBusiness {
    explicit TwoCalendars(Policies policies = {}) {
        Engine::Settings settings;
        settings.policies = std::move(policies);
        chosen.emplace(
            EngineParts{store, index, factory, zones, clock, random, keys, [](const std::string&) {}}, settings
        );
        store.write([&](Writer& writer) {
            Calendar second = row();
            second.id = other;
            second.href = private_href;
            second.name = "Private";
            second.mirror = false;
            writer.put(second);
        });
        chosen->load();
        book("a", 10, 9);
        book("b", 11, 9);
        rounds(2);
    }
    void rounds(int count) {
        for (int i = 0; i < count; ++i, clock.advance(60s)) {
            chosen->run_pass(calendar);
            chosen->run_pass(other);
        }
    }
    /// What copies show is set, and all are written so.
    void show(CopyDetail detail) {
        store.write([&](Writer& writer) {
            Calendar shown = row();
            shown.copy_detail = detail;
            writer.put(shown);
            for (auto mirror : writer.mirrors_on(shown.id)) {
                mirror.confirmed = 0;
                writer.put(mirror);
            }
        });
        rounds(2);
    }
    std::string text_of(const std::string& id) {
        for (const auto& event : service.events(href))
            if (event.href == *mirror(id).href) return event.event.source;
        return {};
    }
    /// As a phone does it: the same event, there and no longer here.
    void drag(const std::string& id) {
        service.put_text(private_href, mirror(id).uid.value + ".ics", text_of(id));
        service.erase(*mirror(id).href);
    }
    int restored(const std::string& id) const {
        return static_cast<int>(calgate::read(store, [&](const Reader& r) {
            auto all = r.changes_about(id, 100);
            std::erase_if(all, [](const Change& c) { return c.kind != "copy.restored"; });
            return all.size();
        }));
    }
    /// Decided conflicts that keep this title of a calendar.
    int overruled(const std::string& title) const {
        return static_cast<int>(calgate::read(store, [&](const Reader& r) {
            auto all = r.conflicts(false);
            std::erase_if(all, [&](const Conflict& c) {
                return c.state != ConflictState::ResolvedOurs || !c.theirs || c.theirs->title != title;
            });
            return all.size();
        }));
    }
    std::size_t busy_at(int day, int hour) const {
        const Instant from = zones.to_instant({When::Kind::Zoned, at(day, hour), "Europe/Berlin"}, "UTC");
        return busy_within(*index.person({"anna"}), {from, from + 1h}).size();
    }

    Href private_href = service.add_calendar("Private");
    CalendarId other{"private"};
    std::optional<Engine> chosen{};
};

struct AwayRow {
    const char* name;
    MovedAwayPolicy policy;
    AppointmentState state;
    std::size_t copies;  ///< Of "a" in its calendar, the marker and "b" aside.
    std::size_t asked;
    int restored;
};
std::ostream& operator<<(std::ostream& out, const AwayRow& row) { return out << row.name; }

// clang-format off
const AwayRow kAway[] = {
    {"restore",  MovedAwayPolicy::Restore,  AppointmentState::Confirmed, 1, 0, 1},
    {"ask",      MovedAwayPolicy::Ask,      AppointmentState::Confirmed, 0, 1, 0},
    {"hide",     MovedAwayPolicy::Hide,     AppointmentState::Confirmed, 0, 0, 0},
    {"deletion", MovedAwayPolicy::Deletion, AppointmentState::Cancelled, 0, 0, 0},
};
// clang-format on

Policies moved_away(MovedAwayPolicy policy) {
    Policies out;
    out.moved_away = policy;
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(policies)

BOOST_DATA_TEST_CASE(a_copy_moved_to_another_calendar_of_its_person, bdata::make(kAway), row) {
    TwoCalendars stage(moved_away(row.policy));
    stage.drag("a");
    stage.rounds(4);
    BOOST_TEST((stage.appointment("a").state == row.state));
    BOOST_TEST(stage.service.count(stage.href) == 2 + row.copies);
    BOOST_TEST(stage.conflicts().size() == row.asked);
    BOOST_TEST(stage.restored("a") == row.restored);
    // The event that its owner now has elsewhere stays in any case (I8).
    BOOST_TEST(stage.service.count(stage.private_href) == 1u);
}

BOOST_AUTO_TEST_CASE(a_deletion_is_one_when_no_other_calendar_has_the_event) {
    TwoCalendars stage;
    stage.service.erase(*stage.mirror("a").href);
    stage.rounds(1);
    BOOST_TEST((stage.appointment("a").state == AppointmentState::Cancelled));
    BOOST_TEST(stage.restored("a") == 0);
}

BOOST_AUTO_TEST_CASE(a_copy_moved_into_another_account_is_found_once_that_was_read) {
    TwoCalendars stage;
    stage.store.write([&](Writer& writer) {
        writer.put(Account{.id = {"second"}, .kind = "memory", .url = "memory://other"});
        Calendar calendar = *writer.calendar(stage.other);
        calendar.account = {"second"};
        writer.put(calendar);
    });
    stage.drag("a");
    stage.chosen->run_pass(stage.other);
    stage.rounds(2);
    BOOST_TEST((stage.appointment("a").state == AppointmentState::Confirmed));
    BOOST_TEST(stage.restored("a") == 1);
}

BOOST_AUTO_TEST_CASE(a_copy_moved_onto_another_appointment_is_put_back) {
    Policies policies;
    policies.moved_onto = MovedOntoPolicy::PutBack;
    TwoCalendars stage(policies);
    stage.service.edit(*stage.mirror("a").href, [](Event& event) {
        event.master.start.local += 24h;
        event.master.end.local += 24h;
    });
    stage.rounds(2);
    BOOST_TEST((stage.appointment("a").start == SmallBusiness::at(10, 9)));
    BOOST_TEST(stage.conflicts().empty());
    BOOST_TEST(stage.restored("a") == 1);
    BOOST_TEST(stage.chosen->verify(stage.calendar).findings.empty());
    const auto all = calgate::read(stage.store, [](const Reader& r) { return r.conflicts(false); });
    BOOST_REQUIRE(all.size() == 1u);
    BOOST_TEST((all[0].kind == ConflictKind::MovedOntoAnother));
    BOOST_TEST((all[0].theirs->start.local == SmallBusiness::at(11, 9)));
}

BOOST_AUTO_TEST_CASE(a_duplicate_blocks_its_owners_time_unless_it_is_to_be_free) {
    for (const auto policy : {DuplicatePolicy::Busy, DuplicatePolicy::Free}) {
        Policies policies;
        policies.duplicates = policy;
        TwoCalendars stage(policies);
        std::string text = stage.text_of("a");
        const std::string uid = stage.mirror("a").uid.value;
        text.replace(text.find(uid), uid.size(), "duplicate");
        const auto day = text.find("20260310T");
        BOOST_REQUIRE(day != std::string::npos);
        for (auto at = day; at != std::string::npos; at = text.find("20260310T", at)) text.replace(at, 9, "20260312T");
        stage.service.put_text(stage.href, "duplicate.ics", text);
        stage.rounds(2);
        BOOST_TEST(stage.service.count(stage.href) == 4u);
        BOOST_TEST(stage.busy_at(12, 9) == (policy == DuplicatePolicy::Busy ? 1u : 0u));
    }
}

BOOST_AUTO_TEST_CASE(a_mask_that_was_edited_is_written_again_where_the_policy_says_so) {
    for (const auto policy : {MaskedEditPolicy::Keep, MaskedEditPolicy::PutBack}) {
        Policies policies;
        policies.masked_edits = policy;
        TwoCalendars stage(policies);
        stage.show(CopyDetail::kBusy);
        stage.service.edit(*stage.mirror("a").href, [](Event& event) { event.master.title = "Lunch"; });
        stage.rounds(3);
        const bool stays = stage.text_of("a").find("SUMMARY:Lunch") != std::string::npos;
        BOOST_TEST(stays == (policy == MaskedEditPolicy::Keep));
        BOOST_TEST(stage.appointment("a").title == "Cut a");
        BOOST_TEST(stage.overruled("Lunch") == (policy == MaskedEditPolicy::PutBack ? 1 : 0));
    }
}

BOOST_AUTO_TEST_CASE(what_was_written_over_a_mask_stays_when_the_appointment_changes) {
    TwoCalendars stage;
    const auto change = [&](const std::string& title, int hour) {
        auto wanted = stage.appointment("a");
        wanted.title = title;
        wanted.start = TwoCalendars::at(10, hour);
        wanted.end = TwoCalendars::at(10, hour + 1);
        calgate::write(stage.store, [&](Writer& w) {
            return place_appointment(w, wanted, {}, stage.zones, stage.clock.now(), "api", "test");
        });
        stage.rounds(2);
    };
    stage.show(CopyDetail::kBusy);
    stage.service.edit(*stage.mirror("a").href, [](Event& event) {
        event.master.title = "Lunch";
        event.master.place = "Café";
    });
    stage.rounds(2);
    change("Colour", 15);
    BOOST_TEST(stage.text_of("a").find("SUMMARY:Lunch") != std::string::npos);
    BOOST_TEST(stage.text_of("a").find("LOCATION:Café") != std::string::npos);
    BOOST_TEST(stage.text_of("a").find("T150000") != std::string::npos);
    BOOST_TEST(stage.engine.verify(stage.calendar).findings.empty());
    // What the appointment once said is no word of the owner's, whoever wrote it (I27).
    stage.show(CopyDetail::kFull);
    stage.service.edit(*stage.mirror("a").href, [](Event& event) { event.master.title = "By hand"; });
    stage.rounds(2);
    BOOST_REQUIRE(stage.appointment("a").title == "By hand");
    stage.show(CopyDetail::kBusy);
    BOOST_TEST(stage.text_of("a").find("SUMMARY:Busy") != std::string::npos);
    stage.service.edit(*stage.mirror("a").href, [](Event& event) { event.master.title = "By hand"; });
    stage.rounds(2);
    BOOST_TEST(stage.engine.verify(stage.calendar).findings.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_mask_that_waits_to_be_written_again_is_kept_once) {
    Policies policies;
    policies.masked_edits = MaskedEditPolicy::PutBack;
    TwoCalendars stage(policies);
    stage.show(CopyDetail::kBusy);
    stage.service.fail_next({memory::Operation::Update, {ErrorCode::Unavailable, "No connection.", {}}, false, -1});
    stage.service.edit(*stage.mirror("a").href, [](Event& event) { event.master.title = "Lunch"; });
    for (int i = 0; i < 3; ++i) {
        stage.rounds(1);
        stage.service.edit(*stage.mirror("a").href, [](Event&) {});  // An alarm that was put off, say.
    }
    BOOST_TEST(stage.text_of("a").find("SUMMARY:Lunch") != std::string::npos);
    BOOST_TEST(stage.overruled("Lunch") == 1);
}

BOOST_AUTO_TEST_CASE(an_edit_that_clashes_and_lies_on_another_appointment_is_kept_once) {
    TwoCalendars stage;
    stage.store.write([&](Writer& writer) {
        auto business = *writer.business();
        business.concurrent_edits = ConcurrentEditPolicy::Gateway;
        writer.put(business);
    });
    stage.service.edit(*stage.mirror("a").href, [&](Event& event) {
        event.master.title = "Theirs";
        event.master.start.local = TwoCalendars::at(11, 9);
        event.master.end.local = TwoCalendars::at(11, 10);
    });
    auto wanted = stage.appointment("a");
    wanted.title = "Ours";
    calgate::write(stage.store, [&](Writer& w) {
        return place_appointment(w, wanted, {}, stage.zones, stage.clock.now(), "api", "test");
    });
    stage.rounds(3);
    BOOST_TEST(stage.overruled("Theirs") == 0);
    BOOST_REQUIRE_EQUAL(stage.conflicts().size(), 1u);
    BOOST_TEST((stage.conflicts().front().kind == ConflictKind::MovedOntoAnother));
    BOOST_TEST(stage.conflicts().front().theirs->title == "Theirs");
}

BOOST_AUTO_TEST_CASE(I10_an_edit_that_a_policy_overrules_is_kept_once) {
    TwoCalendars stage;
    stage.store.write([&](Writer& writer) {
        auto business = *writer.business();
        business.concurrent_edits = ConcurrentEditPolicy::Gateway;
        writer.put(business);
    });
    for (const bool with_place : {false, true}) {
        const std::string theirs = with_place ? "Theirs, upstairs" : "Theirs";
        stage.service.edit(*stage.mirror("a").href, [&](Event& event) {
            event.master.title = theirs;
            if (with_place) event.master.place = "Room 9";
        });
        auto wanted = stage.appointment("a");
        wanted.title = "Ours, " + theirs;
        calgate::write(stage.store, [&](Writer& w) {
            return place_appointment(w, wanted, {}, stage.zones, stage.clock.now(), "api", "test");
        });
        stage.rounds(4);
        BOOST_TEST(stage.appointment("a").title == wanted.title);
        BOOST_TEST((stage.appointment("a").place == "Room 9") == with_place);
        BOOST_TEST(stage.text_of("a").find("SUMMARY:Ours") != std::string::npos);
        BOOST_TEST(stage.overruled(theirs) == 1);
    }
}

BOOST_AUTO_TEST_CASE(a_copy_says_that_an_edit_of_its_owner_waits_and_that_it_was_put_back) {
    Policies policies;
    policies.say_in_copy = true;
    TwoCalendars stage(policies);
    const auto says = [&](const char* what) { return stage.text_of("a").find(what) != std::string::npos; };
    stage.service.edit(*stage.mirror("a").href, [](Event& event) {
        event.master.start.local += 24h;
        event.master.end.local += 24h;
        event.master.notes = "Bring the dog";
    });
    stage.rounds(4);
    BOOST_REQUIRE(stage.conflicts().size() == 1u);
    BOOST_TEST(says("-- calgate: your change waits"));
    BOOST_TEST(says("Bring the dog"));
    BOOST_TEST((stage.conflicts()[0].theirs->notes == "Bring the dog"));
    const auto written = stage.text_of("a");
    stage.rounds(3);
    BOOST_TEST(stage.text_of("a") == written);
    const auto result =
        apply_resolution(stage.store, stage.zones, stage.clock, stage.conflicts()[0].id, Resolution::Ours, "cli");
    BOOST_TEST((result.outcome == ResolutionResult::Outcome::Resolved));
    stage.rounds(3);
    BOOST_TEST(!says("waits"));
    BOOST_TEST(says("-- calgate: your change was not taken over"));
    BOOST_TEST((stage.appointment("a").start == SmallBusiness::at(10, 9)));
    BOOST_TEST(stage.appointment("a").notes == "");
    BOOST_TEST(stage.chosen->verify(stage.calendar).findings.empty());
    stage.clock.advance(60s);
    stage.book("a", 12, 9);
    stage.rounds(2);
    BOOST_TEST(!says("-- calgate: "));
}

BOOST_AUTO_TEST_CASE(a_copy_says_nothing_by_default) {
    TwoCalendars stage;
    stage.service.edit(*stage.mirror("a").href, [](Event& event) {
        event.master.start.local += 24h;
        event.master.end.local += 24h;
    });
    stage.rounds(4);
    BOOST_REQUIRE(stage.conflicts().size() == 1u);
    BOOST_TEST(stage.text_of("a").find("-- calgate: ") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_calendar_decides_about_deletions_otherwise_than_its_business) {
    Policies policies;
    policies.calendars["anna"].deletions = DeletionPolicy::Restore;
    TwoCalendars stage(policies);
    stage.service.erase(*stage.mirror("a").href);
    stage.rounds(4);
    BOOST_TEST((stage.appointment("a").state == AppointmentState::Confirmed));
    BOOST_TEST(stage.restored("a") == 1);
    BOOST_TEST(stage.service.count(stage.href) == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
