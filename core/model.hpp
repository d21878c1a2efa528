#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/event.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"

namespace calgate {

/// Who decides when both sides changed the same field to other values (design 5).
enum class ConcurrentEditPolicy : std::uint8_t { Ask, Gateway, Calendar, Newest };
/// What a deletion by staff does, once it is proven (I11, I12). AskWhenMany: one in a run cancels, more ask. Hide: the
/// copy stays away from that calendar, the appointment goes on.
enum class DeletionPolicy : std::uint8_t { AskWhenMany, Cancel, Restore, Ask, Hide };
/// What confirming on data older than `stale_after` does (I17).
enum class StalePolicy : std::uint8_t { Provisional, Offer, Refuse };
/// Fields of an appointment that a copy may show beside its time (I27); the capsule holds the rest, sealed. A customer
/// is never shown. Where the title is not, it reads "Busy".
struct CopyDetail {
    bool title = false;
    bool place = false;
    bool notes = false;
    static const CopyDetail kBusy;   ///< None of them: the default.
    static const CopyDetail kTitle;  ///< The title alone.
    static const CopyDetail kFull;   ///< All of them.
    bool operator==(const CopyDetail&) const = default;
};
inline constexpr CopyDetail CopyDetail::kBusy{};
inline constexpr CopyDetail CopyDetail::kTitle{true, false, false};
inline constexpr CopyDetail CopyDetail::kFull{true, true, true};
/// As stores and markers keep it: 0, 1 and 2 are kBusy, kTitle and kFull. @return nothing for a number that is none.
int number_of(const CopyDetail&);
std::optional<CopyDetail> copy_detail_of(int number);

struct Business {
    std::string id{};  ///< Random, fixed at init; part of every copy's name.
    std::string name{};
    std::string zone{};   ///< IANA.
    std::string epoch{};  ///< Random per store; a restored store gets a new one (I21).
    ConcurrentEditPolicy concurrent_edits = ConcurrentEditPolicy::Ask;
    DeletionPolicy deletions = DeletionPolicy::AskWhenMany;
    StalePolicy stale = StalePolicy::Provisional;
    std::chrono::seconds stale_after{3600};
    bool operator==(const Business&) const = default;
};

/// Minutes after local midnight, half open; several a day allowed.
struct WorkingHours {
    int start_minute = 0;
    int end_minute = 0;
    auto operator<=>(const WorkingHours&) const = default;
};

/// What holds on one date instead of the week's hours.
struct DayHours {
    std::chrono::local_days day{};
    std::vector<WorkingHours> hours{};  ///< Empty: a day off.
    bool operator==(const DayHours&) const = default;
};

/// A person, room or device.
struct Staff {
    StaffId id{};
    std::string name{};
    std::string zone{};                               ///< IANA.
    int capacity = 1;                                 ///< Confirmed appointments at one time (I15).
    std::array<std::vector<WorkingHours>, 7> week{};  ///< Monday first; all empty: no limits.
    std::vector<DayHours> exceptions{};               ///< One a date, in order of dates.
    bool operator==(const Staff&) const = default;
};

struct Service {
    ServiceId id{};
    std::string name{};
    std::chrono::minutes duration{30};
    std::chrono::minutes buffer_before{0};
    std::chrono::minutes buffer_after{0};
    std::chrono::minutes step{15};   ///< A slot may begin every so often after midnight in the person's zone.
    std::chrono::minutes notice{0};  ///< A slot begins at least this long after the question.
    std::chrono::days horizon{0};    ///< And at most this long after it; 0: no limit.
    std::vector<StaffId> staff{};    ///< Any of them.
    bool operator==(const Service&) const = default;
};

enum class AccountState : std::uint8_t { Active, NeedsAttention };
/// How the gateway proves itself at the service. The secret of each lies sealed in the store, apart (I25).
enum class SignInMethod : std::uint8_t {
    Password,
    Person,                  ///< OAuth with a refresh token.
    ServiceAccount,          ///< Google, with domain-wide delegation.
    ApplicationSecret,       ///< Microsoft, client credentials.
    ApplicationCertificate,  ///< The same with a certificate.
};

struct Account {
    AccountId id{};
    std::string kind{};  ///< "caldav", "icloud", "ews", "google", "graph", "memory"
    std::string url{};
    std::string user{};  ///< Name or address for people; with an application or service account whom it acts for.
    SignInMethod method = SignInMethod::Password;
    std::string identity{};   ///< Whose account it is; pinned at the first sign-in (F26). EWS: the mailbox acted for.
    std::string client_id{};  ///< The application that was signed in; OAuth only.
    std::string tenant{};     ///< Microsoft only.
    bool may_write = true;    ///< false: signed in for reading only.
    int sign_ins = 1;         ///< Grows with every sign-in; what was opened under an earlier one is opened anew.
    AccountState state = AccountState::Active;
    std::string detail{};  ///< What to do, when it needs attention.
    bool operator==(const Account&) const = default;
};

/// A secret of an account as it lies in the store.
struct SealedSecret {
    AccountId account{};
    std::string name{};    ///< "password", "refresh_token", …: one per SignInMethod.
    std::int64_t key = 1;  ///< Number of the vault key it is sealed with.
    std::string sealed{};  ///< Bound to `account` and `name`.
    bool operator==(const SealedSecret&) const = default;
};

enum class CalendarState : std::uint8_t {
    Active,
    ReadOnly,  ///< Mirror target that refused writes (F17).
    Gone,      ///< The service says it no longer exists (F17).
    Waiting,   ///< A brake stopped a run; a person decides (I13).
};

/// A collection of events at an account, and what it is used for.
struct Calendar {
    CalendarId id{};
    AccountId account{};
    StaffId staff{};  ///< Whose calendar it is.
    Href href{};
    std::string name{};
    std::string zone{};   ///< For floating times; empty: the person's zone.
    bool mirror = false;  ///< Target: that person's appointments are written here.
    bool busy = false;    ///< Source: foreign events here block that person.
    CopyDetail copy_detail = CopyDetail::kBusy;
    CalendarState state = CalendarState::Active;
    std::string detail{};

