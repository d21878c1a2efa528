#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace calgate::ews {

/// What stands in the SOAP body, elements in the order of the schema.
std::string get_calendar_folders();                          ///< The calendar, then the deleted items.
std::string get_place_of_folder(const std::string& folder);  ///< The folder, then the deleted items.
/// @param by_class asked of the server; some know no such restriction, and list all folders instead.
std::string find_calendar_folders(int offset, bool by_class);
constexpr int kFolderPage = 100;

/// @param state empty: from the start.
std::string sync_folder_items(const std::string& folder, const std::string& state, int most);
std::string get_items(const std::vector<std::string>& ids);
/// @param index of an occurrence in its series, from 1, deleted ones counted.
std::string get_occurrence(const std::string& master, int index);

enum class Searched : std::uint8_t { OurUid, GlobalObjectId };
/// Items of a folder whose property has one of these values, or all of them without any value; named by id, creation
/// time and that property.
std::string find_items(const std::string& folder, Searched, const std::vector<std::string>& values, int offset);
constexpr int kItemPage = 100;

/// MergedFreeBusyIntervalInMinutes: for how long each digit of a merged answer stands.
constexpr std::chrono::minutes kMergedInterval{15};
/// Busy time of one mailbox. Times of the answer are in the zone of the request, which is UTC without any summer time.
std::string get_user_availability(const std::string& address, Instant from, Instant until);

/// A subscription whose events come over GetStreamingEvents.
std::string subscribe_streaming(const std::vector<std::string>& folders);
/// @param minutes until the service ends the answer, 1 to 30.
std::string get_streaming_events(const std::string& subscription, int minutes);

/// @param items one CalendarItem after the other.
std::string create_item(const std::string& folder, const std::string& items);
std::string item_change(const std::string& id, const std::string& change_key, const std::string& updates);
/// @param changes one item_change after the other.
std::string update_items(const std::string& changes);
std::string item_to_delete(const std::string& id, const std::string& change_key);
/// @param ids one item_to_delete after the other.
std::string delete_items(const std::string& ids);

}  // namespace calgate::ews
