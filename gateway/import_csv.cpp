#include "gateway/import_csv.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "core/identity.hpp"
#include "core/time.hpp"
#include "gateway/csv_moment.hpp"
#include "gateway/refused.hpp"

namespace calgate {
namespace {

struct Row {
    std::vector<std::string> cells = std::vector<std::string>(1);
    std::size_t line = 1;  ///< Of the file, where it begins: a quoted cell may span lines.
};

constexpr std::size_t kMostRows = 20'000;
constexpr std::size_t kMostColumns = 200;
constexpr std::size_t kMostCells = 1'000'000;  ///< Of all rows together: each costs memory, however little is in it.

/// What tables call a field, the surest name first: our own, then those of Google, Outlook, Calendly, Acuity, Microsoft
/// Bookings and SimplyBook (docs/export.md).
const std::map<std::string, std::vector<std::string>>& known_names() {
    static const std::map<std::string, std::vector<std::string>> kNames = {
        {"id", {"id", "invitee uuid", "booking id", "appointment id", "code"}},
        {"staff", {"staff name", "staff", "user name", "calendar", "service provider", "provider"}},
        {"service", {"service", "event type name", "type"}},
        {"start", {"start", "start date & time", "date time", "date & time"}},
        {"start_date", {"start date"}},
        {"start_time", {"start time"}},
        {"end", {"end", "end date & time"}},
        {"end_date", {"end date"}},
        {"end_time", {"end time"}},
        {"duration_min", {"duration_min", "duration (mins.)", "duration (minutes)", "duration"}},
        {"zone", {"zone", "timezone", "time zone"}},
        {"title", {"title", "subject"}},
        {"customer", {"customer", "invitee name", "customer name", "client name", "client"}},
        {"first_name", {"first name"}},
        {"last_name", {"last name"}},
        {"cancelled", {"canceled", "cancelled", "status"}},
        {"place", {"place", "location"}},
        {"notes", {"notes", "description", "meeting notes"}}};
    return kNames;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

char separator_of(std::string_view text) {
    const auto head = text.substr(0, text.find('\n'));
    const auto count = [&](char c) { return std::count(head.begin(), head.end(), c); };
    if (count('\t') > std::max(count(','), count(';'))) return '\t';
    return count(';') > count(',') ? ';' : ',';
}

Error too_large() {
    return refused("The table holds more than 20000 rows or a million cells; split it into several files.");
}

/// @return Rejected with a sentence for a table that is too large, or ends within a quotation.
Result<std::vector<Row>> rows_of(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const char separator = separator_of(text);
    std::vector<Row> rows(1);
    bool quoted = false;
    std::size_t line = 1, cells = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') ++line;
        std::string& cell = rows.back().cells.back();
        if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
            cell += '"';
            ++i;
        } else if (c == '"' && (quoted || cell.empty())) {
            quoted = !quoted;
        } else if (quoted) {
            cell += c;
        } else if (c == separator) {
            rows.back().cells.emplace_back();
            ++cells;
        } else if (c == '\n') {
            rows.emplace_back().line = line;
        } else if (c != '\r') {
            cell += c;
        }
        if (rows.back().cells.size() > kMostColumns)
            return refused(
                "Line " + std::to_string(rows.back().line) + " has more than " + std::to_string(kMostColumns) +
                " columns; export the table again as CSV."
            );
        if (rows.size() > kMostRows + 2 || cells > kMostCells) return too_large();
    }
    if (quoted) return refused("The table has a quotation that does not end; export it again as CSV.");
    std::erase_if(rows, [](const Row& row) { return row.cells.size() == 1 && row.cells.front().empty(); });
    if (rows.size() > kMostRows + 1) return too_large();
    return rows;
}

class Table {
public:
    Table(const Row& head, const CsvReading& how) : how_(how), head_(head.cells) {
        for (const auto& [field, names] : known_names()) {
            const auto renamed = how.columns.find(field);
            for (const std::string& name : renamed == how.columns.end() ? names : std::vector{lower(renamed->second)})
                if (!has(field)) find(field, name);
        }
        // Acuity has the whole moment under these names, where Google and Outlook have the time of a date beside it.
        for (const std::string edge : {"start", "end"})
            if (!has(edge) && !has(edge + "_date") && has(edge + "_time")) places_[edge] = places_[edge + "_time"];
    }
    bool has(const std::string& field) const { return places_.contains(field); }
    std::string text(const Row& row, const std::string& field) const {
        const auto place = places_.find(field);
        return place == places_.end() || place->second >= row.cells.size() ? "" : row.cells[place->second];
    }
    std::optional<LocalSeconds> moment(const Row& row, const std::string& edge) const {
        if (has(edge)) return csv_moment(text(row, edge), how_.dates);
        return csv_moment(text(row, edge + "_date") + " " + text(row, edge + "_time"), how_.dates);
    }
    /// Where a person looks: `line 7, column "Start Time"`.
    std::string at(const Row& row, const std::string& field) const {
        const auto place = places_.find(field);
        const std::string line = "line " + std::to_string(row.line);
        return place == places_.end() ? line : line + ", column \"" + head_[place->second] + "\"";
    }

private:
    void find(const std::string& field, const std::string& name) {
        for (std::size_t i = 0; i < head_.size() && !has(field); ++i)
            if (!name.empty() && lower(trimmed(head_[i])) == name) places_[field] = i;
    }

