// What a test does with the service behind its API's back: a person's edits, faults, and looking at what lies there.
#include <stdexcept>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr const char* kUidProperty = "Name calgateUid";

/// What our own tools ask with: immutable ids, texts, UTC.
GraphCall own_call(const http::Request& request) {
    GraphCall call{request};
    call.immutable_ids = call.text_bodies = true;
    return call;
}

}  // namespace

GraphQuirks& GraphSim::quirks() { return state_->quirks; }
std::string GraphSim::user_id() { return "622eaaff-0683-4862-9de4-f2ec83c2bd98"; }
std::string GraphSim::client_id() { return "24d3b144-21ae-4080-943f-7067b395b913"; }
std::string GraphSim::client_secret() { return "sim-client-secret"; }

std::string GraphSim::issue_token(const std::string& scope) {
    const std::string token = state_->next_name("EwBwA8l6BAAU");
    state_->access[token] = {state_->clock.now() + std::chrono::hours(1), scope};
    return token;
}

std::string GraphSim::issue_refresh_token() {
    const std::string token = state_->next_name("M.C546_BAY.0.U.-Refresh");
    state_->refresh[token] = {
        state_->clock.now() + std::chrono::days(90), "offline_access https://graph.microsoft.com/Calendars.ReadWrite"};
    return token;
}

void GraphSim::revoke_tokens() {
    state_->access.clear();
    state_->refresh.clear();
}

std::string GraphSim::make_calendar(const std::string& name, bool can_edit) {
    const std::string id = state_->next_name("AAMkAGI1CAL");
    state_->calendars[id] = {id, name, can_edit, false, false};
    state_->calendar_order.push_back(id);
    return id;
}

void GraphSim::remove_calendar(const std::string& id) { state_->calendars.at(id).removed = true; }

std::string GraphSim::put_event(const std::string& calendar, const std::string& json) {
    http::Request request;
    GraphCall call = own_call(request);
    call.body = Json::parse(json);
    const http::Response response = state_->create(call, calendar);
    if (response.status != 201) throw std::invalid_argument(response.body);
    return Json::parse(response.body).at("id").get<std::string>();
}

void GraphSim::patch_event(const std::string& id, const std::string& json) {
    http::Request request;
    GraphCall call = own_call(request);
    call.method = "PATCH";
    call.body = Json::parse(json);
    const http::Response response = state_->event(call, "", id, 0);
    if (response.status != 200) throw std::invalid_argument(response.body);
}

void GraphSim::erase_event(const std::string& id) {
    http::Request request;
    GraphCall call = own_call(request);
    call.method = "DELETE";
    static_cast<void>(state_->event(call, "", id, 0));
}

std::string GraphSim::event_json(const std::string& id) const {
    http::Request request;
    GraphCall call = own_call(request);
    call.method = "GET";
    call.query["$expand"] = "singleValueExtendedProperties";
    const http::Response response = state_->event(call, "", id, 0);
    return response.status == 200 ? response.body : std::string();
}

std::string GraphSim::id_of_uid(const std::string& calendar, const std::string& uid) const {
    for (const auto& [id, event] : state_->events) {
        if (event.deleted || event.calendar != calendar) continue;
        if (event.ical_uid == uid) return id;
        for (const auto& [name, value] : event.properties)
            if (name.ends_with(kUidProperty) && value == uid) return id;
    }
    return {};
}

std::vector<std::string> GraphSim::event_ids(const std::string& calendar) const {
    std::vector<std::string> out;
    for (const auto& id : state_->event_order)
        if (!state_->events.at(id).deleted && state_->events.at(id).calendar == calendar) out.push_back(id);
    return out;
}

void GraphSim::bump_change_key(const std::string& id) { state_->touch(state_->events.at(id), "updated"); }

std::string GraphSim::move_event(const std::string& id, const std::string& calendar) {
    GraphEvent& event = state_->events.at(id);
    const std::string from = event.calendar;
    event.calendar = calendar;
    event.plain_id = state_->next_name("AAMkAGI1AAAoZCfHAAA");
    state_->touch(event, "updated");
    event.left[from] = state_->change;
    return id;
}

std::size_t GraphSim::count(const std::string& calendar) const { return event_ids(calendar).size(); }

void GraphSim::fail_next(SimFault fault) { state_->faults.push_back(std::move(fault)); }
void GraphSim::clear_faults() { state_->faults.clear(); }
void GraphSim::set_down(bool down) { state_->down = down; }
void GraphSim::forget_tokens() { state_->rounds.clear(); }
void GraphSim::other_requests_in_flight(int count) { state_->others = count; }
std::shared_ptr<void> GraphSim::in_flight(const http::Request& request) {
    const auto url = http::parse_url(request.url);
    const bool of_mailbox = url && (url->path.starts_with("/v1.0/me") || url->path.starts_with("/v1.0/users/"));
    if (!of_mailbox) return nullptr;
    ++state_->others;
    return {static_cast<void*>(state_.get()), [state = state_](void*) { --state->others; }};
}
void GraphSim::deny_mailbox(bool denied) { state_->quirks.denies_mailbox = denied; }
void GraphSim::without_mailbox(bool missing) { state_->quirks.lacks_mailbox = missing; }
void GraphSim::refuse_sign_in(std::string error) { state_->quirks.sign_in_error = std::move(error); }
void GraphSim::set_callback(Callback callback) { state_->callback = std::move(callback); }
std::size_t GraphSim::subscriptions() const { return state_->open.size(); }
const std::vector<SeenRequest>& GraphSim::requests() const { return state_->requests; }
const std::vector<http::Request>& GraphSim::exchanges() const { return state_->exchanges; }
int GraphSim::mails_sent() const { return state_->mails; }

}  // namespace calgate::testing
