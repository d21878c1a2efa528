#include <algorithm>

#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

const char* phrase_of(int status) { return status < 300 ? "OK" : status < 400 ? "Not Modified" : "Error"; }

std::string without_blanks(std::string text) {
    const auto from = text.find_first_not_of(" \t");
    if (from == std::string::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

/// Takes the lines up to the empty one, which it drops.
http::Headers take_head(std::string& text) {
    http::Headers out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string line = text.substr(0, end);
        text.erase(0, end + 1);
        if (line.empty()) break;
        if (const auto colon = line.find(':'); colon != std::string::npos)
            out.emplace_back(without_blanks(line.substr(0, colon)), without_blanks(line.substr(colon + 1)));
    }
    return out;
}

std::string header_of(const http::Headers& headers, std::string_view name) {
    http::Response wrapped;
    wrapped.headers = headers;
    return wrapped.header(name).value_or("");
}

std::string boundary_in(const std::string& type) {
    const auto at = type.find("boundary=");
    if (at == std::string::npos) return {};
    std::string boundary = type.substr(at + 9);
    boundary = without_blanks(boundary.substr(0, boundary.find(';')));
    std::erase(boundary, '"');
    return boundary;
}

/// What stands between the boundaries, which begin a line (RFC 2046 5.1.1). @param text without carriage returns.
std::vector<std::string> parts_between(const std::string& text, const std::string& boundary) {
    const std::string all = "\n" + text, mark = "\n--" + boundary;
    std::vector<std::string> out;
    auto begin = all.find(mark);
    while (begin != std::string::npos) {
        const auto line_end = all.find('\n', begin + mark.size());
        const auto end = all.find(mark, begin + mark.size());
        if (end == std::string::npos || line_end == std::string::npos) break;
        out.push_back(line_end < end ? all.substr(line_end + 1, end - line_end - 1) : "");
        begin = end;
    }
    return out;
}

/// The request inside a part. Its own headers count before those around the batch.
http::Request inner_request(std::string text, const http::Request& around) {
    http::Request one = around;
    const auto end = std::min(text.find('\n'), text.size());
    const std::string line = text.substr(0, end);
    text.erase(0, end + 1);
    const auto first = std::min(line.find(' '), line.size()), second = line.find(' ', first + 1);
    one.method = line.substr(0, first);
    const std::string target = first < line.size() ? line.substr(first + 1, second - first - 1) : "";
    one.url = target.starts_with('/') ? "https://www.googleapis.com" + target : target;
    std::erase_if(one.headers, [](const auto& header) {
        return header_of({header}, "Content-Type") != "" || header_of({header}, "Content-Length") != "";
    });
    http::Headers own = take_head(text);
    one.headers.insert(one.headers.begin(), own.begin(), own.end());
    while (text.ends_with('\n')) text.pop_back();
    one.body = std::move(text);
    return one;
}

/// "<item-1>" is answered as "<response-item-1>"; a part without a name has none in its answer.
std::string answering_name(std::string name) {
    if (name.empty()) return {};
    name.insert(name.starts_with('<') ? 1 : 0, "response-");
    return "Content-ID: " + name + "\r\n";
}

}  // namespace

http::Response GoogleSim::State::batch(const http::Request& request) {
    const std::string boundary = boundary_in(header_of(request.headers, "Content-Type"));
    if (boundary.empty()) return google_error(400, "badRequest");
    std::string text = request.body;
    std::erase(text, '\r');
    const auto parts = parts_between(text, boundary);
    if (parts.empty()) return google_error(400, "badRequest");
    if (parts.size() > quirks.batch_limit)
        return google_error(
            400,
            "global",
            "badRequest",
            "The batch request could not be processed: it has more than " + std::to_string(quirks.batch_limit) +
                " parts."
        );
    std::vector<std::string> answers;
    for (std::string part : parts) {
        const std::string name = header_of(take_head(part), "Content-ID");
        const http::Request one = inner_request(std::move(part), request);
        const auto url = http::parse_url(one.url);
        const bool fits = url && !url->path.starts_with("/batch");
        const http::Response answered = fits ? answer(one, *url) : google_error(400, "badRequest");
        answers.push_back(
            "--batch_answer\r\nContent-Type: application/http\r\n" + answering_name(name) + "\r\nHTTP/1.1 " +
            std::to_string(answered.status) + " " + phrase_of(answered.status) +
            "\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n" + answered.body + "\r\n"
        );
    }
    answers.resize(answers.size() - std::min(answers.size(), quirks.batch_leaves_out));
    if (quirks.batch_reversed) std::reverse(answers.begin(), answers.end());
    http::Response response;
    response.status = 200;
    response.headers = {{"Content-Type", "multipart/mixed; boundary=batch_answer"}};
    for (const std::string& one : answers) response.body += one;
    response.body += "--batch_answer--\r\n";
    return response;
}

}  // namespace calgate::testing
