#include <algorithm>

#include "tests/sim/ews_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::days kLongestWindow{42};

std::string refused(const std::string& code) {
    return "<m:ResponseMessage ResponseClass=\"Error\"><m:MessageText>The simulated server refuses this."
           "</m:MessageText><m:ResponseCode>" +
           code +
           "</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey></m:ResponseMessage>"
           "<m:FreeBusyView><t:FreeBusyViewType>None</t:FreeBusyViewType></m:FreeBusyView>";
}

/// The zone of the request (MS-OXWSAVAIL SerializableTimeZone): minutes that are added to its wall time to get UTC,
/// with the two days of a year on which they change.
class RequestZone {
public:
    explicit RequestZone(const Element& zone)
        : bias_(minutes_in(zone.word("Bias"))),
          standard_(read(zone.child("StandardTime"))),
          daylight_(read(zone.child("DaylightTime"))) {}

    Instant instant(LocalSeconds local) const { return Instant{(local + bias_at(local)).time_since_epoch()}; }
    std::string wall(Instant at) const {
        const LocalSeconds utc{at.time_since_epoch()};
        // The rule's own hour may be an hour off at its two changes.
        return format_local(utc - bias_at(utc - bias_ - standard_.bias));
    }

private:
    struct Change {
        std::chrono::minutes bias{};
        std::chrono::seconds time{};
        int order = 1;  ///< Of that weekday in the month; 5 is the last.
        unsigned month = 0, weekday = 0;
    };
    static std::chrono::minutes minutes_in(const std::string& text) {
        if (text.starts_with('-')) return -minutes_in(text.substr(1));
        return std::chrono::minutes{number_of(text, 0, 24 * 60, 0)};
    }
    static Change read(const Element& given) {
        constexpr const char* kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
        Change out;
        out.bias = minutes_in(given.word("Bias"));
        out.order = number_of(given.word("DayOrder"), 0, 5, 1);
        out.month = static_cast<unsigned>(number_of(given.word("Month"), 0, 12, 0));
        for (unsigned day = 0; day < 7; ++day)
            if (given.word("DayOfWeek") == kDays[day]) out.weekday = day;
        if (const auto at = parse_local("2000-01-01T" + given.word("Time")))
            out.time = *at - std::chrono::floor<std::chrono::days>(*at);
        return out;
    }
    static LocalSeconds in_year(std::chrono::year year, const Change& change) {
        const std::chrono::month month{change.month};
        const std::chrono::weekday weekday{change.weekday};
        if (change.order >= 5)
            return LocalSeconds{std::chrono::local_days{year / month / weekday[std::chrono::last]}} + change.time;
        const auto order = static_cast<unsigned>(std::max(change.order, 1));
        return LocalSeconds{std::chrono::local_days{year / month / weekday[order]}} + change.time;
    }
    std::chrono::minutes bias_at(LocalSeconds local) const {
        if (standard_.month == 0 || daylight_.month == 0 || standard_.month == daylight_.month)
            return bias_ + standard_.bias;
        const auto year = std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(local)}.year();
        const LocalSeconds begin = in_year(year, daylight_), end = in_year(year, standard_);
        const bool summer = begin < end ? begin <= local && local < end : local >= begin || local < end;
        return bias_ + (summer ? daylight_.bias : standard_.bias);
    }

    std::chrono::minutes bias_;
    Change standard_, daylight_;
};

char digit_of(const std::string& type) {
    if (type == "Free") return '0';
    if (type == "Tentative") return '1';
    return type == "OOF" ? '3' : type == "WorkingElsewhere" ? '4' : '2';
}

}  // namespace

/// The mailbox of a name has the busy time of the calendar of that name, the mailbox's own address that of its
/// calendar. Times of the answer are in the request's zone, without an offset.
std::string EwsSim::State::availability(const Element& request) const {
    const Element& options = request.child("FreeBusyViewOptions");
    const Element& window = options.child("TimeWindow");
    const RequestZone zone(request.child("TimeZone"));
    const auto instant = [&](const std::string& given) {
        const std::string text = without_fraction(given);
        if (const auto with_offset = parse_instant(text)) return *with_offset;
        const auto local = parse_local(text);
        if (!local) throw EwsRefusal{"ErrorSchemaValidation"};
        return zone.instant(*local);
    };
    const Instant begin = instant(window.word("StartTime")), end = instant(window.word("EndTime"));
    if (end <= begin) throw EwsRefusal{"ErrorInvalidTimeInterval"};
    const int interval = number_of(options.word("MergedFreeBusyIntervalInMinutes"), -1'000'000, 1'000'000, 30);
    if (interval < 5 || interval > 1440) throw EwsRefusal{"ErrorInvalidMergedFreeBusyInterval"};
    const std::chrono::minutes step{interval};
    std::string all;
    for (const Element& data : request.child("MailboxDataArray").children) {
        const std::string address = data.child("Email").word("Address");
        const auto mailbox = std::find_if(folders.begin(), folders.end(), [&](const EwsFolder& one) {
            return !one.gone && one.calendar &&
                   (one.name == address || (address == EwsSim::address() && &one == &folders.front()));
        });
        std::string answer;
        if (end - begin > kLongestWindow) {
            answer = refused("ErrorTimeIntervalTooBig");
        } else if (mailbox == folders.end()) {
            answer = refused("ErrorMailRecipientNotFound");
        } else if (quirks.without_free_busy.contains(address)) {
            answer = refused("ErrorNoFreeBusyAccess");
        } else {
            std::string digits(static_cast<std::size_t>((end - begin) / step), '0'), entries;
            for (const EwsItem& one : items) {
                if (one.gone || one.folder != mailbox->id) continue;
                for (const Shown& busy : expanded(one, begin, end)) {
                    const std::string type = whole(one, busy.index).word("LegacyFreeBusyStatus");
                    if (busy.end <= begin) continue;
                    entries += "<t:CalendarEvent><t:StartTime>" + zone.wall(busy.start) + "</t:StartTime><t:EndTime>" +
                               zone.wall(busy.end) + "</t:EndTime><t:BusyType>" + type +
                               "</t:BusyType></t:CalendarEvent>";
                    for (std::size_t i = 0; i < digits.size(); ++i) {
                        const Instant slot = begin + static_cast<int>(i) * step;
                        if (busy.start < slot + step && busy.end > slot)
                            digits[i] = std::max(digits[i], digit_of(type));
                    }
                }
            }
            answer =
                "<m:ResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>"
                "</m:ResponseMessage><m:FreeBusyView><t:FreeBusyViewType>" +
                std::string(quirks.digits_only ? "MergedOnly" : "FreeBusyMerged") +
                "</t:FreeBusyViewType><t:MergedFreeBusy>" + digits + "</t:MergedFreeBusy>";
            if (!quirks.digits_only && !entries.empty())
                answer += "<t:CalendarEventArray>" + entries + "</t:CalendarEventArray>";
            answer += "</m:FreeBusyView>";
        }
        all += "<m:FreeBusyResponse>" + answer + "</m:FreeBusyResponse>";
    }
    return ews_body(
        "<m:GetUserAvailabilityResponse><m:FreeBusyResponseArray>" + all +
        "</m:FreeBusyResponseArray></m:GetUserAvailabilityResponse>"
    );
}

}  // namespace calgate::testing
