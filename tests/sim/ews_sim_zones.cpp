#include "core/windows_zones.hpp"
#include "tests/sim/ews_sim_state.hpp"

namespace calgate::testing {

namespace {

using std::chrono::days;
using std::chrono::minutes;

constexpr const char* kZones[] = {
    "UTC",
    "GMT Standard Time",
    "W. Europe Standard Time",
    "Romance Standard Time",
    "Eastern Standard Time",
    "Pacific Standard Time",
    "AUS Eastern Standard Time",
    "Tokyo Standard Time"};

/// When a zone's offset changes, and to what.
struct Turn {
    LocalSeconds wall{};  ///< By the clocks that are about to be set.
    minutes offset{};
};

/// The rules of one zone in one year, as Exchange tells them (MS-OXWSGTZ 2.2.4).
class ZoneRules {
public:
    ZoneRules(const ZoneResolver& zones, const std::string& id, std::chrono::year year) : zones_(zones), id_(id) {
        iana_ = id == "UTC" ? "UTC" : std::string(iana_of_windows(id));
        const Instant begin{std::chrono::sys_days{year / 1 / 1}};
        first_ = offset(begin);
        for (Instant day = begin; day < begin + days(365); day += days(1)) {
            if (offset(day) == offset(day + days(1))) continue;
            Instant before = day, after = day + days(1);
            while (after - before > minutes(1)) {
                const Instant middle = before + std::chrono::floor<minutes>((after - before) / 2);
                (offset(middle) == offset(day) ? before : after) = middle;
            }
            turns_.push_back({LocalSeconds{(after + offset(day)).time_since_epoch()}, offset(after)});
        }
        // A zone that was changed for once in that year has no rule.
        if (turns_.size() != 2 || turns_.back().offset != first_) turns_.clear();
    }

    std::string inside() const {
        const bool changes = !turns_.empty();
        const minutes standard = changes ? std::min(turns_[0].offset, turns_[1].offset) : first_;
        std::string periods = period("Standard", standard), group;
        if (changes) periods += period("Daylight", std::max(turns_[0].offset, turns_[1].offset));
        for (const Turn& turn : turns_) group += transition(turn, turn.offset == standard ? "Standard" : "Daylight");
        if (!changes) group = "<t:Transition><t:To Kind=\"Period\">" + period_id("Standard") + "</t:To></t:Transition>";
        return "<t:Periods>" + periods + "</t:Periods><t:TransitionsGroups><t:TransitionsGroup Id=\"0\">" + group +
               "</t:TransitionsGroup></t:TransitionsGroups><t:Transitions><t:Transition><t:To Kind=\"Group\">0</t:To>"
               "</t:Transition></t:Transitions>";
    }

private:
    minutes offset(Instant at) const {
        const LocalSeconds local = zones_.to_local(at, iana_);
        return std::chrono::floor<minutes>(local.time_since_epoch() - at.time_since_epoch());
    }
    std::string period_id(const std::string& name) const {
        return xml_text("trule:Microsoft/Registry/" + id_ + "/2007-" + name);
    }
    std::string period(const std::string& name, minutes offset) const {
        const std::string sign = offset > minutes(0) ? "-" : "";
        return "<t:Period Bias=\"" + sign + "PT" + std::to_string(std::abs(offset.count())) + "M\" Name=\"" + name +
               "\" Id=\"" + period_id(name) + "\"/>";
    }
    std::string transition(const Turn& turn, const std::string& to) const {
        constexpr const char* kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
        const auto day = std::chrono::floor<days>(turn.wall);
        const std::chrono::year_month_day date{day};
        const bool last = std::chrono::year_month_day{day + days(7)}.month() != date.month();
        const int week = last ? -1 : (static_cast<int>(static_cast<unsigned>(date.day())) - 1) / 7 + 1;
        const auto clock_time = std::chrono::floor<minutes>(turn.wall - day);
        return "<t:RecurringDayTransition><t:To Kind=\"Period\">" + period_id(to) + "</t:To><t:TimeOffset>PT" +
               std::to_string(clock_time.count()) + "M</t:TimeOffset><t:Month>" +
               std::to_string(static_cast<unsigned>(date.month())) + "</t:Month><t:DayOfWeek>" +
               kDays[std::chrono::weekday(day).c_encoding()] + "</t:DayOfWeek><t:Occurrence>" + std::to_string(week) +
               "</t:Occurrence></t:RecurringDayTransition>";
    }

    const ZoneResolver& zones_;
    const std::string id_;
    std::string iana_{};
    minutes first_{};
    std::vector<Turn> turns_{};
};

}  // namespace

/// A zone that it does not know is left out.
std::string EwsSim::State::server_time_zones(const Element& request) const {
    std::vector<std::string> ids(std::begin(kZones), std::end(kZones));
    if (request.has("Ids")) {
        ids.clear();
        for (const Element& id : request.child("Ids").children) ids.push_back(id.text);
    }
    const std::string& with_rules = request.attribute("ReturnFullTimeZoneData");
    const auto year = std::chrono::year_month_day{std::chrono::floor<days>(clock.now())}.year();
    std::string listed;
    for (const std::string& id : ids) {
        if (id != "UTC" && iana_of_windows(id).empty()) continue;
        listed += "<t:TimeZoneDefinition Id=\"" + xml_text(id) + "\" Name=\"" + xml_text(id) + "\">" +
                  (with_rules == "false" || with_rules == "0" ? "" : ZoneRules(zones, id, year).inside()) +
                  "</t:TimeZoneDefinition>";
    }
    return response_message(
        "GetServerTimeZones", "NoError", "<m:TimeZoneDefinitions>" + listed + "</m:TimeZoneDefinitions>"
    );
}

}  // namespace calgate::testing
