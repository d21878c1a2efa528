#pragma once

#include "tests/sim/seed_stage.hpp"

namespace calgate::seeds {

/// The booking system, and the operator at the command line.
class Callers {
public:
    explicit Callers(Stage& stage) : stage_(stage) {}

    void book();
    void move();
    void retitle();
    void cancel();
    void book_again();
    void hand_over();  ///< To another person.
    void change_policy();

    bool sign_in_again();
    void write_again();  ///< Calendars that were read-only.
    /// @return false when there was nothing to decide.
    bool decide_one();
    /// The operator gives up calendars that are gone, where the gateway stands still because it cannot read them.
    void disconnect_gone();
    /// What the booking system holds now, for its own old backup (F37).
    void keep_copy() { copy_ = appointments(true); }
    /// It was put back, too, and sends all that it holds.
    void send_copy();
    /// Appointments whose copy is parked are changed, so that it is tried again.
    void touch_parked();

private:
    std::vector<Appointment> appointments(bool live) const;
    LocalSeconds some_time();
    void place(const Appointment&, const std::string& what);

    Stage& stage_;
    std::vector<Appointment> copy_{};
};

}  // namespace calgate::seeds
