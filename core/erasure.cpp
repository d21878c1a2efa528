#include "core/erasure.hpp"

#include <algorithm>
#include <array>

#include "core/identity.hpp"

namespace calgate {
namespace {

constexpr std::array<std::string_view, 4> kPersonal = {"title", "place", "customer", "notes"};
constexpr const char* kNamelessTitle = "Busy";
constexpr std::size_t kFewestCharacters = 3;

/// Without line folds and without the backslashes of iCalendar and JSON.
std::string plain(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::size_t line = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n' ? i + 1 : i;
        const bool folded =
            text[line] == '\n' && line + 1 < text.size() && (text[line + 1] == ' ' || text[line + 1] == '\t');
        if (folded)
            i = line + 1;
        else if (text[i] != '\\')
            out += text[i];
    }
    return out;
}

}  // namespace

std::string erased_name(std::string_view customer, std::string_view recovery_key) {
    return keyed_seal("calgate erased customer 1\n" + std::string(customer), recovery_key);
}

bool is_erased(const std::vector<Erasure>& list, const Appointment& a, std::string_view recovery_key) {
    if (list.empty() || a.customer.empty()) return false;
    const std::string name = erased_name(a.customer, recovery_key);
    return std::any_of(list.begin(), list.end(), [&](const Erasure& one) {
        return one.customer == name && a.changed <= one.at;
    });
}

bool is_personal(std::string_view field) {
    return std::find(kPersonal.begin(), kPersonal.end(), field) != kPersonal.end();
}

void make_nameless(Appointment& a) {
    a.title = kNamelessTitle;
    a.place.clear();
    a.customer.clear();
    a.notes.clear();
}

bool is_nameless(const Appointment& a) {
    return a.title == kNamelessTitle && a.place.empty() && a.customer.empty() && a.notes.empty();
}

void make_nameless(Shown& shown, const Shown& ours) {
    shown.title = ours.title;
    shown.place = ours.place;
    shown.notes = ours.notes;
}

bool mentions(std::string_view event_text, std::string_view words) {
    if (words.size() < kFewestCharacters) return false;
    return plain(event_text).find(plain(words)) != std::string::npos;
}

}  // namespace calgate
