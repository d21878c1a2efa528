#include "tests/sim/google_sim.hpp"

#include <algorithm>
#include <stdexcept>

#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

Error error(ErrorCode code, const std::string& sentence) { return {code, sentence, {}}; }

bool hits(const std::string& wanted, const std::string& method) { return wanted.empty() || wanted == method; }

template <class Fault>
std::optional<Fault> take(std::deque<Fault>& faults, const std::string& method) {
    const auto found =
        std::find_if(faults.begin(), faults.end(), [&](const Fault& fault) { return hits(fault.method, method); });
    if (found == faults.end()) return std::nullopt;
    const Fault fault = *found;
    if (found->times > 0 && --found->times == 0) faults.erase(found);
    return fault;
}

http::Response instead(const SimFault& fault) {
    http::Response response;
    response.status = fault.status;
    if (!fault.retry_after.empty()) response.headers.emplace_back("Retry-After", fault.retry_after);
    if (fault.kind == SimFault::Kind::Refusal) {
        response.body = fault.body;
        return response;
    }
    response.headers.emplace_back("Content-Type", "text/html");
    response.body = "<!DOCTYPE html><html><title>Error (Server Error)!!1</title><p>That's an error.</html>";
    return response;
}

void spoil(http::Response& response, SimFault::Kind kind) {
    if (kind == SimFault::Kind::TruncatedXml) response.body.resize(response.body.size() / 2);
    if (kind == SimFault::Kind::ControlCharacters) response.body.insert(response.body.size() / 2, "\x01\x0b");
}

GoogleCalendar& there(GoogleSim::State& state, const std::string& calendar) {
    const auto at = state.calendars.find(calendar);
    if (at == state.calendars.end()) throw std::invalid_argument("There is no such calendar.");
    return at->second;
}

}  // namespace

GoogleSim::GoogleSim(const Clock& clock, const ZoneResolver& zones) : state_(std::make_unique<State>(clock, zones)) {
    GoogleCalendar& primary = state_->calendars[owner()];
    primary.id = primary.name = owner();
    state_->order.push_back(owner());
}

GoogleSim::~GoogleSim() = default;

Result<http::Response> GoogleSim::send(const http::Request& request, const Context& context) {
    using Kind = SimFault::Kind;
    if (context.stop.stop_requested()) return error(ErrorCode::Cancelled, "The call was stopped.");
    if (context.deadline <= state_->clock.steady()) return error(ErrorCode::Unavailable, "No time was left to ask.");
    const auto url = http::parse_url(request.url);
    if (!url) return error(ErrorCode::Rejected, "The URL is not an http or https address.");
    const bool with_token = std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
        return header.first == "Authorization" || header.first == "authorization";
    });
    state_->requests.push_back({request.method, request.url, request.body.size(), with_token});
    state_->bodies.push_back(request.body);
    if (state_->down) return error(ErrorCode::Unavailable, "No connection to " + url->origin() + ".");
    const auto fault = take(state_->faults, request.method);
    if (fault && fault->kind == Kind::NoConnection)
        return error(ErrorCode::Unavailable, "No connection to " + url->origin() + ".");
    const bool replaced = fault && (fault->kind == Kind::HtmlPage || fault->kind == Kind::Refusal);
    const auto refusal = replaced ? std::nullopt : take(state_->refusals, request.method);
    http::Response response = replaced  ? instead(*fault)
                              : refusal ? google_error(refusal->status, refusal->reason)
                                        : state_->answer(request, *url);
    if (fault && fault->kind == Kind::LostAnswer)
        return error(ErrorCode::Timeout, url->origin() + " did not answer in time.");
    if (fault && fault->kind == Kind::ResetMidBody)
        return error(ErrorCode::InvalidResponse, url->origin() + " broke off its answer.");
    if (fault) spoil(response, fault->kind);
    const Instant said = state_->clock.now() + state_->quirks.date_ahead - state_->quirks.date_behind;
    response.headers.emplace_back("Date", google_date(said));
    response.url = url->text();
    return response;
}

