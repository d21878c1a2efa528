#include "tests/sim/ews_sim.hpp"

#include <algorithm>
#include <stdexcept>

#include "connectors/http/url.hpp"
#include "core/result.hpp"
#include "tests/sim/ews_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr const char* kHead =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
    "xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" "
    "xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\">";
constexpr const char* kVersion =
    "<s:Header><t:ServerVersionInfo MajorVersion=\"15\" MinorVersion=\"2\" MajorBuildNumber=\"1544\" "
    "MinorBuildNumber=\"4\" Version=\"V2017_07_11\"/></s:Header>";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}

/// Text holds no "<" of its own, so that only tags and declarations are met.
std::string in_other_words(std::string body) {
    const std::pair<const char*, const char*> kWords[] = {{"s", "soap12"}, {"m", "q1"}, {"t", "typ"}};
    for (const auto& [prefix, other] : kWords) {
        body = replaced(body, std::string("xmlns:") + prefix + "=", std::string("xmlns:") + other + "=");
        body = replaced(body, std::string("<") + prefix + ":", std::string("<") + other + ":");
        body = replaced(body, std::string("</") + prefix + ":", std::string("</") + other + ":");
    }
    return "\xEF\xBB\xBF" + body;
}

std::string without_last_page(std::string body) {
    for (const char* word : {"true", "false"}) {
        body = replaced(body, std::string(" IncludesLastItemInRange=\"") + word + "\"", "");
        body = replaced(body, std::string("<m:IncludesLastItemInRange>") + word + "</m:IncludesLastItemInRange>", "");
    }
    return replaced(body, " TotalItemsInView=", " HowManyThereAre=");
}

std::string lower_case(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return text;
}

std::string with_offered_sign_in() { return "Basic realm=\"mail.corp.example\""; }

Result<http::Response> spoilt(const SimFault& fault, http::Response response) {
    switch (fault.kind) {
        case SimFault::Kind::LostAnswer:
            return Error{ErrorCode::Timeout, "No answer came in time.", {}};
        case SimFault::Kind::ResetMidBody:
            return Error{ErrorCode::InvalidResponse, "The answer broke off.", {}};
        case SimFault::Kind::TruncatedXml:
            response.body.resize(response.body.size() / 2);
            return response;
        case SimFault::Kind::ControlCharacters:
            response.body.insert(response.body.find("<m:ResponseCode>") + 16, "\x01\x0B");
            return response;
        case SimFault::Kind::NoConnection:
        case SimFault::Kind::HtmlPage:
        case SimFault::Kind::Refusal:
            break;
    }
    return response;
}

}  // namespace

EwsQuirks ews_quirks_of(const std::string& profile) {
    EwsQuirks out;
    out.name = profile;
    const bool stranger = profile == "stranger", worst = profile == "worst" || stranger;
    out.scrambles_order = out.omits_optional = worst || profile == "scrambled";
    out.ignores_change_key = worst || profile == "lax";
    out.bad_state_is_everything = worst || profile == "amnesiac";
    out.bumps_change_key = profile == "assistant";
    out.html_bodies = profile == "html";
    out.ignores_restrictions = profile == "blind";
    out.omits_keys = out.other_words = out.omits_last_page = stranger;
    out.streams = !stranger;
    if (profile == "amnesiac") out.largest_page = 7;
    CALGATE_ASSERT(
        worst || profile == "plain" || profile == "scrambled" || profile == "lax" || profile == "amnesiac" ||
        profile == "assistant" || profile == "html" || profile == "blind"
    );
    return out;
}

http::Response ews_answer(int status, const std::string& body, const std::string& url) {
    http::Response out;
    out.status = status;
    out.headers = {{"Content-Type", "text/xml; charset=utf-8"}};
    out.body = body;
    out.url = url;
    return out;
}

std::string ews_fault(const std::string& code, int milliseconds) {
    const std::string wait = milliseconds < 0 ? ""
                                              : "<t:MessageXml><t:Value Name=\"BackOffMilliseconds\">" +
                                                    std::to_string(milliseconds) + "</t:Value></t:MessageXml>";
    return std::string(kHead) + kVersion +
           "<s:Body><s:Fault><faultcode xmlns:a=\"http://schemas.microsoft.com/exchange/services/2006/types\">a:" +
           code +
           "</faultcode><faultstring xml:lang=\"en-US\">The request was refused.</faultstring><detail>"
           "<e:ResponseCode xmlns:e=\"http://schemas.microsoft.com/exchange/services/2006/errors\">" +
           code + "</e:ResponseCode>" + wait + "</detail></s:Fault></s:Body></s:Envelope>";
}

