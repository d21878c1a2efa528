#include "connectors/google/google_time.hpp"

#include <algorithm>
#include <cctype>

namespace calgate::google {

namespace {

constexpr std::size_t kMaxLine = 64 * 1024;
constexpr std::size_t kMaxDates = 5000;

bool is_utc_name(const std::string& zone) {
    return zone == "UTC" || zone == "Etc/UTC" || zone == "GMT" || zone == "Etc/GMT" || zone == "Z" || zone == "Zulu";
}

bool in_range(LocalSeconds local) {
    using std::chrono::year;
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(local)};
    return date.year() >= year(1900) && date.year() < year(2200);
}

When utc_when(Instant instant) { return {When::Kind::Utc, LocalSeconds{instant.time_since_epoch()}, {}}; }

/// "2026-03-10T10:00:00" and what stands behind it, without fraction.
std::optional<std::pair<std::string, std::string>> split_time(const std::string& text) {
    constexpr std::size_t kLength = 19;
    if (text.size() < kLength) return std::nullopt;
    std::size_t at = kLength;
    if (at < text.size() && text[at] == '.')
        for (++at; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at]));) ++at;
    return std::pair{text.substr(0, kLength), text.substr(at)};
}

std::optional<When> from_compact(std::string_view text, const std::string& zone, const ZoneResolver& zones) {
    const bool utc = text.ends_with('Z');
    if (utc) text.remove_suffix(1);
    const std::string t(text);
    if (t.size() != 8 && (t.size() != 15 || t[8] != 'T')) return std::nullopt;
    std::string spelled = t.substr(0, 4) + "-" + t.substr(4, 2) + "-" + t.substr(6, 2);
    if (t.size() == 15) spelled += "T" + t.substr(9, 2) + ":" + t.substr(11, 2) + ":" + t.substr(13, 2);
    const auto local = parse_local(spelled);
    if (!local || !in_range(*local)) return std::nullopt;
    if (t.size() == 8) return When{When::Kind::Date, *local, {}};
    if (utc || is_utc_name(zone)) return When{When::Kind::Utc, *local, {}};
    if (zone.empty()) return When{When::Kind::Floating, *local, {}};
    const auto name = zones.canonical_name(zone);
    if (!name) return std::nullopt;
    return When{When::Kind::Zoned, *local, *name};
}

std::string compact(const When& when) {
    std::string text = when.kind == When::Kind::Date ? format_date(when.local) : format_local(when.local);
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text + (when.kind == When::Kind::Utc ? "Z" : "");
}

std::string parameters(const When& when, bool period) {
    std::string text;
    if (period) text += ";VALUE=PERIOD";
    if (when.kind == When::Kind::Date) text += ";VALUE=DATE";
    if (when.kind == When::Kind::Zoned) text += ";TZID=" + when.zone;
    return text;
}

struct Line {
    std::string name{}, zone{}, value{};
};

std::optional<Line> split_line(const std::string& text) {
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
    const auto colon = text.find(':', text.find("TZID=\"") == std::string::npos ? 0 : text.rfind('"'));
    if (!printable || text.size() > kMaxLine || colon == std::string::npos) return std::nullopt;
    Line line;
    line.value = text.substr(colon + 1);
    std::string head = text.substr(0, colon);
    const auto zone = head.find("TZID=");
    if (zone != std::string::npos) {
        line.zone = head.substr(zone + 5, head.find(';', zone) - zone - 5);
        std::erase(line.zone, '"');
    }
    line.name = head.substr(0, head.find(';'));
    std::transform(line.name.begin(), line.name.end(), line.name.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
    });
    return line;
}

/// The end of a period is a time or a duration; only the former is understood.
std::optional<ExtraDate> extra_date(const std::string& value, const std::string& zone, const ZoneResolver& zones) {
    const auto slash = value.find('/');
    const auto start = from_compact(value.substr(0, slash), zone, zones);
    if (!start) return std::nullopt;
    if (slash == std::string::npos) return ExtraDate{*start, {}};
    const auto end = from_compact(value.substr(slash + 1), zone, zones);
    if (!end) return std::nullopt;
    return ExtraDate{*start, *end};
}

bool read_dates(const Line& line, EventInstance& master, const ZoneResolver& zones) {
    std::size_t at = 0;
    bool good = true;
    // A line without a zone speaks of the series' own.
    const std::string zone = line.zone.empty() ? master.start.zone : line.zone;
    while (at <= line.value.size()) {
        const auto comma = std::min(line.value.find(',', at), line.value.size());
        const std::string value = line.value.substr(at, comma - at);
        at = comma + 1;
        if (master.extra_dates.size() + master.excluded_dates.size() >= kMaxDates) return false;
        if (line.name == "RDATE") {
            const auto extra = extra_date(value, zone, zones);
            if (extra) master.extra_dates.push_back(*extra);
            good &= extra.has_value();
        } else {
            const auto date = from_compact(value, zone, zones);
            if (date) master.excluded_dates.push_back(*date);
            good &= date.has_value();
        }
    }
    return good;
}

}  // namespace

