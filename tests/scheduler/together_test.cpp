#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/scheduler/small_business.hpp"

/// Updates and deletions that go to the service together.
namespace calgate {
namespace {

using namespace std::chrono_literals;
using memory::Fault;
using memory::Operation;
using testing::SmallBusiness;

struct Together : SmallBusiness {
    static constexpr int kCount = 8;

    Together() {
        service.set_batch_size(4);
        for (int i = 0; i < kCount; ++i) book(id(i), 10 + i, 9);
        run();
        run();
        BOOST_REQUIRE(open() == 0);
        // Those of even number move, the others are cancelled.
        for (int i = 0; i < kCount; ++i) {
            if (i % 2 == 0)
                book(id(i), 10 + i, 11);
            else
                cancel(id(i));
        }
        BOOST_REQUIRE(open() == kCount);
    }
    static std::string id(int i) { return "n" + std::to_string(i); }
    void cancel(const std::string& which) {
        calgate::write(store, [&](Writer& w) {
            return cancel_appointment(w, {which}, {}, zones, clock.now(), "api", "test");
        });
    }
    void run() {
        pass();
        clock.advance(60s);
    }
    std::int64_t open() const {
        return calgate::read(store, [&](const Reader& r) { return r.count_open_mirrors(calendar); });
    }
    std::vector<RemoteEvent> copies() const {
        std::vector<RemoteEvent> all;
        for (auto& event : service.events(href))
            if (event.event.master.title != "calgate marker") all.push_back(std::move(event));
        return all;
    }
    /// Each appointment that lives has one copy at its time, and there is nothing else.
    void expect_all_settled() const {
        BOOST_TEST(open() == 0);
        std::set<std::string> seen;
        for (const auto& copy : copies()) {
            BOOST_TEST(seen.insert(copy.event.uid.value).second);
            BOOST_TEST((copy.event.master.start.local.time_since_epoch() % 24h == 11h));
        }
        BOOST_TEST(seen.size() == kCount / 2u);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(together, Together)

BOOST_AUTO_TEST_CASE(what_waited_goes_in_few_calls) {
    const auto before = service.counters().batch;
    run();
    expect_all_settled();
    // Two that write, and each of them asks once about the names of what it deleted.
    BOOST_TEST(service.counters().batch - before == 4);
}

BOOST_AUTO_TEST_CASE(I7_I10_a_lost_answer_to_all_leaves_each_to_be_looked_up) {
    const auto updates = service.counters().update;
    service.fail_next({Operation::Batch, {ErrorCode::Timeout, "No answer came in time.", {}}, true, 1});
    run();
    for (int i = 0; i < 30 && open() > 0; ++i) run();
    expect_all_settled();
    // What was written is found written, and not written again.
    BOOST_TEST(service.counters().update - updates == kCount / 2);
}

BOOST_AUTO_TEST_CASE(I3_a_batch_that_never_came_is_tried_one_by_one) {
    service.fail_next({Operation::Batch, {ErrorCode::InvalidResponse, "Something else came back.", {}}, false, 3});
    for (int i = 0; i < 30 && open() > 0; ++i) run();
    expect_all_settled();
}

BOOST_AUTO_TEST_CASE(I10_an_edit_that_nobody_read_is_not_written_over) {
    const Href edited = *mirror(id(0)).href, deleted = *mirror(id(1)).href;
    // Between our reading and our writing: the pass has no pull.
    service.edit(edited, [](Event& event) { event.master.title = "By hand"; });
    service.edit(deleted, [](Event& event) { event.master.notes = "By hand"; });
    service.fail_next({Operation::Changes, {ErrorCode::InvalidResponse, "Broken off.", {}}, false, 1});
    for (int i = 0; i < 30 && open() > 0; ++i) run();
    BOOST_TEST(appointment(id(0)).title == "By hand");
    BOOST_TEST((appointment(id(0)).start == at(10, 11)));
    expect_all_settled();
}

BOOST_AUTO_TEST_CASE(R19_a_part_that_is_refused_for_too_many_calls_leaves_the_others_done) {
    service.fail_next({Operation::Update, {ErrorCode::RateLimited, "Slow down.", 30s}, false, 1});
    run();
    BOOST_TEST(open() > 0);
    BOOST_TEST(open() < kCount);
    for (int i = 0; i < 30 && open() > 0; ++i) run();
    expect_all_settled();
}

BOOST_AUTO_TEST_CASE(I6_a_copy_that_lies_under_another_name_as_well_goes_too) {
    const Mirror cancelled = mirror(id(1));
    // The owner's program moved it: the same event, at another place.
    const auto held = copies();
    const auto found = std::find_if(held.begin(), held.end(), [&](const auto& e) { return e.href == *cancelled.href; });
    BOOST_REQUIRE(found != held.end());
    service.put_text(href, "moved.ics", found->event.source);
    service.erase(*cancelled.href);
    service.fail_next({Operation::Changes, {ErrorCode::InvalidResponse, "Broken off.", {}}, false, 1});
    for (int i = 0; i < 30 && open() > 0; ++i) run();
    expect_all_settled();
}

BOOST_AUTO_TEST_CASE(what_could_not_be_asked_about_is_not_taken_for_gone) {
    // The writes go through, the question about the names does not.
    service.fail_next({Operation::Find, {ErrorCode::Unavailable, "Away.", {}}, false, 2});
    run();
    BOOST_TEST(open() > 0);
    for (int i = 0; i < 30 && open() > 0; ++i) run();
    expect_all_settled();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
