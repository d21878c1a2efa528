#include <algorithm>

#include "tests/sim/ews_sim_state.hpp"

/// Operations that our connector does not need, and other clients do.
namespace calgate::testing {

namespace {

std::string hex_of(const std::string& bytes) {
    constexpr const char* kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

std::string bytes_of_hex(const std::string& hex) {
    std::string out;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
        out += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
    return out;
}

/// An id in the form that EWS itself uses.
std::string ews_id(const std::string& format, const std::string& id) {
    if (format == "EwsId") return id;
    if (format == "HexEntryId") return bytes_of_hex(id);
    throw EwsRefusal{"ErrorUnsupportedTypeForConversion"};
}

}  // namespace

std::string EwsSim::State::convert_id(const Element& request) const {
    const std::string& wanted = request.attribute("DestinationFormat");
    std::string out;
    for (const Element& given : request.child("SourceIds").children) try {
            const std::string id = ews_id(given.attribute("Format"), given.attribute("Id"));
            if (!id.starts_with("AAMk")) throw EwsRefusal{"ErrorInvalidIdMalformed"};
            if (wanted != "EwsId" && wanted != "HexEntryId") throw EwsRefusal{"ErrorUnsupportedTypeForConversion"};
            out += response_message(
                "ConvertId",
                "NoError",
                "<m:AlternateId xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"t:AlternateIdType\" "
                "Format=\"" +
                    wanted + "\" Id=\"" + xml_text(wanted == "EwsId" ? id : hex_of(id)) + "\" Mailbox=\"" +
                    xml_text(given.attribute("Mailbox")) + "\"/>"
            );
        } catch (const EwsRefusal& refusal) {
            out += response_message("ConvertId", refusal.code, "");
        }
    return out;
}

std::string EwsSim::State::resolve_names(const Element& request) const {
    const std::string name = request.word("UnresolvedEntry"), address = EwsSim::address();
    if (name.empty() || address.find(name) == std::string::npos)
        return response_message("ResolveNames", "ErrorNameResolutionNoResults", "");
    return response_message(
        "ResolveNames",
        "NoError",
        "<m:ResolutionSet TotalItemsInView=\"1\" IncludesLastItemInRange=\"true\"><t:Resolution><t:Mailbox>"
        "<t:Name>Anna Berg</t:Name><t:EmailAddress>" +
            address +
            "</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType><t:MailboxType>Mailbox</t:MailboxType></t:Mailbox>"
            "</t:Resolution></m:ResolutionSet>"
    );
}

std::string EwsSim::State::move_item(const Element& request) {
    const Element& target = request.child("ToFolderId");
    if (target.children.empty()) throw EwsRefusal{"ErrorSchemaValidation"};
    std::string out;
    for (const Element& id : request.child("ItemIds").children) try {
            const std::string to = folder_of(target.children.front()).id;
            if (id.name != "ItemId") throw EwsRefusal{"ErrorMoveCopyFailed"};
            const std::string old = item(id.attribute("Id")).id;
            move(old, to);
            const EwsItem& made = items.back();
            out += response_message(
                "MoveItem",
                "NoError",
                "<m:Items>" + prefixed({"CalendarItem", {}, {}, {named_id(made.id, change_key(made))}}) + "</m:Items>"
            );
        } catch (const EwsRefusal& refusal) {
            out += response_message("MoveItem", refusal.code, "<m:Items/>");
        }
    return out;
}

}  // namespace calgate::testing
