#include "tests/sim/seed_run.hpp"

namespace calgate::seeds {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr minutes kSettleTime{45};       // Twice the consistency window, and the longest back-off.
constexpr minutes kTriedAgain{90};       // What a service refused is tried once an hour, and its reads may lag.
constexpr minutes kBroughtUpToDate{30};  // After an old backup was put back.
constexpr int kMostDecisions = 8;
constexpr int kStepsPerLook = 10;  // At every row, for the trace; what happens goes into it at once.

}  // namespace

Run::Run(const Play& play, const ZoneResolver& zones, Statistics& statistics)
    : play_(play), statistics_(statistics), stage_(play, zones, statistics) {
    stage_.person = [this](const Href& href) { persons_.meddle(href); };
    stage_.paused = [this] { stand_still(); };
    if (!play.old_backup) return;
    testing::SeededRandom random(play.seed ^ 0xbac0);
    backup_at_ = random.between(5, 60);
    put_back_at_ = backup_at_ + random.between(2, 35);
}

Verdict Run::play(const Recording* recorded) {
    recorded_ = recorded;
    Verdict verdict;
    verdict.seed = play_.seed;
    try {
        for (verdict.step = 1; verdict.step <= play_.operations; ++verdict.step) {
            draw_as_recorded(verdict.step);
            if (verdict.step == backup_at_) keep_backup();
            if (verdict.step == put_back_at_) put_backup_back();
            if (play_.without.contains(verdict.step)) continue;
            stage_.history.push_back("-- " + std::to_string(verdict.step) + " trace " + stage_.trace.hash());
            step();
            if (verdict.step % kStepsPerLook == 0) stage_.trace_rows();
        }
        draw_as_recorded(verdict.step);
        settle();
        stage_.trace_rows();
    } catch (const Violation& violation) {
        verdict.violation = violation;
    }
    ++statistics_.seeds;
    verdict.history = std::move(stage_.history);
    verdict.trace = stage_.trace.hash();
    return verdict;
}

void Run::draw_as_recorded(int step) {
    const auto at = static_cast<std::size_t>(step - 1);
    if (recorded_ && at < recorded_->size()) stage_.draw_from((*recorded_)[at]);
    recording_.push_back(stage_.draws());
}

Verdict record(const Play& whole, const ZoneResolver& zones, Statistics& statistics, Recording& recording) {
    Run run(whole, zones, statistics);
    auto verdict = run.play();
    recording = run.recording();
    return verdict;
}

Verdict play(const Play& wanted, const ZoneResolver& zones, Statistics& statistics) {
    if (wanted.is_whole()) return Run(wanted, zones, statistics).play();
    Play whole = wanted;
    whole.without.clear();
    whole.without_faults.clear();
    Statistics unused;
    Recording recording;
    record(whole, zones, unused, recording);
    return Run(wanted, zones, statistics).play(&recording);
}

void Run::guarded(const std::function<void()>& work) {
    try {
        work();
    } catch (const Crash&) {
        stage_.note("the process ends here and starts again");
        statistics_.fire(Fault::Crash);
        stage_.restart();
    } catch (const StoreFailure&) {
        if (stage_.store.writable()) return stage_.note("the store was busy");
        stage_.note("the store closed itself; the gateway is restarted");
        stage_.restart();
    }
    if (!stage_.store.writable()) stage_.restart();
}

void Run::step() {
    ++statistics_.operations;
    troubles_.cut_power();
    troubles_.pause_soon();
    guarded([this] { act(); });
    for (const auto& wall : stage_.walls)
        if (wall->channels()) wall->channels()->ring(*stage_.engine);
    if (stage_.side_random.one_in(20)) troubles_.end_channels();
    stage_.truth.check_step(*stage_.index);
    if (stage_.canary == Canary::None || !stage_.random.one_in(10)) return;
    troubles_.break_on_purpose();
    stage_.truth.check_step(*stage_.index);
}

void Run::act() {
    const int draw = stage_.random.between(1, 100);
    if (draw <= 28) return act_as_caller();
    if (draw <= 58) return act_as_person();
    if (draw <= 78) return troubles_.strike();
    work();
}

void Run::act_as_caller() {
    const int draw = stage_.random.between(1, 28);
    if (draw <= 10) return callers_.book();
    if (draw <= 14) return callers_.move();
    if (draw <= 17) return callers_.retitle();
    if (draw <= 20) return callers_.cancel();
    if (draw <= 22) return callers_.book_again();
    if (draw <= 23) return callers_.hand_over();
    if (draw <= 24 && stage_.random.one_in(3)) return callers_.change_policy();
    if (draw <= 26) {
        callers_.sign_in_again();
        return callers_.write_again();
    }
    callers_.decide_one();
}

