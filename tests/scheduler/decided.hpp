#pragma once

#include "scheduler/undo.hpp"
#include "tests/scheduler/small_business.hpp"

namespace calgate::testing {

/// A business whose one calendar has a copy of "a" that was read back.
struct Decided : SmallBusiness {
    Decided() {
        book("a", 10, 9);
        settle();
    }
    void settle() {
        for (int i = 0; i < 2; ++i, clock.advance(std::chrono::seconds{60})) pass();
    }
    void move_copy(const std::string& id, int hours) {
        service.edit(*mirror(id).href, [&](Event& event) {
            event.master.start.local += std::chrono::hours{hours};
            event.master.end.local += std::chrono::hours{hours};
        });
    }
    void retitle(const std::string& title) {
        auto wanted = appointment("a");
        wanted.title = title;
        calgate::write(store, [&](Writer& w) {
            return place_appointment(w, wanted, {}, zones, clock.now(), "api", "test");
        });
    }
    std::vector<Change> runs() const {
        return calgate::read(store, [&](const Reader& r) {
            auto all = r.changes_about(calendar.value, 100);
            std::erase_if(all, [](const Change& c) { return c.kind != "run.decided"; });
            return all;
        });
    }
    UndoReport undo(std::int64_t run) { return undo_run(store, zones, clock, run, "cli"); }
    ResolutionResult decide(const ConflictAnswer& answer) {
        BOOST_REQUIRE(conflicts().size() == 1u);
        return apply_resolution(store, zones, clock, conflicts().front().id, answer, "cli");
    }
    /// The calendar moves the copy two hours on and retitles it; the booking system gives the title "Ours".
    void both_edit() {
        move_copy("a", 2);
        service.edit(*mirror("a").href, [](Event& event) { event.master.title = "Theirs"; });
        retitle("Ours");
        pass();
    }
};

}  // namespace calgate::testing