    const CsvReading& how_;
    const std::vector<std::string>& head_;
    std::map<std::string, std::size_t> places_{};
};

std::optional<LocalSeconds> end_of(const Table& table, const Row& row, LocalSeconds start) {
    const std::string length = trimmed(table.text(row, "duration_min"));
    if (length.empty()) return table.moment(row, "end");
    int minutes = 0;
    const auto parsed = std::from_chars(length.data(), length.data() + length.size(), minutes);
    const bool good = parsed.ec == std::errc{} && parsed.ptr == length.data() + length.size() && minutes > 0;
    return good && minutes <= 31 * 24 * 60 ? std::optional(start + std::chrono::minutes{minutes}) : std::nullopt;
}

std::string joined(const Row& row) {
    std::string all;
    for (const std::string& cell : row.cells) all += std::to_string(cell.size()) + ":" + cell;
    return all;
}

/// Whose booking a row is, by id or by the name that another tool has. Nobody: the row is no one's to book.
CsvReading::Person person_of(const std::string& said, const CsvReading& how) {
    if (said.empty()) return {how.staff, how.zone};
    if (how.people.empty()) return {said, how.zone};
    const auto known = how.people.find(lower(trimmed(said)));
    return known == how.people.end() ? CsvReading::Person{} : known->second;
}

bool is_cancelled(const std::string& said) {
    const std::string word = lower(trimmed(said));
    return word == "true" || word == "yes" || word == "1" || word.starts_with("cancel");
}

/// The service by its id or name; a name of none here says only what it was.
void add_service(const std::string& said, const CsvReading& how, nlohmann::json& fields) {
    const auto known = how.services.find(lower(trimmed(said)));
    const bool literal = how.services.empty();
    if (known != how.services.end() || literal) fields["service"] = literal ? said : known->second;
    if (!literal && !fields.contains("title")) fields["title"] = said;
}

void take_row(
    const Table& table,
    const Row& row,
    const CsvReading& how,
    const ZoneResolver& zones,
    std::size_t number,
    IcsBookings& out
) {
    const CsvReading::Person person = person_of(table.text(row, "staff"), how);
    const std::string written = trimmed(table.text(row, "zone"));
    const std::string zone = !written.empty() ? written : !how.zone.empty() ? how.zone : person.zone;
    const auto start = table.moment(row, "start");
    const auto end = start ? end_of(table, row, *start) : std::nullopt;
    const std::string begins = table.has("start") ? "start" : table.has("start_date") ? "start_date" : "start_time";
    const std::string ends = table.has("duration_min") ? "duration_min" : table.has("end") ? "end" : "end_time";
    std::string trouble, field;
    if (person.id.empty()) {
        field = "staff";
        trouble =
            "names nobody who is known here; create the person with this name, or book all for one: --column staff= "
            "--staff ID.";
    } else if (!zones.knows(zone)) {
        field = "zone";
        trouble = "is in no known time zone; add --zone Europe/Berlin, or the zone of these times.";
    } else if (!start) {
        field = begins;
        trouble = "begins at no time that is understood; write 2026-12-01T09:00, or say --dates dmy or mdy.";
    } else if (!end || *end <= *start) {
        field = ends;
        trouble = "has no end after its start.";
    }
    if (!trouble.empty()) {
        out.refused.push_back("Row " + std::to_string(number) + " (" + table.at(row, field) + ") " + trouble);
        return;
    }
    nlohmann::json fields = {
        {"staff", person.id}, {"start", format_local(*start)}, {"end", format_local(*end)}, {"zone", zone}};
    for (const char* name : {"title", "place", "notes", "customer"})
        if (table.has(name)) fields[name] = table.text(row, name);
    if (!table.has("customer") && table.has("first_name"))
        fields["customer"] = trimmed(table.text(row, "first_name") + " " + table.text(row, "last_name"));
    if (table.has("service")) add_service(table.text(row, "service"), how, fields);
    if (is_cancelled(table.text(row, "cancelled"))) fields["state"] = "cancelled";
    const std::string id = table.text(row, "id");
    const bool plain = !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '.' || c == '_' || c == ':' || c == '-';
    });
    const std::string source = id.empty() ? joined(row) : id;
    out.bookings.push_back({plain ? id : "csv-" + sha256_hex(source).substr(0, 24), std::move(fields)});
}

}  // namespace

Result<IcsBookings> read_csv(std::string_view text, const CsvReading& how, const ZoneResolver& zones) {
    CALGATE_TRY(const std::vector<Row> rows, rows_of(text));
    if (rows.empty()) return refused("The file holds no table; export it as CSV with a head.");
    const Table table(rows.front(), how);
    const bool starts = table.has("start") || table.has("start_date");
    const bool ends = table.has("end") || table.has("end_date") || table.has("duration_min");
    if (!starts || !ends)
        return refused(
            "The table has no column for start, or none for end or duration_min; say which they are, such as --column "
            "start=Beginn."
        );
    IcsBookings out;
    for (std::size_t i = 1; i < rows.size(); ++i) take_row(table, rows[i], how, zones, i + 1, out);
    return out;
}

}  // namespace calgate
