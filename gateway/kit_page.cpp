#include "gateway/kit_page.hpp"

#include <algorithm>

#include "gateway/drill_picture.hpp"

namespace calgate {
namespace {

using std::chrono::days;

constexpr const char* kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr const char* kMonths[] = {
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December"};

constexpr const char* kStyle = R"css(
:root{color-scheme:light;font:16px/1.4 system-ui,sans-serif;color:#1c2733;background:#fff}
body{max-width:46rem;margin:0 auto;padding:1.25rem}
h1{font-size:1.45rem;line-height:1.2;margin:0 0 .15rem}h2{font-size:1.1rem;margin:1.6rem 0 .4rem;border-bottom:2px solid #1c2733;padding-bottom:.15rem}
.when,.free,.none{color:#566472}.when{margin:0 0 .5rem}.free,.none{margin:.4rem 0;font-size:.92rem}
ol{list-style:none;margin:0;padding:0}li{display:grid;grid-template-columns:7.2rem 1fr;gap:0 .9rem;padding:.45rem 0;border-bottom:1px solid #e3e9ee;break-inside:avoid}
time{font-variant-numeric:tabular-nums;font-weight:600;white-space:nowrap}b{overflow-wrap:anywhere}
li div{overflow-wrap:anywhere}.notes{white-space:pre-line;color:#3b4955;font-size:.92rem}
.flag{display:inline-block;border:1px solid #8a5a00;color:#8a5a00;border-radius:.25rem;padding:0 .3rem;font-size:.8rem;margin-left:.4rem}
a{color:#0b5cab}nav{font-size:.92rem;margin:.5rem 0}nav a{margin-right:.9rem;display:inline-block;padding:.2rem 0}
.asof{display:none;color:#566472;font-size:.8rem}
@media print{body{max-width:none;padding:0}nav{display:none}.asof{display:block}section{break-after:page}section:last-of-type{break-after:auto}h2{margin-top:0}}
@page{margin:15mm}
)css";

/// Days count from 1 January 1970.
LocalSeconds midnight_of(LocalSeconds local) { return std::chrono::floor<days>(local); }

std::string clock_of(LocalSeconds local) { return format_local(local).substr(11, 5); }

std::string date_text(LocalSeconds local) {
    const auto day = std::chrono::floor<days>(local);
    const std::chrono::year_month_day date{day};
    const std::chrono::weekday weekday{day};
    return std::string(kDays[weekday.c_encoding()]) + ", " + std::to_string(static_cast<unsigned>(date.day())) + " " +
           kMonths[static_cast<unsigned>(date.month()) - 1] + " " + std::to_string(static_cast<int>(date.year()));
}

std::string anchor_of(LocalSeconds midnight) { return "d" + format_date(midnight); }

/// "09:00–09:30", with the day where it ends on another one.
std::string span_text(LocalSeconds start, LocalSeconds end) {
    std::string out = clock_of(start) + "–" + clock_of(end);
    const auto more = std::chrono::duration_cast<days>(midnight_of(end) - midnight_of(start)).count();
    return more > 0 && end != midnight_of(start) + days{1} ? out + " +" + std::to_string(more) : out;
}

std::string made_text(const Kit& kit, const ZoneResolver& zones, const std::string& zone) {
    const LocalSeconds local = zones.to_local(kit.made, zone);
    return date_text(local) + ", " + clock_of(local) + " (" + zone + ")";
}

std::string appointment_item(const Appointment& a, LocalSeconds start, LocalSeconds end) {
    const std::string heading = !a.title.empty() ? a.title : !a.customer.empty() ? a.customer : "Appointment";
    std::string out = "<li><time>" + span_text(start, end) + "</time><div><b>" + html_text(heading) + "</b>";
    if (a.state == AppointmentState::Held) out += "<span class=\"flag\">held, not confirmed</span>";
    if (a.provisional) out += "<span class=\"flag\">to be checked</span>";
    if (!a.customer.empty() && a.customer != heading) out += "<div>" + html_text(a.customer) + "</div>";
    if (!a.place.empty()) out += "<div>" + html_text(a.place) + "</div>";
    if (!a.notes.empty()) out += "<div class=\"notes\">" + html_text(a.notes) + "</div>";
    return out + "</div></li>\n";
}

std::string day_section(
    const KitPerson& person, LocalSeconds midnight, const std::string& asof, const ZoneResolver& zones
) {
    std::string items;
    for (const auto& [appointment, when] : person.appointments) {
        const LocalSeconds start = zones.to_local(when.start, person.zone), end = zones.to_local(when.end, person.zone);
        // What began the day before and is not over stands on this sheet too.
        if (start >= midnight + days{1} || end <= midnight) continue;
        items += appointment_item(appointment, start, end);
    }
    return "<section id=\"" + anchor_of(midnight) + "\">\n<h2>" + html_text(person.name) + ", " + date_text(midnight) +
           "</h2>\n" + (items.empty() ? "<p class=\"none\">No appointments.</p>\n" : "<ol>\n" + items + "</ol>\n") +
           "<p class=\"free\">" + html_text(free_text(person, midnight, zones)) + "</p>\n" + "<p class=\"asof\">" +
           asof + "</p></section>\n";
}

std::string sources_line(const KitPerson& person, const ZoneResolver& zones) {
    std::string out;
    for (const KitSource& source : person.sources) {
        out += out.empty() ? "Calendars as they were read: " : "; ";
        out += html_text(source.name) + " ";
        if (!source.as_of) {
            out += "never";
            continue;
        }
        const LocalSeconds local = zones.to_local(*source.as_of, person.zone);
        out += format_date(local) + " " + clock_of(local);
    }
    return out.empty() ? out : "<p class=\"free\">" + out + ".</p>\n";
}

}  // namespace

std::string free_text(const KitPerson& person, LocalSeconds midnight, const ZoneResolver& zones) {
    const Interval day{zones.to_instant(midnight, person.zone), zones.to_instant(midnight + days{1}, person.zone)};
    if (!person.free_known) return "Free time is not known: the calendars were not read for too long.";
    std::string spans;
    for (const Interval& free : person.free) {
        const Instant from = std::max(free.start, day.start), to = std::min(free.end, day.end);
        if (from >= to) continue;
        if (!spans.empty()) spans += ", ";
        spans += span_text(zones.to_local(from, person.zone), zones.to_local(to, person.zone));
    }
    return spans.empty() ? "No free time." : "Free: " + spans;
}

std::string html_page(const std::string& title, const std::string& body) {
    return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
           "<meta name=\"robots\" content=\"noindex\">\n<title>" +
           html_text(title) + "</title>\n<style>" + kStyle + "</style></head><body>\n" + body + "</body></html>\n";
}

std::string day_sheets(const Kit& kit, const KitPerson& person, const ZoneResolver& zones) {
    const LocalSeconds first = midnight_of(zones.to_local(kit.made, person.zone));
    const std::string asof = "As it was on " + made_text(kit, zones, person.zone) + "; later changes are not in it.";
    std::string links, sections;
    for (int day = 0; day < kit.days; ++day) {
        const LocalSeconds midnight = first + days{day};
        links += "<a href=\"#" + anchor_of(midnight) + "\">" + date_text(midnight).substr(0, 3) + " " +
                 format_date(midnight).substr(8) + "</a>";
        sections += day_section(person, midnight, asof, zones);
    }
    return html_page(
        person.name + ", day sheets",
        "<h1>" + html_text(person.name) + "</h1>\n<p class=\"when\">" + html_text(kit.business) + ". " + asof +
            "</p>\n<nav>" + links + "</nav>\n" + sections
    );
}

std::string availability_page(const Kit& kit, const ZoneResolver& zones) {
    std::string body = "<h1>Free time</h1>\n<p class=\"when\">" + html_text(kit.business) + ". As it was on " +
                       made_text(kit, zones, kit.zone) + "; whoever books by this page writes it down.</p>\n";
    for (const KitPerson& person : kit.people) {
        const LocalSeconds first = midnight_of(zones.to_local(kit.made, person.zone));
        body += "<section><h2>" + html_text(person.name) + " (" + html_text(person.zone) + ")</h2>\n";
        for (int day = 0; day < kit.days; ++day) {
            const LocalSeconds midnight = first + days{day};
            body += "<b>" + date_text(midnight) + "</b>" + "<p class=\"free\">" +
                    html_text(free_text(person, midnight, zones)) + "</p>\n";
        }
        body += sources_line(person, zones) + "</section>\n";
    }
    return html_page("Free time, " + kit.business, body);
}

std::string index_page(const Kit& kit, const ZoneResolver& zones, const std::vector<std::string>& stems) {
    std::string body =
        "<h1>Outage kit</h1>\n<p class=\"when\">" + html_text(kit.business) + ". As it was on " +
        made_text(kit, zones, kit.zone) + ", for " + std::to_string(kit.days) +
        " days.</p>\n<ol>\n<li><time>Everybody</time><div><a href=\"availability.html\">Free time</a></div></li>\n";
    for (std::size_t i = 0; i < kit.people.size(); ++i)
        body += "<li><time>" + html_text(kit.people[i].name) + "</time><div><a href=\"" + stems[i] +
                ".html\">Day sheets</a>, <a href=\"" + stems[i] + ".ics\">calendar file</a></div></li>\n";
    return html_page("Outage kit, " + kit.business, body + "</ol>\n");
}

}  // namespace calgate
