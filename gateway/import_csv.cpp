#include "gateway/import_csv.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <optional>

#include "core/identity.hpp"
#include "core/time.hpp"
#include "gateway/refused.hpp"

namespace calgate {
namespace {

using Row = std::vector<std::string>;

constexpr std::size_t kMostRows = 20'000;
constexpr std::size_t kMostColumns = 200;

const std::map<std::string, std::vector<std::string>>& known_names() {
    static const std::map<std::string, std::vector<std::string>> kNames = {
        {"id", {"id"}},
        {"staff", {"staff"}},
        {"service", {"service"}},
        {"start", {"start"}},
        {"start_date", {"start date"}},
        {"start_time", {"start time"}},
        {"end", {"end"}},
        {"end_date", {"end date"}},
        {"end_time", {"end time"}},
        {"duration_min", {"duration_min"}},
        {"zone", {"zone"}},
        {"title", {"title", "subject"}},
        {"customer", {"customer"}},
        {"place", {"place", "location"}},
        {"notes", {"notes", "description"}}};
    return kNames;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

char separator_of(std::string_view text) {
    const auto head = text.substr(0, text.find('\n'));
    const auto count = [&](char c) { return std::count(head.begin(), head.end(), c); };
    if (count('\t') > std::max(count(','), count(';'))) return '\t';
    return count(';') > count(',') ? ';' : ',';
}

/// @return nothing when a quotation does not end.
std::optional<std::vector<Row>> rows_of(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const char separator = separator_of(text);
    std::vector<Row> rows(1, Row(1));
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        std::string& cell = rows.back().back();
        if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
            cell += '"';
            ++i;
        } else if (c == '"' && (quoted || cell.empty())) {
            quoted = !quoted;
        } else if (quoted) {
            cell += c;
        } else if (c == separator) {
            rows.back().emplace_back();
        } else if (c == '\n') {
            rows.emplace_back(1);
        } else if (c != '\r') {
            cell += c;
        }
        if (rows.size() > kMostRows + 2 || rows.back().size() > kMostColumns) break;
    }
    std::erase_if(rows, [](const Row& row) { return row.size() == 1 && row.front().empty(); });
    return quoted ? std::nullopt : std::optional(std::move(rows));
}

/// "2026-12-01", "01/12/2026", "1.12.2026" as the order says, to "2026-12-01".
std::optional<std::string> date_from(std::string_view text, const std::string& order) {
    std::array<int, 3> parts{};
    std::array<std::size_t, 3> digits{};
    std::size_t at = 0;
    for (const char c : text) {
        if (std::isdigit(static_cast<unsigned char>(c))) {
            parts.at(at) = parts.at(at) * 10 + (c - '0');
            if (++digits.at(at) > 4) return std::nullopt;
        } else if ((c != '-' && c != '/' && c != '.') || ++at > 2) {
            return std::nullopt;
        }
    }
    const std::string used = digits[0] == 4 ? "ymd" : order;
    std::map<char, int> named;
    for (std::size_t i = 0; i < 3; ++i) named[used.at(i)] = parts.at(i);
    if (at != 2 || digits.at(used.find('y')) != 4) return std::nullopt;
    std::array<char, 40> out{};
    std::snprintf(out.data(), out.size(), "%04d-%02d-%02d", named['y'], named['m'], named['d']);
    return out.data();
}

/// "9:00", "09:00:00", "1:30 PM" to "09:00:00".
std::optional<std::string> time_from(std::string text) {
    text = lower(std::move(text));
    int later = -1;
    if (text.size() > 2 && text.ends_with('m')) {
        later = text[text.size() - 2] == 'p' ? 12 : text[text.size() - 2] == 'a' ? 0 : -1;
        if (later < 0) return std::nullopt;
        text.resize(text.size() - 2);
        while (text.ends_with(' ')) text.pop_back();
    }
    int hour = -1, minute = -1, second = 0;
    char rest = 0;
    const int got = std::sscanf(text.c_str(), "%2d:%2d:%2d%c", &hour, &minute, &second, &rest);
    const bool shape = (got == 2 && text.find(':') == text.rfind(':')) || got == 3;
    if (!shape || hour < 0 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
    if (later >= 0 && (hour < 1 || hour > 12)) return std::nullopt;
    if (later >= 0) hour = hour % 12 + later;
    if (hour > 23) return std::nullopt;
    std::array<char, 40> out{};
    std::snprintf(out.data(), out.size(), "%02d:%02d:%02d", hour, minute, second);
    return out.data();
}

/// One cell, or a date and a time beside each other.
std::optional<LocalSeconds> moment_from(std::string text, const std::string& order) {
    const auto gap = text.find_first_of("T ");
    const auto date = date_from(std::string_view(text).substr(0, gap), order);
    const auto time = time_from(gap == std::string::npos ? "0:00" : text.substr(gap + 1));
    return date && time ? parse_local(*date + "T" + *time) : std::nullopt;
}

class Table {
public:
    Table(const Row& head, const CsvReading& how) : how_(how) {
        for (const auto& [field, names] : known_names()) {
            const auto renamed = how.columns.find(field);
            const auto wanted = renamed == how.columns.end() ? names : std::vector{lower(renamed->second)};
            for (std::size_t i = 0; i < head.size(); ++i) {
                if (std::find(wanted.begin(), wanted.end(), lower(head[i])) != wanted.end()) places_[field] = i;
            }
        }
    }
    bool has(const std::string& field) const { return places_.contains(field); }
    std::string text(const Row& row, const std::string& field) const {
        const auto place = places_.find(field);
        return place == places_.end() || place->second >= row.size() ? "" : row[place->second];
    }
    std::optional<LocalSeconds> moment(const Row& row, const std::string& edge) const {
        if (has(edge)) return moment_from(text(row, edge), how_.dates);
        return moment_from(text(row, edge + "_date") + " " + text(row, edge + "_time"), how_.dates);
    }

private:
    const CsvReading& how_;
    std::map<std::string, std::size_t> places_{};
};

std::optional<LocalSeconds> end_of(const Table& table, const Row& row, LocalSeconds start) {
    const std::string length = table.text(row, "duration_min");
    if (length.empty()) return table.moment(row, "end");
    int minutes = 0;
    const auto parsed = std::from_chars(length.data(), length.data() + length.size(), minutes);
    const bool good = parsed.ec == std::errc{} && parsed.ptr == length.data() + length.size() && minutes > 0;
    return good && minutes <= 31 * 24 * 60 ? std::optional(start + std::chrono::minutes{minutes}) : std::nullopt;
}

std::string joined(const Row& row) {
    std::string all;
    for (const std::string& cell : row) all += std::to_string(cell.size()) + ":" + cell;
    return all;
}

void take_row(
    const Table& table,
    const Row& row,
    const CsvReading& how,
    const ZoneResolver& zones,
    std::size_t line,
    IcsBookings& out
) {
    const std::string name = "Row " + std::to_string(line) + " ";
    const auto or_else = [&](const char* field, const std::string& other) {
        const std::string text = table.text(row, field);
        return text.empty() ? other : text;
    };
    const std::string staff = or_else("staff", how.staff), zone = or_else("zone", how.zone);
    const auto start = table.moment(row, "start");
    const auto end = start ? end_of(table, row, *start) : std::nullopt;
    std::string trouble;
    if (staff.empty())
        trouble = "names nobody; add --staff ID.";
    else if (!zones.knows(zone))
        trouble = "is in no known time zone; add --zone Europe/Berlin, or the zone of these times.";
    else if (!start)
        trouble = "begins at no time that is understood; write 2026-12-01T09:00, or say --dates dmy or mdy.";
    else if (!end || *end <= *start)
        trouble = "has no end after its start.";
    if (!trouble.empty()) {
        out.refused.push_back(name + trouble);
        return;
    }
    nlohmann::json fields = {
        {"staff", staff}, {"start", format_local(*start)}, {"end", format_local(*end)}, {"zone", zone}};
    for (const char* field : {"title", "place", "notes", "customer", "service"}) {
        if (table.has(field)) fields[field] = table.text(row, field);
    }
    const std::string id = table.text(row, "id");
    const bool plain = !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '.' || c == '_' || c == ':' || c == '-';
    });
    const std::string source = id.empty() ? joined(row) : id;
    out.bookings.push_back({plain ? id : "csv-" + sha256_hex(source).substr(0, 24), std::move(fields)});
}

}  // namespace

Result<IcsBookings> read_csv(std::string_view text, const CsvReading& how, const ZoneResolver& zones) {
    const auto rows = rows_of(text);
    if (!rows) return refused("The table has a quotation that does not end; export it again as CSV.");
    if (rows->size() > kMostRows + 1)
        return refused("The table holds more than 20000 rows; split it into several files.");
    if (rows->empty() || rows->front().size() > kMostColumns)
        return refused("The file holds no table; export it as CSV with a head.");
    const Table table(rows->front(), how);
    const bool starts = table.has("start") || table.has("start_date");
    const bool ends = table.has("end") || table.has("end_date") || table.has("duration_min");
    if (!starts || !ends)
        return refused(
            "The table has no column for start, or none for end or duration_min; say which they are, such as --column "
            "start=Beginn."
        );
    IcsBookings out;
    for (std::size_t i = 1; i < rows->size(); ++i) take_row(table, (*rows)[i], how, zones, i + 1, out);
    return out;
}

}  // namespace calgate
