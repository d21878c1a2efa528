#pragma once

#include <string>
#include <string_view>

#include "connectors/exchange/exchange_terms.hpp"

namespace calgate::graph {

using exchange::apply_show_as;
using exchange::apply_state_word;
using exchange::classification_of;
using exchange::sensitivity_of;
using exchange::show_as_of;
using exchange::state_word;

/// The Windows name where there is one, otherwise the IANA name, which Graph mostly takes as well.
std::string graph_zone(const std::string& iana);

/// Our own words for what Graph says in its own way, kept in an extended property. Each counts only while Graph still
/// says what we wrote with it, so that a person's edit is never hidden.
struct Wording {
    std::string zone{};   ///< IANA, where several share one Windows name.
    std::string rule{};   ///< RRULE.
    std::string notes{};  ///< As sent, because bodies come back changed.
    std::string state{};  ///< state_word.
    bool operator==(const Wording&) const = default;
};
/// Empty for a wording without any word.
std::string write_wording(const Wording&);
Wording read_wording(std::string_view text);

}  // namespace calgate::graph
