#include "core/restore.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <ostream>

#include "core/time.hpp"

using namespace calgate;
namespace bdata = boost::unit_test::data;

namespace {

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

const std::string kRecovery(32, 'r');
const Keys kKeys{mark_key_of(kRecovery), kRecovery};
const std::string kNonce(12, 'n');
const Instant kWritten = parse_instant("2026-03-01T08:00:00Z").value();

Appointment booked(int number) {
    Appointment a;
    a.id.value = "a" + std::to_string(number);
    a.staff.value = "anna";
    a.start = parse_local("2026-03-02T09:00:00").value() + std::chrono::hours{24 * number};
    a.end = a.start + std::chrono::minutes{30};
    a.zone = "Europe/Berlin";
    a.title = "Cut";
    a.customer = "M. Muster";
    a.revision = 2;
    a.changed = kWritten - std::chrono::hours{number};
    return a;
}

/// A calendar that holds `copies` copies and its marker.
struct Target {
    Manifest manifest{};
    std::vector<Appointment> wanted{};
    std::vector<RemoteEvent> events{};
    Keys keys = kKeys;

    explicit Target(int copies) {
        manifest.business = {.id = "b1", .name = "Salon", .zone = "Europe/Berlin", .epoch = "e2"};
        manifest.earlier_epochs = {"e1"};
        manifest.mark_key = keys.mark_key;
        manifest.written = kWritten;
        manifest.calendar.id.value = "cal-1";
        manifest.calendar.staff.value = "anna";
        manifest.staff = {{.id = {"anna"}, .name = "Anna", .zone = "Europe/Berlin", .capacity = 2}};
        for (int i = 0; i < copies; ++i) add(booked(i), "e2");
        write_marker();
    }
    void add(const Appointment& appointment, const std::string& epoch) {
        wanted.push_back(appointment);
        Mirror mirror;
        mirror.uid = copy_name("b1", appointment.id, manifest.calendar.id, 1);
        Business business = manifest.business;
        business.epoch = epoch;
        Event event = copy_event(appointment, mirror, manifest.calendar, business, keys, kNonce, zones());
        events.push_back({{"/c/" + appointment.id.value}, Version{"v1"}, event, {}});
    }
    void write_marker() {
        std::erase_if(events, [](const RemoteEvent& e) { return e.href.value == "/c/marker"; });
        manifest.inventory = inventory_of(wanted, kWritten);
        Event event;
        event.mark = write_mark({manifest.business.epoch, "b1", {"marker"}, 1, 1}, keys);
        event.capsule = seal_manifest(manifest, keys.recovery_key);
        events.push_back({{"/c/marker"}, Version{"v1"}, event, {}});
    }
    void drop(int copies) { events.erase(events.begin(), events.begin() + copies); }
};

struct Case {
    const char* name;
    int copies;
    std::function<void(Target&)> change;
    std::function<void(RestoreRequest&)> ask;
    RestoreFinding finding;
    std::size_t restored;
};
std::ostream& operator<<(std::ostream& out, const Case& row) { return out << row.name; }

void nothing(Target&) {}
void plainly(RestoreRequest&) {}
void marker_goes(Target& t) { t.events.pop_back(); }

// clang-format off
const std::vector<Case> kCases = {
    {"all is there", 20, nothing, plainly, RestoreFinding::Complete, 20},
    {"a wrong recovery key", 20, nothing, [](RestoreRequest& r) { r.recovery_key = std::string(32, 'x'); }, RestoreFinding::WrongKey, 0},
    {"an empty calendar", 0, [](Target& t) { t.events.clear(); }, plainly, RestoreFinding::Foreign, 0},
    {"somebody else's calendar", 3, [](Target& t) { for (auto& e : t.events) e.event.mark = e.event.capsule = ""; }, plainly, RestoreFinding::Foreign, 0},
    {"nothing booked yet", 0, nothing, plainly, RestoreFinding::Empty, 0},
    {"a few copies are missing", 20, [](Target& t) { t.drop(5); }, plainly, RestoreFinding::Short, 15},
    {"more than a fifth is missing", 40, [](Target& t) { t.drop(9); }, plainly, RestoreFinding::HalfErased, 31},
    {"six of few are missing", 10, [](Target& t) { t.drop(6); }, plainly, RestoreFinding::HalfErased, 4},
    {"only the marker is left", 20, [](Target& t) { t.drop(20); }, plainly, RestoreFinding::HalfErased, 0},
    {"the marker is gone", 20, marker_goes, plainly, RestoreFinding::NoMarker, 20},
    {"booked after the marker was written", 20, [](Target& t) { t.add(booked(30), "e2"); }, plainly, RestoreFinding::Differs, 21},
    {"copies of the life before", 20, [](Target& t) { t.add(booked(30), "e1"); t.write_marker(); }, plainly, RestoreFinding::Complete, 21},
    {"copies of a later life than the marker's", 20, [](Target& t) { t.add(booked(30), "e9"); t.write_marker(); }, plainly, RestoreFinding::OlderEpoch, 21},
    {"the store has outlived this calendar", 20, nothing, [](RestoreRequest& r) { r.business = "b1"; r.epoch = "e3"; r.left_behind = {"e2"}; }, RestoreFinding::OlderEpoch, 20},
    {"a further target of the same business", 20, nothing, [](RestoreRequest& r) { r.business = "b1"; r.epoch = "e2"; r.left_behind = {"e1"}; }, RestoreFinding::Complete, 20},
    {"another business", 20, nothing, [](RestoreRequest& r) { r.business = "b2"; }, RestoreFinding::OtherBusiness, 20},
    {"marks of a random key, which the marker carries", 20, [](Target& t) { t = Target(0); t.keys.mark_key = std::string(32, 'm'); t.manifest.mark_key = t.keys.mark_key; for (int i = 0; i < 20; ++i) t.add(booked(i), "e2"); t.write_marker(); }, plainly, RestoreFinding::Complete, 20},
    {"marks of a random key, and the marker is gone", 20, [](Target& t) { t.events.clear(); t.keys.mark_key = std::string(32, 'm'); t.add(booked(1), "e2"); }, plainly, RestoreFinding::OtherMarkKey, 0},
    {"the same at a gateway that has the key", 20, [](Target& t) { t.events.clear(); t.keys.mark_key = std::string(32, 'm'); t.add(booked(1), "e2"); }, [](RestoreRequest& r) { r.mark_key = std::string(32, 'm'); }, RestoreFinding::NoMarker, 1},
    {"a capsule of another appointment", 20, [](Target& t) { t.events[0].event.capsule = t.events[1].event.capsule; }, plainly, RestoreFinding::Short, 19},
    {"a forged mark", 20, [](Target& t) { t.events[0].event.mark.back() = t.events[0].event.mark.back() == 'A' ? 'B' : 'A'; }, plainly, RestoreFinding::Short, 19},
    {"a copy that a person duplicated", 20, [](Target& t) { auto twin = t.events[0]; twin.href.value = "/c/0"; twin.event.uid.value = "by-hand"; t.events.insert(t.events.begin(), twin); }, plainly, RestoreFinding::Complete, 20},
    {"a duplicated marker of long ago", 20, [](Target& t) { auto old = t.manifest; old.written -= std::chrono::hours{24}; old.inventory.copies = 500; auto twin = t.events.back(); twin.href.value = "/c/0"; twin.event.capsule = seal_manifest(old, kRecovery); t.events.insert(t.events.begin(), twin); }, plainly, RestoreFinding::Complete, 20},
    {"an unreadable event", 20, [](Target& t) { t.events[0].unreadable = "It is broken."; }, plainly, RestoreFinding::Short, 19},
    {"own events of a person", 20, [](Target& t) { RemoteEvent own; own.href.value = "/c/own"; t.events.push_back(own); }, plainly, RestoreFinding::Complete, 20},
};
// clang-format on

RestorePlan plan_of(const Target& target, const std::function<void(RestoreRequest&)>& ask = plainly) {
    RestoreRequest request;
    request.recovery_key = kRecovery;
    ask(request);
    return plan_restore(target.events, request, zones());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(restore)

BOOST_DATA_TEST_CASE(R8_what_is_restored_from_a_listing, bdata::make(kCases), row) {
    Target target(row.copies);
    row.change(target);
    const RestorePlan plan = plan_of(target, row.ask);
    BOOST_TEST(static_cast<int>(plan.finding) == static_cast<int>(row.finding), plan.sentence);
    BOOST_TEST(plan.copies.size() == row.restored);
    BOOST_TEST(plan.sentence.ends_with("."));
    const bool refused = row.finding >= RestoreFinding::Foreign;
    BOOST_TEST(plan.possible() == !refused);
}

BOOST_AUTO_TEST_CASE(every_field_comes_back_from_a_masked_copy) {
    const Target target(3);
    const RestorePlan plan = plan_of(target);
    for (const auto& copy : plan.copies) {
        BOOST_TEST(target.events[0].event.master.title == "Busy");
        BOOST_TEST((copy.appointment == booked(std::stoi(copy.appointment.id.value.substr(1)))));
        BOOST_TEST(!copy.edited);
    }
    BOOST_TEST(plan.copies.front().appointment.id.value == "a0");  // The newest change first.
    BOOST_TEST((plan.staff == target.manifest.staff));
    BOOST_TEST((plan.keys.mark_key == kKeys.mark_key));
}

BOOST_AUTO_TEST_CASE(an_edit_on_the_phone_is_part_of_the_appointment) {
    Target target(3);
    auto& master = target.events[1].event.master;
    master.start.local += std::chrono::hours{3};
    master.end.local += std::chrono::hours{3};
    master.title = "Dentist";
    const RestorePlan plan = plan_of(target);
    Appointment expected = booked(1);
    expected.start += std::chrono::hours{3};
    expected.end += std::chrono::hours{3};
    expected.revision = 3;
    // The title is what its owner wrote over the mask, no edit of the appointment's.
    const auto& copy = plan.copies.back();
    BOOST_TEST(copy.edited);
    BOOST_TEST((copy.appointment == expected));
    BOOST_TEST((copy.sealed == booked(1)));
    BOOST_TEST(plan.gaps.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_copy_cancelled_on_the_phone_is_left_to_the_policy) {
    Target target(3);
    target.events[1].event.master.status = EventStatus::Cancelled;
    const RestorePlan plan = plan_of(target);
    BOOST_TEST(plan.copies.back().edited);
    BOOST_TEST((plan.copies.back().appointment == booked(1)));
}

BOOST_AUTO_TEST_CASE(the_days_on_which_something_is_missing_are_named) {
    Target target(20);
    target.drop(2);
    const RestorePlan plan = plan_of(target);
    BOOST_REQUIRE(plan.gaps.size() == 2u);
    BOOST_TEST(plan.gaps[0].day == "20260302");
    BOOST_TEST(plan.gaps[0].wanted == 1);
    BOOST_TEST(plan.gaps[0].found == 0);
    BOOST_TEST(plan.gaps[1].day == "20260303");
    BOOST_TEST(plan.missing == 2);
}

BOOST_AUTO_TEST_CASE(without_a_marker_people_follow_from_their_appointments) {
    Target target(3);
    Appointment beside = booked(9);
    beside.start = booked(1).start + std::chrono::minutes{10};
    beside.end = beside.start + std::chrono::minutes{30};
    beside.service.value = "cut";
    target.add(beside, "e2");
    std::erase_if(target.events, [](const RemoteEvent& e) { return e.href.value == "/c/marker"; });
    const RestorePlan plan = plan_of(target);
    BOOST_REQUIRE(plan.staff.size() == 1u);
    BOOST_TEST(plan.staff[0].zone == "Europe/Berlin");
    BOOST_TEST(plan.staff[0].capacity == 2);
    BOOST_REQUIRE(plan.services.size() == 1u);
    BOOST_TEST(plan.services[0].duration.count() == 30);
    BOOST_TEST(!plan.safe());
}

BOOST_AUTO_TEST_CASE(a_manifest_too_large_leaves_out_what_is_least_needed) {
    Target target(1);
    for (int i = 0; i < 2000; ++i) {
        const std::string text = sha256_hex(std::to_string(i));
        target.manifest.staff.push_back({.id = {text}, .name = text, .zone = "UTC"});
        target.manifest.targets.push_back({{text}, "caldav", text, text, text});
    }
    for (int i = 0; i < 900; ++i) target.wanted.push_back(booked(i));
    target.write_marker();
    const std::string& sealed = target.events.back().event.capsule;
    BOOST_TEST(sealed.size() <= 24'000u);
    const auto read = open_manifest(sealed, kRecovery);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->inventory.copies == 900);
    BOOST_TEST(read->inventory.days.size() == 120u);
    BOOST_TEST(read->targets.empty());
    BOOST_TEST(read->staff.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_inventory_is_about_content_not_order_or_revision) {
    std::vector<Appointment> some{booked(1), booked(2)}, same{booked(2), booked(1)}, other = some;
    same[0].revision = 77;
    other[1].notes = "x";
    BOOST_TEST((inventory_of(some, kWritten) == inventory_of(same, kWritten)));
    BOOST_TEST(inventory_of(some, kWritten).digest != inventory_of(other, kWritten).digest);
}

BOOST_AUTO_TEST_SUITE_END()
