#pragma once

#include <string>

#include "gateway/config.hpp"
#include "gateway/config_reading.hpp"

namespace calgate::config {

/// `[booking]` and `[callbacks]`.
void read_booking(Reading&, BookingConfig& out);
void read_callbacks(Reading&, CallbackConfig& out);
/// The same as text.
std::string written_booking(const BookingConfig&);
std::string written_callbacks(const CallbackConfig&);

}  // namespace calgate::config
