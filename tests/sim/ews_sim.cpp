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
constexpr const char* kDeleted = "AAMkDeletedItems=";

http::Response answer_of(int status, const std::string& body, const std::string& url) {
    http::Response out;
    out.status = status;
    out.headers = {{"Content-Type", "text/xml; charset=utf-8"}};
    out.body = body;
    out.url = url;
    return out;
}

std::string fault(const std::string& code, int milliseconds = -1) {
    const std::string wait = milliseconds < 0 ? ""
                                              : "<t:MessageXml><t:Value Name=\"BackOffMilliseconds\">" +
                                                    std::to_string(milliseconds) + "</t:Value></t:MessageXml>";
    return std::string(kHead) + "<s:Body><s:Fault><faultcode>a:" + code +
           "</faultcode><faultstring xml:lang=\"en-US\">The request was refused.</faultstring><detail>"
           "<e:ResponseCode xmlns:e=\"http://schemas.microsoft.com/exchange/services/2006/errors\">" +
           code + "</e:ResponseCode>" + wait + "</detail></s:Fault></s:Body></s:Envelope>";
}

std::string folder_xml(const EwsFolder& folder) {
    return "<t:CalendarFolder><t:FolderId Id=\"" + folder.id +
           "\" ChangeKey=\"AgAAABQAAABc\"/><t:ParentFolderId Id=\"AAMkRoot=\"/><t:FolderClass>IPF.Appointment"
           "</t:FolderClass><t:DisplayName>" +
           ews::escaped(folder.name) +
           "</t:DisplayName><t:EffectiveRights><t:CreateAssociated>true</t:CreateAssociated><t:CreateContents>true"
           "</t:CreateContents><t:CreateHierarchy>true</t:CreateHierarchy><t:Delete>true</t:Delete><t:Modify>true"
           "</t:Modify><t:Read>true</t:Read></t:EffectiveRights></t:CalendarFolder>";
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
    const bool worst = profile == "worst";
    out.scrambles_order = out.omits_optional = worst || profile == "scrambled";
    out.ignores_change_key = worst || profile == "lax";
    out.bad_state_is_everything = worst || profile == "amnesiac";
    out.bumps_change_key = profile == "assistant";
    out.html_bodies = profile == "html";
    if (profile == "amnesiac") out.largest_page = 7;
    CALGATE_ASSERT(
        worst || profile == "plain" || profile == "scrambled" || profile == "lax" || profile == "amnesiac" ||
        profile == "assistant" || profile == "html"
    );
    return out;
}

std::string response_message(const std::string& operation, const std::string& code, const std::string& inside) {
    const bool good = code == "NoError";
    return "<m:" + operation + "ResponseMessage ResponseClass=\"" + (good ? "Success" : "Error") + "\">" +
           (good ? "" : "<m:MessageText>The simulated server refuses this.</m:MessageText>") + "<m:ResponseCode>" +
           code + "</m:ResponseCode>" + (good ? "" : "<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>") + inside +
           "</m:" + operation + "ResponseMessage>";
}

std::string EwsSim::State::get_folder(const Element& request) {
    std::string out;
    for (const Element& id : request.child("FolderIds").children) try {
            const std::string& name = id.attribute("Id");
            std::string xml;
            if (id.name == "DistinguishedFolderId" && name != "calendar")
                xml = "<t:Folder><t:FolderId Id=\"" + std::string(name == "deleteditems" ? kDeleted : "AAMkRoot=") +
                      "\" ChangeKey=\"AgAAABQAAABd\"/><t:FolderClass>IPF.Note</t:FolderClass><t:DisplayName>" + name +
                      "</t:DisplayName></t:Folder>";
            else
                xml = folder_xml(id.name == "DistinguishedFolderId" ? folders.front() : folder(name));
            out += response_message("GetFolder", "NoError", "<m:Folders>" + xml + "</m:Folders>");
        } catch (const EwsRefusal& refusal) {
            out += response_message("GetFolder", refusal.code, "<m:Folders/>");
        }
    return out;
}