void Run::act_as_person() {
    const int draw = stage_.random.between(1, 31);
    if (draw <= 4) return persons_.retitle_copy();
    if (draw <= 8) return persons_.move_copy();
    if (draw <= 11) return persons_.delete_copy();
    if (draw <= 12) return persons_.cancel_copy();
    if (draw <= 14) return persons_.duplicate_copy();
    if (draw <= 16) return persons_.relocate_copy();
    if (draw <= 17) return persons_.undo_delete();
    if (draw <= 26) return persons_.create_event();
    if (draw <= 28) return persons_.edit_event();
    if (draw <= 30) return persons_.delete_event();
    if (stage_.random.one_in(2)) return persons_.delete_many();
    if (stage_.random.one_in(3)) persons_.empty_calendar();
}

void Run::work() {
    const int draw = stage_.random.between(1, 10);
    if (draw <= 5) {
        const auto all = read(stage_.store, [](const Reader& reader) { return reader.calendars(); });
        stage_.pass(stage_.any(all).id);
        return;
    }
    const minutes by = draw <= 9 ? minutes{stage_.random.between(1, 12)} : hours{stage_.random.between(1, 8)};
    stage_.note("time passes: " + std::to_string(by.count()) + " min");
    stage_.advance(by);
}

void Run::stand_still() {
    const minutes by{stage_.upkeep_random.between(2, 26 * 60)};
    stage_.note("the gateway stands still for " + std::to_string(by.count()) + " min");
    for (int n = stage_.upkeep_random.between(0, 3); n > 0; --n) act_as_person();
    stage_.pass_time(by);
    for (const auto& wall : stage_.walls) {
        if (wall->channels()) wall->channels()->stood_still(by);
        wall->apply_late(false);
    }
}

void Run::keep_backup() {
    stage_.note("a backup of the store is taken");
    stage_.store.keep_copy();
    stage_.truth.backup_taken();
    callers_.keep_copy();
}

void Run::put_backup_back() {
    stage_.note("the old backup of the store is put back");
    stage_.statistics.fire(Fault::OldBackup);
    for (const auto& wall : stage_.walls) {
        wall->clear();
        if (wall->channels()) wall->channels()->lose_track();
    }
    stage_.store.put_copy_back();
    stage_.truth.backup_put_back(stage_.clock.now());
    stage_.restart();
    callers_.sign_in_again();
    callers_.write_again();
    stage_.advance(kBroughtUpToDate);
    callers_.disconnect_gone();
    stage_.truth.check_step(*stage_.index);
    if (stage_.disk_random.one_in(2)) callers_.send_copy();
}

void Run::end_faults() {
    stage_.note("faults end");
    stage_.restart();
    for (const auto& wall : stage_.walls) wall->clear();
    callers_.sign_in_again();
    callers_.disconnect_gone();
}

void Run::settle() {
    end_faults();
    stage_.advance(kTriedAgain);
    // What the last fault took away shows only now.
    if (callers_.sign_in_again()) stage_.advance(kTriedAgain);
    stage_.truth.check_step(*stage_.index);
    if (!troubles_.dropped()) {
        stage_.note("settled");
        stage_.truth.check_settled(false);
        check_rest();
    }
    // What a service lost without a word is found by the daily listing.
    stage_.pass_time(hours{25});
    stage_.advance(kSettleTime);
    stage_.truth.listed_anew();
    stage_.truth.check_step(*stage_.index);
    stage_.truth.check_settled(false);
    check_heard();
    let_persons_decide();
    stage_.truth.check_step(*stage_.index);
    stage_.note("settled and decided");
    stage_.truth.check_settled(true);
    check_rest();
}

void Run::check_rest() {
    for (int round = 0; round < 2; ++round) {
        for (const auto& calendar : stage_.calendars()) {
            if (stage_.canary == Canary::EndlessRewrite) {
                stage_.store.rows().write([&](Writer& writer) {
                    for (auto mirror : writer.mirrors_on(calendar.id)) {
                        mirror.confirmed = 0;
                        writer.put(mirror);
                    }
                });
            }
            const auto before = statistics_.writes;
            stage_.pass(calendar.id);
            ++statistics_.checks["R3"];
            if (statistics_.writes != before)
                throw Violation(
                    "R3",
                    "a pass over settled " + calendar.id.value + " wrote " +
                        std::to_string(statistics_.writes - before) + " times"
                );
        }
    }
}

void Run::check_heard() {
    for (const auto& calendar : stage_.calendars()) {
        Channels* const channels = stage_.wall(calendar.id).channels();
        if (!channels || channels->ended_silently(calendar.href) || calendar.state != CalendarState::Active) continue;
        ++statistics_.checks["L2"];
        if (!channels->is_heard(*stage_.engine, calendar.href))
            throw Violation("L2", "no notification about " + calendar.id.value + " would be heard");
    }
}

void Run::let_persons_decide() {
    for (int round = 0; round < kMostDecisions; ++round) {
        callers_.write_again();
        callers_.touch_parked();
        bool decided = false;
        for (int i = 0; i < 200 && callers_.decide_one(); ++i) decided = true;
        stage_.advance(kSettleTime);
        stage_.truth.check_step(*stage_.index);
        if (!decided) return;
    }
}

}  // namespace calgate::seeds