GoogleQuirks& GoogleSim::quirks() { return state_->quirks; }
std::string GoogleSim::owner() { return "shop@example.com"; }
std::string GoogleSim::client_id() { return "1234567890-calgate.apps.googleusercontent.com"; }
std::string GoogleSim::client_secret() { return "GOCSPX-simulated"; }

std::string GoogleSim::make_calendar(const std::string& name, const std::string& role) {
    return state_->make_calendar(name, role).id;
}

void GoogleSim::remove_calendar(const std::string& id) {
    GoogleCalendar& owner = there(*state_, id);
    owner.removed = true;
    owner.listed = ++state_->change;
}

void GoogleSim::set_role(const std::string& calendar, const std::string& role) {
    GoogleCalendar& owner = there(*state_, calendar);
    owner.role = role;
    owner.tokens_from = ++state_->change;
}

void GoogleSim::put(const std::string& calendar, const std::string& id, const std::string& json) {
    GoogleJson event = GoogleJson::parse(json);
    if (!event.is_object()) throw std::invalid_argument("Give an event resource as a JSON object.");
    GoogleCalendar& owner = there(*state_, calendar);
    event["id"] = id;
    const auto refused = event.contains("start") ? state_->unfit(owner, event) : std::nullopt;
    if (refused) throw std::runtime_error("The simulator does not take this event: " + refused->body);
    state_->store(owner, id, std::move(event));
}

void GoogleSim::erase(const std::string& calendar, const std::string& id) {
    state_->cancel(there(*state_, calendar), id);
}

std::string GoogleSim::text(const std::string& calendar, const std::string& id) const {
    const GoogleCalendar& owner = there(*state_, calendar);
    const auto at = owner.events.find(id);
    return at == owner.events.end() ? "" : at->second.dump(1);
}

std::vector<std::string> GoogleSim::ids(const std::string& calendar) const {
    std::vector<std::string> out;
    for (const auto& [id, event] : there(*state_, calendar).events)
        if (text_of(event, "status") != "cancelled") out.push_back(id);
    return out;
}

std::string GoogleSim::issue_access_token(const std::string& scopes) { return state_->grant_access(scopes); }
std::string GoogleSim::issue_refresh_token(const std::string& scopes) { return state_->grant_refresh(scopes); }

void GoogleSim::revoke_everything() {
    state_->access.clear();
    state_->refresh.clear();
}

void GoogleSim::register_service_account(
    const std::string& email, const std::string& public_key_pem, const std::string& delegated_scopes
) {
    const auto scopes = words_of(delegated_scopes);
    state_->service_accounts[email] = {public_key_pem, {scopes.begin(), scopes.end()}};
}

void GoogleSim::register_redirect(const std::string& uri) { state_->redirects.insert(uri); }
void GoogleSim::fail_next(SimFault fault) { state_->faults.push_back(std::move(fault)); }

void GoogleSim::refuse_next(int status, const std::string& reason, const std::string& method, int times) {
    state_->refusals.push_back({status, reason, method, times});
}

void GoogleSim::clear_faults() {
    state_->faults.clear();
    state_->refusals.clear();
}

void GoogleSim::set_down(bool down) { state_->down = down; }

void GoogleSim::forget_tokens() {
    ++state_->change;
    for (auto& [id, calendar] : state_->calendars) calendar.tokens_from = state_->change;
    state_->list_tokens_from = state_->change;
}

const std::vector<SeenRequest>& GoogleSim::requests() const { return state_->requests; }
const std::vector<std::string>& GoogleSim::bodies() const { return state_->bodies; }
int GoogleSim::mails_sent() const { return state_->mails; }

void GoogleSim::set_receiver(std::function<http::Response(const GoogleNotification&)> receiver) {
    state_->receiver = std::move(receiver);
}

int GoogleSim::deliver() { return state_->deliver(); }

std::vector<GoogleNotification> GoogleSim::take_notifications() {
    std::vector<GoogleNotification> out;
    for (auto& waiting : std::exchange(state_->notifications, {})) out.push_back(std::move(waiting.notification));
    if (state_->quirks.shuffles_notifications) std::reverse(out.begin(), out.end());
    return out;
}

}  // namespace calgate::testing
