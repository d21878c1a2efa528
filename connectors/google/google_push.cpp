#include "connectors/google/google_push.hpp"

#include <algorithm>

#include "connectors/google/google_ids.hpp"
#include "connectors/google/google_wire.hpp"

namespace calgate::google {

namespace {

constexpr std::chrono::seconds kShortest{60};

}  // namespace

Result<PushChannel> ChannelService::open_channel(const Context& context, const PushRequest& request) {
    if (!calendar_id(request.calendar))
        return Error{ErrorCode::Rejected, "The calendar's address is not one of Google's; choose it again.", {}};
    const auto ttl = std::max<std::chrono::seconds>(request.until - clock_.now(), kShortest);
    const std::string path = list_path(request.calendar) + "/watch";
    CALGATE_TRY(
        const std::string body, session_.ask(context, Call::Watch, "POST", path, watch_body(request, ttl.count()))
    );
    return read_channel(body);
}

Result<PushChannel> ChannelService::renew_channel(const Context&, const PushChannel&, Instant) {
    return Error{ErrorCode::Unsupported, "Google cannot prolong a channel; another is opened and this one closed.", {}};
}

Status ChannelService::close_channel(const Context& context, const PushChannel& channel) {
    const auto response = session_.send(context, "POST", "channels/stop", stop_body(channel));
    if (!response) return response.error();
    const bool gone = response->status == 404 || response->status == 410;
    if (gone || response->status == 204 || response->status == 200) return {};
    return session_.refused(Call::StopChannel, *response);
}

}  // namespace calgate::google
