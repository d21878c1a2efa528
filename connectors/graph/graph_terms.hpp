#pragma once

#include <string>
#include <string_view>

#include "core/event.hpp"

namespace calgate::graph {

/// showAs for an instance, and what a showAs alone says.
std::string show_as_of(const EventInstance&);
void apply_show_as(std::string_view show_as, EventInstance&);
/// What show_as_of leaves unsaid; empty when nothing.
std::string state_word(const EventInstance&);
/// @return false when the word is none of ours, or speaks of another showAs: then nothing is changed.
bool apply_state_word(std::string_view word, std::string_view show_as, EventInstance&);

std::string sensitivity_of(Classification);
Classification classification_of(std::string_view sensitivity);

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
