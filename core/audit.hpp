#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model.hpp"

namespace calgate {

/// What differs between two revisions, field by field. Texts longer than 200 bytes are cut, between characters.
/// @param before null: there was none.
std::vector<FieldChange> changes_between(const Appointment* before, const Appointment& after);

/// Hash of a text under a salt: it proves what the text was, and says nothing once text and salt are gone.
std::string commitment_to(std::string_view text, std::string_view salt);
/// The chain's link of an entry: SHA-256 over the link before, the entry's number and its record. Hex.
std::string audit_link(std::string_view before, std::int64_t sequence, std::string_view record);

/// Where the chain of a store stands.
struct AuditHead {
    std::int64_t sequence = 0;
    std::string link{};  ///< Empty without entries.
    bool operator==(const AuditHead&) const = default;
};

}  // namespace calgate
