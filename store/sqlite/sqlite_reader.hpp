#pragma once

#include "store/sqlite/database.hpp"
#include "store/sqlite/parsed.hpp"
#include "store/store.hpp"

namespace calgate::sqlite {

/// The reading half over one connection; Base is Reader, or Writer for the writing connection.
template <class Base>
class RowReader : public Base {
public:
    explicit RowReader(const Database& database) : database_(database) {}

    std::optional<Business> business() const override;
    std::vector<Staff> staff() const override;
    std::optional<Staff> staff(const StaffId&) const override;
    std::vector<Service> services() const override;
    std::optional<Service> service(const ServiceId&) const override;
    std::vector<Account> accounts() const override;
    std::optional<Account> account(const AccountId&) const override;
    std::optional<SealedSecret> secret(const AccountId&, const std::string& name) const override;
    std::vector<SealedSecret> secrets_under_other_keys(std::int64_t key, const SealedSecret& after, std::size_t limit)
        const override;
    std::vector<Calendar> calendars() const override;
    std::optional<Calendar> calendar(const CalendarId&) const override;
    std::vector<Calendar> calendars_of(const StaffId&) const override;
    std::optional<Appointment> appointment(const AppointmentId&) const override;
    std::vector<Appointment> appointments(const AppointmentId& after, std::size_t limit) const override;
    std::vector<Appointment> versions(const AppointmentId&, std::size_t limit) const override;
    std::vector<std::pair<Appointment, Interval>> appointments_of(const StaffId&, Interval window) const override;
    std::vector<Appointment> expired_holds(Instant now, std::size_t limit) const override;
    std::optional<Mirror> mirror(const AppointmentId&, const CalendarId&) const override;
    std::vector<Mirror> mirrors_of(const AppointmentId&) const override;
    std::vector<Mirror> mirrors_on(const CalendarId&) const override;
    std::vector<Mirror> doubted_mirrors(const CalendarId&) const override;
    std::optional<Mirror> mirror_by_href(const CalendarId&, const Href&) const override;
    std::optional<Mirror> mirror_by_uid(const CalendarId&, const Uid&) const override;
    std::vector<Mirror> open_mirrors(const CalendarId&, Instant now, std::size_t limit) const override;
    std::int64_t count_open_mirrors(const CalendarId&) const override;
    Exposure exposure() const override;
    std::optional<CachedEvent> cached_event(const CalendarId&, const Href&) const override;
    std::vector<CachedEvent> cached_events(const CalendarId&) const override;
    std::vector<BusyInterval> busy_time(const CalendarId&) const override;
    std::vector<CachedEvent> cached_events_to_expand(Instant horizon, std::size_t limit) const override;
    std::optional<Version> cached_version(const CalendarId&, const Href&) const override;
    std::vector<std::pair<Href, std::optional<Version>>> cached_versions(const CalendarId&) const override;
    std::vector<Conflict> conflicts(bool open_only) const override;
    std::optional<Conflict> conflict(std::int64_t id) const override;
    std::vector<Change> changes(std::int64_t after, std::size_t limit) const override;
    std::vector<Change> changes_about(const std::string& subject, std::size_t limit) const override;
    std::int64_t last_change() const override;
    std::optional<AuditHead> audit_at(std::int64_t sequence) const override;
    AuditCheck check_audit() const override;
    std::vector<Erasure> erasures() const override;
    std::vector<std::string> customers() const override;
    std::vector<AppointmentId> appointments_naming(const std::string& customer) const override;
    std::vector<AppointmentId> named_and_over(Instant before, std::size_t limit) const override;
    std::optional<IdempotentAnswer> idempotent_answer(const std::string& key) const override;
    std::vector<ApiKey> api_keys() const override;
    std::vector<ChannelRecord> push_channels() const override;
    std::optional<BookingOrigin> booking_origin(const AppointmentId&) const override;
    std::vector<BookingOrigin> booking_origins(const std::string& booking) const override;
    BookingTally booking_tally(const BookingOrigin&, Interval day, Instant now) const override;
    std::optional<BookingLink> booking_link(const std::string& id) const override;
    std::vector<BookingLink> booking_links(std::size_t limit) const override;
    std::optional<CallbackWait> callback_wait(const std::string& subject) const override;
    std::vector<CallbackWait> callback_waits(std::size_t limit) const override;
    std::optional<std::string> setting(const std::string& name) const override;

protected:
    const Database& database_;

private:
    /// The writing connection's keep; one that reads ends with its transaction.
    mutable Parsed<Business> businesses_{};
    mutable Parsed<Staff> staff_{};
    mutable Parsed<Service> services_{};
    mutable Parsed<Calendar> calendars_{};
};

class RowWriter final : public RowReader<Writer> {
public:
    using RowReader<Writer>::RowReader;
    void put(const Business&) override;
    void put(const Staff&) override;
    void put(const Service&) override;
    void put(const Account&) override;
    void put(const Calendar&) override;
    void erase(const CalendarId&) override;
    void erase(const AccountId&) override;
    void put(const SealedSecret&) override;
    void erase_secrets(const AccountId&) override;
    void put(const Appointment&, Interval when) override;
    void put(const Mirror&) override;
    void erase_mirror(const AppointmentId&, const CalendarId&) override;
    void put(const CachedEvent&) override;
    void erase_cached_event(const CalendarId&, const Href&) override;
    std::int64_t add(const Conflict&) override;
    void put(const Conflict&) override;
    std::int64_t append(const Change&) override;
    void put(const Erasure&) override;
    void put_version(const Appointment&) override;
    std::int64_t forget_versions(Instant replaced_before) override;
    void erase_words(const std::string& subject) override;
    std::int64_t forget_words(Instant before) override;
    void replace_answers(const AppointmentId&, const std::string& body) override;
    void put_idempotent_answer(const std::string& key, const IdempotentAnswer&) override;
    void forget_idempotent_answers(Instant before) override;
    void put(const ApiKey&) override;
    void erase_api_key(const std::string& hash) override;
    void put(const ChannelRecord&) override;
    void erase_push_channel(const std::string& key) override;
    void put(const BookingOrigin&) override;
    void forget_booking_origins(Instant ended_before) override;
    void put(const BookingLink&) override;
    void forget_booking_links(Instant expired_before) override;
    void erase_booking_links(const std::string& customer, Instant until) override;
    void put(const CallbackWait&) override;
    void erase_callback_wait(const std::string& subject) override;
    void put_setting(const std::string& name, const std::string& value) override;

private:
    std::int64_t last_id() const;
    std::int64_t changed_rows() const;  ///< By the last statement.
};

}  // namespace calgate::sqlite
