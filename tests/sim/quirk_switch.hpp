#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <variant>

namespace calgate::testing {

/// One habit of a service from its text: "true", "50" (of times: seconds) or a name. Throws std::invalid_argument for a
/// value that does not fit; nothing is changed then.
void take_quirk(bool& into, const std::string& value);
void take_quirk(int& into, const std::string& value);
void take_quirk(std::size_t& into, const std::string& value);
void take_quirk(std::chrono::seconds& into, const std::string& value);
void take_quirk(std::string& into, const std::string& value);

template <class Enum>
void take_named_quirk(Enum& into, const std::map<std::string, Enum>& names, const std::string& value) {
    const auto at = names.find(value);
    if (at != names.end()) {
        into = at->second;
        return;
    }
    std::string all;
    for (const auto& [name, meant] : names) all += (all.empty() ? "" : ", ") + name;
    throw std::invalid_argument("Give this quirk one of " + all + ".");
}

/// @param members name to a std::variant of pointers to members of `quirks`.
template <class Quirks, class Member>
void switch_quirk(
    Quirks& quirks,
    const std::map<std::string, Member>& members,
    const std::string& service,
    const std::string& name,
    const std::string& value
) {
    const auto at = members.find(name);
    if (at == members.end()) throw std::invalid_argument(service + " has no quirk \"" + name + "\".");
    std::visit([&](auto member) { take_quirk(quirks.*member, value); }, at->second);
}

}  // namespace calgate::testing
