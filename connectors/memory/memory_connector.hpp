#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/batch.hpp"
#include "core/clock.hpp"
#include "core/connector.hpp"
#include "core/zone.hpp"

namespace calgate::memory {

enum class Operation : std::uint8_t { Any, List, Changes, Fetch, Find, Create, Update, Delete, Batch };

/// What happens to coming calls.
struct Fault {
    Operation operation = Operation::Any;
    Error error{};
    bool after_applying = false;  ///< The call took effect before it failed.
    int times = 1;                ///< Calls that it hits; -1: until `clear_faults`.
};

/// Calls that arrived, failed ones included.
struct Counters {
    std::int64_t list = 0, changes = 0, fetch = 0, find = 0, create = 0, update = 0, erase = 0, batch = 0;
    std::int64_t total() const { return list + changes + fetch + find + create + update + erase + batch; }
};

/// A calendar service in memory: calendars, events as iCalendar text, versions, a change log with tombstones.
/// Thread-safe.
class MemoryService {
public:
    struct Settings {
        std::size_t page_size = 100;
        bool full_listing = false;          ///< No tokens: every fetch_changes is a snapshot.
        bool lists_on_dead_tokens = false;  ///< A dead token is answered with everything, as if it were news.
        bool conditional_writes = true;     ///< What Capabilities say; writes are always checked.
        bool names_short_lived = true;      ///< Events made and deleted between two reads are named as removed.
        std::string zone{};                 ///< For floating times.
        std::size_t batch_size = 1;         ///< Calls that one batch takes; 1: it takes none.
    };
    MemoryService(const ZoneResolver&, const Clock&);
    MemoryService(const ZoneResolver&, const Clock&, Settings);
    ~MemoryService();
    MemoryService(const MemoryService&) = delete;
    MemoryService& operator=(const MemoryService&) = delete;

    Href add_calendar(const std::string& name);
    void remove_calendar(const Href& calendar);
    void set_writable(const Href& calendar, bool writable);

    /// As a person with another program does; no fault applies and nothing is counted.
    /// @return the event's place; an event with the same Uid is replaced.
    Href put(const Href& calendar, const Event&);
    /// Text as it is, also unreadable text.
    Href put_text(const Href& calendar, const std::string& name, const std::string& icalendar);
    bool edit(const Href& event, const std::function<void(Event&)>& change);
    bool erase(const Href& event);
    /// By place; unreadable ones included.
    std::vector<RemoteEvent> events(const Href& calendar) const;
    std::size_t count(const Href& calendar) const;

    void fail_next(Fault);
    void clear_faults();
    /// Every call fails with this until absent.
    void set_outage(std::optional<Error>);
    /// Tokens handed out so far are refused with SyncTokenExpired.
    void forget_tokens();
    void set_page_size(std::size_t);
    void set_batch_size(std::size_t);
    void set_names_short_lived(bool);
    void set_lists_on_dead_tokens(bool);
    Counters counters() const;

private:
    friend class MemoryConnector;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// An account at a MemoryService; any number may share one.
class MemoryConnector final : public Connector, private BatchService {
public:
    explicit MemoryConnector(MemoryService&);

    Capabilities capabilities() const override;
    Result<Event> read_source(const std::string& source) const override;
    Result<std::vector<RemoteCalendar>> list_calendars(const Context&) override;
    Result<ChangeSet> fetch_changes(
        const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override;
    Result<RemoteEvent> fetch_event(const Context&, const Href& event) override;
    Result<RemoteEvent> find_event(const Context&, const Href& calendar, const Uid& uid) override;
    Result<WriteReceipt> create_event(const Context&, const Href& calendar, const Event&) override;
    Result<WriteReceipt> update_event(const Context&, const Href& event, const Version& if_match, const Event&)
        override;
    Status delete_event(const Context&, const Href& event, const Version& if_match) override;
    BatchService* batch() override;

private:
    std::size_t capacity() const override;
    /// A fault of Operation::Batch hits all of it; those of single writes hit the parts.
    std::vector<Result<WriteReceipt>> write_events(
        const Context&, const Href& calendar, const std::vector<EventWrite>& writes
    ) override;
    std::vector<Result<bool>> find_absent(const Context&, const Href& calendar, const std::vector<Uid>& uids) override;

    MemoryService& service_;
};

}  // namespace calgate::memory
