#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/audit.hpp"
#include "core/erasure.hpp"
#include "core/model.hpp"
#include "core/push.hpp"
#include "store/exposure.hpp"

namespace calgate {

/// The disk gave reason to doubt, or is full (I4, F30, F31). Nothing of the failed transaction is kept. After a failed
/// sync the store stays closed for writing until the process is restarted; reading goes on.
class StoreFailure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The answer that was given under an idempotency key (I5).
struct IdempotentAnswer {
    std::string request_digest{};
    int status = 0;
    std::string body{};
    Instant at{};
};

/// What a look through the whole audit found.
struct AuditCheck {
    AuditHead head{};
    std::int64_t erased = 0;              ///< Entries without their words, as erasure and retention leave them.
    std::vector<std::string> findings{};  ///< A sentence each; the first few of what is not as it was written.
};

/// What an API key may do; each includes those before it.
enum class KeyScope : std::uint8_t {
    Monitor,  ///< See how things stand, no appointment.
    Read,
    Write,  ///< Book, change and cancel.
    Admin,  ///< Accounts, keys, exports: whatever the owner may.
};

/// A key to the API. The key itself is kept nowhere.
struct ApiKey {
    std::string hash{};  ///< Hex SHA-256.
    std::string label{};
    KeyScope scope = KeyScope::Admin;
    Instant created{};
    std::optional<Instant> expires{};  ///< Opens nothing from then on.
    bool operator==(const ApiKey&) const = default;
};

/// Whether a copy needs a look at every pass: missing, beside a twin, backing off, not listed yet, or waiting for a
/// person.
inline bool doubted(const Mirror& mirror) {
    return mirror.missing_since || mirror.twin_since || mirror.not_before || mirror.state == MirrorState::Conflict ||
           mirror.unlisted;
}
/// Where a booking that somebody made for himself came from. Kept apart from the appointment, with nothing readable in
/// it: customer and address are keyed hashes.
struct BookingOrigin {
    AppointmentId appointment{};
    std::string booking{};   ///< Appointments booked together share it; empty: on its own.
    std::string customer{};  ///< Empty: not known.
    std::string network{};   ///< Of the address; empty: not known.
    std::string link{};      ///< Id of the link; empty: without one.
    bool operator==(const BookingOrigin&) const = default;
};

/// How many others are open (core/booking_rules.hpp) where an origin counts. What the origin leaves empty is 0.
struct BookingTally {
    int of_customer = 0;
    int of_network = 0;
    int of_link = 0;
    int on_day = 0;
    int without_link = 0;
};

/// Lets a chosen customer book. The link itself is kept nowhere.
struct BookingLink {
    std::string id{};
    std::string customer{};
    ServiceId service{};  ///< Empty: any.
    Instant created{};
    Instant expires{};  ///< Opens nothing from then on.
    bool single_use = true;
    bool revoked = false;
    std::optional<Instant> used{};  ///< When a booking was last confirmed under it.
    bool operator==(const BookingLink&) const = default;
};

/// Changes of one appointment that the booking system was not told of yet.
struct CallbackWait {
    std::string subject{};
    std::int64_t from = 0;  ///< Sequence of the first of them.
    int attempts = 0;
    Instant since{};       ///< First attempt at `from`.
    Instant not_before{};  ///< Of the next attempt.
    bool parked = false;   ///< Given up: a person decides.
    bool operator==(const CallbackWait&) const = default;
};

/// Whose the gateway's own secrets are.
inline const AccountId kOwnSecrets{};

/// One consistent view of the store. Valid only inside the function it was given to.
class Reader {
public:
    virtual ~Reader() = default;
    virtual std::optional<Business> business() const = 0;
    virtual std::vector<Staff> staff() const = 0;
    virtual std::optional<Staff> staff(const StaffId&) const = 0;
    virtual std::vector<Service> services() const = 0;
    virtual std::optional<Service> service(const ServiceId&) const = 0;
    virtual std::vector<Account> accounts() const = 0;
    virtual std::optional<Account> account(const AccountId&) const = 0;
    virtual std::optional<SealedSecret> secret(const AccountId&, const std::string& name) const = 0;
    /// In order of account and name, those after `after` that are sealed with another key than `key`.
    virtual std::vector<SealedSecret> secrets_under_other_keys(
        std::int64_t key, const SealedSecret& after, std::size_t limit
    ) const = 0;
    virtual std::vector<Calendar> calendars() const = 0;
    virtual std::optional<Calendar> calendar(const CalendarId&) const = 0;
    virtual std::vector<Calendar> calendars_of(const StaffId&) const = 0;

