#pragma once

#include <memory>
#include <string>
#include <vector>

#include "scheduler/conflicts.hpp"
#include "scheduler/engine.hpp"
#include "tests/sim/seed_disk.hpp"
#include "tests/sim/seed_play.hpp"
#include "tests/sim/seed_trace.hpp"
#include "tests/sim/seed_truth.hpp"

namespace calgate::seeds {

/// A store that tells when something was kept, and that fails or ends the process on demand.
class WatchedStore final : public Store {
public:
    /// @param disk where it lies (F32); null: in memory.
    WatchedStore(CrashPlan& crash, std::function<void()> committed, std::unique_ptr<Disk> disk);

    void write(const std::function<void(Writer&)>& work) override;
    void read(const std::function<void(const Reader&)>& work) const override { rows_->read(work); }
    bool writable() const override { return !closed_ && rows_->writable(); }
    std::unique_ptr<Store> scratch_copy() const override { return rows_->scratch_copy(); }
    void compact() override { rows_->compact(); }
    void fail_next(testing::SeededRandom&);
    void be_busy(int writes) { busy_ = writes; }
    void lose_answer() { losing_ = true; }
    /// As after the process ended. @param chance what of the unsynced is kept. @param meanwhile is done to the disk
    /// before it starts again. @return whether the power was cut.
    bool reopen(std::uint64_t chance, const std::function<void(Disk&)>& meanwhile);
    void keep_copy();
    /// The gateway is to be started anew afterwards.
    void put_copy_back();
    /// Null: it is in memory.
    Disk* disk() { return disk_.get(); }
    /// Behind the gateway's back, for canaries.
    Store& rows() { return *rows_; }

private:
    std::unique_ptr<Disk> disk_;
    std::unique_ptr<Store> rows_;
    std::unique_ptr<Store> copy_{};  ///< Of a store in memory.
    CrashPlan& crash_;
    std::function<void()> committed_;
    bool failing_ = false, closed_ = false, losing_ = false;
    int busy_ = 0;
};

/// A small business of one seed: persons, their calendars at services behind walls, one gateway.
class Stage final : public ConnectorFactory {
public:
    Stage(const Play&, const ZoneResolver&, Statistics&);

    Result<std::unique_ptr<Connector>> open(const Account&) override;
    /// Everything in memory is lost; what was committed is there again.
    void restart();
    /// The gateway works while this time passes.
    void advance(std::chrono::seconds);
    PassReport pass(const CalendarId&);
    /// A change by a caller or an operator; the index and the lanes follow as in the gateway.
    BookingResult change(const std::function<BookingResult(Writer&)>&);
    void follow(const std::vector<BookingResult>&, const std::vector<CalendarId>& targets);
    void pass_time(std::chrono::milliseconds);
    void note(const std::string& what);
    void trace_rows();
    Draws draws() const { return {random, engine_random, side_random, disk_random, upkeep_random, numbers_}; }
    void draw_from(const Draws&);
    bool is_left_out(Fault fault) const { return without_faults.contains(fault); }

    std::vector<Calendar> calendars();  ///< Those that still are at their service.
    Wall& wall(const CalendarId&);
    std::string fresh(const std::string& prefix) { return prefix + std::to_string(++numbers_); }
    template <class T>
    const T& any(const std::vector<T>& all) {
        return all[random.next() % all.size()];
    }

    testing::ManualClock clock{};
    testing::ManualClock service_clock{};  ///< Nothing but time moves it (F27).
    Trace trace{clock};
    testing::SeededRandom random;
    testing::SeededRandom engine_random;
    testing::SeededRandom
        side_random;  ///< What came later draws here, so that seeds that found something stay as they were.
    testing::SeededRandom disk_random;  ///< And what came after that.
    testing::SeededRandom upkeep_random;
    Policies policies{};
    const ZoneResolver& zones;
    Statistics& statistics;
    HostMaker host_maker;
    Canary canary;
    bool batches;
    bool upkeep;
    std::set<Fault> without_faults;
    CrashPlan crash{};
    Keys keys{std::string(32, 'm'), std::string(32, 'r')};
    Truth truth;
    WatchedStore store;
    std::vector<std::unique_ptr<Host>> hosts{};
    std::vector<std::unique_ptr<Wall>> walls{};
    std::map<AccountId, Wall*> accounts{};
    std::unique_ptr<AvailabilityIndex> index{};
    std::unique_ptr<Engine> engine{};
    std::vector<std::string> history{};
    std::function<void(const Href&)> person{};  ///< Acts in the middle of a call.
    std::function<void()> paused{};             ///< The gateway's process stands still.

private:
    void furnish();
    void upgrade(Disk&);  ///< F36
    void draw_policies(Business&);
    void logged(const std::string& line);
    void add_account(Writer&, const Staff&, int number);

    int numbers_ = 0;
};

}  // namespace calgate::seeds
