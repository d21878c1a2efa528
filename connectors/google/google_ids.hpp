#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/ids.hpp"

namespace calgate::google {

/// A calendar's Href is the path of its events below the base URL, "calendars/shop%40example.com/events/"; an event's
/// is that and its id. Every segment is percent-encoded: an unencoded '#' would cut the URL off (trap G28).
Href calendar_href(std::string_view calendar_id);
Href event_href(const Href& calendar, std::string_view event_id);

struct EventPlace {
    Href calendar{};
    std::string id{};  ///< Decoded.
};
/// Nothing for an Href that is no event's.
std::optional<EventPlace> event_place(const Href& event);
/// Without the slash at the end, as events.list and events.insert want it.
std::string list_path(const Href& calendar);
/// Decoded id of the calendar; nothing for an Href that is no calendar's.
std::optional<std::string> calendar_id(const Href& calendar);

/// base32hex in lower case, 5 to 1024 characters: what events.insert takes as `id`.
bool is_client_id(std::string_view text);
/// The id under which an event with this Uid is created: the Uid itself where Google takes it (copy names), otherwise
/// an encoding of it that `uid_of` undoes. Nothing for a Uid that is too long.
std::optional<std::string> event_id_of(const Uid&);
/// The Uid of what Google calls `id` and `iCalUID`; "<id>@google.com" is only Google's own addition to the id.
Uid uid_of(std::string_view id, std::string_view ical_uid);

struct InstanceId {
    std::string series{};    ///< Of the master.
    std::string original{};  ///< "20260324T090000Z", or "20260324" of an all-day series.
};
/// Parsed from the right: master ids of split series hold an underscore themselves ("abc_R20260324T090000").
std::optional<InstanceId> split_instance_id(std::string_view id);

}  // namespace calgate::google
