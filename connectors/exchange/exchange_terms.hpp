#pragma once

#include <string>
#include <string_view>

#include "core/event.hpp"

/// What Graph and EWS share, since both speak for the same server.
namespace calgate::exchange {

/// Graph's showAs for an instance, and what a showAs alone says.
std::string show_as_of(const EventInstance&);
void apply_show_as(std::string_view show_as, EventInstance&);
/// What show_as_of leaves unsaid; empty when nothing.
std::string state_word(const EventInstance&);
/// @return false when the word is none of ours, or speaks of another showAs: then nothing is changed.
bool apply_state_word(std::string_view word, std::string_view show_as, EventInstance&);

std::string sensitivity_of(Classification);
Classification classification_of(std::string_view sensitivity);

}  // namespace calgate::exchange
