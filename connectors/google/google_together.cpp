#include "connectors/google/google_together.hpp"

#include <algorithm>

#include "connectors/google/google_ids.hpp"

namespace calgate::google {

namespace {

constexpr std::size_t kCallsPerName = 2;

using Kind = EventWrite::Kind;

Error left_out() {
    return {ErrorCode::InvalidResponse, "Google left one of several answers out; we look what it did.", {}};
}

/// Says that the write has to go alone.
Error goes_alone() { return {ErrorCode::Unsupported, "The event takes calls of its own.", {}}; }

bool is_gone(const http::Response& answer) {
    if (answer.status != 200) return answer.status == 404 || answer.status == 410;
    const auto item = read_item(answer.body);
    return item && item->cancelled;
}

bool names_nothing(const http::Response& answer) {
    if (answer.status != 200) return false;
    const auto page = read_events_page(answer.body);
    return page && page->next_page.empty() &&
           std::all_of(page->items.begin(), page->items.end(), [](const Item& item) { return item.cancelled; });
}

}  // namespace

Error changed_meanwhile() {
    return {ErrorCode::VersionMismatch, "The event was changed at Google since we read it; it is read again.", {}};
}

Error dropped_mark() {
    return {ErrorCode::Rejected, "Google did not keep our mark on the event, so we could not find it again.", {}};
}

std::string strong(const std::optional<Version>& version) { return is_strong(version) ? version->value : ""; }

Result<Item> taken_in(const std::string& answer, const std::string& id, const Event& event) {
    CALGATE_TRY(Item created, read_item(answer));
    if (created.id != id)
        return Error{ErrorCode::InvalidResponse, "Google gave the event another id than we had chosen.", {}};
    if (!keeps_mark(created, event)) return dropped_mark();
    return created;
}

WriteReceipt receipt_of(const Href& href, const Item& stored) {
    // Of a series the exceptions are not known.
    return {href, stored.version, stored.recurring ? "" : Whole{stored, {}}.source()};
}

std::optional<Whole> remembered(const std::string& source, const std::string& id, const Version& if_match) {
    auto whole = read_whole(source);
    const bool fresh = whole && whole->exceptions.empty() && whole->master.id == id && is_strong(whole->version()) &&
                       whole->version() == if_match;
    return fresh ? std::optional(std::move(*whole)) : std::nullopt;
}

/// One call of write_events.
struct Together::Round {
    const Context& context;
    const Href& calendar;
    const std::vector<EventWrite>& writes;
    std::vector<std::optional<Result<WriteReceipt>>> outcomes{};
    std::vector<std::optional<Whole>> bases{};  ///< Of updates, what stands at Google.
    std::optional<Status> calendar_is_there{};  ///< Asked once.
};

Together::Together(Connector& alone, const Session& session, const EventReader& events, const ReadContext& context)
    : alone_(alone), session_(session), events_(events), context_(context) {}

/// @return Unsupported for what goes alone.
Result<BatchPart> Together::part_of(const Href& calendar, const EventWrite& write, const std::optional<Whole>& base)
    const {
    if (write.kind == Kind::Create) {
        const auto id = event_id_of(write.event.uid);
        const bool fits = id && *id == write.event.uid.value && write.event.overrides.empty() && calendar_id(calendar);
        if (!fits) return goes_alone();
        CALGATE_TRY(std::string body, insert_body(write.event, *id, context_));
        return BatchPart{"POST", list_path(calendar) + kNoMail, std::move(body), {}};
    }
    const auto place = event_place(write.href);
    const std::string condition = strong(write.if_match);
    // A version with a plus is that of a series.
    if (!place || condition.empty() || condition.find('+') != std::string::npos) return goes_alone();
    if (write.kind == Kind::Delete) return BatchPart{"DELETE", write.href.value + kNoMail, {}, condition};
    if (!base) return goes_alone();
    CALGATE_TRY(auto chain, patches(*base, write.event, context_));
    if (chain.size() != 1 || chain.front().id != place->id) return goes_alone();
    return BatchPart{"PATCH", write.href.value + kNoMail, std::move(chain.front().body), condition};
}

/// An update says only what differs from what stands there.
void Together::read_bases(Round& round) const {
    std::vector<BatchPart> parts;
    std::vector<std::size_t> asked;
    for (std::size_t i = 0; i < round.writes.size(); ++i) {
        const EventWrite& write = round.writes[i];
        const auto place = event_place(write.href);
        if (write.kind != Kind::Update || !place) continue;
        round.bases[i] = remembered(write.event.source, place->id, write.if_match);
        if (round.bases[i]) continue;
        parts.push_back({"GET", write.href.value, {}, {}});
        asked.push_back(i);
    }
    if (parts.size() < 2) return;
    const auto answers = session_.send_together(round.context, parts);
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const EventWrite& write = round.writes[asked[i]];
        if (!answers) {
            // Nothing was written.
            round.outcomes[asked[i]] = answers.error();
        } else if (const auto& answer = (*answers)[i]; answer && answer->status == 200) {
            const auto item = read_item(answer->body);
            if (item && !item->recurring && !item->cancelled)
                round.bases[asked[i]] = remembered(answer->body, event_place(write.href)->id, write.if_match);
        }
    }
}

