#include "gateway/config.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <charconv>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace calgate {
namespace {

template <class E>
using Names = std::vector<std::pair<std::string, E>>;

const Names<ConcurrentEditPolicy> kConcurrentEdits{
    {"ask", ConcurrentEditPolicy::Ask},
    {"gateway", ConcurrentEditPolicy::Gateway},
    {"calendar", ConcurrentEditPolicy::Calendar},
    {"newest", ConcurrentEditPolicy::Newest}};
const Names<DeletionPolicy> kDeletions{
    {"ask_when_many", DeletionPolicy::AskWhenMany},
    {"cancel", DeletionPolicy::Cancel},
    {"restore", DeletionPolicy::Restore},
    {"ask", DeletionPolicy::Ask}};
const Names<StalePolicy> kStale{
    {"provisional", StalePolicy::Provisional}, {"offer", StalePolicy::Offer}, {"refuse", StalePolicy::Refuse}};

template <class E>
std::string name_of(const Names<E>& names, E value) {
    for (const auto& [name, each] : names) {
        if (each == value) return name;
    }
    return {};
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out += std::string("\\") + c;
        else if (code < 0x20 || code == 0x7f)
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(code));
        else
            out += c;
    }
    return out + "\"";
}

/// Reads keys of one file; keeps the first thing that is wrong.
class Reading {
public:
    Reading(const toml::table& root, std::string file) : root_(root), file_(std::move(file)) {}

    void text(const char* section, const char* key, std::string& out) {
        const auto* node = find(section, key);
        if (!node) return;
        if (const auto value = node->value_exact<std::string>())
            out = *value;
        else
            fail(*node, fmt::format("{} is no text; write it in quotes", key));
    }
    template <class T>
    void number(const char* section, const char* key, std::int64_t low, std::int64_t high, T& out) {
        const auto* node = find(section, key);
        if (!node) return;
        const auto value = node->value_exact<std::int64_t>();
        if (value && *value >= low && *value <= high)
            out = static_cast<T>(*value);
        else
            fail(*node, fmt::format("{} is out of range; write a whole number from {} to {}", key, low, high));
    }
    void seconds(const char* section, const char* key, std::int64_t low, std::int64_t high, std::chrono::seconds& out) {
        std::int64_t value = out.count();
        number(section, key, low, high, value);
        out = std::chrono::seconds{value};
    }
    template <class E>
    void choice(const char* section, const char* key, const Names<E>& names, E& out) {
        const auto* node = find(section, key);
        if (!node) return;
        const auto value = node->value_exact<std::string>();
        std::string all;
        for (const auto& [name, each] : names) {
            if (value && *value == name) {
                out = each;
                return;
            }
            all += (all.empty() ? "\"" : ", \"") + name + "\"";
        }
        fail(*node, fmt::format("{} has a value nobody knows; write one of {}", key, all));
    }
    void refuse_unknown() {
        for (const auto& [section, node] : root_) {
            const std::string name(section.str());
            const auto* table = node.as_table();
            if (!table || !known_.contains(name)) {
                fail(
                    node, fmt::format("[{}] is no section; use [gateway], [limits], [sync], [policy] or [push]", name)
                );
                continue;
            }
            for (const auto& [key, value] : *table) {
                const std::string full = name + "." + std::string(key.str());
                if (!known_.contains(full)) fail(value, fmt::format("{} is no setting; correct or remove it", full));
            }
        }
    }
    void fail_at(unsigned line, const std::string& what) {
        if (!error_) error_ = Error{ErrorCode::Rejected, fmt::format("{}:{}: {}.", file_, line, what), {}};
    }
    void fail(const toml::node& node, const std::string& what) { fail_at(node.source().begin.line, what); }
    unsigned line(const char* section, const char* key) const {
        const auto node = root_[section][key];
        return node ? node.node()->source().begin.line : 1;
    }
    const std::optional<Error>& error() const { return error_; }

private:
    const toml::node* find(const char* section, const char* key) {
        known_.insert(section);
        known_.insert(std::string(section) + "." + key);
        return root_[section][key].node();
    }

    const toml::table& root_;
    std::string file_;
    std::set<std::string> known_{};
    std::optional<Error> error_{};
};

