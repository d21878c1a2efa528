#include "connectors/graph/graph_together.hpp"

namespace calgate::graph {

namespace {

using Kind = EventWrite::Kind;

Error left_out() {
    return {ErrorCode::InvalidResponse, "Microsoft Graph left one of several answers out; we look what it did.", {}};
}

/// Says that the write has to go alone.
Error goes_alone() { return {ErrorCode::Unsupported, "The event takes calls of its own.", {}}; }

Error has_guests() {
    return {
        ErrorCode::Rejected,
        "Somebody invited guests to the event, and Microsoft Graph would mail them about our change; change it in "
        "Outlook, or take the guests out.",
        {}};
}

Error is_somebody_elses() {
    return {
        ErrorCode::Rejected,
        "Somebody else organizes this event, and only they can change it; ask them, or answer the invitation in "
        "Outlook.",
        {}};
}

/// A literal of an OData filter.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + "'";
}

bool is_done(int status) { return status >= 200 && status <= 299; }

}  // namespace

Ask Search::filtered(const Href& calendar, const std::string& filter) const {
    Ask ask;
    ask.url = session_.mailbox_url(
        calendar.value + "/events", {{"$filter", filter}, {"$expand", expand_properties()}, {"$top", "10"}}
    );
    return ask;
}

Ask Search::ours(const Href& calendar, const Uid& uid) const {
    const std::string property = property_id(kUidProperty);
    return filtered(
        calendar,
        "singleValueExtendedProperties/Any(ep: ep/id eq " + quoted(property) + " and ep/value eq " + quoted(uid.value) +
            ")"
    );
}

Ask Search::by_ical_uid(const Href& calendar, const Uid& uid) const {
    return filtered(calendar, "iCalUId eq " + quoted(uid.value));
}

Result<std::optional<Item>> Search::found_in(const std::string& body, const Href& calendar, const Uid& uid) const {
    CALGATE_TRY(Page page, parse_page(body));
    for (Item& item : page.items) {
        if (item.type == "occurrence" || item.type == "exception") continue;
        const RemoteEvent found = events_.understood(event_href(calendar, item.id), item.etag, item.json);
        if (!found.unreadable && found.event.uid == uid) return std::optional(std::move(item));
    }
    return std::optional<Item>{};
}

bool is_no_filter_there(const http::Response& response) { return response.status == 400; }

Error already_there() { return {ErrorCode::AlreadyExists, "The calendar already holds this event.", {}}; }

Status check_writable(const Item& current, const Version& if_match) {
    if (current.etag != if_match.value)
        return Error{
            ErrorCode::VersionMismatch, "The event was changed at the service since we read it; it is read again.", {}};
    if (!current.is_ours_to_change) return is_somebody_elses();
    if (current.has_guests) return has_guests();
    return {};
}

Result<Ask> creation(
    const Session& session,
    const EventReader& events,
    const Href& calendar,
    const Event& event,
    const std::string& transaction
) {
    CALGATE_TRY(std::string body, write_create(event, transaction, events.wire()));
    return Ask{Call::Create, "POST", session.mailbox_url(calendar.value + "/events"), std::move(body), {}, false};
}

Result<std::string> patch_of(const EventReader& events, const RemoteEvent& stored, const Event& wanted) {
    if (stored.unreadable || stored.event.partial)
        return Error{ErrorCode::Rejected, "The event at the service is only partly understood; it is not written.", {}};
    CALGATE_TRY_STATUS(events.check_exceptions(wanted, stored.event));
    return write_patch(wanted, stored.event, events.wire());
}

Together::Together(Connector& alone, const Session& session, const EventReader& events, const Search& search)
    : alone_(alone), session_(session), events_(events), search_(search) {}

/// @return Unsupported for what goes alone.
Result<Ask> Together::first_ask(const Href& calendar, const EventWrite& write) const {
    if (!write.event.master.rules.empty() || !is_calendar_href(calendar.value)) return goes_alone();
    if (write.kind == Kind::Create) return search_.ours(calendar, write.event.uid);
    if (!is_event_href(write.href.value)) return goes_alone();
    Ask ask;
    ask.url = session_.mailbox_url(write.href.value, {{"$expand", expand_properties()}});
    return ask;
}

/// @param first what the first request says of it. @return Unsupported for what goes alone.
Result<Ask> Together::writing_ask(const Href& calendar, const EventWrite& write, const http::Response& first) const {
    if (!is_done(first.status)) return session_.refused(Call::Read, first);
    if (write.kind == Kind::Create) {
        CALGATE_TRY(const auto there, search_.found_in(first.body, calendar, write.event.uid));
        if (there) return already_there();
        return creation(session_, events_, calendar, write.event, write.event.uid.value);
    }
    CALGATE_TRY(const Item current, parse_item(first.body));
    CALGATE_TRY_STATUS(check_writable(current, write.if_match));
    const std::string url = session_.mailbox_url(write.href.value);
    if (write.kind == Kind::Delete) return Ask{Call::Delete, "DELETE", url, {}, write.if_match.value, false};
    if (current.type == "seriesMaster") return goes_alone();
    CALGATE_TRY(
        std::string body, patch_of(events_, events_.understood(write.href, current.etag, current.json), write.event)
    );
    if (body.empty()) return goes_alone();
    return Ask{Call::Update, "PATCH", url, std::move(body), write.if_match.value, false};
}