std::string EwsSim::State::find_folder(const Element& request) {
    const Element& view = request.child("IndexedPageFolderView");
    const std::size_t offset = view.name.empty() ? 0 : std::stoul(view.attribute("Offset"));
    const std::size_t most = view.name.empty() ? 1000 : std::stoul(view.attribute("MaxEntriesReturned"));
    std::string listed;
    std::size_t total = 0, given = 0;
    for (const EwsFolder& one : folders) {
        if (one.gone || ++total <= offset || given >= most) continue;
        ++given;
        listed += folder_xml(one);
    }
    const bool last = offset + given >= total;
    return response_message(
        "FindFolder",
        "NoError",
        "<m:RootFolder IndexedPagingOffset=\"" + std::to_string(offset + given) + "\" TotalItemsInView=\"" +
            std::to_string(total) + "\" IncludesLastItemInRange=\"" + (last ? "true" : "false") + "\"><t:Folders>" +
            listed + "</t:Folders></m:RootFolder>"
    );
}

/// A SyncState is folder, epoch, where its round began, and position.
std::string EwsSim::State::sync_folder_items(const Element& request) {
    const EwsFolder* at = nullptr;
    const Element& id = request.child("SyncFolderId");
    try {
        at = id.has("FolderId") ? &folder(id.child("FolderId").attribute("Id")) : &folders.front();
    } catch (const EwsRefusal& refusal) {
        return response_message(
            "SyncFolderItems", refusal.code, "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>"
        );
    }
    std::int64_t base = 0, position = 0;
    if (const std::string state = request.word("SyncState"); !state.empty()) {
        const std::string plain = bytes_of_base64(state).value_or("");
        const std::string prefix = at->id + "|" + std::to_string(epoch) + "|";
        const std::size_t bar = plain.find('|', prefix.size());
        const bool good = plain.starts_with(prefix) && bar != std::string::npos;
        if (good) {
            base = std::stoll(plain.substr(prefix.size(), bar - prefix.size()));
            position = std::stoll(plain.substr(bar + 1));
        }
        if (!good) {
            if (!quirks.bad_state_is_everything)
                return response_message(
                    "SyncFolderItems",
                    "ErrorInvalidSyncStateData",
                    "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>"
                );
            base = position = 0;
        }
    }
    std::vector<const EwsItem*> touched;
    for (const EwsItem& one : items)
        if (one.folder == at->id && one.touched > position) touched.push_back(&one);
    std::sort(touched.begin(), touched.end(), [](auto* a, auto* b) { return a->touched < b->touched; });
    const std::size_t most = std::min(std::stoul(request.word("MaxChangesReturned")), quirks.largest_page);
    std::string changes;
    std::size_t given = 0;
    for (const EwsItem* one : touched) {
        if (given == most) break;
        ++given;
        position = one->touched;
        const std::string item_id =
            "<t:ItemId Id=\"" + ews::escaped(one->id) + "\" ChangeKey=\"" + change_key(*one) + "\"/>";
        const bool fresh = one->created > base;
        if (one->gone && !fresh) changes += "<t:Delete>" + item_id + "</t:Delete>";
        if (one->gone) continue;
        const std::string kind = fresh ? "Create" : "Update";
        changes += "<t:" + kind + "><t:CalendarItem>" + item_id + "</t:CalendarItem></t:" + kind + ">";
    }
    const bool last = given == touched.size();
    if (last) position = base = std::max(position, journal);
    if (base == 0 && last)
        changes +=
            "<t:Create><t:MeetingRequest><t:ItemId Id=\"AAMkRequest=\" "
            "ChangeKey=\"CwAA\"/></t:MeetingRequest></t:Create>";
    const std::string state =
        base64_of(at->id + "|" + std::to_string(epoch) + "|" + std::to_string(base) + "|" + std::to_string(position));
    return response_message(
        "SyncFolderItems",
        "NoError",
        "<m:SyncState>" + state + "</m:SyncState><m:IncludesLastItemInRange>" + (last ? "true" : "false") +
            "</m:IncludesLastItemInRange><m:Changes>" + changes + "</m:Changes>"
    );
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
            return response_message("FindItem", refusal.code, "");
        }
    }
    if (operation == "CreateItem") return create_item(request, zone);
    if (operation == "UpdateItem") return update_item(request, zone);
    if (operation == "DeleteItem") return delete_item(request);
    if (operation == "SyncFolderItems") return sync_folder_items(request);
    throw EwsRefusal{"ErrorInvalidRequest"};
}