bool split_listen(const std::string& listen, Config& out) {
    const auto colon = listen.rfind(':');
    if (colon == std::string::npos || colon == 0) return false;
    const char* end = listen.data() + listen.size();
    int port = -1;
    const auto parsed = std::from_chars(listen.data() + colon + 1, end, port);
    if (parsed.ec != std::errc{} || parsed.ptr != end || port < 0 || port > 65535) return false;
    out.listen_host = listen.substr(0, colon);
    out.listen_port = port;
    return true;
}

void read_push(Reading& in, Config& out) {
    constexpr std::size_t kLongest = 500;
    in.text("push", "url", out.push_url);
    while (out.push_url.ends_with('/')) out.push_url.pop_back();
    const bool bare = out.push_url.size() <= kLongest && out.push_url.find_first_of("?#@ \t\r\n") == std::string::npos;
    const bool secure = out.push_url.starts_with("https://") && out.push_url.size() > 8;
    if (!out.push_url.empty() && !(bare && secure))
        in.fail_at(in.line("push", "url"), "url is no https address; write it as \"https://cal.example.org\"");
}

}  // namespace

Result<Config> read_config(std::string_view text, const std::string& file, const ZoneResolver& zones) {
    toml::table root;
    try {
        root = toml::parse(text);
    } catch (const toml::parse_error& error) {
        return Error{
            ErrorCode::Rejected,
            fmt::format(
                "{}:{}: this is not TOML: {}; correct the line.", file, error.source().begin.line, error.description()
            ),
            {}};
    }
    Config out;
    Reading in(root, file);
    std::string listen = fmt::format("{}:{}", out.listen_host, out.listen_port);
    in.text("gateway", "name", out.name);
    in.text("gateway", "zone", out.zone);
    in.text("gateway", "listen", listen);
    in.number("limits", "body_bytes", 1024, 16 * 1024 * 1024, out.body_bytes);
    in.number("limits", "connections", 1, 100'000, out.connections);
    in.seconds("limits", "request_timeout_s", 1, 600, out.request_timeout);
    in.seconds("sync", "poll_active_s", 5, 86'400, out.poll_active);
    in.seconds("sync", "poll_idle_s", 5, 86'400, out.poll_idle);
    in.seconds("sync", "call_timeout_s", 1, 600, out.call_timeout);
    in.number("sync", "workers", 1, 256, out.workers);
    in.choice("policy", "concurrent_edits", kConcurrentEdits, out.concurrent_edits);
    in.choice("policy", "deletions", kDeletions, out.deletions);
    in.choice("policy", "stale", kStale, out.stale);
    in.seconds("policy", "stale_after_s", 60, 30 * 86'400, out.stale_after);
    read_push(in, out);
    in.refuse_unknown();
    if (out.name.empty()) in.fail_at(in.line("gateway", "name"), "the business has no name; set name in [gateway]");
    if (out.zone.empty() || !zones.knows(out.zone)) {
        in.fail_at(
            in.line("gateway", "zone"), "zone is no known time zone; write an IANA name such as \"Europe/Berlin\""
        );
    }
    if (!split_listen(listen, out)) {
        in.fail_at(in.line("gateway", "listen"), "listen is no address; write it as \"127.0.0.1:8480\"");
    }
    if (in.error()) return *in.error();
    return out;
}

std::string write_config(const Config& c) {
    return fmt::format(
        "[gateway]\nname = {}\nzone = {}\nlisten = {}\n\n"
        "[limits]\nbody_bytes = {}\nconnections = {}\nrequest_timeout_s = {}\n\n"
        "[sync]\npoll_active_s = {}\npoll_idle_s = {}\ncall_timeout_s = {}\nworkers = {}\n\n"
        "[policy]\nconcurrent_edits = \"{}\"\ndeletions = \"{}\"\nstale = \"{}\"\nstale_after_s = {}\n\n"
        "[push]\nurl = {}\n",
        quoted(c.name),
        quoted(c.zone),
        quoted(fmt::format("{}:{}", c.listen_host, c.listen_port)),
        c.body_bytes,
        c.connections,
        c.request_timeout.count(),
        c.poll_active.count(),
        c.poll_idle.count(),
        c.call_timeout.count(),
        c.workers,
        name_of(kConcurrentEdits, c.concurrent_edits),
        name_of(kDeletions, c.deletions),
        name_of(kStale, c.stale),
        c.stale_after.count(),
        quoted(c.push_url)
    );
}

}  // namespace calgate
