#include "core/icalendar_scan.hpp"

#include <algorithm>
#include <cctype>

namespace calgate {
namespace {

constexpr std::size_t kLineOctets = 75;
constexpr std::size_t kValuesPerLine = 200;          // libical drops what comes after 500.
constexpr std::size_t kRawBytes = 16 * 1024 * 1024;  // With attachments.
constexpr int kMaxParameters = 90;                   // libical drops what comes after 100.

Error refused(const std::string& what) {
    return Error{
        ErrorCode::InvalidResponse,
        "The calendar object " + what + "; it was left alone. Repair or remove it in the calendar."};
}

/// Length of the valid UTF-8 sequence at `at`, 0 when there is none.
std::size_t sequence_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(at);
    std::size_t length = 0;
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF)
        length = 2;
    else if (first >= 0xE0 && first <= 0xEF)
        length = 3;
    else if (first >= 0xF0 && first <= 0xF4)
        length = 4;
    if (length == 0 || at + length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xC0) != 0x80) return 0;
    }
    if (first == 0xE0 && byte(at + 1) < 0xA0) return 0;
    if (first == 0xED && byte(at + 1) > 0x9F) return 0;
    if (first == 0xF0 && byte(at + 1) < 0x90) return 0;
    if (first == 0xF4 && byte(at + 1) > 0x8F) return 0;
    return length;
}

std::string cleaned(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto c = static_cast<unsigned char>(text[at]);
        if (c < 0x20 && c != '\t') {
            ++at;
            continue;
        }
        if (c == 0x7F) {
            ++at;
            continue;
        }
        const std::size_t length = sequence_length(text, at);
        if (length == 0) {
            out += "\xEF\xBF\xBD";
            ++at;
            continue;
        }
        out.append(text, at, length);
        at += length;
    }
    return out;
}

std::string upper(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
    });
    return out;
}

/// The position of the colon that ends name and parameters; npos when there is none.
std::size_t value_colon(std::string_view line) {
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"') quoted = !quoted;
        if (line[i] == ':' && !quoted) return i;
    }
    return std::string_view::npos;
}

bool is_list(std::string_view name) {
    return name == "EXDATE" || name == "RDATE" || name == "CATEGORIES" || name == "RESOURCES" || name == "FREEBUSY";
}

bool is_large_attachment(std::string_view line, const IcalendarLimits& limits) {
    if (line.size() < limits.inline_attachment_bytes || upper(line.substr(0, 6)) != "ATTACH") return false;
    const std::string_view head = line.substr(0, std::min(value_colon(line), line.size()));
    return upper(head).find("ENCODING=BASE64") != std::string::npos &&
           line.size() - head.size() > limits.inline_attachment_bytes;
}

/// The next comma that separates, or the end; "\," is part of a value.
std::size_t value_end(std::string_view values, std::size_t at) {
    while (at < values.size() && values[at] != ',') at += values[at] == '\\' ? 2 : 1;
    return std::min(at, values.size());
}

class Scanner {
public:
    Scanner(const IcalendarLimits& limits, ScanFor purpose) : limits_(limits), purpose_(purpose) {}

    /// @return why the object is refused, or an empty string.
    std::string take(std::string_view raw) {
        if (purpose_ != ScanFor::Rewriting && is_large_attachment(raw, limits_)) return dropped();
        if (raw.size() > limits_.line_bytes && purpose_ != ScanFor::Rewriting)
            return "has a line of more than " + std::to_string(limits_.line_bytes / 1024) + " KiB";
        const std::string line = cleaned(raw);
        if (line.empty()) return {};
        const std::string head = upper(line.substr(0, 6));
        if (head == "BEGIN:") {
            ++depth_;
            ++components_;
            in_event_ = depth_ == 2 && upper(line) == "BEGIN:VEVENT";
            if (depth_ > limits_.depth) return "nests components more than " + std::to_string(limits_.depth) + " deep";
            if (components_ > limits_.components)
                return "has more than " + std::to_string(limits_.components) + " components";
        } else if (upper(line.substr(0, 4)) == "END:") {
            if (--depth_ < 0) return "ends a component that never began";
            if (depth_ < 2) in_event_ = false;
        } else {
            if (++properties_ > limits_.properties)
                return "has more than " + std::to_string(limits_.properties) + " properties";
            return property(line);
        }
        out_ += folded_line(line);
        return {};
    }

