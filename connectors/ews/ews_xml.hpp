#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace calgate::ews {

/// An element. What was read has local names: order, namespaces and prefixes are not looked at, because servers get all
/// three wrong. What is to be written has its prefix in the name, "m:GetItem".
struct Element {
    std::string name{};
    std::vector<std::pair<std::string, std::string>> attributes{};  ///< Of what was read without namespaces.
    std::string text{};                                             ///< Its own text, in one piece.
    std::vector<Element> children{};

    /// The first child of that name; an empty element where there is none.
    const Element& child(std::string_view name) const;
    bool has(std::string_view name) const;
    const std::string& attribute(std::string_view name) const;  ///< Empty where there is none.
    /// Text of the first child of that name, blanks around it dropped.
    std::string word(std::string_view name) const;
    /// The first element of that name, this one or below it; nullptr when there is none.
    const Element* find(std::string_view name) const;

    bool operator==(const Element&) const = default;
};
Element with_text(std::string name, std::string text);
Element with_children(std::string name, std::vector<Element> children);

/// Bytes that are no UTF-8 become U+FFFD and characters that XML cannot hold become blanks first, so that one odd item
/// does not hide the others. No entity of a document type is followed.
/// @return InvalidResponse for what is no XML, deeper than 64 levels or larger than 400,000 elements.
Result<Element> parse_xml(std::string_view text);
/// Without declaration or indentation; parse_xml gives it back. What XML 1.0 cannot hold of a text is left out.
std::string write_xml(const Element&);
/// The same as a document of UTF-8, with its declaration.
std::string write_document(const Element& root);

}  // namespace calgate::ews
