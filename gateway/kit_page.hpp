#pragma once

#include <string>
#include <vector>

#include "gateway/kit.hpp"

/// The pages of the outage kit: HTML that needs nothing else, for a phone and for paper.
namespace calgate {

/// "Free: 09:00–10:30, 14:00–18:00" of one local day, or why there is none.
std::string free_text(const KitPerson&, LocalSeconds midnight, const ZoneResolver&);
std::string html_page(const std::string& title, const std::string& body);
/// A section per day of the kit, today first, each on a page of its own when printed.
std::string day_sheets(const Kit&, const KitPerson&, const ZoneResolver&);
/// Everybody's free time by day, and how old what it rests on is.
std::string availability_page(const Kit&, const ZoneResolver&);
/// @param stems names of the people's files without an ending, in their order.
std::string index_page(const Kit&, const ZoneResolver&, const std::vector<std::string>& stems);

}  // namespace calgate
