#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ews/ews_xml.hpp"
#include "core/time.hpp"

namespace calgate::ews {

/// How a request names a property, and one of ours.
Element field_uri(std::string_view uri);
Element own_field_uri(std::string_view name);

/// What stands in the SOAP body, elements in the order of the schema.
Element get_calendar_folders();                          ///< The calendar, then the deleted items.
Element get_place_of_folder(const std::string& folder);  ///< The folder, then the deleted items.
/// @param by_class asked of the server; some know no such restriction, and list all folders instead.
Element find_calendar_folders(int offset, bool by_class);
constexpr int kFolderPage = 100;

/// @param state empty: from the start.
Element sync_folder_items(const std::string& folder, const std::string& state, int most);
Element get_items(const std::vector<std::string>& ids);
/// @param index of an occurrence in its series, from 1, deleted ones counted.
Element get_occurrence(const std::string& master, int index);

enum class Searched : std::uint8_t { OurUid, GlobalObjectId };
/// Items of a folder whose property has one of these values, or all of them without any value; named by id, creation
/// time and that property.
Element find_items(const std::string& folder, Searched, const std::vector<std::string>& values, int offset);
constexpr int kItemPage = 100;

/// MergedFreeBusyIntervalInMinutes: for how long each digit of a merged answer stands.
constexpr std::chrono::minutes kMergedInterval{15};
/// Busy time of one mailbox. Times of the answer are in the zone of the request, which is UTC without any summer time.
Element get_user_availability(const std::string& address, Instant from, Instant until);

/// A subscription whose events come over GetStreamingEvents.
Element subscribe_streaming(const std::vector<std::string>& folders);
/// @param minutes until the service ends the answer, 1 to 30.
Element get_streaming_events(const std::string& subscription, int minutes);

Element create_item(const std::string& folder, std::vector<Element> items);
/// @param updates of one item, as Update::fields.
Element item_change(const std::string& id, const std::string& change_key, std::vector<Element> updates);
/// @param changes each an item_change.
Element update_items(std::vector<Element> changes);
Element item_to_delete(const std::string& id, const std::string& change_key);
/// @param ids each an item_to_delete.
Element delete_items(std::vector<Element> ids);

}  // namespace calgate::ews