    std::optional<SyncToken> sync_token{};
    std::optional<Instant> as_of{};         ///< When the cache was last known complete.
    std::optional<Instant> full_listing{};  ///< Last complete full listing.
    int empty_listings = 0;                 ///< Consecutive empty listings of a calendar that had events.
    std::optional<Href> marker{};           ///< The marker event (design 4).
    std::optional<Instant> marker_written{};
    bool operator==(const Calendar&) const = default;
};

enum class AppointmentState : std::uint8_t { Held, Confirmed, Cancelled };

/// What the booking system asked for.
struct Appointment {
    AppointmentId id{};
    StaffId staff{};
    ServiceId service{};   ///< May be empty.
    LocalSeconds start{};  ///< The agreed wall time (I22).
    LocalSeconds end{};
    std::string zone{};  ///< IANA.
    AppointmentState state = AppointmentState::Confirmed;
    std::string title{};
    std::string place{};
    std::string customer{};
    std::string notes{};
    std::chrono::minutes buffer_before{0};  ///< Of the service when the time was agreed; nobody else's then.
    std::chrono::minutes buffer_after{0};
    std::optional<Instant> hold_until{};  ///< A hold that ends by itself then; only while held.
    bool provisional = false;             ///< Confirmed on stale data; re-checked when the source is back.
    std::int64_t revision = 0;            ///< Grows with every change; 1 is the first.
    Instant created{};
    Instant changed{};
    bool operator==(const Appointment&) const = default;
};

/// The fields of an appointment that a copy shows and a person can edit: what reconcile compares.
struct Shown {
    When start{};
    When end{};
    std::string title{};
    std::string place{};
    std::string notes{};
    bool cancelled = false;
    bool operator==(const Shown&) const = default;
};

enum class MirrorState : std::uint8_t {
    Active,
    Parked,    ///< Needs a person: `detail` says what to do (I3).
    Conflict,  ///< An open conflict holds it; ours stays live in the copy.
    Removed,   ///< Staff deleted the copy and the policy hides it in this calendar: nothing is written here.
};

/// Ties an appointment to its copy on one target. An intent is open while `wanted != confirmed`.
struct Mirror {
    AppointmentId appointment{};
    CalendarId calendar{};
    int generation = 1;
    std::int64_t wanted = 0;     ///< Revision that should be in the copy.
    std::int64_t confirmed = 0;  ///< Revision known to be in the copy; 0: none yet.
    bool wanted_gone = false;    ///< The copy should not exist (appointment cancelled or moved away).
    Uid uid{};                   ///< The copy's name (design 4), fixed before the first attempt.
    std::optional<Href> href{};
    std::optional<Version> version{};
    std::optional<Shown> base{};  ///< What both sides last agreed on.
    std::string remote_text{};    ///< The copy as last fetched; an update is built on it.
    std::string written_text{};   ///< What the service answered to a later write; an update is built on it instead.
    bool unlisted = false;        ///< No listing named the copy yet; what goes before one does is never named.
    bool unknown_call = false;    ///< A write's outcome is not known: read before repeating (I7).
    std::optional<Instant> missing_since{};  ///< First seen absent; a deletion needs positive proof (I11).
    std::optional<Href> twin{};              ///< Another event of this name that nobody edited, beside the copy (F6).
    std::optional<Instant> twin_since{};     ///< When it was first seen.
    MirrorState state = MirrorState::Active;
    std::string detail{};
    int attempts = 0;
    std::optional<Instant> not_before{};  ///< Back-off; null: at once.
    Instant starts_at{};                  ///< The appointment's start: soonest first when calls are scarce.
    bool operator==(const Mirror&) const = default;

