#include "connectors/ews/ews_items.hpp"

#include <algorithm>
#include <numeric>

#include "connectors/ews/ews_requests.hpp"
#include "connectors/http/url.hpp"
#include "core/identity.hpp"

namespace calgate::ews {

namespace {

constexpr std::string_view kFolders = "folders/", kItems = "/items/";
constexpr std::size_t kMaxExceptions = 2000;

bool is_item(const Element& element) { return element.has("ItemId"); }

/// The item that a response message brings.
const Element* item_of(const Element& message) {
    for (const Element& item : message.child("Items").children)
        if (is_item(item)) return &item;
    return nullptr;
}

/// What a master knows of an exception that cannot be read itself.
Element as_listed(Element master, const Element& occurrence) {
    for (Element& part : master.children)
        if (part.name == "Start" || part.name == "End") part.text = occurrence.word(part.name);
    return master;
}

}  // namespace

Href calendar_href(const std::string& id) { return Href{std::string(kFolders) + http::percent_encode(id)}; }

Href event_href(const Href& calendar, const std::string& id) {
    return Href{calendar.value + std::string(kItems) + http::percent_encode(id)};
}

std::string folder_in(const Href& href) {
    if (!href.value.starts_with(kFolders)) return {};
    const std::string rest = href.value.substr(kFolders.size());
    const std::string id = rest.substr(0, rest.find('/'));
    const bool whole = id == rest || rest.substr(id.size()).starts_with(kItems);
    return whole ? http::percent_decode(id) : std::string();
}

std::string item_in(const Href& href) {
    const std::size_t at = href.value.find(kItems);
    return at == std::string::npos || folder_in(href).empty()
               ? std::string()
               : http::percent_decode(href.value.substr(at + kItems.size()));
}

Href calendar_of(const Href& event) { return Href{event.value.substr(0, event.value.find(kItems))}; }

std::string id_of(const Element& item) { return item.child("ItemId").attribute("Id"); }

Version version_of(const Element& item) {
    const std::string& key = item.child("ItemId").attribute("ChangeKey");
    return Version{key.empty() ? "digest:" + sha256_hex(write_xml(item)).substr(0, 32) : key};
}

ItemReader::ItemReader(Session& session, const Clock& clock, const ZoneResolver& zones, const EwsSettings& settings)
    : session_(session), clock_(clock), zones_(zones), settings_(settings) {}

/// What one GetItem brought.
struct ItemReader::Batch {
    std::vector<Answer> answers{};     ///< One for each id.
    std::vector<std::size_t> again{};  ///< Those that the service did not look at.
    std::optional<Error> busy{};       ///< Why.
};

Result<ItemReader::Batch> ItemReader::get_batch(const Context& context, const std::vector<std::string>& ids) const {
    CALGATE_TRY(const Element response, session_.ask(context, {Call::Read, "GetItem", get_items(ids), {}}));
    Batch out;
    out.answers.resize(ids.size());
    const auto messages = messages_of(response);
    bool in_order = messages.size() == ids.size();
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const Element* const item = item_of(*messages[i]);
        if (!item) continue;
        const auto asked = std::find(ids.begin(), ids.end(), id_of(*item));
        // An id may come back in another spelling; alone it still is the answer.
        const bool certain = asked != ids.end() || (ids.size() == 1 && messages.size() == 1);
        if (!certain) in_order = false;
        const std::size_t place = asked == ids.end() ? 0 : static_cast<std::size_t>(asked - ids.begin());
        if (place != i) in_order = false;
        if (certain) out.answers[place].item = *item;
    }
    for (std::size_t i = 0; i < messages.size() && in_order; ++i) {
        Answer& answer = out.answers[i];
        const Verdict verdict = verdict_of(*messages[i]);
        if (answer.item || verdict.success()) continue;
        // MS-OXWSCDATA: the rest was not looked at.
        const bool stopped = verdict.code == "ErrorBatchProcessingStopped", busy = is_busy(verdict);
        if (stopped || busy) out.again.push_back(i);
        if (busy) out.busy = session_.refused(Call::Read, verdict);
        if (stopped || busy) continue;
        answer.error = session_.refused(Call::Read, verdict);
        answer.broken = is_broken_item(verdict);
    }
    return out;
}