std::string EwsSim::State::autodiscover(const http::Request& request, const std::string& path) const {
    if (path.find("autodiscover.json") != std::string::npos)
        return "{\"Protocol\":\"EWS\",\"Url\":\"" + EwsSim::url() + "\"}";
    if (path.ends_with(".svc"))
        return "<s:Envelope "
               "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><GetUserSettingsResponseMessage "
               "xmlns=\"http://schemas.microsoft.com/exchange/2010/Autodiscover\"><Response><ErrorCode>NoError</"
               "ErrorCode>"
               "<UserResponses><UserResponse><ErrorCode>NoError</"
               "ErrorCode><UserSettings><UserSetting><Name>ExternalEwsUrl"
               "</Name><Value>" +
               EwsSim::url() +
               "</Value></UserSetting></UserSettings></UserResponse></UserResponses></Response>"
               "</GetUserSettingsResponseMessage></s:Body></s:Envelope>";
    const bool known = request.body.find(EwsSim::address()) != std::string::npos;
    return std::string("<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">"
           ) +
           (known ? "<Response><Account><Action>settings</Action><Protocol><Type>EXPR</Type><EwsUrl>" + EwsSim::url() +
                        "</EwsUrl></Protocol></Account></Response>"
                  : "<Response><Error><ErrorCode>500</ErrorCode></Error></Response>") +
           "</Autodiscover>";
}

EwsSim::EwsSim(const Clock& clock, const ZoneResolver& zones, EwsQuirks quirks)
    : state_(new State{clock, zones, std::move(quirks), credentials().password}) {
    make_calendar("Calendar");
}

EwsSim::~EwsSim() = default;

EwsQuirks& EwsSim::quirks() { return state_->quirks; }
std::string EwsSim::url() { return "https://mail.corp.example/EWS/Exchange.asmx"; }
http::Credentials EwsSim::credentials() { return {"CORP\\anna", "correct horse"}; }
std::string EwsSim::address() { return "anna@corp.example"; }
void EwsSim::change_password() { state_->password += "!"; }

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
        auto refused = answer_of(fault_now->status, body, request.url);
        if (!fault_now->retry_after.empty()) refused.headers.emplace_back("Retry-After", fault_now->retry_after);
        return refused;
    }
    const auto url = http::parse_url(request.url);
    const bool json = url->path.find("autodiscover.json") != std::string::npos;
    const bool known = request.credentials && request.credentials->user == credentials().user &&
                       request.credentials->password == state.password;
    if (!json && !known) {
        auto refused = answer_of(401, "", request.url);
        refused.headers.emplace_back("WWW-Authenticate", with_offered_sign_in());
        return refused;
    }
    if (url->path.find("/autodiscover/") == 0)
        return answer_of(200, state.autodiscover(request, url->path), request.url);
    if (url->path != "/EWS/Exchange.asmx") return answer_of(404, "", request.url);
    if (state.busy_requests > 0) {
        --state.busy_requests;
        return answer_of(500, fault("ErrorServerBusy", state.busy_milliseconds), request.url);
    }
    const auto root = ews::parse_xml(request.body);
    if (!root || !root->has("Body") || root->child("Body").children.empty())
        return answer_of(500, fault("ErrorSchemaValidation"), request.url);
    const Element& header = root->child("Header");
    const std::string version = header.child("RequestServerVersion").attribute("Version");
    if (state.quirks.speaks_2013_only && version != "Exchange2013_SP1")
        return answer_of(500, fault("ErrorInvalidServerVersion"), request.url);
    const Element& asked = root->child("Body").children.front();
    std::string body;
    try {
        body = std::string(kHead) + kVersion + "<s:Body><m:" + asked.name + "Response><m:ResponseMessages>" +
               state.answer(asked.name, asked, header) + "</m:ResponseMessages></m:" + asked.name +
               "Response></s:Body></s:Envelope>";
    } catch (const EwsRefusal& refusal) {
        return answer_of(500, fault(refusal.code), request.url);
    }
    if (state.quirks.scrambles_order) body = scrambled(body);
    auto response = answer_of(200, body, request.url);
    return fault_now ? spoilt(*fault_now, std::move(response)) : Result<http::Response>(std::move(response));
}

std::string EwsSim::make_calendar(const std::string& name) {
    state_->folders.push_back({state_->fresh_id("folder-"), name, false});
    return state_->folders.back().id;
}

void EwsSim::remove_calendar(const std::string& id) { state_->folder(id).gone = true; }

std::string EwsSim::put_item(const std::string& folder, const std::string& item) {
    const auto element = ews::parse_xml(item);
    if (!element) throw std::invalid_argument("The item is no XML.");
    try {
        return state_->create(folder, *element, "W. Europe Standard Time").id;
    } catch (const EwsRefusal& refusal) {
        throw std::invalid_argument(refusal.code);
    }
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
    EwsItem& at = state_->item(id);
    at.gone = true;
    state_->touch(at);
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