    bool open() const { return wanted != confirmed && state == MirrorState::Active; }
    void forget_texts() {
        remote_text.clear();
        written_text.clear();
    }
};

enum class BusyKind : std::uint8_t { Busy, Tentative };

/// Expansion of an event: half-open, UTC.
struct BusyInterval {
    Instant start{};
    Instant end{};
    BusyKind kind = BusyKind::Busy;
    auto operator<=>(const BusyInterval&) const = default;
};

/// An external event as it came, plus what we understood.
struct CachedEvent {
    CalendarId calendar{};
    Href href{};
    std::optional<Version> version{};
    Uid uid{};
    std::string text{};
    std::string digest{};                        ///< Canonical digest; empty when unreadable.
    std::optional<AppointmentId> appointment{};  ///< Set when it is our copy: not busy on its own.
    std::string trouble{};                       ///< Why it is quarantined or doubtful (R20); empty: fine.
    std::vector<BusyInterval> busy{};            ///< Over [busy_from, busy_to).
    Instant busy_from{};
    Instant busy_to{};
    bool recurring = false;
    bool operator==(const CachedEvent&) const = default;
};

enum class ConflictKind : std::uint8_t {
    ConcurrentEdit,
    Deletion,
    DeletedAndEdited,
    MovedOntoAnother,
    Brake,
    ProvisionalClash
};
enum class ConflictState : std::uint8_t { Open, ResolvedOurs, ResolvedTheirs };

struct Conflict {
    std::int64_t id = 0;          ///< Given by the store.
    AppointmentId appointment{};  ///< Empty for a brake.
    CalendarId calendar{};
    ConflictKind kind{};
    ConflictState state = ConflictState::Open;
    std::string why{};  ///< A sentence.
    std::optional<Shown> base{};
    std::optional<Shown> ours{};
    std::optional<Shown> theirs{};  ///< Absent: the copy is gone there.
    Instant created{};
    std::optional<Instant> resolved{};
    bool operator==(const Conflict&) const = default;
};

/// What an entry of the change feed changed of one field.
struct FieldChange {
    std::string field{};
    std::string from{};
    std::string to{};
    bool operator==(const FieldChange&) const = default;
};

/// An entry of the change feed, append-only (I30), which is also the audit.
struct Change {
    std::int64_t sequence = 0;  ///< Given by the store; grows without reuse.
    Instant at{};
    std::string
        kind{};  ///< "appointment.created|changed|cancelled", "conflict.opened|resolved", "run.decided|undone", …
    std::string subject{};  ///< The id of what changed.
    std::string actor{};    ///< "api:<label of a key>", "api" (the gateway's own), "calendar:<id>", "gateway", "book"
    std::string why{};
    std::int64_t revision = 0;          ///< Of the appointment; of "run.decided" the sequence of the run's first entry.
    std::vector<FieldChange> fields{};  ///< Of an appointment: from what to what.
    bool erased = false;                ///< Its words (`why` and personal fields) were erased or have had their time.
    bool operator==(const Change&) const = default;
};

const char* to_string(AppointmentState);
const char* to_string(MirrorState);
const char* to_string(CalendarState);
const char* to_string(ConflictKind);
const char* to_string(ConflictState);

}  // namespace calgate
