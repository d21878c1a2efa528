#include <algorithm>

#include "core/identity.hpp"
#include "tests/sim/ews_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::size_t kSeal = 8;

/// A state that was touched, or cut, is none.
std::string sealed(const std::string& plain) { return base64_of(sha256_hex(plain).substr(0, kSeal) + plain); }

std::optional<std::string> unsealed(const std::string& state) {
    const auto bytes = bytes_of_base64(state);
    if (!bytes || bytes->size() < kSeal) return std::nullopt;
    const std::string plain = bytes->substr(kSeal);
    return sha256_hex(plain).substr(0, kSeal) == bytes->substr(0, kSeal) ? std::optional(plain) : std::nullopt;
}

}  // namespace

/// A SyncState is folder, epoch, where its round began, and position.
std::string EwsSim::State::sync_folder_items(const Element& request) {
    const EwsFolder* at = nullptr;
    const Element& id = request.child("SyncFolderId");
    if (id.children.empty()) throw EwsRefusal{"ErrorSchemaValidation"};
    try {
        at = &folder_of(id.children.front());
    } catch (const EwsRefusal& refusal) {
        return response_message(
            "SyncFolderItems", refusal.code, "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>"
        );
    }
    std::int64_t base = 0, position = 0;
    if (const std::string state = request.word("SyncState"); !state.empty()) {
        const auto plain = unsealed(state);
        const std::string prefix = at->id + "|" + std::to_string(epoch) + "|";
        const std::size_t bar = plain ? plain->find('|', prefix.size()) : std::string::npos;
        const bool good = plain && plain->starts_with(prefix) && bar != std::string::npos;
        if (good) {
            base = std::stoll(plain->substr(prefix.size(), bar - prefix.size()));
            position = std::stoll(plain->substr(bar + 1));
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
    if (!request.has("MaxChangesReturned")) throw EwsRefusal{"ErrorSchemaValidation"};
    const auto asked = static_cast<std::size_t>(number_of(request.word("MaxChangesReturned"), 1, 512, 1));
    const std::size_t most = std::min(asked, quirks.largest_page);
    std::string changes;
    std::size_t given = 0;
    for (const EwsItem* one : touched) {
        if (given == most) break;
        ++given;
        position = one->touched;
        const std::string item_id =
            "<t:ItemId Id=\"" + xml_text(one->id) + "\" ChangeKey=\"" + change_key(*one) + "\"/>";
        const bool fresh = one->created > base;
        if (one->gone && !fresh) changes += "<t:Delete>" + item_id + "</t:Delete>";
        if (one->gone) continue;
        const std::string kind = fresh ? "Create" : "Update";
        changes += "<t:" + kind + ">" + shown(*one, 0, request.child("ItemShape")) + "</t:" + kind + ">";
    }
    const bool last = given == touched.size();
    if (last) position = base = std::max(position, journal);
    if (base == 0 && last && at->calendar)
        changes +=
            "<t:Create><t:MeetingRequest><t:ItemId Id=\"AAMkRequest=\" "
            "ChangeKey=\"CwAA\"/></t:MeetingRequest></t:Create>";
    const std::string state =
        sealed(at->id + "|" + std::to_string(epoch) + "|" + std::to_string(base) + "|" + std::to_string(position));
    return response_message(
        "SyncFolderItems",
        "NoError",
        "<m:SyncState>" + state + "</m:SyncState><m:IncludesLastItemInRange>" + (last ? "true" : "false") +
            "</m:IncludesLastItemInRange><m:Changes>" + changes + "</m:Changes>"
    );
}

}  // namespace calgate::testing
