#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "store/store.hpp"

namespace calgate::testing {

/// A table that versions of the store share until one of them changes it.
template <class T>
class Shared {
public:
    const T& operator*() const { return *rows_; }
    const T* operator->() const { return rows_.get(); }
    /// Copied first when another version holds it too. For the writer only.
    T& change() {
        if (rows_.use_count() > 1) rows_ = std::make_shared<T>(*rows_);
        return *rows_;
    }

private:
    std::shared_ptr<T> rows_ = std::make_shared<T>();
};

/// Rows of every table, in memory.
struct Rows {
    std::optional<Business> business{};
    Shared<std::map<StaffId, Staff>> staff{};
    Shared<std::map<ServiceId, Service>> services{};
    Shared<std::map<AccountId, Account>> accounts{};
    Shared<std::map<std::pair<AccountId, std::string>, SealedSecret>> secrets{};
    Shared<std::map<CalendarId, Calendar>> calendars{};
    Shared<std::map<AppointmentId, std::pair<Appointment, Interval>>> appointments{};
    Shared<std::map<std::pair<AppointmentId, std::int64_t>, Appointment>> versions{};
    Shared<std::map<std::pair<CalendarId, AppointmentId>, Mirror>> mirrors{};
    Shared<std::map<std::pair<CalendarId, Href>, CachedEvent>> cached{};
    Shared<std::map<std::int64_t, Conflict>> conflicts{};
    Shared<std::vector<Change>> changes{};
    Shared<std::vector<std::string>> links{};  ///< Of the audit's chain, one per change.
    Shared<std::map<std::string, std::string>> settings{};
    Shared<std::map<std::string, Erasure>> erasures{};
    Shared<std::map<std::string, ChannelRecord>> channels{};
};

/// A Store without a disk: what one write does is kept together or not at all. For tests of the scheduler alone.
class MapStore final : public Store {
public:
    void write(const std::function<void(Writer&)>& work) override;
    void read(const std::function<void(const Reader&)>& work) const override;
    bool writable() const override { return true; }
    std::unique_ptr<Store> scratch_copy() const override;
    void compact() override {}

private:
    std::shared_ptr<Rows> snapshot() const;

    std::mutex writing_{};
    mutable std::mutex mutex_{};
    std::shared_ptr<Rows> rows_ = std::make_shared<Rows>();  ///< Shared with readers; replaced, never changed.
};

}  // namespace calgate::testing
