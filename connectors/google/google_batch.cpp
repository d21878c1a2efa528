#include "connectors/google/google_batch.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>

#include "core/identity.hpp"

namespace calgate::google {

namespace {

constexpr const char* kPartName = "calgate-";  ///< Of a Content-ID, its number behind it.
constexpr std::string_view kAnswerName = "<response-calgate-";
constexpr std::size_t kMaxParts = 1000;

/// Takes the text up to a line's end, which it drops.
std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Up to the empty line.
http::Headers take_headers(std::string_view& text) {
    http::Headers headers;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.empty()) break;
        if (const auto colon = line.find(':'); colon != std::string_view::npos)
            headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    }
    return headers;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
    Number value = 0;
    const auto [at, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || at != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string boundary_of(const http::Response& response) {
    const std::string type = response.header("Content-Type").value_or("");
    const auto at = type.find("boundary=");
    if (!type.starts_with("multipart/mixed") || at == std::string::npos) return {};
    std::string boundary = type.substr(at + 9);
    boundary = boundary.substr(0, boundary.find(';'));
    std::erase(boundary, '"');
    return std::string(trimmed(boundary));
}

/// What stands between the boundaries, which begin a line (RFC 2046 5.1.1).
std::vector<std::string_view> parts_of(std::string_view text, const std::string& boundary) {
    std::vector<std::string_view> parts;
    const std::string mark = "--" + boundary;
    std::size_t begin = text.starts_with(mark) ? 0 : text.find("\n" + mark);
    while (begin != std::string_view::npos && parts.size() < kMaxParts) {
        begin = text.find('\n', begin + mark.size());
        const auto end = begin == std::string_view::npos ? begin : text.find("\n" + mark, begin);
        if (end == std::string_view::npos) break;  // What is cut off in the middle did not come.
        parts.push_back(text.substr(begin + 1, end - begin));
        begin = end;
    }
    return parts;
}

struct Named {
    std::size_t part = 0;
    http::Response response{};
};

std::optional<Named> answer_in(std::string_view text) {
    http::Response around;
    around.headers = take_headers(text);
    std::string_view line = take_line(text);
    const std::string name = around.header("Content-ID").value_or("");
    if (!name.starts_with(kAnswerName) || !name.ends_with('>') || !line.starts_with("HTTP/")) return std::nullopt;
    const auto part =
        number<std::size_t>(std::string_view(name).substr(kAnswerName.size(), name.size() - kAnswerName.size() - 1));
    line.remove_prefix(std::min(line.find(' '), line.size()));
    const auto status = number<int>(trimmed(line).substr(0, 3));
    if (!part || !status) return std::nullopt;
    Named out{*part, {}};
    out.response.status = *status;
    out.response.headers = take_headers(text);
    const auto blank = [](unsigned char c) { return std::isspace(c) != 0; };
    while (!text.empty() && blank(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
    out.response.body = std::string(text);
    return out;
}

}  // namespace

BatchBody write_batch(const std::vector<BatchPart>& parts) {
    std::string inside;
    for (const BatchPart& part : parts) inside += part.target + "\n" + part.body + "\n";
    // No text holds its own hash.
    const std::string boundary = "calgate-" + sha256_hex(inside).substr(0, 40);
    BatchBody out{"multipart/mixed; boundary=" + boundary, {}};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        out.text += "--" + boundary + "\r\nContent-Type: application/http\r\nContent-ID: <" + kPartName +
                    std::to_string(i) + ">\r\n\r\n" + parts[i].method + " " + parts[i].target + "\r\n";
        if (!parts[i].if_match.empty()) out.text += "If-Match: " + parts[i].if_match + "\r\n";
        if (!parts[i].body.empty())
            out.text += "Content-Type: application/json; charset=utf-8\r\nContent-Length: " +
                        std::to_string(parts[i].body.size()) + "\r\n";
        out.text += "\r\n" + parts[i].body + "\r\n";
    }
    out.text += "--" + boundary + "--\r\n";
    return out;
}

Result<std::vector<std::optional<http::Response>>> read_batch(const http::Response& response, std::size_t parts) {
    const std::string boundary = boundary_of(response);
    if (boundary.empty())
        return Error{
            ErrorCode::InvalidResponse, "Google answered several calls with something else; we look what it did.", {}};
    std::vector<std::optional<http::Response>> out(parts);
    for (const std::string_view text : parts_of(response.body, boundary)) {
        auto named = answer_in(text);
        if (!named || named->part >= parts || out[named->part]) continue;
        named->response.url = response.url;
        out[named->part] = std::move(named->response);
    }
    return out;
}

}  // namespace calgate::google
