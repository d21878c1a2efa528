#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>

namespace calgate::seeds {

/// Faults of invariants.md section 4 that the simulation injects.
enum class Fault : std::uint8_t {
    ShortError,
    Outage,
    RateLimit,
    TimeoutNotApplied,
    TimeoutApplied,
    AppliedLater,
    CutAnswer,
    MixedAnswer,
    Twice,
    NoVersion,
    LaggingReads,
    ShortList,
    DroppedEvent,
    DeadToken,
    ChangeBetweenPages,
    NameUsedUp,
    CalendarGone,
    ReadOnly,
    Quota,
    EditWhileWriting,
    StaffDeletes,
    StaffMoves,
    StaffDuplicates,
    AccessRevoked,
    ClockJump,
    StoreFails,
    Crash,
    WireFault,
    Hint,
    ForgedHint,
    ClockChangeDay,
    StoreBusy,
    CommitAnswerLost,
    HostileEvent,
    ChannelEnds,
    PowerCut,
    OldBackup,
    SignInAnswerLost,
    OtherPerson,
    Paused,
    UpgradeCutOff,
    NewerStore,
};
constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::NewerStore) + 1;
/// "F5 timeout, applied".
const char* to_string(Fault);

/// What the harness breaks on purpose, to prove that a check can fail.
enum class Canary : std::uint8_t {
    None,
    LoseBooking,
    SwallowCreate,
    EchoDuplicate,
    TouchForeign,
    OldRevision,
    BlindOverwrite,
    AbsenceIsDeletion,
    SilentCancel,
    NoBrake,
    Invite,
    DoubleBooking,
    BusyAsFree,
    DropCached,
    LostQuestion,
    EndlessRewrite,
    NeverWritten,
    HalfKept,
    RetryBlindly,
    SwallowMismatch,
    EchoAsEdit,
    EditAsEcho,
    TokenBeforePage,
    NoWindow,
    MarkerIgnored,
    IdIgnored,
    SilentRestore,
    ShowTooMuch,
    ClaimFresh,
};
constexpr std::size_t kCanaries = static_cast<std::size_t>(Canary::ClaimFresh) + 1;
const char* to_string(Canary);
/// The number of the promise that it breaks.
const char* broken_by(Canary);

/// A promise that was broken; ends the seed.
struct Violation : std::runtime_error {
    Violation(std::string number, const std::string& what)
        : std::runtime_error(number + ": " + what), invariant(std::move(number)) {}
    std::string invariant;
};

/// The process ends here; what was committed stands (F33).
struct Crash {};

/// Lets the process end at one of the coming points: before or after a call, before or after a commit.
struct CrashPlan {
    int points_left = 0;  ///< 0: none.
    void point() {
        if (points_left > 0 && --points_left == 0) throw Crash{};
    }
};

struct Statistics {
    std::array<std::int64_t, kFaults> fired{};
    std::array<std::int64_t, kFaults> handled{};  ///< Of those, in seeds that came to rest with every promise kept.
    std::map<std::string, std::int64_t> checks{};
    std::int64_t seeds = 0, operations = 0, passes = 0, calls = 0, writes = 0, conflicts = 0, settled = 0;

    void fire(Fault fault) { ++fired[static_cast<std::size_t>(fault)]; }
    void add(const Statistics& other);
};

}  // namespace calgate::seeds
