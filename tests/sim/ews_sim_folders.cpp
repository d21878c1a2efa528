#include "tests/sim/ews_sim_state.hpp"

namespace calgate::testing {

namespace {

std::string folder_xml(const EwsFolder& folder) {
    const std::string kind = folder.calendar ? "CalendarFolder" : "Folder";
    return "<t:" + kind + "><t:FolderId Id=\"" + folder.id + "\" ChangeKey=\"AgAAABQAAABc\"/><t:ParentFolderId Id=\"" +
           folder.parent + "\"/><t:FolderClass>" + (folder.calendar ? "IPF.Appointment" : "IPF.Note") +
           "</t:FolderClass><t:DisplayName>" + xml_text(folder.name) +
           "</t:DisplayName><t:EffectiveRights><t:CreateAssociated>true</t:CreateAssociated><t:CreateContents>true"
           "</t:CreateContents><t:CreateHierarchy>true</t:CreateHierarchy><t:Delete>true</t:Delete><t:Modify>true"
           "</t:Modify><t:Read>true</t:Read></t:EffectiveRights></t:" +
           kind + ">";
}

/// The top of the mailbox, which holds no items.
std::string root_xml(const std::string& name) {
    return std::string("<t:Folder><t:FolderId Id=\"") + kEwsRoot +
           "\" ChangeKey=\"AgAAABQAAABd\"/><t:FolderClass>IPF.Note</t:FolderClass><t:DisplayName>" + xml_text(name) +
           "</t:DisplayName></t:Folder>";
}

bool is_root(const Element& id) {
    const std::string& name = id.attribute("Id");
    return id.name == "DistinguishedFolderId" ? name == "root" || name == "msgfolderroot" : name == kEwsRoot;
}

}  // namespace

EwsFolder& EwsSim::State::folder_of(const Element& id) {
    const std::string& name = id.attribute("Id");
    if (id.name != "DistinguishedFolderId") return folder(name);
    if (name == "calendar") return folders.front();
    if (name == "deleteditems") return folder(kEwsDeletedItems);
    if (name == "inbox") return folder(kEwsInbox);
    throw EwsRefusal{"ErrorFolderNotFound"};
}

std::string EwsSim::State::get_folder(const Element& request) {
    std::string out;
    for (const Element& id : request.child("FolderIds").children) try {
            const std::string xml = is_root(id) ? root_xml(id.attribute("Id")) : folder_xml(folder_of(id));
            out += response_message("GetFolder", "NoError", "<m:Folders>" + xml + "</m:Folders>");
        } catch (const EwsRefusal& refusal) {
            out += response_message("GetFolder", refusal.code, "<m:Folders/>");
        }
    return out;
}

std::string EwsSim::State::find_folder(const Element& request) {
    const Element& view = request.child("IndexedPageFolderView");
    const int offset = number_of(view.attribute("Offset"), 0, 1'000'000, 0);
    const int most = number_of(view.attribute("MaxEntriesReturned"), 1, 1'000'000, 1000);
    std::string wanted;
    if (const Element& restriction = request.child("Restriction"); !restriction.children.empty()) {
        const Element& rule = restriction.children.front();
        if (rule.name != "IsEqualTo" || rule.child("FieldURI").attribute("FieldURI") != "folder:FolderClass")
            return response_message("FindFolder", "ErrorUnsupportedPathForQuery", "");
        wanted = rule.child("FieldURIOrConstant").child("Constant").attribute("Value");
    }
    std::string listed;
    int total = 0, given = 0;
    for (const EwsFolder& one : folders) {
        const bool is = wanted.empty() || wanted == (one.calendar ? "IPF.Appointment" : "IPF.Note");
        if (one.gone || !is || ++total <= offset || given >= most) continue;
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

}  // namespace calgate::testing
