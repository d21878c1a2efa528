#include "core/copy_note.hpp"

#include <algorithm>
#include <string_view>

namespace calgate {
namespace {

constexpr std::string_view kBegins = "-- calgate: ";

std::string_view sentence(CopyNote note) {
    return note == CopyNote::Waits ? "your change waits until somebody decides about it."
                                   : "your change was not taken over; this is what is booked.";
}

}  // namespace

std::string with_note(std::string notes, CopyNote note) {
    if (!notes.empty()) notes += '\n';
    notes += kBegins;
    notes += sentence(note);
    return notes;
}

std::string without_note(const std::string& notes) {
    if (notes.find(kBegins) == std::string::npos) return notes;
    std::string out;
    for (std::size_t from = 0; from < notes.size();) {
        const auto end = std::min(notes.find('\n', from), notes.size());
        const std::string_view line(notes.data() + from, end - from);
        if (!line.starts_with(kBegins)) {
            if (!out.empty()) out += '\n';
            out += line;
        }
        from = end + 1;
    }
    return out;
}

}  // namespace calgate