std::string ews_body(const std::string& inside) {
    return std::string(kHead) + kVersion + "<s:Body>" + inside + "</s:Body></s:Envelope>";
}

std::string ews_envelope(const std::string& operation, const std::string& messages) {
    return ews_body(
        "<m:" + operation + "Response><m:ResponseMessages>" + messages + "</m:ResponseMessages></m:" + operation +
        "Response>"
    );
}

std::string response_message(const std::string& operation, const std::string& code, const std::string& inside) {
    const bool good = code == "NoError";
    return "<m:" + operation + "ResponseMessage ResponseClass=\"" + (good ? "Success" : "Error") + "\">" +
           (good ? "" : "<m:MessageText>The simulated server refuses this.</m:MessageText>") + "<m:ResponseCode>" +
           code + "</m:ResponseCode>" + (good ? "" : "<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>") + inside +
           "</m:" + operation + "ResponseMessage>";
}

std::string EwsSim::State::answer(const std::string& operation, const Element& request, const Element& header) {
    const std::string zone = header.child("TimeZoneContext").child("TimeZoneDefinition").attribute("Id");
    if (operation == "GetFolder") return get_folder(request);
    if (operation == "FindFolder") return find_folder(request);
    if (operation == "GetItem") return get_item(request);
    if (operation == "FindItem") {
        try {
            return find_item(request);
        } catch (const EwsRefusal& refusal) {
            if (refusal.code == "ErrorSchemaValidation") throw;
            return response_message("FindItem", refusal.code, "");
        }
    }
    if (operation == "CreateItem") return create_item(request, zone);
    if (operation == "UpdateItem") return update_item(request, zone);
    if (operation == "DeleteItem") return delete_item(request);
    if (operation == "SyncFolderItems") return sync_folder_items(request);
    if (operation == "MoveItem") return move_item(request);
    if (operation == "ConvertId") return convert_id(request);
    if (operation == "GetServerTimeZones") return server_time_zones(request);
    if (operation == "ResolveNames") return resolve_names(request);
    if (operation == "GetEvents") return get_events(request);
    if (operation == "Subscribe") return subscribe(request);
    if (operation == "Unsubscribe") return unsubscribe(request);
    throw EwsRefusal{"ErrorInvalidRequest"};
}

EwsSim::EwsSim(const Clock& clock, const ZoneResolver& zones, EwsQuirks quirks)
    : state_(new State{clock, zones, std::move(quirks), credentials().password}) {
    make_calendar("Calendar");
    state_->folders.push_back({kEwsDeletedItems, "Deleted Items", false, false});
    state_->folders.push_back({kEwsInbox, "Inbox", false, false});
}

EwsSim::~EwsSim() = default;

EwsQuirks& EwsSim::quirks() { return state_->quirks; }
std::string EwsSim::url() { return "https://mail.corp.example/EWS/Exchange.asmx"; }
http::Credentials EwsSim::credentials() { return {"CORP\\anna", "correct horse"}; }
std::string EwsSim::address() { return "anna@corp.example"; }
std::string EwsSim::token() { return "bearer-of-anna"; }
void EwsSim::change_password() { state_->password += "!"; }
void EwsSim::restore_password() { state_->password = credentials().password; }

