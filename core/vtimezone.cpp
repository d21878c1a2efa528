#include "core/vtimezone.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "core/ical_handle.hpp"
#include "core/recurrence_walk.hpp"

namespace calgate {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr std::size_t kMaxBytes = 64 * 1024;
constexpr int kMaxObservances = 600;
constexpr int kMaxRules = 100;
constexpr std::size_t kMaxChanges = 5000;
constexpr std::size_t kYearsOfARule = 6;  // Fewer changes than years looked at: no yearly rule.

std::string stamp(LocalSeconds local) {
    std::string text = format_local(local);
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::string offset_text(seconds offset) {
    const auto total = std::abs(offset.count());
    std::array<char, 32> text{};
    std::snprintf(
        text.data(),
        text.size(),
        "%c%02d%02d",
        offset.count() < 0 ? '-' : '+',
        static_cast<int>(total / 3600),
        static_cast<int>(total / 60 % 60)
    );
    return text.data();
}

struct Onset {
    LocalSeconds local{};  ///< Wall time just before the change, as DTSTART of an observance wants it.
    seconds from{};
    seconds to{};
};

std::string observance(const Onset& onset, bool daylight, const std::string& rule) {
    const char* kind = daylight ? "DAYLIGHT" : "STANDARD";
    std::string text = std::string("BEGIN:") + kind + "\r\nDTSTART:" + stamp(onset.local) +
                       "\r\nTZOFFSETFROM:" + offset_text(onset.from) + "\r\nTZOFFSETTO:" + offset_text(onset.to) +
                       "\r\n";
    if (!rule.empty()) text += "RRULE:" + rule + "\r\n";
    return text + "END:" + kind + "\r\n";
}

/// "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU" when all onsets obey it; empty otherwise.
std::string yearly_rule(const std::vector<Onset>& onsets) {
    using namespace std::chrono;
    const auto date_of = [](const Onset& o) {
        return year_month_day{sys_days{floor<days>(o.local).time_since_epoch()}};
    };
    const auto clock_of = [](const Onset& o) { return o.local - floor<days>(o.local); };
    const auto name_of = [&](const Onset& o) { return weekday{sys_days{date_of(o)}}; };
    const auto nth_of = [&](const Onset& o) {
        return (static_cast<int>(static_cast<unsigned>(date_of(o).day())) - 1) / 7 + 1;
    };
    const auto is_last = [&](const Onset& o) {
        return year_month_day{sys_days{date_of(o)} + days{7}}.month() != date_of(o).month();
    };
    if (onsets.size() < kYearsOfARule) return {};
    const Onset& first = onsets.front();
    bool nth = true;
    bool last = true;
    for (const Onset& onset : onsets) {
        if (date_of(onset).month() != date_of(first).month() || name_of(onset) != name_of(first) ||
            clock_of(onset) != clock_of(first) || onset.from != first.from || onset.to != first.to) {
            return {};
        }
        nth = nth && nth_of(onset) == nth_of(first);
        last = last && is_last(onset);
    }
    if (!nth && !last) return {};
    static constexpr std::array<const char*, 7> kNames = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
    return "FREQ=YEARLY;BYMONTH=" + std::to_string(static_cast<unsigned>(date_of(first).month())) +
           ";BYDAY=" + (last ? "-1" : std::to_string(nth_of(first))) + kNames.at(name_of(first).c_encoding());
}

/// "20260329T020000" with or without Z.
std::optional<LocalSeconds> parse_stamp(std::string_view text) {
    if (text.ends_with('Z')) text.remove_suffix(1);
    if (text.size() != 15) return std::nullopt;
    const std::string t(text);
    return parse_local(
        t.substr(0, 4) + "-" + t.substr(4, 2) + "-" + t.substr(6, 2) + t[8] + t.substr(9, 2) + ":" + t.substr(11, 2) +
        ":" + t.substr(13, 2)
    );
}

LocalSeconds new_year(int year) {
    return LocalSeconds{std::chrono::sys_days{std::chrono::year{year} / std::chrono::January / 1}.time_since_epoch()};
}

/// Puts the observances of one VTIMEZONE together.
class ZoneReader {
public:
    bool add(icalcomponent* part) {
        const auto kind = icalcomponent_isa(part);
        if (kind != ICAL_XSTANDARD_COMPONENT && kind != ICAL_XDAYLIGHT_COMPONENT) return false;
        icalproperty* from = icalcomponent_get_first_property(part, ICAL_TZOFFSETFROM_PROPERTY);
        icalproperty* to = icalcomponent_get_first_property(part, ICAL_TZOFFSETTO_PROPERTY);
        icalproperty* start = icalcomponent_get_first_property(part, ICAL_DTSTART_PROPERTY);
        if (!from || !to || !start || ++observances_ > kMaxObservances) return false;
        const auto begin = parse_stamp(ical::value_of(start));
        Onset onset{{}, seconds{icalproperty_get_tzoffsetfrom(from)}, seconds{icalproperty_get_tzoffsetto(to)}};
        if (!begin || abs(onset.from) > std::chrono::hours{26} || abs(onset.to) > std::chrono::hours{26}) return false;
        add_onset(onset, *begin);
        bool usable = true;
        ical::each(part, ICAL_RDATE_PROPERTY, [&](icalproperty* p) {
            if (const auto date = parse_stamp(ical::value_of(p))) add_onset(onset, *date);
        });
        ical::each(part, ICAL_RRULE_PROPERTY, [&](icalproperty* p) {
            usable = usable && add_rule(onset, *begin, ical::value_of(p));
        });
        return usable && onsets_.size() <= kMaxChanges;
    }

    std::optional<ZoneTable> table() && {
        if (onsets_.empty()) return std::nullopt;
        std::sort(onsets_.begin(), onsets_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        ZoneTable out;
        out.changes.emplace_back(Instant::min(), onsets_.front().second.from);
        for (const auto& [at, onset] : onsets_) {
            if (onset.to != out.changes.back().second) out.changes.emplace_back(at, onset.to);
        }
        return out;
    }

private:
    void add_onset(Onset onset, LocalSeconds local) {
        onset.local = local;
        onsets_.emplace_back(Instant{local.time_since_epoch()} - onset.from, onset);
    }

    bool add_rule(const Onset& onset, LocalSeconds begin, const std::string& text) {
        const auto rule = read_recurrence_rule(text, false);
        if (!rule || rule->frequency != Frequency::Yearly || ++rules_ > kMaxRules) return false;
        RecurrenceWalk walk(*rule, begin, false);
        if (!rule->count) walk.skip_to(new_year(kFirstZoneYear - 2));
        std::int64_t produced = 0;
        std::vector<LocalSeconds> candidates;
        while (walk.next(candidates) && !walk.beyond(new_year(kLastZoneYear)) && onsets_.size() <= kMaxChanges) {
            for (const LocalSeconds local : candidates) {
                if (local < begin) continue;
                if (rule->count && ++produced > *rule->count) return true;
                const LocalSeconds against =
                    rule->until && rule->until->kind == When::Kind::Utc ? local - onset.from : local;
                if (rule->until && against > rule->until->local) return true;
                add_onset(onset, local);
            }
        }
        return true;
    }

    std::vector<std::pair<Instant, Onset>> onsets_{};
    int observances_ = 0;
    int rules_ = 0;
};

}  // namespace

seconds ZoneTable::offset_at(Instant instant) const {
    const auto after =
        std::partition_point(changes.begin(), changes.end(), [&](const auto& c) { return c.first <= instant; });
    return after == changes.begin() ? changes.front().second : std::prev(after)->second;
}

std::optional<ZoneTable> read_vtimezone(std::string_view text) {
    if (text.size() > kMaxBytes) return std::nullopt;
    const ical::Component zone(icalcomponent_new_from_string(std::string(text).c_str()));
    if (!zone || icalcomponent_isa(zone.get()) != ICAL_VTIMEZONE_COMPONENT) return std::nullopt;
    ZoneReader reader;
    for (icalcomponent* part = icalcomponent_get_first_component(zone.get(), ICAL_ANY_COMPONENT); part;
         part = icalcomponent_get_next_component(zone.get(), ICAL_ANY_COMPONENT)) {
        if (!reader.add(part)) return std::nullopt;
    }
    return std::move(reader).table();
}

std::string write_vtimezone(const std::string& name, const ZoneTable& table, Instant around) {
    std::vector<Onset> onsets;
    for (std::size_t i = 1; i < table.changes.size(); ++i) {
        const auto& [at, offset] = table.changes[i];
        if (at < around - days{800} || at > around + days{366 * 5}) continue;
        const seconds before = table.changes[i - 1].second;
        onsets.push_back({LocalSeconds{(at + before).time_since_epoch()}, before, offset});
    }
    std::vector<Onset> forward;
    std::vector<Onset> back;
    for (const Onset& onset : onsets) (onset.to > onset.from ? forward : back).push_back(onset);
    const std::string forward_rule = yearly_rule(forward);
    const std::string back_rule = yearly_rule(back);
    std::string text = "BEGIN:VTIMEZONE\r\nTZID:" + name + "\r\n";
    if (!forward_rule.empty() && !back_rule.empty()) {
        text += observance(forward.front(), true, forward_rule) + observance(back.front(), false, back_rule);
    } else {
        const Instant start = around - days{801};
        const seconds offset = table.offset_at(start);
        text += observance({LocalSeconds{(start + offset).time_since_epoch()}, offset, offset}, false, "");
        for (const Onset& onset : onsets) text += observance(onset, onset.to > onset.from, "");
    }
    return text + "END:VTIMEZONE\r\n";
}

}  // namespace calgate
