#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace calgate::google {

/// What of an event resource is ours: values of extendedProperties.private, put together again.
struct Properties {
    std::string mark{}, capsule{};
};
Properties read_properties(std::string_view resource);

/// Values of at most 1,024 characters under names of at most 44, because Google drops and cuts what is longer without a
/// word (trap G24). Nothing when they would not fit into the 32 kB and 300 names of an event.
std::optional<std::map<std::string, std::string>> written_properties(std::string_view mark, std::string_view capsule);

/// The name of one of our properties.
bool is_our_property(std::string_view name);

}  // namespace calgate::google