/// What keeps a request from being looked at, or the operation that it asks for.
std::variant<Result<http::Response>, Element> EwsSim::State::admitted(const http::Request& request) {
    const auto url = http::parse_url(request.url);
    if (!url) return ews_answer(400, "", request.url);
    // IIS looks at no case.
    const std::string path = lower_case(url->path);
    const bool json = path.find("autodiscover.json") != std::string::npos;
    bool known = request.credentials && request.credentials->user == credentials().user &&
                 request.credentials->password == password;
    for (const auto& [name, value] : request.headers)
        known |= lower_case(name) == "authorization" && value == "Bearer " + token();
    if (!json && !known) {
        auto refused = ews_answer(401, "", request.url);
        refused.headers.emplace_back("WWW-Authenticate", with_offered_sign_in());
        return refused;
    }
    if (path.starts_with("/autodiscover/")) return ews_answer(200, autodiscover(request, path), request.url);
    if (path != "/ews/exchange.asmx") return ews_answer(404, "", request.url);
    if (busy_requests > 0) {
        --busy_requests;
        return ews_answer(500, ews_fault("ErrorServerBusy", busy_milliseconds), request.url);
    }
    auto root = ews::parse_xml(request.body);
    if (!root || !root->has("Body") || root->child("Body").children.empty())
        return ews_answer(500, ews_fault("ErrorSchemaValidation"), request.url);
    const std::string version = root->child("Header").child("RequestServerVersion").attribute("Version");
    if (quirks.speaks_2013_only && version != "Exchange2013_SP1")
        return ews_answer(500, ews_fault("ErrorInvalidServerVersion"), request.url);
    return std::move(*root);
}

Result<http::Response> EwsSim::send(const http::Request& request, const Context& context) {
    State& state = *state_;
    if (context.stop.stop_requested()) return Error{ErrorCode::Cancelled, "The call was stopped.", {}};
    if (context.deadline <= state.clock.steady()) return Error{ErrorCode::Unavailable, "No time was left.", {}};
    if (state.down) return Error{ErrorCode::Unavailable, "No connection to mail.corp.example.", {}};
    state.exchanges.push_back(request);
    std::optional<SimFault> fault_now;
    for (auto at = state.faults.begin(); at != state.faults.end(); ++at) {
        if (!at->method.empty() && request.body.find("<m:" + at->method) == std::string::npos) continue;
        fault_now = *at;
        if (at->times > 0 && --at->times == 0) state.faults.erase(at);
        break;
    }
    if (fault_now && fault_now->kind == SimFault::Kind::NoConnection)
        return Error{ErrorCode::Unavailable, "No connection to mail.corp.example.", {}};
    if (fault_now && (fault_now->kind == SimFault::Kind::Refusal || fault_now->kind == SimFault::Kind::HtmlPage)) {
        const bool page = fault_now->kind == SimFault::Kind::HtmlPage;
        const std::string body = page ? "<html><body>Sorry</body></html>" : fault_now->body;
        auto refused = ews_answer(fault_now->status, body, request.url);
        if (!fault_now->retry_after.empty()) refused.headers.emplace_back("Retry-After", fault_now->retry_after);
        return refused;
    }
    auto admitted = state.admitted(request);
    if (auto* const refused = std::get_if<Result<http::Response>>(&admitted)) return std::move(*refused);
    const Element& root = std::get<Element>(admitted);
    const Element& asked = root.child("Body").children.front();
    std::string body;
    try {
        body = asked.name == "GetUserAvailabilityRequest"
                   ? state.availability(asked)
                   : ews_envelope(asked.name, state.answer(asked.name, asked, root.child("Header")));
    } catch (const EwsRefusal& refusal) {
        return ews_answer(500, ews_fault(refusal.code), request.url);
    } catch (const std::exception&) {
        // Whatever a client sends, its answer is an answer.
        return ews_answer(500, ews_fault("ErrorSchemaValidation"), request.url);
    }
    if (state.quirks.scrambles_order) body = scrambled(body);
    if (state.quirks.omits_last_page) body = without_last_page(body);
    if (state.quirks.other_words) body = in_other_words(body);
    auto response = ews_answer(200, body, request.url);
    // Affinity, and what has nothing to do with it.
    if (asked.name == "Subscribe")
        response.headers.insert(
            response.headers.end(),
            {{"Set-Cookie", "X-BackEndOverrideCookie=ex01~1942062522; path=/; secure; HttpOnly"},
             {"Set-Cookie", "tracking=1; path=/"}}
        );
    return fault_now ? spoilt(*fault_now, std::move(response)) : Result<http::Response>(std::move(response));
}

std::string EwsSim::make_calendar(const std::string& name) {
    state_->folders.push_back({state_->fresh_id("folder-"), name, false});
    return state_->folders.back().id;
}

void EwsSim::remove_calendar(const std::string& id) {
    state_->folder(id).gone = true;
    for (EwsItem& one : state_->items) one.gone = one.gone || one.folder == id;
}

