#pragma once

#include <map>
#include <mutex>
#include <set>

#include "connectors/memory/memory_connector.hpp"

namespace calgate::memory {

struct Stored {
    RemoteEvent event{};
    std::int64_t changed_at = 0;  ///< Change number.
    std::int64_t created_at = 0;
};

struct Tombstone {
    std::int64_t removed_at = 0;  ///< Change number.
    std::int64_t created_at = 0;
};

struct StoredCalendar {
    std::string name{};
    bool writable = true;
    std::map<std::string, Stored> events{};  ///< By href.
    std::map<std::string, Tombstone> tombstones{};
};

/// Everything behind the service's one mutex.
struct MemoryService::Impl {
    const ZoneResolver& zones;
    const Clock& clock;
    Settings settings;
    mutable std::mutex mutex{};
    std::map<std::string, StoredCalendar> calendars{};
    std::int64_t change = 0;
    std::int64_t epoch = 0;  ///< Part of every token.
    std::int64_t next_calendar = 0;
    std::vector<Fault> faults{};
    std::optional<Error> outage{};
    Counters counters{};

    Impl(const ZoneResolver& given_zones, const Clock& given_clock, Settings given)
        : zones(given_zones), clock(given_clock), settings(std::move(given)) {}

    /// Below, the mutex is held by the caller.
    StoredCalendar* calendar(const std::string& href);
    StoredCalendar* calendar_of(const std::string& event_href);
    const Stored* find(const std::string& event_href);
    RemoteEvent read(const std::string& href, std::string text) const;
    const Stored& store(StoredCalendar&, const std::string& href, std::string text);
    bool remove(const std::string& href);
    std::optional<std::string> href_of(const StoredCalendar&, const Uid&) const;
    std::optional<Fault> take_fault(Operation);
    Result<ChangeSet> changes(
        const std::string& calendar_href, const std::optional<SyncToken>& since, const KnownVersion& known
    );
};

}  // namespace calgate::memory