std::optional<ReadWhen> read_when(const DateTime& given, const ZoneResolver& zones, const std::string& default_zone) {
    if (!given.date.empty()) {
        const auto day = given.date.size() == 10 ? parse_local(given.date) : std::nullopt;
        if (!day || !in_range(*day)) return std::nullopt;
        return ReadWhen{{When::Kind::Date, *day, {}}, false};
    }
    const auto parts = split_time(given.date_time);
    if (!parts) return std::nullopt;
    const auto local = parse_local(parts->first);
    if (!local || !in_range(*local)) return std::nullopt;
    const bool utc = is_utc_name(given.zone);
    auto zone = utc || given.zone.empty() ? std::nullopt : zones.canonical_name(given.zone);
    const bool unknown = !utc && !given.zone.empty() && !zone;
    if (parts->second.empty()) {
        if (utc) return ReadWhen{{When::Kind::Utc, *local, {}}, false};
        if (!zone) zone = zones.canonical_name(default_zone);
        if (!zone) return std::nullopt;
        return ReadWhen{{When::Kind::Zoned, *local, *zone}, true};
    }
    const auto instant = parse_instant(parts->first + parts->second);
    if (!instant) return std::nullopt;
    if (!zone) return ReadWhen{utc_when(*instant), unknown};
    const LocalSeconds there = zones.to_local(*instant, *zone);
    if (zones.to_instant(there, *zone) != *instant) return ReadWhen{utc_when(*instant), false};
    return ReadWhen{{When::Kind::Zoned, there, *zone}, false};
}

std::optional<DateTime> written_when(
    const When& when, const ZoneResolver& zones, const std::string& default_zone, bool repeats
) {
    DateTime out;
    if (when.kind == When::Kind::Date) {
        out.date = format_date(when.local);
        return out;
    }
    if (when.kind == When::Kind::Utc) {
        out.date_time = format_local(when.local) + "Z";
        out.zone = "UTC";
        return out;
    }
    const std::string zone = when.kind == When::Kind::Zoned ? when.zone : default_zone;
    if (zone.empty() || !zones.knows(zone)) return std::nullopt;
    const Instant instant = zones.to_instant(when.local, zone);
    const bool has_name = zone.find(':') == std::string::npos;  // Neither "embedded:…" nor "UTC+01:00".
    if (!has_name && repeats) return std::nullopt;
    // The agreed wall time counts (I22); only a time that a clock change skips is sent as an instant.
    const bool exists = zones.to_local(instant, zone) == when.local;
    out.date_time = has_name && exists ? format_local(when.local) : format_instant(instant);
    out.zone = has_name ? zone : "UTC";
    return out;
}

std::optional<When> original_start(std::string_view suffix, const When& master_start, const ZoneResolver& zones) {
    auto when = from_compact(suffix, {}, zones);
    if (!when || when->kind != When::Kind::Utc || master_start.kind != When::Kind::Zoned) return when;
    const Instant instant{when->local.time_since_epoch()};
    const LocalSeconds there = zones.to_local(instant, master_start.zone);
    if (zones.to_instant(there, master_start.zone) == instant) return When{When::Kind::Zoned, there, master_start.zone};
    return when;
}

std::string instance_suffix(const When& original, const ZoneResolver& zones, const std::string& default_zone) {
    if (original.kind == When::Kind::Date) return compact(original);
    const std::string fallback = default_zone.empty() ? "UTC" : default_zone;
    return compact(utc_when(zones.to_instant(original, fallback)));
}

bool read_recurrence(const std::vector<std::string>& lines, EventInstance& master, const ZoneResolver& zones) {
    bool good = true;
    for (const std::string& text : lines) {
        const auto line = split_line(text);
        if (!line) {
            good = false;
        } else if (line->name == "RRULE") {
            master.rules.push_back(line->value);
        } else if (line->name == "EXRULE") {
            master.exclusion_rules.push_back(line->value);
        } else if (line->name == "RDATE" || line->name == "EXDATE") {
            good &= read_dates(*line, master, zones);
        } else {
            good = false;
        }
    }
    return good;
}

std::vector<std::string> written_recurrence(const EventInstance& master, const std::vector<When>& excluded) {
    std::vector<std::string> lines;
    for (const std::string& rule : master.rules) lines.push_back("RRULE:" + rule);
    for (const std::string& rule : master.exclusion_rules) lines.push_back("EXRULE:" + rule);
    for (const ExtraDate& extra : master.extra_dates) {
        std::string line = "RDATE" + parameters(extra.start, extra.end.has_value()) + ":" + compact(extra.start);
        if (extra.end) line += "/" + compact(*extra.end);
        lines.push_back(std::move(line));
    }
    for (const When& date : excluded) lines.push_back("EXDATE" + parameters(date, false) + ":" + compact(date));
    return lines;
}

}  // namespace calgate::google
