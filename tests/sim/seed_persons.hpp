#pragma once

#include "tests/sim/seed_stage.hpp"

namespace calgate::seeds {

/// The owners of the calendars, with programs of their own.
class Persons {
public:
    explicit Persons(Stage& stage) : stage_(stage) {}

    // Copies (F20).
    void retitle_copy();
    void move_copy();
    void delete_copy();
    void delete_many();
    void cancel_copy();
    void duplicate_copy();
    void relocate_copy();  ///< The same event under another name, as some programs do.
    void undo_delete();
    void empty_calendar();

    // Events of their own (I8).
    void create_event();
    void edit_event();
    void delete_event();

    /// Something at this event or in this calendar, in the middle of a call.
    void meddle(const Href&);

private:
    struct Copy {
        CalendarId calendar{};
        Href href{};
        AppointmentId appointment{};
        std::string text{};
    };
    std::optional<Copy> any_copy();
    std::optional<Copy> copy_at(const Href&);
    void retitle(const Copy&);
    void move(const Copy&);
    void remove(const Copy&);
    void create_in(const Calendar&);
    struct Own {
        std::string text{};
        std::vector<Interval> busy{};
    };
    Own draw_own(const std::string& uid, bool may_be_broken);
    /// What repeats, as whoever lives there enters it: not every server says in which zone an event repeats.
    Own in_local_time(Own) const;
    std::vector<std::pair<Calendar, Href>> own_events();

    Stage& stage_;
    std::vector<Copy> deleted_{};
};

}  // namespace calgate::seeds
