#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "store/store.hpp"

namespace calgate::testing {

/// Rows of every table, in memory.
struct Rows {
    std::optional<Business> business{};
    std::map<StaffId, Staff> staff{};
    std::map<ServiceId, Service> services{};
    std::map<AccountId, Account> accounts{};
    std::map<std::pair<AccountId, std::string>, SealedSecret> secrets{};
    std::map<CalendarId, Calendar> calendars{};
    std::map<AppointmentId, std::pair<Appointment, Interval>> appointments{};
    std::map<std::pair<AppointmentId, std::int64_t>, Appointment> versions{};
    std::map<std::pair<CalendarId, AppointmentId>, Mirror> mirrors{};
    std::map<std::pair<CalendarId, Href>, CachedEvent> cached{};
    std::map<std::int64_t, Conflict> conflicts{};
    std::vector<Change> changes{};
    std::map<std::string, std::string> settings{};
    std::map<std::string, ChannelRecord> channels{};
};

/// A Store without a disk: what one write does is kept together or not at all. For tests of the scheduler alone.
class MapStore final : public Store {
public:
    void write(const std::function<void(Writer&)>& work) override;
    void read(const std::function<void(const Reader&)>& work) const override;
    bool writable() const override { return true; }
    std::unique_ptr<Store> scratch_copy() const override;

private:
    std::shared_ptr<Rows> snapshot() const;

    std::mutex writing_{};
    mutable std::mutex mutex_{};
    std::shared_ptr<Rows> rows_ = std::make_shared<Rows>();  ///< Shared with readers; replaced, never changed.
};

}  // namespace calgate::testing