Result<WriteReceipt> Together::outcome_of(Round& round, const EventWrite& write, const http::Response& answer) const {
    if (write.kind == Kind::Delete) {
        // A page of somebody else's comes with 200 too.
        const WriteReceipt deleted{write.href, std::nullopt};
        if (answer.status == 204 || (answer.status == 200 && answer.body.empty())) return deleted;
        const Error refused = session_.refused(Call::Delete, answer);
        if (refused.code != ErrorCode::NotFound) return refused;
        if (answer.status == 410) return deleted;
        if (!round.calendar_is_there)
            round.calendar_is_there = events_.calendar_is_there(round.context, round.calendar);
        CALGATE_TRY_STATUS(*round.calendar_is_there);
        return deleted;
    }
    if (answer.status != 200) return session_.refused(write.kind == Kind::Create ? Call::Create : Call::Update, answer);
    const std::string id = write.kind == Kind::Create ? write.event.uid.value : event_place(write.href)->id;
    CALGATE_TRY(const Item stored, taken_in(answer.body, id, write.event));
    return receipt_of(event_href(round.calendar, stored.id), stored);
}

std::vector<Result<WriteReceipt>> Together::write_events(
    const Context& context, const Href& calendar, const std::vector<EventWrite>& writes
) {
    Round round{context, calendar, writes, {}, {}, {}};
    round.outcomes.resize(writes.size());
    round.bases.resize(writes.size());
    read_bases(round);
    std::vector<BatchPart> parts;
    std::vector<std::size_t> sent;
    for (std::size_t i = 0; i < writes.size(); ++i) {
        if (round.outcomes[i]) continue;
        auto part = part_of(calendar, writes[i], round.bases[i]);
        if (part) {
            parts.push_back(std::move(*part));
            sent.push_back(i);
        } else if (part.error().code == ErrorCode::Unsupported) {
            round.outcomes[i] = write_alone(alone_, context, calendar, writes[i]);
        } else {
            round.outcomes[i] = part.error();
        }
    }
    if (!parts.empty()) {
        const auto answers = session_.send_together(context, parts);
        for (std::size_t i = 0; i < sent.size(); ++i) {
            auto& outcome = round.outcomes[sent[i]];
            if (!answers)
                outcome = answers.error();
            else if (const auto& answer = (*answers)[i])
                outcome = outcome_of(round, writes[sent[i]], *answer);
            else
                outcome = left_out();
        }
    }
    std::vector<Result<WriteReceipt>> outcomes;
    for (auto& outcome : round.outcomes) outcomes.push_back(std::move(*outcome));
    return outcomes;
}

Result<bool> Together::is_absent(
    const std::optional<http::Response>& by_id, const std::optional<http::Response>& by_uid
) const {
    if (!by_id || !by_uid) return left_out();
    if (is_gone(*by_id) && names_nothing(*by_uid)) return true;
    for (const auto& [call, answer] : {std::pair{Call::Read, &*by_id}, {Call::List, &*by_uid}})
        if (answer->status != 200 && answer->status != 404 && answer->status != 410)
            return session_.refused(call, *answer);
    return false;
}

std::vector<Result<bool>> Together::find_absent(
    const Context& context, const Href& calendar, const std::vector<Uid>& uids
) {
    std::vector<Result<bool>> found;
    const std::size_t most = capacity() / kCallsPerName;
    while (found.size() < uids.size()) {
        const std::size_t begin = found.size(), count = std::min(most, uids.size() - begin);
        std::vector<BatchPart> parts;
        for (std::size_t i = begin; i < begin + count; ++i) {
            const std::string id = event_id_of(uids[i]).value_or(uids[i].value);
            parts.push_back({"GET", event_href(calendar, id).value, {}, {}});
            parts.push_back({"GET", events_.search_path(calendar, uids[i].value), {}, {}});
        }
        const auto answers = session_.send_together(context, parts);
        for (std::size_t i = 0; i < count; ++i) {
            const Result<bool> one = !answers
                                         ? Result<bool>(answers.error())
                                         : is_absent((*answers)[i * kCallsPerName], (*answers)[i * kCallsPerName + 1]);
            found.push_back(one);
        }
    }
    return found;
}

}  // namespace calgate::google
