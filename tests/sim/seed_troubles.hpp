#pragma once

#include "tests/sim/seed_stage.hpp"

namespace calgate::seeds {

/// Networks, services, machines and clocks.
class Troubles {
public:
    explicit Troubles(Stage& stage) : stage_(stage) {}

    /// Some fault of some wall, for a few calls or a while.
    void strike();
    void drop_event();
    void remove_calendar();
    void jump_clock();
    void fail_store();
    void cut_power();
    void pause_soon();
    void notify();
    void notify_falsely();
    void end_channels();
    void crash_soon();
    /// For canaries that break what the gateway keeps.
    void break_on_purpose();
    bool dropped() const { return dropped_; }

private:
    void strike_at(Wall&);
    void break_mirror(Writer&, Mirror);

    Stage& stage_;
    bool dropped_ = false;
    bool removed_ = false;
};

}  // namespace calgate::seeds
