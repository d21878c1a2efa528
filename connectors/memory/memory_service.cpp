#include <algorithm>
#include <cstdio>

#include "connectors/memory/memory_state.hpp"
#include "core/icalendar.hpp"

namespace calgate::memory {

namespace {

std::string collection_of(const std::string& event_href) { return event_href.substr(0, event_href.rfind('/') + 1); }

}  // namespace

StoredCalendar* MemoryService::Impl::calendar(const std::string& href) {
    const auto found = calendars.find(href);
    return found == calendars.end() ? nullptr : &found->second;
}

StoredCalendar* MemoryService::Impl::calendar_of(const std::string& event_href) {
    return calendar(collection_of(event_href));
}

const Stored* MemoryService::Impl::find(const std::string& event_href) {
    const StoredCalendar* owner = calendar_of(event_href);
    if (!owner) return nullptr;
    const auto found = owner->events.find(event_href);
    return found == owner->events.end() ? nullptr : &found->second;
}

RemoteEvent MemoryService::Impl::read(const std::string& href, std::string text) const {
    RemoteEvent remote{Href{href}, {}, {}, {}};
    auto event = read_icalendar(text, {zones, settings.zone, {}});
    if (event) {
        remote.event = std::move(*event);
    } else {
        remote.unreadable = event.error().detail;
    }
    remote.event.source = std::move(text);
    return remote;
}

const Stored& MemoryService::Impl::store(StoredCalendar& owner, const std::string& href, std::string text) {
    const auto earlier = owner.events.find(href);
    Stored stored{read(href, std::move(text)), ++change};
    // Whoever read before it was removed has to hear of a second removal, too.
    const auto removed = owner.tombstones.find(href);
    stored.created_at = earlier != owner.events.end()       ? earlier->second.created_at
                        : removed != owner.tombstones.end() ? removed->second.created_at
                                                            : change;
    stored.event.version = Version{"v" + std::to_string(change)};
    owner.tombstones.erase(href);
    return owner.events.insert_or_assign(href, std::move(stored)).first->second;
}

bool MemoryService::Impl::remove(const std::string& href) {
    StoredCalendar* owner = calendar_of(href);
    const auto found = owner ? owner->events.find(href) : std::map<std::string, Stored>::iterator{};
    if (!owner || found == owner->events.end()) return false;
    owner->tombstones[href] = {++change, found->second.created_at};
    owner->events.erase(found);
    return true;
}

std::optional<std::string> MemoryService::Impl::href_of(const StoredCalendar& owner, const Uid& uid) const {
    for (const auto& [href, stored] : owner.events)
        if (!stored.event.unreadable && stored.event.event.uid == uid) return href;
    return std::nullopt;
}

std::optional<Fault> MemoryService::Impl::take_fault(Operation operation) {
    if (outage) return Fault{operation, *outage};
    const auto found = std::find_if(faults.begin(), faults.end(), [&](const Fault& fault) {
        return fault.operation == Operation::Any || fault.operation == operation;
    });
    if (found == faults.end()) return std::nullopt;
    const Fault fault = *found;
    if (found->times > 0 && --found->times == 0) faults.erase(found);
    return fault;
}

Result<ChangeSet> MemoryService::Impl::changes(
    const std::string& calendar_href, const std::optional<SyncToken>& since, const KnownVersion& known
) {
    const StoredCalendar* owner = calendar(calendar_href);
    if (!owner) return Error{ErrorCode::NotFound, "There is no such calendar; choose it again.", {}};
    // "epoch target from snapshot": changes in (from, target], a page at a time.
    long long token_epoch = epoch, target = change, from = 0;
    int snapshot = 1;
    const bool read =
        !since || std::sscanf(since->value.c_str(), "%lld %lld %lld %d", &token_epoch, &target, &from, &snapshot) == 4;
    const bool lists_all = read && token_epoch != epoch && settings.lists_on_dead_tokens;
    if (lists_all) {
        target = change;
        from = snapshot = 0;
    } else if (!read || token_epoch != epoch)
        return Error{ErrorCode::SyncTokenExpired, "The token is no longer accepted; the calendar is listed again.", {}};
    if (since && !snapshot && from == target) target = change;
    std::map<std::int64_t, const std::string*> log;
    for (const auto& [href, stored] : owner->events)
        if (stored.changed_at > from) log[stored.changed_at] = &href;
    if (!snapshot && !lists_all)
        for (const auto& [href, gone] : owner->tombstones)
            if (gone.removed_at > from && (settings.names_short_lived || gone.created_at <= from))
                log[gone.removed_at] = &href;
    ChangeSet page;
    page.snapshot = snapshot != 0;
    std::size_t count = 0;
    for (const auto& [at, href] : log) {
        if (count++ == settings.page_size) {
            page.more = true;
            break;
        }
        from = at;
        const auto found = owner->events.find(*href);
        const auto held = known ? known(Href{*href}) : std::nullopt;
        if (found == owner->events.end()) {
            page.removed.push_back(Href{*href});
        } else if (held && held == found->second.event.version) {
            page.unchanged.push_back(Href{*href});
        } else {
            page.changed.push_back(found->second.event);
        }
    }
    if (!page.more) {
        // A snapshot's deletions between its pages come with the next incremental call.
        from = target;
        snapshot = settings.full_listing ? 1 : 0;
    }
    const bool hands_out_token = page.more || !settings.full_listing;
    if (hands_out_token)
        page.next = SyncToken{
            std::to_string(epoch) + " " + std::to_string(target) + " " + std::to_string(from) + " " +
            std::to_string(snapshot)};
    return page;
}

MemoryService::MemoryService(const ZoneResolver& zones, const Clock& clock) : MemoryService(zones, clock, Settings{}) {}
MemoryService::MemoryService(const ZoneResolver& zones, const Clock& clock, Settings settings)
    : impl_(std::make_unique<Impl>(zones, clock, std::move(settings))) {}
MemoryService::~MemoryService() = default;

Href MemoryService::add_calendar(const std::string& name) {
    const std::lock_guard lock(impl_->mutex);
    const std::string href = "/memory/" + std::to_string(++impl_->next_calendar) + "/";
    impl_->calendars[href].name = name;
    return Href{href};
}

void MemoryService::remove_calendar(const Href& calendar) {
    const std::lock_guard lock(impl_->mutex);
    impl_->calendars.erase(calendar.value);
}

void MemoryService::set_writable(const Href& calendar, bool writable) {
    const std::lock_guard lock(impl_->mutex);
    if (StoredCalendar* found = impl_->calendar(calendar.value)) found->writable = writable;
}

Href MemoryService::put(const Href& calendar, const Event& event) {
    const std::lock_guard lock(impl_->mutex);
    StoredCalendar* owner = impl_->calendar(calendar.value);
    CALGATE_ASSERT(owner != nullptr);
    auto text = write_icalendar(event, impl_->zones, impl_->clock.now());
    CALGATE_ASSERT(text.has_value());
    const std::string href = impl_->href_of(*owner, event.uid).value_or(calendar.value + event.uid.value + ".ics");
    impl_->store(*owner, href, std::move(*text));
    return Href{href};
}

Href MemoryService::put_text(const Href& calendar, const std::string& name, const std::string& icalendar) {
    const std::lock_guard lock(impl_->mutex);
    StoredCalendar* owner = impl_->calendar(calendar.value);
    CALGATE_ASSERT(owner != nullptr);
    return impl_->store(*owner, calendar.value + name, icalendar).event.href;
}

bool MemoryService::edit(const Href& event, const std::function<void(Event&)>& change) {
    const std::lock_guard lock(impl_->mutex);
    const Stored* found = impl_->find(event.value);
    if (!found || found->event.unreadable) return false;
    Event edited = found->event.event;
    change(edited);
    auto text = write_icalendar(edited, impl_->zones, impl_->clock.now());
    CALGATE_ASSERT(text.has_value());
    impl_->store(*impl_->calendar_of(event.value), event.value, std::move(*text));
    return true;
}

bool MemoryService::erase(const Href& event) {
    const std::lock_guard lock(impl_->mutex);
    return impl_->remove(event.value);
}

std::vector<RemoteEvent> MemoryService::events(const Href& calendar) const {
    const std::lock_guard lock(impl_->mutex);
    std::vector<RemoteEvent> out;
    if (const StoredCalendar* found = impl_->calendar(calendar.value))
        for (const auto& [href, stored] : found->events) out.push_back(stored.event);
    return out;
}

std::size_t MemoryService::count(const Href& calendar) const {
    const std::lock_guard lock(impl_->mutex);
    const StoredCalendar* found = impl_->calendar(calendar.value);
    return found ? found->events.size() : 0;
}

void MemoryService::fail_next(Fault fault) {
    const std::lock_guard lock(impl_->mutex);
    impl_->faults.push_back(std::move(fault));
}

void MemoryService::clear_faults() {
    const std::lock_guard lock(impl_->mutex);
    impl_->faults.clear();
}

void MemoryService::set_outage(std::optional<Error> outage) {
    const std::lock_guard lock(impl_->mutex);
    impl_->outage = std::move(outage);
}

void MemoryService::forget_tokens() {
    const std::lock_guard lock(impl_->mutex);
    ++impl_->epoch;
}

void MemoryService::set_page_size(std::size_t size) {
    const std::lock_guard lock(impl_->mutex);
    impl_->settings.page_size = std::max<std::size_t>(size, 1);
}

void MemoryService::set_batch_size(std::size_t size) {
    const std::lock_guard lock(impl_->mutex);
    impl_->settings.batch_size = std::max<std::size_t>(size, 1);
}

void MemoryService::set_names_short_lived(bool named) {
    const std::lock_guard lock(impl_->mutex);
    impl_->settings.names_short_lived = named;
}

void MemoryService::set_lists_on_dead_tokens(bool all) {
    const std::lock_guard lock(impl_->mutex);
    impl_->settings.lists_on_dead_tokens = all;
}

Counters MemoryService::counters() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->counters;
}

}  // namespace calgate::memory