    virtual std::optional<Appointment> appointment(const AppointmentId&) const = 0;
    /// In order of id, those after `after`.
    virtual std::vector<Appointment> appointments(const AppointmentId& after, std::size_t limit) const = 0;
    /// The last `limit` revisions of an appointment as each was stored, oldest first.
    virtual std::vector<Appointment> versions(const AppointmentId&, std::size_t limit) const = 0;
    /// Held and confirmed ones of a person whose [start, end) instants overlap `window`.
    virtual std::vector<std::pair<Appointment, Interval>> appointments_of(const StaffId&, Interval window) const = 0;

    /// Held ones whose hold has run out at `now`, those first that ran out first.
    virtual std::vector<Appointment> expired_holds(Instant now, std::size_t limit) const = 0;

    virtual std::optional<Mirror> mirror(const AppointmentId&, const CalendarId&) const = 0;
    virtual std::vector<Mirror> mirrors_of(const AppointmentId&) const = 0;
    virtual std::vector<Mirror> mirrors_on(const CalendarId&) const = 0;
    /// Those that `doubted` names: a pass looks at them whether or not the service has news.
    virtual std::vector<Mirror> doubted_mirrors(const CalendarId&) const = 0;
    virtual std::optional<Mirror> mirror_by_href(const CalendarId&, const Href&) const = 0;
    virtual std::optional<Mirror> mirror_by_uid(const CalendarId&, const Uid&) const = 0;
    /// Open intents of a target that may run at `now`, soonest appointment first.
    virtual std::vector<Mirror> open_mirrors(const CalendarId&, Instant now, std::size_t limit) const = 0;
    /// Open intents per target, back-off or not.
    virtual std::int64_t count_open_mirrors(const CalendarId&) const = 0;
    /// Kept with every change: asking costs the same however much waits.
    virtual Exposure exposure() const = 0;

    virtual std::optional<CachedEvent> cached_event(const CalendarId&, const Href&) const = 0;
    virtual std::vector<CachedEvent> cached_events(const CalendarId&) const = 0;
    /// Of all cached events of a calendar that are no copies of ours, in no order; costs less than their rows.
    virtual std::vector<BusyInterval> busy_time(const CalendarId&) const = 0;
    /// Those whose `busy_to` is before `horizon` and that recur, or whose trouble asks for another reading.
    virtual std::vector<CachedEvent> cached_events_to_expand(Instant horizon, std::size_t limit) const = 0;
    /// Absent as well for one that came without a version.
    virtual std::optional<Version> cached_version(const CalendarId&, const Href&) const = 0;
    /// href and version only.
    virtual std::vector<std::pair<Href, std::optional<Version>>> cached_versions(const CalendarId&) const = 0;

