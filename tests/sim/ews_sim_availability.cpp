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

std::string utc_wall(Instant at) { return format_local(LocalSeconds{at.time_since_epoch()}); }

}  // namespace

/// The mailbox of a name has the busy time of the calendar of that name. Times are in the request's zone, which has to
/// be UTC here.
std::string EwsSim::State::availability(const Element& request) const {
    const Element& window = request.child("FreeBusyViewOptions").child("TimeWindow");
    const auto from = parse_local(window.word("StartTime")), until = parse_local(window.word("EndTime"));
    if (!from || !until || *until <= *from) throw EwsRefusal{"ErrorSchemaValidation"};
    const Instant begin{from->time_since_epoch()}, end{until->time_since_epoch()};
    const std::chrono::minutes step{
        std::stoi(request.child("FreeBusyViewOptions").word("MergedFreeBusyIntervalInMinutes"))};
    std::string all;
    for (const Element& data : request.child("MailboxDataArray").children) {
        const std::string address = data.child("Email").word("Address");
        const auto mailbox = std::find_if(folders.begin(), folders.end(), [&](const EwsFolder& one) {
            return !one.gone && one.name == address;
        });
        std::string answer;
        if (*until - *from > kLongestWindow) {
            answer = refused("ErrorTimeIntervalTooBig");
        } else if (mailbox == folders.end()) {
            answer = refused("ErrorMailRecipientNotFound");
        } else if (quirks.without_free_busy.contains(address)) {
            answer = refused("ErrorNoFreeBusyAccess");
        } else {
            std::string digits(static_cast<std::size_t>((end - begin) / step), '0'), entries;
            for (const EwsItem& one : items) {
                if (one.gone || one.folder != mailbox->id) continue;
                const Instant start = *parse_instant(one.properties.word("Start")),
                              stop = *parse_instant(one.properties.word("End"));
                const std::string type = one.properties.word("LegacyFreeBusyStatus");
                if (stop <= begin || start >= end) continue;
                entries += "<t:CalendarEvent><t:StartTime>" + utc_wall(start) + "</t:StartTime><t:EndTime>" +
                           utc_wall(stop) + "</t:EndTime><t:BusyType>" + type + "</t:BusyType></t:CalendarEvent>";
                for (std::size_t i = 0; i < digits.size(); ++i) {
                    const Instant slot = begin + static_cast<int>(i) * step;
                    if (type != "Free" && start < slot + step && stop > slot)
                        digits[i] = type == "Tentative" ? '1' : '2';
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