void EwsSim::put_into_deleted_items(const std::string& folder) { state_->folder(folder).parent = kEwsDeletedItems; }
void EwsSim::put_back(const std::string& folder) { state_->folder(folder).parent = kEwsRoot; }

std::string EwsSim::move_calendar(const std::string& id) {
    const std::string moved = make_calendar(state_->folder(id).name);
    state_->folder(id).gone = true;
    std::vector<EwsItem> taken;
    for (EwsItem& one : state_->items) {
        if (one.folder != id || one.gone) continue;
        taken.push_back(one);
        one.gone = true;
    }
    for (EwsItem& one : taken) {
        one.id = state_->fresh_id("item-");
        one.folder = moved;
        state_->touch(one);
        one.created = one.touched;
        state_->items.push_back(one);
    }
    return moved;
}

std::string EwsSim::put_item(const std::string& folder, const std::string& item) {
    const auto element = ews::parse_xml(item);
    if (!element) throw std::invalid_argument("The item is no XML.");
    try {
        return state_->create(folder, *element, "W. Europe Standard Time").id;
    } catch (const EwsRefusal& refusal) {
        throw std::invalid_argument(refusal.code);
    }
}

void EwsSim::invite(const std::string& folder, const std::string& item) {
    const auto request = ews::parse_xml(
        "<CreateItem SendMeetingInvitations=\"SendToAllAndSaveCopy\"><SavedItemFolderId><FolderId Id=\"" +
        xml_text(folder) + "\"/></SavedItemFolderId><Items>" + item + "</Items></CreateItem>"
    );
    if (!request) throw std::invalid_argument("The item is no XML.");
    state_->create_item(*request, "W. Europe Standard Time");
}

void EwsSim::patch_item(const std::string& id, const std::string& item) {
    const auto element = ews::parse_xml(item);
    if (!element) throw std::invalid_argument("The item is no XML.");
    try {
        EwsItem& at = state_->item(id);
        for (const Element& property : element->children) {
            std::erase_if(at.properties.children, [&](const Element& one) { return one.name == property.name; });
            if (!property.text.empty() || !property.children.empty() || !property.attributes.empty())
                at.properties.children.push_back(property);
        }
        state_->normalise(at.properties, "W. Europe Standard Time");
        state_->touch(at);
    } catch (const EwsRefusal& refusal) {
        throw std::invalid_argument(refusal.code);
    }
}

void EwsSim::erase_item(const std::string& id) {
    state_->item(id);
    state_->move(id, kEwsDeletedItems);
}

void EwsSim::bump_change_key(const std::string& id) { state_->touch(state_->item(id)); }

std::string EwsSim::item_xml(const std::string& id) const {
    for (const EwsItem& one : state_->items)
        if (one.id == id && !one.gone) return ews::write_xml(state_->whole(one, 0));
    return {};
}

std::string EwsSim::id_of_uid(const std::string& folder, const std::string& uid) const {
    for (const EwsItem& one : state_->items) {
        if (one.gone || one.folder != folder) continue;
        if (one.properties.word("UID") == uid) return one.id;
        for (const Element& property : one.properties.children)
            if (property.name == "ExtendedProperty" && property.word("Value") == uid) return one.id;
    }
    return {};
}

std::vector<std::string> EwsSim::item_ids(const std::string& folder) const {
    std::vector<std::string> out;
    for (const EwsItem& one : state_->items)
        if (!one.gone && one.folder == folder) out.push_back(one.id);
    return out;
}

std::size_t EwsSim::count(const std::string& folder) const { return item_ids(folder).size(); }

void EwsSim::fail_next(SimFault fault) { state_->faults.push_back(std::move(fault)); }
void EwsSim::clear_faults() { state_->faults.clear(); }
void EwsSim::set_down(bool down) { state_->down = down; }
void EwsSim::forget_states() { ++state_->epoch; }
void EwsSim::busy_for(int requests, int milliseconds) {
    state_->busy_requests = requests;
    state_->busy_milliseconds = milliseconds;
}
void EwsSim::set_full(bool full) { state_->full = full; }
int EwsSim::mails_sent() const { return state_->mails; }
const std::vector<http::Request>& EwsSim::exchanges() const { return state_->exchanges; }

}  // namespace calgate::testing
