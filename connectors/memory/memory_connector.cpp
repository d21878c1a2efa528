#include "connectors/memory/memory_connector.hpp"

#include "connectors/memory/memory_state.hpp"
#include "core/icalendar.hpp"

namespace calgate::memory {

namespace {

Error error(ErrorCode code, std::string sentence) { return {code, std::move(sentence), {}}; }

Error no_calendar() { return error(ErrorCode::NotFound, "There is no such calendar; choose it again."); }
Error no_event() { return error(ErrorCode::NotFound, "There is no such event any more."); }
Error read_only() { return error(ErrorCode::Forbidden, "The calendar is read-only; share it with write access."); }
Error stale() { return error(ErrorCode::VersionMismatch, "The event was changed since we read it; it is read again."); }

/// Counts the call, applies it unless a fault comes first, and fails it when the fault says so.
template <class Answer, class Service, class Apply>
Answer call(
    Service& service, const Context& context, Operation operation, std::int64_t Counters::*counter, Apply apply
) {
    const std::lock_guard lock(service.mutex);
    ++(service.counters.*counter);
    if (context.stop.stop_requested()) return error(ErrorCode::Cancelled, "The call was stopped.");
    const auto fault = service.take_fault(operation);
    if (fault && !fault->after_applying) return fault->error;
    Answer answer = apply(service);
    if (fault) return fault->error;
    return answer;
}

}  // namespace

MemoryConnector::MemoryConnector(MemoryService& service) : service_(service) {}

Capabilities MemoryConnector::capabilities() const {
    const std::lock_guard lock(service_.impl_->mutex);
    return {!service_.impl_->settings.full_listing, service_.impl_->settings.conditional_writes};
}

Result<Event> MemoryConnector::read_source(const std::string& source) const {
    return read_icalendar(source, {service_.impl_->zones, service_.impl_->settings.zone, {}});
}

Result<std::vector<RemoteCalendar>> MemoryConnector::list_calendars(const Context& context) {
    using Answer = Result<std::vector<RemoteCalendar>>;
    return call<Answer>(*service_.impl_, context, Operation::List, &Counters::list, [](auto& service) -> Answer {
        std::vector<RemoteCalendar> out;
        for (const auto& [href, stored] : service.calendars)
            out.push_back({Href{href}, stored.name, stored.writable, true, true, service.settings.zone});
        return out;
    });
}

Result<ChangeSet> MemoryConnector::fetch_changes(
    const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
) {
    using Answer = Result<ChangeSet>;
    return call<Answer>(*service_.impl_, context, Operation::Changes, &Counters::changes, [&](auto& service) -> Answer {
        return service.changes(calendar.value, since, known);
    });
}

Result<RemoteEvent> MemoryConnector::fetch_event(const Context& context, const Href& event) {
    using Answer = Result<RemoteEvent>;
    return call<Answer>(*service_.impl_, context, Operation::Fetch, &Counters::fetch, [&](auto& service) -> Answer {
        const Stored* found = service.find(event.value);
        if (!found) return no_event();
        return found->event;
    });
}

Result<RemoteEvent> MemoryConnector::find_event(const Context& context, const Href& calendar, const Uid& uid) {
    using Answer = Result<RemoteEvent>;
    return call<Answer>(*service_.impl_, context, Operation::Find, &Counters::find, [&](auto& service) -> Answer {
        const StoredCalendar* owner = service.calendar(calendar.value);
        if (!owner) return no_calendar();
        const auto href = service.href_of(*owner, uid);
        if (!href) return no_event();
        return owner->events.at(*href).event;
    });
}

Result<WriteReceipt> MemoryConnector::create_event(const Context& context, const Href& calendar, const Event& event) {
    using Answer = Result<WriteReceipt>;
    return call<Answer>(*service_.impl_, context, Operation::Create, &Counters::create, [&](auto& service) -> Answer {
        StoredCalendar* owner = service.calendar(calendar.value);
        if (!owner) return no_calendar();
        if (!owner->writable) return read_only();
        const std::string href = calendar.value + event.uid.value + ".ics";
        if (owner->events.contains(href) || service.href_of(*owner, event.uid))
            return error(ErrorCode::AlreadyExists, "The calendar already holds an event with this UID.");
        CALGATE_TRY(std::string text, write_icalendar(event, service.zones, service.clock.now()));
        const Stored& stored = service.store(*owner, href, std::move(text));
        return WriteReceipt{stored.event.href, stored.event.version};
    });
}

Result<WriteReceipt> MemoryConnector::update_event(
    const Context& context, const Href& href, const Version& if_match, const Event& event
) {
    using Answer = Result<WriteReceipt>;
    return call<Answer>(*service_.impl_, context, Operation::Update, &Counters::update, [&](auto& service) -> Answer {
        const Stored* found = service.find(href.value);
        if (!found) return no_event();
        StoredCalendar* owner = service.calendar_of(href.value);
        if (!owner->writable) return read_only();
        if (found->event.version != if_match) return stale();
        CALGATE_TRY(std::string text, write_icalendar(event, service.zones, service.clock.now()));
        const Stored& stored = service.store(*owner, href.value, std::move(text));
        return WriteReceipt{stored.event.href, stored.event.version};
    });
}

Status MemoryConnector::delete_event(const Context& context, const Href& href, const Version& if_match) {
    return call<Status>(*service_.impl_, context, Operation::Delete, &Counters::erase, [&](auto& service) -> Status {
        const Stored* found = service.find(href.value);
        if (!found) return {};
        if (!service.calendar_of(href.value)->writable) return read_only();
        if (found->event.version != if_match) return stale();
        service.remove(href.value);
        return {};
    });
}

BatchService* MemoryConnector::batch() { return capacity() > 1 ? this : nullptr; }

std::size_t MemoryConnector::capacity() const {
    const std::lock_guard lock(service_.impl_->mutex);
    return service_.impl_->settings.batch_size;
}

namespace {

/// The fault that a whole batch meets.
template <class Service>
std::optional<Fault> fault_of_batch(Service& service, const Context& context) {
    const std::lock_guard lock(service.mutex);
    ++service.counters.batch;
    if (context.stop.stop_requested())
        return Fault{Operation::Batch, error(ErrorCode::Cancelled, "The call was stopped."), false, 1};
    return service.take_fault(Operation::Batch);
}

}  // namespace

std::vector<Result<WriteReceipt>> MemoryConnector::write_events(
    const Context& context, const Href& calendar, const std::vector<EventWrite>& writes
) {
    const auto fault = fault_of_batch(*service_.impl_, context);
    if (fault && !fault->after_applying) return std::vector<Result<WriteReceipt>>(writes.size(), fault->error);
    std::vector<Result<WriteReceipt>> outcomes;
    for (const EventWrite& write : writes) outcomes.push_back(write_alone(*this, context, calendar, write));
    return fault ? std::vector<Result<WriteReceipt>>(writes.size(), fault->error) : outcomes;
}

std::vector<Result<bool>> MemoryConnector::find_absent(
    const Context& context, const Href& calendar, const std::vector<Uid>& uids
) {
    if (const auto fault = fault_of_batch(*service_.impl_, context))
        return std::vector<Result<bool>>(uids.size(), fault->error);
    std::vector<Result<bool>> outcomes;
    for (const Uid& uid : uids) outcomes.push_back(absent_alone(*this, context, calendar, uid));
    return outcomes;
}

}  // namespace calgate::memory
