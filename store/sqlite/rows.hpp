#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model.hpp"
#include "store/store.hpp"

/// Records as JSON text and back. Reading throws StoreFailure when a row is not what this version wrote.
namespace calgate::sqlite {

std::string to_row(const Business&);
std::string to_row(const Staff&);
std::string to_row(const Service&);
std::string to_row(const Account&);
std::string to_row(const Calendar&);
std::string to_row(const Appointment&);
std::string to_row(const Mirror&);
std::string to_row(const CachedEvent&);  ///< Without `busy`, which has a column of its own.
std::string to_row(const Conflict&);
std::string to_row(const IdempotentAnswer&);
std::string to_row(const ChannelRecord&);

template <class T>
T from_row(const std::string& text);

/// Up to schema 2 an account's row held its sealed password: removes and returns it; empty when there is none.
std::string take_sealed_secret(std::string& account_row);

/// As columns hold it.
inline std::int64_t number(Instant instant) { return instant.time_since_epoch().count(); }

/// 17 bytes an interval.
std::string pack(const std::vector<BusyInterval>& intervals);
std::vector<BusyInterval> unpack(std::string_view bytes);

}  // namespace calgate::sqlite
