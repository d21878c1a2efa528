#include "tests/conformance/stage.hpp"

#include <algorithm>
#include <cctype>

namespace calgate::testing {

namespace {

constexpr std::chrono::seconds kPerCall{20};
constexpr int kMaxPages = 200;

std::string short_name(const std::string& row) {
    std::string name = row;
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
}

}  // namespace

void found(const char* file, int line, const std::string& what) {
    const std::string path = file;
    throw Finding(path.substr(path.rfind('/') + 1) + ":" + std::to_string(line) + ": " + what);
}

Stage::Stage(Subject& given, const ZoneResolver& given_zones, const std::string& row)
    : subject((given.begin(), given)),
      zones(given_zones),
      connector(given.connector()),
      calendar(given.make_calendar(short_name(row))),
      row_(short_name(row)) {}

Context Stage::context() const { return {subject.clock().steady() + kPerCall, {}}; }
Uid Stage::uid(const std::string& hint) const { return Uid{row_ + "." + hint}; }
Href Stage::another_calendar() { return subject.make_calendar(row_ + "-" + std::to_string(++calendars_)); }

WriteReceipt Stage::create(const Event& event) {
    const auto receipt = connector.create_event(context(), calendar, event);
    CALGATE_EXPECT_SUCCESS(receipt);
    return *receipt;
}

Href Stage::put_foreign(const std::string& icalendar, const std::string& name) {
    return subject.put_text(calendar, name, icalendar);
}

RemoteEvent Stage::fetch(const Href& href) {
    auto event = connector.fetch_event(context(), href);
    CALGATE_EXPECT_SUCCESS(event);
    return std::move(*event);
}

Version Stage::version_of(const Href& href) {
    const auto version = fetch(href).version;
    CALGATE_EXPECT(version.has_value());
    return *version;
}

WriteReceipt Stage::update(const RemoteEvent& read, const std::function<void(Event&)>& change) {
    Event edited = read.event;
    change(edited);
    CALGATE_EXPECT(read.version.has_value());
    const auto receipt = connector.update_event(context(), read.href, *read.version, edited);
    CALGATE_EXPECT_SUCCESS(receipt);
    return *receipt;
}

Pulled Stage::pull(const std::optional<SyncToken>& since, const KnownVersion& known) {
    Pulled all;
    std::optional<SyncToken> token = since;
    bool restarted = false;
    bool more = true;
    while (more) {
        CALGATE_EXPECT(all.pages < kMaxPages);
        const auto page = connector.fetch_changes(context(), calendar, token, known);
        const bool expired = !page && page.error().code == ErrorCode::SyncTokenExpired;
        if (expired && token && !restarted) {
            all = Pulled{};
            token.reset();
            restarted = true;
            continue;
        }
        CALGATE_EXPECT_SUCCESS(page);
        for (const auto& event : page->changed) all.changed.insert_or_assign(event.href.value, event);
        for (const auto& href : page->removed) all.removed.insert(href.value);
        for (const auto& href : page->unchanged) all.unchanged.insert(href.value);
        for (const auto& href : page->unread) all.unread.insert(href.value);
        CALGATE_EXPECT(all.pages == 0 || all.snapshot == page->snapshot);
        all.snapshot = page->snapshot;
        more = page->more;
        CALGATE_EXPECT(!more || page->next.has_value());
        all.token = token = page->next;
        ++all.pages;
    }
    return all;
}

KnownVersion Stage::everything_in(const Pulled& pulled) {
    return [held = pulled.changed](const Href& href) {
        const auto at = held.find(href.value);
        return at == held.end() ? std::nullopt : at->second.version;
    };
}

std::size_t Stage::count() {
    const Pulled all = pull();
    CALGATE_EXPECT(all.snapshot && all.unread.empty());
    return all.changed.size();
}

std::string Stage::digest(const Event& event) const { return canonical_digest(event, zones, "Europe/Berlin"); }

}  // namespace calgate::testing