    virtual std::vector<Conflict> conflicts(bool open_only) const = 0;
    virtual std::optional<Conflict> conflict(std::int64_t id) const = 0;
    virtual std::vector<Change> changes(std::int64_t after, std::size_t limit) const = 0;
    /// The last `limit` entries with this subject, oldest first.
    virtual std::vector<Change> changes_about(const std::string& subject, std::size_t limit) const = 0;
    virtual std::int64_t last_change() const = 0;
    /// The chain at an entry; nothing when there is no such entry.
    virtual std::optional<AuditHead> audit_at(std::int64_t sequence) const = 0;
    /// Recomputes the whole chain.
    virtual AuditCheck check_audit() const = 0;
    virtual std::vector<Erasure> erasures() const = 0;
    /// Everybody whom a kept revision of an appointment names, once each.
    virtual std::vector<std::string> customers() const = 0;
    /// Appointments of which a kept revision names this customer.
    virtual std::vector<AppointmentId> appointments_naming(const std::string& customer) const = 0;
    /// Past ones whose last revision is not nameless and that ended before, those first that ended first.
    virtual std::vector<AppointmentId> named_and_over(Instant before, std::size_t limit) const = 0;
    virtual std::optional<IdempotentAnswer> idempotent_answer(const std::string& key) const = 0;
    /// In order of label.
    virtual std::vector<ApiKey> api_keys() const = 0;
    virtual std::vector<ChannelRecord> push_channels() const = 0;
    virtual std::optional<BookingOrigin> booking_origin(const AppointmentId&) const = 0;
    /// All of one booking, in order of appointment.
    virtual std::vector<BookingOrigin> booking_origins(const std::string& booking) const = 0;
    /// What is open at `now` besides the appointment itself. @param day for `on_day`: those that start within it.
    virtual BookingTally booking_tally(const BookingOrigin&, Interval day, Instant now) const = 0;
    virtual std::optional<BookingLink> booking_link(const std::string& id) const = 0;
    /// The newest first.
    virtual std::vector<BookingLink> booking_links(std::size_t limit) const = 0;
    virtual std::optional<CallbackWait> callback_wait(const std::string& subject) const = 0;
    /// Those that are not parked first, by `not_before`.
    virtual std::vector<CallbackWait> callback_waits(std::size_t limit) const = 0;
    /// Small settings of the gateway itself.
    virtual std::optional<std::string> setting(const std::string& name) const = 0;
};

/// A view that can also change. All that one function does through it is kept together or not at all (I2).
class Writer : public Reader {
public:
    virtual void put(const Business&) = 0;
    virtual void put(const Staff&) = 0;
    virtual void put(const Service&) = 0;
    virtual void put(const Account&) = 0;
    virtual void put(const Calendar&) = 0;
    virtual void erase(const CalendarId&) = 0;  ///< With its mirrors, cached events and channels.
    virtual void erase(const AccountId&) = 0;   ///< With its secrets.
    /// Of an account, or of the gateway itself (kOwnSecrets).
    virtual void put(const SealedSecret&) = 0;
    virtual void erase_secrets(const AccountId&) = 0;
    /// Its revision is kept beside the earlier ones.
    /// @param when the instants of start and end, by the zone rules in force (I22).
    virtual void put(const Appointment&, Interval when) = 0;
    virtual void put(const Mirror&) = 0;
    virtual void erase_mirror(const AppointmentId&, const CalendarId&) = 0;
    virtual void put(const CachedEvent&) = 0;
    virtual void erase_cached_event(const CalendarId&, const Href&) = 0;
    virtual std::int64_t add(const Conflict&) = 0;   ///< @return its id.
    virtual void put(const Conflict&) = 0;           ///< An existing one.
    virtual std::int64_t append(const Change&) = 0;  ///< @return its sequence.
    virtual void put(const Erasure&) = 0;
    /// Overwrites a kept revision; for erasing what it says.
    virtual void put_version(const Appointment&) = 0;
    /// Removes revisions that were replaced before then. @return how many.
    virtual std::int64_t forget_versions(Instant replaced_before) = 0;
    /// Removes the words of the entries about a subject; the entries stay and the chain holds.
    virtual void erase_words(const std::string& subject) = 0;
    /// Removes the words of all entries from before. @return how many.
    virtual std::int64_t forget_words(Instant before) = 0;
    /// Puts `body` in place of every kept answer that names the appointment.
    virtual void replace_answers(const AppointmentId&, const std::string& body) = 0;
    virtual void put_idempotent_answer(const std::string& key, const IdempotentAnswer&) = 0;
    virtual void forget_idempotent_answers(Instant before) = 0;
    virtual void put(const ApiKey&) = 0;
    virtual void erase_api_key(const std::string& hash) = 0;
    virtual void put(const ChannelRecord&) = 0;
    virtual void erase_push_channel(const std::string& key) = 0;
    /// Of an appointment that is there. It follows the appointment's state and times from then on.
    virtual void put(const BookingOrigin&) = 0;
    /// Of appointments that ended before.
    virtual void forget_booking_origins(Instant ended_before) = 0;
    virtual void put(const BookingLink&) = 0;
    virtual void forget_booking_links(Instant expired_before) = 0;
    /// Those that were made at `until` or before.
    virtual void erase_booking_links(const std::string& customer, Instant until) = 0;
    virtual void put(const CallbackWait&) = 0;
    virtual void erase_callback_wait(const std::string& subject) = 0;
    virtual void put_setting(const std::string& name, const std::string& value) = 0;
};

/// What survives a restart. Thread-safe.
class Store {
public:
    virtual ~Store() = default;
    /// Runs `work` in a transaction on the writer's thread and returns when it is on disk. An exception from `work`
    /// undoes all of it and comes out here. Several callers share one sync (group commit).
    /// @throws StoreFailure when it could not be made durable: nothing of it was acknowledged.
    virtual void write(const std::function<void(Writer&)>& work) = 0;
    /// Runs `work` over a consistent snapshot, on the caller's thread, beside the writer.
    virtual void read(const std::function<void(const Reader&)>& work) const = 0;
    /// false once a failed sync or a corrupt page closed the store for writing (I4).
    virtual bool writable() const = 0;
    /// A copy in memory of how the store is now; what is done to it touches nothing else.
    /// @throws StoreFailure, also when this one lies in memory itself and cannot be copied.
    virtual std::unique_ptr<Store> scratch_copy() const = 0;
    /// Rewrites the file and empties the log, so that nothing that was erased is left in either. Changes wait
    /// meanwhile.
    /// @throws StoreFailure; what is stored is unchanged.
    virtual void compact() = 0;
};

/// `auto x = read(store, [](const Reader& r) { return …; });`
template <class F>
auto read(const Store& store, F&& work) {
    std::optional<decltype(work(std::declval<const Reader&>()))> out;
    store.read([&](const Reader& reader) { out.emplace(work(reader)); });
    return std::move(*out);
}

template <class F>
auto write(Store& store, F&& work) {
    std::optional<decltype(work(std::declval<Writer&>()))> out;
    store.write([&](Writer& writer) { out.emplace(work(writer)); });
    return std::move(*out);
}

}  // namespace calgate
