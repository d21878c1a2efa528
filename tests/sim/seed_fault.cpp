#include "tests/sim/seed_fault.hpp"

namespace calgate::seeds {

namespace {

constexpr std::array<const char*, kFaults> kFaultNames{
    "F1 short error",
    "F2 outage of hours",
    "F3 rate limit",
    "F4 timeout, not applied",
    "F5 timeout, applied",
    "F6 timeout, applied minutes later",
    "F7 answer cut or unreadable",
    "F8 mixed results",
    "F9 arrives twice",
    "F10 no version tag",
    "F11 reads lag",
    "F12 short or empty list",
    "F13 event dropped",
    "F14 dead sync token",
    "F15 change between pages",
    "F16 name used up",
    "F17 calendar gone",
    "F17 calendar read-only",
    "F18 quota",
    "F19 edit while writing",
    "F20 staff delete",
    "F20 staff move or edit",
    "F20 staff duplicate",
    "F24 access revoked",
    "F27 wall clock jumps",
    "F30 F31 store fails",
    "F33 crash",
    "F1 F3 F5 F7 on the wire",
    "F21 notified late or again",
    "F22 forged notification",
    "F28 clock change day",
    "F29 store busy",
    "F34 answer to a commit lost",
    "F38 hostile event",
    "F23 channel ends",
    "F32 power cut",
    "F37 old backup",
    "F25 answer to a refresh lost",
    "F26 another person signs in",
    "F35 node paused for hours",
    "F36 upgrade cut off",
    "F36 store of a newer version",
};

constexpr std::array<const char*, kCanaries> kCanaryNames{
    "none",
    "lose-booking",
    "swallow-create",
    "echo-duplicate",
    "touch-foreign",
    "old-revision",
    "blind-overwrite",
    "absence-is-deletion",
    "silent-cancel",
    "no-brake",
    "invite",
    "double-booking",
    "busy-as-free",
    "drop-cached",
    "lost-question",
    "endless-rewrite",
    "never-written",
    "half-kept",
    "retry-blindly",
    "swallow-mismatch",
    "echo-as-edit",
    "edit-as-echo",
    "token-before-page",
    "no-window",
    "marker-ignored",
    "id-ignored",
    "silent-restore",
    "show-too-much",
    "claim-fresh",
};

constexpr std::array<const char*, kCanaries> kBroken{
    "",   "I1", "I11", "I6", "I8",  "I9", "I10", "I11", "I12", "I13", "I14", "I15", "I16", "I18", "I3",
    "R3", "I6", "I2",  "I6", "I10", "I1", "I10", "L2",  "I11", "I11", "I8",  "I12", "I27", "I17",
};

}  // namespace

const char* to_string(Fault fault) { return kFaultNames.at(static_cast<std::size_t>(fault)); }
const char* to_string(Canary canary) { return kCanaryNames.at(static_cast<std::size_t>(canary)); }

const char* broken_by(Canary canary) { return kBroken.at(static_cast<std::size_t>(canary)); }

void Statistics::add(const Statistics& other) {
    for (std::size_t i = 0; i < kFaults; ++i) {
        fired.at(i) += other.fired.at(i);
        handled.at(i) += other.handled.at(i);
    }
    for (const auto& [name, count] : other.checks) checks[name] += count;
    seeds += other.seeds;
    operations += other.operations;
    passes += other.passes;
    calls += other.calls;
    writes += other.writes;
    conflicts += other.conflicts;
    settled += other.settled;
}

}  // namespace calgate::seeds