/// @return Unsupported where a name is used up: another one takes calls of its own.
Result<WriteReceipt> Together::outcome_of(const Href& calendar, const EventWrite& write, const http::Response& answer)
    const {
    if (write.kind == Kind::Delete) {
        const bool gone = answer.status == 204 || (answer.status == 200 && answer.body.empty());
        const Error refused = gone ? Error{} : session_.refused(Call::Delete, answer);
        if (!gone && refused.code != ErrorCode::NotFound) return refused;
        return WriteReceipt{write.href, std::nullopt};
    }
    const bool creates = write.kind == Kind::Create;
    if (creates && is_repeated_transaction(answer.status, parse_error(answer.body))) return goes_alone();
    if (!is_done(answer.status)) return session_.refused(creates ? Call::Create : Call::Update, answer);
    CALGATE_TRY(const Item item, parse_item(answer.body));
    return WriteReceipt{creates ? event_href(calendar, item.id) : write.href, Version{item.etag}};
}

std::vector<Result<WriteReceipt>> Together::write_events(
    const Context& context, const Href& calendar, const std::vector<EventWrite>& writes
) {
    std::vector<Result<WriteReceipt>> outcomes(writes.size(), goes_alone());
    std::vector<Ask> asks;
    std::vector<std::size_t> asked;
    for (std::size_t i = 0; i < writes.size(); ++i) {
        auto ask = first_ask(calendar, writes[i]);
        if (!ask) continue;
        asks.push_back(std::move(*ask));
        asked.push_back(i);
    }
    // What the first request found decides what the second one asks.
    for (const bool writing : {false, true}) {
        if (asks.empty()) break;
        const auto answers = session_.send_together(context, asks);
        std::vector<Ask> next;
        std::vector<std::size_t> going_on;
        for (std::size_t at = 0; at < asked.size(); ++at) {
            const std::size_t i = asked[at];
            const EventWrite& write = writes[i];
            if (!answers || !(*answers)[at]) {
                outcomes[i] = answers ? left_out() : answers.error();
            } else if (writing) {
                outcomes[i] = outcome_of(calendar, write, *(*answers)[at]);
            } else if (auto ask = writing_ask(calendar, write, *(*answers)[at])) {
                next.push_back(std::move(*ask));
                going_on.push_back(i);
            } else if (write.kind == Kind::Delete && ask.error().code == ErrorCode::NotFound) {
                outcomes[i] = WriteReceipt{write.href, std::nullopt};
            } else {
                outcomes[i] = ask.error();
            }
        }
        asks = std::move(next);
        asked = std::move(going_on);
    }
    for (std::size_t i = 0; i < writes.size(); ++i)
        if (!outcomes[i] && outcomes[i].error().code == ErrorCode::Unsupported)
            outcomes[i] = write_alone(alone_, context, calendar, writes[i]);
    return outcomes;
}

Result<bool> Together::is_absent(
    const std::optional<http::Response>& answer, const Href& calendar, const Uid& uid, bool by_ical_uid
) const {
    if (!answer) return left_out();
    if (by_ical_uid && is_no_filter_there(*answer)) return true;
    if (answer->status != 200) return session_.refused(Call::Read, *answer);
    CALGATE_TRY(const std::optional<Item> item, search_.found_in(answer->body, calendar, uid));
    return !item.has_value();
}

std::vector<Result<bool>> Together::find_absent(
    const Context& context, const Href& calendar, const std::vector<Uid>& uids
) {
    std::vector<Result<bool>> outcomes(uids.size(), is_calendar_href(calendar.value));
    for (const bool by_ical_uid : {false, true}) {
        const auto by = by_ical_uid ? &Search::by_ical_uid : &Search::ours;
        std::vector<Ask> asks;
        std::vector<std::size_t> asked;
        for (std::size_t i = 0; i < uids.size(); ++i) {
            if (!outcomes[i] || !*outcomes[i]) continue;
            asks.push_back((search_.*by)(calendar, uids[i]));
            asked.push_back(i);
        }
        if (asks.empty()) break;
        const auto answers = session_.send_together(context, asks);
        for (std::size_t at = 0; at < asked.size(); ++at)
            outcomes[asked[at]] = answers ? is_absent((*answers)[at], calendar, uids[asked[at]], by_ical_uid)
                                          : Result<bool>(answers.error());
    }
    return outcomes;
}

}  // namespace calgate::graph