Result<std::vector<Answer>> ItemReader::get(const Context& context, const std::vector<std::string>& ids) const {
    std::vector<Answer> out(ids.size());
    std::vector<std::size_t> left(ids.size());
    std::iota(left.begin(), left.end(), std::size_t{0});
    std::size_t most = std::max<std::size_t>(std::min(settings_.batch_size, most_), 1);
    while (!left.empty()) {
        const std::size_t count = std::min(most, left.size());
        std::vector<std::string> asked;
        for (std::size_t i = 0; i < count; ++i) asked.push_back(ids[left[i]]);
        auto answer = get_batch(context, asked);
        if (!answer && session_.timed_out()) most_ = std::max<std::size_t>(count / 2, 1);
        CALGATE_TRY(Batch batch, std::move(answer));
        const bool nothing = batch.again.size() == count;
        if (nothing && batch.busy) return *batch.busy;
        // Stopped before the first of them: they are left out.
        if (nothing) batch.again.clear();
        std::vector<std::size_t> next;
        for (const std::size_t i : batch.again) next.push_back(left[i]);
        for (std::size_t i = 0; i < count; ++i) out[left[i]] = std::move(batch.answers[i]);
        if (batch.busy) most = std::max<std::size_t>(count / 2, 1);
        next.insert(next.end(), left.begin() + static_cast<std::ptrdiff_t>(count), left.end());
        left = std::move(next);
    }
    return out;
}

Result<Element> ItemReader::get_one(const Context& context, const std::string& id) const {
    CALGATE_TRY(std::vector<Answer> answers, get(context, {id}));
    if (answers.front().item) return std::move(*answers.front().item);
    if (answers.front().error) return *answers.front().error;
    return Error{ErrorCode::InvalidResponse, "The Exchange server left out the event that we asked for.", {}};
}

Result<WriteReceipt> ItemReader::receipt(const Context& context, const Href& event, const std::string& change_key)
    const {
    if (!change_key.empty()) return WriteReceipt{event, Version{change_key}};
    CALGATE_TRY(const Element stored, get_one(context, item_in(event)));
    return WriteReceipt{event, version_of(stored)};
}

RemoteEvent ItemReader::understood(const Href& calendar, const Element& item, const std::vector<Exception>& exceptions)
    const {
    RemoteEvent out{event_href(calendar, id_of(item)), version_of(item), {}, {}};
    std::string source = is_series(item) ? write_series_source(item, exceptions) : write_xml(item);
    auto read = item.name == "CalendarItem"
                    ? read_event(source, wire())
                    : Result<Event>(Error{ErrorCode::InvalidResponse, "The item is not an event.", {}});
    if (read) {
        out.event = std::move(*read);
    } else {
        out.unreadable = read.error().detail;
    }
    out.event.source = std::move(source);
    return out;
}

RemoteEvent ItemReader::unreadable(
    const Href& calendar, const std::string& id, const std::string& key, const Error& why
) const {
    Element named{"ItemId", {{"Id", id}}, {}, {}};
    if (!key.empty()) named.attributes.emplace_back("ChangeKey", key);
    RemoteEvent out{event_href(calendar, id), std::nullopt, {}, why.detail};
    if (!key.empty()) out.version = Version{key};
    out.event.source = write_xml({"CalendarItem", {}, {}, {named}});
    return out;
}

Result<std::vector<RemoteEvent>> ItemReader::complete(
    const Context& context, const Href& calendar, const std::vector<Element>& items
) const {
    std::vector<std::string> ids;
    for (const Element& item : items) {
        const auto& listed = item.child("ModifiedOccurrences").children;
        for (std::size_t i = 0; i < std::min(listed.size(), kMaxExceptions + 1); ++i) ids.push_back(id_of(listed[i]));
    }
    CALGATE_TRY(std::vector<Answer> answers, get(context, ids));
    std::vector<RemoteEvent> out;
    std::size_t next = 0;
    for (const Element& item : items) {
        std::vector<Exception> exceptions;
        const auto& listed = item.child("ModifiedOccurrences").children;
        for (std::size_t i = 0; i < std::min(listed.size(), kMaxExceptions + 1); ++i) {
            Answer& answer = answers[next++];
            Element occurrence = answer.item ? std::move(*answer.item) : as_listed(item, listed[i]);
            std::string slot = listed[i].word("OriginalStart");
            if (slot.empty()) slot = occurrence.word("OriginalStart");
            exceptions.push_back({std::move(slot), std::move(occurrence)});
        }
        out.push_back(understood(calendar, item, exceptions));
    }
    return out;
}

}  // namespace calgate::ews
