#include "gateway/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <vector>

#include "connectors/http/url.hpp"
#include "connectors/oauth/client.hpp"
#include "gateway/config_booking.hpp"
#include "gateway/config_policy.hpp"
#include "gateway/config_reading.hpp"
#include "gateway/credentials.hpp"

namespace calgate {
namespace {

using config::name_of;
using config::Names;
using config::quoted;
using config::Reading;

const Names<StalePolicy> kStale{
    {"provisional", StalePolicy::Provisional}, {"offer", StalePolicy::Offer}, {"refuse", StalePolicy::Refuse}};

/// Where the string ends that begins at `from`, with its quotes; one that spans no lines ends with its line.
std::size_t end_of_string(std::string_view text, std::size_t from) {
    const char quote = text[from];
    const std::string mark(text.substr(from, 3) == std::string(3, quote) ? 3 : 1, quote);
    std::size_t at = from + mark.size();
    while (at < text.size() && text.substr(at, mark.size()) != mark && (mark.size() == 3 || text[at] != '\n'))
        at += quote == '"' && text[at] == '\\' ? 2 : 1;
    return std::min(at + mark.size(), text.size());
}

/// The line of the first character outside of ASCII that stands neither in a string nor in a comment, where TOML has
/// none, and toml++ 3.3 reads on in undefined ways; 0: there is none.
std::ptrdiff_t line_of_bare_letter(std::string_view text) {
    std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) {
        if (text[at] == '#') {
            at = std::min(text.find('\n', at), text.size());
        } else {
            at = text[at] == '"' || text[at] == '\'' ? end_of_string(text, at) : at + 1;
        }
    }
    return at < text.size() ? 1 + std::ranges::count(text.substr(0, at), '\n') : 0;
}

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

bool is_port(std::string_view text) {
    int port = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
    return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && port > 0 && port <= 65535;
}

/// Takes "host:port" and the colon after it off the front.
bool take_host_and_port(std::string_view& text) {
    const auto end_of_host = text.starts_with('[') ? text.find("]:") + 1 : text.find(':');
    if (end_of_host == std::string_view::npos || end_of_host == 0) return false;
    const auto end = std::min(text.find(':', end_of_host + 1), text.size());
    const bool good = is_port(text.substr(end_of_host + 1, end - end_of_host - 1));
    text.remove_prefix(std::min(end + 1, text.size()));
    return good;
}

std::string wrong_connect_to(std::string_view entry) {
    const bool spaces = entry.find_first_of(" \t\r\n/") != std::string_view::npos;
    if (!spaces && take_host_and_port(entry) && take_host_and_port(entry) && entry.empty()) return {};
    return "connect_to holds an entry that is none; write \"host:443:127.0.0.1:8443\"";
}

void read_application(Reading& in, const char* section, ApplicationConfig& out) {
    in.text(section, "client_id", out.client_id);
    in.text(section, "client_secret_file", out.client_secret_file);
    in.refuse_secret(section, "client_secret");
    const bool proof = !out.client_secret_file.empty() || !out.certificate_file.empty();
    if (proof && out.client_id.empty())
        in.fail_at(in.line(section, "client_secret_file"), "there is no client_id; write the one of the registration");
}

void read_providers(Reading& in, Config& out) {
    read_application(in, "google", out.google);
    in.text("microsoft", "certificate_file", out.microsoft.certificate_file);
    read_application(in, "microsoft", out.microsoft);
    in.refuse_secret("microsoft", "certificate");
    in.text("microsoft", "tenant", out.microsoft.tenant);
    if (!out.microsoft.certificate_file.empty() && !out.microsoft.client_secret_file.empty()) {
        in.fail_at(
            in.line("microsoft", "certificate_file"),
            "there are client_secret_file and certificate_file; keep one of them"
        );
    }
    in.text("microsoft", "cloud", out.microsoft.cloud);
    if (oauth::microsoft_cloud(out.microsoft.cloud) == nullptr) {
        in.fail_at(
            in.line("microsoft", "cloud"),
            "cloud is none of Microsoft's; write \"worldwide\", \"us-government\" (GCC High), \"us-government-dod\" or "
            "\"china\""
        );
    }
    if (!oauth::is_tenant(out.microsoft.tenant)) {
        in.fail_at(
            in.line("microsoft", "tenant"),
            "tenant is none; write its id or domain, or \"organizations\", \"consumers\" or \"common\""
        );
    }
}

void read_network(Reading& in, const std::string& file, Config& out) {
    in.text("network", "ca_file", out.ca_file);
    in.texts("network", "connect_to", 32, out.connect_to, wrong_connect_to);
    if (out.ca_file.empty()) return;
    out.ca_file = (std::filesystem::path(file).parent_path() / out.ca_file).string();
    std::error_code error;
    if (!std::filesystem::is_regular_file(out.ca_file, error) || !std::ifstream(out.ca_file))
        in.fail_at(
            in.line("network", "ca_file"), "ca_file names no file that can be read; write where the PEM file is"
        );
}

void read_kit(Reading& in, KitConfig& out) {
    std::chrono::seconds every = out.every;
    in.text("kit", "target", out.target);
    in.seconds("kit", "every_s", 300, 7 * 86'400, every);
    in.number("kit", "days", 1, 60, out.days);
    in.text("kit", "password_file", out.password_file);
    in.refuse_secret("kit", "password");
    in.text("kit", "user", out.user);
    in.text("kit", "target_password_file", out.target_password_file);
    in.refuse_secret("kit", "target_password");
    out.every = std::chrono::duration_cast<std::chrono::minutes>(every);
}

std::string wrong_country(const std::string& entry) {
    const auto equals = entry.find('=');
    const bool good = equals != std::string::npos && equals > 0 && entry.size() == equals + 3 &&
                      std::isupper(static_cast<unsigned char>(entry[equals + 1])) != 0 &&
                      std::isupper(static_cast<unsigned char>(entry[equals + 2])) != 0;
    return good ? "" : "countries has an entry that is none; write \"host=CC\" such as \"cal.example.org=DE\"";
}

void read_privacy(Reading& in, Config& out) {
    in.number("retention", "customers_days", 0, 36'500, out.retention.customers);
    in.number("retention", "versions_days", 0, 36'500, out.retention.versions);
    in.number("retention", "words_days", 0, 36'500, out.retention.words);
    in.texts("network", "countries", 256, out.countries, wrong_country);
}

/// Relative names are names in the folder of the configuration.
void read_certificate(Reading& in, const std::string& file, Config& out) {
    const std::string folder = std::filesystem::path(file).parent_path().string();
    in.text("gateway", "certificate_file", out.certificate_file);
    in.text("gateway", "certificate_key_file", out.certificate_key_file);
    in.refuse_secret("gateway", "certificate_key");
    if (out.certificate_file.empty() != out.certificate_key_file.empty())
        in.fail_at(
            in.line("gateway", "certificate_file"),
            "there is only one of certificate_file and certificate_key_file; name both, or none for plain HTTP"
        );
    for (std::string* name : {&out.certificate_file, &out.certificate_key_file})
        if (!name->empty()) *name = secret_path(folder, *name);
}

void read_public_url(Reading& in, Config& out) {
    in.text("gateway", "public_url", out.public_url);
    if (out.public_url.empty()) return;
    while (out.public_url.ends_with('/')) out.public_url.pop_back();
    const auto url = http::parse_url(out.public_url);
    const bool safe = url && (url->scheme == "https" || http::is_loopback_host(url->host));
    if (!safe || out.public_url.find_first_of("?#@ ") != std::string::npos) {
        in.fail_at(
            in.line("gateway", "public_url"), "public_url is no https address; write it as \"https://cal.example.org\""
        );
    }
}

std::string quoted_list(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + quoted(text);
    return out + "]";
}

}  // namespace

Result<Config> read_config(std::string_view text, const std::string& file, const ZoneResolver& zones) {
    if (const auto line = line_of_bare_letter(text); line > 0) {
        return Error{
            ErrorCode::Rejected,
            fmt::format(
                "{}:{}: this is not TOML: a letter such as ä stands without quotes; put it into quotes.", file, line
            ),
            {}};
    }
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
    } catch (const std::logic_error&) {
        return Error{
            ErrorCode::Rejected,
            file +
                ":1: this is not TOML, there or below: the name of a table or key begins with a character that none "
                "may begin with; correct it.",
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
    in.number("limits", "key_per_minute", 0, 10'000'000, out.key_per_minute);
    in.number("limits", "streams_per_key", 1, 10'000, out.streams_per_key);
    in.number("limits", "address_per_minute", 0, 10'000'000, out.address_per_minute);
    in.number("limits", "connections_per_address", 0, 100'000, out.connections_per_address);
    in.flag("gateway", "behind_proxy", out.behind_proxy);
    read_certificate(in, file, out);
    in.seconds("sync", "poll_active_s", 5, 86'400, out.poll_active);
    in.seconds("sync", "poll_idle_s", 5, 86'400, out.poll_idle);
    in.seconds("sync", "probe_every_s", 5, 3600, out.probe_every);
    in.seconds("sync", "call_timeout_s", 1, 600, out.call_timeout);
    in.number("sync", "workers", 1, 256, out.workers);
    config::read_policies(in, out);
    in.choice("policy", "stale", kStale, out.stale);
    in.seconds("policy", "stale_after_s", 60, 30 * 86'400, out.stale_after);
    in.number("policy", "recheck_ms", 0, 10'000, out.recheck_ms);
    read_public_url(in, out);
    read_kit(in, out.kit);
    config::read_booking(in, out.booking);
    config::read_callbacks(in, out.callbacks);
    in.text("holidays", "source", out.holidays);
    in.seconds("holidays", "every_s", 300, 30 * 86'400, out.holidays_every);
    read_privacy(in, out);
    read_providers(in, out);
    read_network(in, file, out);
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
        "[gateway]\nname = {}\nzone = {}\nlisten = {}\npublic_url = {}\ncertificate_file = {}\n"
        "certificate_key_file = {}\nbehind_proxy = {}\n\n"
        "[limits]\nbody_bytes = {}\nconnections = {}\nconnections_per_address = {}\nrequest_timeout_s = "
        "{}\nkey_per_minute = {}\naddress_per_minute "
        "= {}\nstreams_per_key = {}\n\n"
        "[sync]\npoll_active_s = {}\npoll_idle_s = {}\nprobe_every_s = {}\ncall_timeout_s = {}\nworkers = {}\n\n"
        "[policy]\nstale = \"{}\"\nstale_after_s = {}\nrecheck_ms = {}\n{}\n"
        "[kit]\ntarget = {}\nevery_s = {}\ndays = {}\npassword_file = {}\nuser = {}\ntarget_password_file = {}\n\n"
        "{}\n{}\n"
        "[holidays]\nsource = {}\nevery_s = {}\n\n"
        "[google]\nclient_id = {}\nclient_secret_file = {}\n\n"
        "[microsoft]\ncloud = {}\nclient_id = {}\ntenant = {}\nclient_secret_file = {}\ncertificate_file = {}\n\n"
        "[retention]\ncustomers_days = {}\nversions_days = {}\nwords_days = {}\n\n"
        "[network]\nca_file = {}\nconnect_to = {}\ncountries = {}\n",
        quoted(c.name),
        quoted(c.zone),
        quoted(fmt::format("{}:{}", c.listen_host, c.listen_port)),
        quoted(c.public_url),
        quoted(c.certificate_file),
        quoted(c.certificate_key_file),
        c.behind_proxy,
        c.body_bytes,
        c.connections,
        c.connections_per_address,
        c.request_timeout.count(),
        c.key_per_minute,
        c.address_per_minute,
        c.streams_per_key,
        c.poll_active.count(),
        c.poll_idle.count(),
        c.probe_every.count(),
        c.call_timeout.count(),
        c.workers,
        name_of(kStale, c.stale),
        c.stale_after.count(),
        c.recheck_ms,
        config::written_policies(c),
        quoted(c.kit.target),
        std::chrono::seconds{c.kit.every}.count(),
        c.kit.days,
        quoted(c.kit.password_file),
        quoted(c.kit.user),
        quoted(c.kit.target_password_file),
        config::written_booking(c.booking),
        config::written_callbacks(c.callbacks),
        quoted(c.holidays),
        c.holidays_every.count(),
        quoted(c.google.client_id),
        quoted(c.google.client_secret_file),
        quoted(c.microsoft.cloud),
        quoted(c.microsoft.client_id),
        quoted(c.microsoft.tenant),
        quoted(c.microsoft.client_secret_file),
        quoted(c.microsoft.certificate_file),
        c.retention.customers.count(),
        c.retention.versions.count(),
        c.retention.words.count(),
        quoted(c.ca_file),
        quoted_list(c.connect_to),
        quoted_list(c.countries)
    );
}

}  // namespace calgate
