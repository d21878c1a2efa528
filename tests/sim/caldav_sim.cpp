#include "tests/sim/caldav_sim.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include "tests/sim/caldav_sim_state.hpp"

namespace calgate::testing {

namespace {

Error error(ErrorCode code, const std::string& sentence) { return {code, sentence, {}}; }

http::Response with_faulty_body(http::Response response, SimFault::Kind kind) {
    const std::size_t half = response.body.size() / 2;
    if (kind == SimFault::Kind::TruncatedXml) response.body.resize(half);
    if (kind == SimFault::Kind::ControlCharacters) {
        const std::size_t at = response.body.find('\n');
        response.body.insert(at == std::string::npos ? response.body.size() : at, "\x01\x0b");
    }
    return response;
}

http::Response instead(const SimFault& fault) {
    http::Headers headers;
    if (!fault.retry_after.empty()) headers.emplace_back("Retry-After", fault.retry_after);
    if (fault.kind == SimFault::Kind::Refusal) return plain(fault.status, headers, fault.body);
    headers.emplace_back("Content-Type", "text/html");
    return plain(fault.status, headers, "<!DOCTYPE html><html><body><p>Maintenance<br></body></html>");
}

std::string http_date(Instant when) {
    const std::time_t seconds = when.time_since_epoch().count();
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    text.at(std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)) = '\0';
    return text.data();
}

std::optional<SimFault> take(std::deque<SimFault>& faults, const std::string& method) {
    const auto found = std::find_if(faults.begin(), faults.end(), [&](const SimFault& fault) {
        return fault.method.empty() || fault.method == method;
    });
    if (found == faults.end()) return std::nullopt;
    const SimFault fault = *found;
    if (found->times > 0 && --found->times == 0) faults.erase(found);
    return fault;
}

/// A listing of calendars that also asks how far each one is.
bool asks_state_of_all(const http::Request& request) {
    const auto names = [&](const char* property) { return request.body.find(property) != std::string::npos; };
    return request.method == "PROPFIND" && names("displayname") && (names("sync-token") || names("getctag"));
}

std::string path_of(const Href& href) {
    const auto url = http::parse_url(href.value);
    CALGATE_ASSERT(url.has_value());
    return http::canonical_path(url->path);
}

}  // namespace

CaldavSim::CaldavSim(const Clock& clock, Quirks quirks) : state_(std::make_unique<State>(clock, std::move(quirks))) {
    if (!state_->quirks.extra_collections) return;
    SimCalendar& tasks = state_->calendars[std::string(kHomePath) + "tasks/"];
    tasks.name = "Reminders";
    tasks.tasks_only = true;
}

CaldavSim::~CaldavSim() = default;

Result<http::Response> CaldavSim::send(const http::Request& request, const Context& context) {
    using Kind = SimFault::Kind;
    if (context.stop.stop_requested()) return error(ErrorCode::Cancelled, "The call was stopped.");
    if (context.deadline <= state_->clock.steady()) return error(ErrorCode::Unavailable, "No time was left to ask.");
    const auto url = http::parse_url(request.url);
    if (!url) return error(ErrorCode::Rejected, "The URL is not an http or https address.");
    state_->requests.push_back({request.method, request.url, request.body.size(), request.credentials.has_value()});
    if (state_->down) return error(ErrorCode::Unavailable, "No connection to " + url->origin() + ".");
    const auto fault = take(state_->faults, request.method);
    if (fault && fault->kind == Kind::NoConnection)
        return error(ErrorCode::Unavailable, "No connection to " + url->origin() + ".");
    if (state_->quirks.state_reads_events && asks_state_of_all(request))
        return error(ErrorCode::Timeout, url->origin() + " did not answer in time.");
    const bool replaced = fault && (fault->kind == Kind::HtmlPage || fault->kind == Kind::Refusal);
    http::Response response = replaced ? instead(*fault) : state_->answer(request, *url);
    if (fault && fault->kind == Kind::LostAnswer)
        return error(ErrorCode::Timeout, url->origin() + " did not answer in time.");
    if (fault && fault->kind == Kind::ResetMidBody)
        return error(ErrorCode::InvalidResponse, url->origin() + " broke off its answer.");
    if (fault) response = with_faulty_body(std::move(response), fault->kind);
    if (!state_->quirks.without_date) response.headers.emplace_back("Date", http_date(state_->clock.now()));
    response.url = url->text();
    return response;
}

std::string CaldavSim::account_url() const { return entry_origin(state_->quirks) + "/"; }
http::Credentials CaldavSim::credentials() { return {"anna@salon.example", "abcd-efgh-ijkl-mnop"}; }
Quirks& CaldavSim::quirks() { return state_->quirks; }

Href CaldavSim::make_calendar(const std::string& name) {
    const std::string path = kHomePath + name + "/";
    state_->calendars[path].name = name;
    return Href{entry_origin(state_->quirks) + path};
}

Href CaldavSim::replace_calendar(const Href& calendar) {
    auto old = state_->calendars.extract(path_of(calendar));
    CALGATE_ASSERT(!old.empty());
    return make_calendar(old.mapped().name + "-" + std::to_string(++state_->replacements));
}

Href CaldavSim::put_text(const Href& calendar, const std::string& name, std::string icalendar) {
    SimCalendar* owner = state_->calendar(path_of(calendar));
    CALGATE_ASSERT(owner != nullptr);
    state_->store(*owner, path_of(calendar) + name, std::move(icalendar));
    return Href{calendar.value + name};
}

void CaldavSim::erase(const Href& event) {
    const std::string path = path_of(event);
    if (SimCalendar* owner = state_->calendar_of(path)) state_->remove(*owner, path);
}

std::size_t CaldavSim::count(const Href& calendar) const {
    const SimCalendar* owner = state_->calendar(path_of(calendar));
    return owner ? owner->objects.size() : 0;
}

std::vector<Href> CaldavSim::events(const Href& calendar) const {
    std::vector<Href> all;
    const SimCalendar* owner = state_->calendar(path_of(calendar));
    if (!owner) return all;
    for (const auto& [path, object] : owner->objects) all.push_back({entry_origin(state_->quirks) + path});
    return all;
}

std::string CaldavSim::text(const Href& event) const {
    const std::string path = path_of(event);
    const SimCalendar* owner = state_->calendar_of(path);
    return owner && owner->objects.contains(path) ? owner->objects.at(path).text : std::string();
}

void CaldavSim::fail_next(SimFault fault) { state_->faults.push_back(std::move(fault)); }
void CaldavSim::clear_faults() { state_->faults.clear(); }
void CaldavSim::set_down(bool down) { state_->down = down; }
void CaldavSim::unauthorized_after(int requests) { state_->authorized_requests = requests; }
const std::vector<SeenRequest>& CaldavSim::requests() const { return state_->requests; }
int CaldavSim::mails_sent() const { return state_->mails; }

void CaldavSim::forget_tokens() {
    for (auto& [path, calendar] : state_->calendars) calendar.tokens.clear();
    state_->next_change();
    state_->seconds.assign(state_->seconds.size(), state_->seconds.back());
}

}  // namespace calgate::testing