    /// In the place of an attachment.
    std::string dropped() { return purpose_ == ScanFor::Keeping ? take(kCut) : std::string(); }
    bool balanced() const { return depth_ == 0 && components_ > 0; }
    std::string text() && { return std::move(out_); }

private:
    std::string property(const std::string& line) {
        const auto colon = value_colon(line);
        if (colon == std::string::npos) {
            out_ += folded_line(line);
            return {};
        }
        const std::string_view head = std::string_view(line).substr(0, colon);
        if (std::count(head.begin(), head.end(), ';') > kMaxParameters) {
            return "has a property with more than " + std::to_string(kMaxParameters) + " parameters";
        }
        const std::string name = upper(head.substr(0, head.find(';')));
        if (name == "X-LIC-ERROR") return {};
        if (purpose_ == ScanFor::Reading && (name == kRule || name == kExclusionRule)) return {};  // Ours alone.
        const std::string_view rest = std::string_view(line).substr(name.size());
        if (purpose_ == ScanFor::Reading && in_event_ && depth_ == 2 && (name == "RRULE" || name == "EXRULE")) {
            out_ += folded_line(std::string(name == "RRULE" ? kRule : kExclusionRule) + std::string(rest));
        } else if (is_list(name)) {
            split(head, std::string_view(line).substr(colon + 1));
        } else {
            out_ += folded_line(line);
        }
        return {};
    }

    void split(std::string_view head, std::string_view values) {
        for (std::size_t from = 0; from <= values.size();) {
            std::size_t to = from;
            for (std::size_t count = 0; count < kValuesPerLine && to <= values.size(); ++count)
                to = value_end(values, to) + 1;
            const std::size_t end = std::min(to - 1, values.size());
            out_ += folded_line(std::string(head) + ":" + std::string(values.substr(from, end - from)));
            from = to;
        }
    }

    const IcalendarLimits& limits_;
    ScanFor purpose_;
    bool in_event_ = false;
    std::string out_{};
    int depth_ = 0;
    int components_ = 0;
    int properties_ = 0;
};

}  // namespace

std::string folded_line(std::string_view line) {
    std::string out;
    std::size_t room = kLineOctets;
    for (std::size_t at = 0; at < line.size();) {
        std::size_t length = 1;
        while (at + length < line.size() && (static_cast<unsigned char>(line[at + length]) & 0xC0) == 0x80) ++length;
        if (length > room) {
            out += "\r\n ";
            room = kLineOctets - 1;
        }
        out.append(line, at, length);
        room -= std::min(room, length);
        at += length;
    }
    return out + "\r\n";
}

bool is_cut(std::string_view text) { return text.find("\n" + std::string(kCut)) != std::string_view::npos; }

Result<std::string> scan_icalendar(std::string_view text, const IcalendarLimits& limits, ScanFor purpose) {
    const auto too_large = [&] {
        return refused("is larger than " + std::to_string(limits.object_bytes / 1024) + " KiB");
    };
    if (text.size() > std::max(limits.object_bytes, kRawBytes)) return too_large();
    if (text.find('\0') != std::string_view::npos) return refused("contains a NUL byte");
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    Scanner scanner(limits, purpose);
    std::string logical;
    std::size_t kept = 0;   // Octets, attachments that are dropped left out.
    bool dropping = false;  // The rest of one.
    const auto is_dropped = [&] { return purpose != ScanFor::Rewriting && is_large_attachment(logical, limits); };
    const auto flush = [&]() -> std::string {
        if (!dropping && is_dropped()) kept -= std::min(kept, logical.size());
        const std::string why = dropping ? scanner.dropped() : scanner.take(logical);
        logical.clear();
        dropping = false;
        return why;
    };
    while (!text.empty()) {
        const auto newline = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, newline);
        text.remove_prefix(std::min(newline + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        const bool goes_on = !line.empty() && (line[0] == ' ' || line[0] == '\t');
        if (goes_on && dropping) continue;
        if (!goes_on) {
            if (const std::string why = flush(); !why.empty()) return refused(why);
        }
        const std::size_t before = logical.size();
        logical += goes_on ? line.substr(1) : line;
        kept += newline + 1;
        // By then name and parameters are long over; asked once a line.
        const std::size_t enough = 2 * limits.inline_attachment_bytes;
        dropping = before < enough && logical.size() >= enough && is_dropped();
        if (dropping) kept -= std::min(kept, logical.size());
        if (dropping) logical.clear();
        if (kept > limits.object_bytes) return too_large();
    }
    if (const std::string why = flush(); !why.empty()) return refused(why);
    if (!scanner.balanced()) return refused("is cut off or is no iCalendar text");
    return std::move(scanner).text();
}

}  // namespace calgate
