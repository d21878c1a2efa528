#include "core/icalendar_digest.hpp"

#include <algorithm>
#include <sstream>

#include "core/icalendar.hpp"
#include "core/identity.hpp"

namespace calgate {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Line ends unified, blanks at line ends cut; libical does not keep blanks around a text either.
std::string normal(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\r' || (out.empty() && is_blank(c))) continue;
        if (c == '\n') {
            while (!out.empty() && is_blank(out.back())) out.pop_back();
        }
        out += c;
    }
    while (!out.empty() && (is_blank(out.back()) || out.back() == '\n')) out.pop_back();
    return out;
}

std::string rule_form(const std::string& rule) {
    std::vector<std::string> parts;
    std::stringstream stream(rule);
    for (std::string part; std::getline(stream, part, ';');) parts.push_back(part);
    std::sort(parts.begin(), parts.end());
    std::string out;
    for (const std::string& part : parts) out += part + ";";
    return out;
}

class Canonical {
public:
    Canonical(const ZoneResolver& zones, const std::string& fallback) : zones_(zones), fallback_(fallback) {}

    void add(std::string_view text) { out_ += std::to_string(text.size()) + ":" + std::string(text); }
    void add(const When& when) {
        if (when.kind == When::Kind::Date) return add("date " + format_date(when.local));
        add(format_instant(zones_.to_instant(when, fallback_)));
    }
    void add_sorted(std::vector<std::string> values) {
        std::sort(values.begin(), values.end());
        add(std::to_string(values.size()));
        for (const std::string& value : values) add(value);
    }
    void add_dates(const std::vector<When>& dates) {
        std::vector<std::string> values;
        for (const When& when : dates) values.push_back(format_instant(zones_.to_instant(when, fallback_)));
        add_sorted(std::move(values));
    }
    void add(const EventInstance& i) {
        add(i.start);
        When end = i.end;
        if (i.exact_duration && i.start.kind != When::Kind::Date) {
            When nominal = i.start;
            nominal.local += i.nominal_days;
            end = When{
                When::Kind::Utc,
                LocalSeconds{(zones_.to_instant(nominal, fallback_) + *i.exact_duration).time_since_epoch()},
                {}};
        }
        add(end);
        std::vector<std::string> rules;
        for (const std::string& rule : i.rules) rules.push_back(rule_form(rule));
        for (const std::string& rule : i.exclusion_rules) rules.push_back("not " + rule_form(rule));
        // A zone's name matters only where a rule lets it act again.
        if (!rules.empty()) add(i.start.zone);
        add_sorted(std::move(rules));
        add_dates(i.excluded_dates);
        std::vector<When> extra;
        for (const ExtraDate& date : i.extra_dates) extra.push_back(date.start);
        add_dates(extra);
        add(normal(i.title));
        add(normal(i.place));
        add(normal(i.notes));
        add(std::to_string(static_cast<int>(i.status)) + std::to_string(static_cast<int>(i.transparency)) +
            std::to_string(static_cast<int>(i.classification)) + std::to_string(static_cast<int>(i.reply)) +
            std::to_string(static_cast<int>(i.shown_as)));
        if (i.recurrence_id) add(*i.recurrence_id);
        add(i.this_and_future ? "future" : "");
    }
    std::string take() && { return std::move(out_); }

private:
    const ZoneResolver& zones_;
    const std::string& fallback_;
    std::string out_{};
};

}  // namespace

std::string canonical_form(const EventInstance& instance, const ZoneResolver& zones, const std::string& fallback_zone) {
    Canonical one(zones, fallback_zone);
    one.add(instance);
    return std::move(one).take();
}

std::string canonical_digest(const Event& event, const ZoneResolver& zones, const std::string& fallback_zone) {
    Canonical all(zones, fallback_zone);
    all.add(event.uid.value);
    if (event.has_master) all.add(event.master);
    std::vector<std::string> overrides;
    for (const EventInstance& instance : event.overrides)
        overrides.push_back(canonical_form(instance, zones, fallback_zone));
    all.add_sorted(std::move(overrides));
    return sha256_hex(std::move(all).take());
}

}  // namespace calgate
