#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/zone.hpp"
#include "gateway/import_ics.hpp"

namespace calgate {

/// How a table of another booking tool is to be read.
struct CsvReading {
    struct Person {
        std::string id{};
        std::string zone{};
    };
    std::string staff{};                            ///< Whose bookings, where the table has no such column.
    std::string zone{};                             ///< Of its times, where it has no such column.
    std::string dates = "ymd";                      ///< Order in dates with slashes or dots: "ymd", "dmy" or "mdy".
    std::map<std::string, std::string> columns{};   ///< What the table calls a field, where it has another name.
    std::map<std::string, Person> people{};         ///< By id and by name, in lower case; empty: the table has ids.
    std::map<std::string, std::string> services{};  ///< The same, to ids.
};

/// RFC 4180 with a head; separated by commas, semicolons or tabs; UTF-8. Fields: id, staff, service, start, end,
/// duration_min, zone, title, customer, place, notes; also the columns of the exports of Google, Outlook, Calendly,
/// Acuity, Microsoft Bookings and SimplyBook. Rows that cannot become an appointment are refused one by one, with line
/// and column; what is cancelled there becomes a cancelled one. Without an id, equal rows give equal ids.
/// @return Rejected with a sentence when it is no such table or holds more than 20 000 rows.
Result<IcsBookings> read_csv(std::string_view text, const CsvReading&, const ZoneResolver&);

}  // namespace calgate
