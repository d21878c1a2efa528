#include "gateway/config_booking.hpp"

#include "connectors/http/url.hpp"

namespace calgate {
namespace {

constexpr std::int64_t kMostOpen = 1'000'000;

}  // namespace

void config::read_booking(Reading& in, BookingConfig& out) {
    in.flag("booking", "page", out.page);
    in.seconds("booking", "hold_s", 60, 3600, out.hold);
    in.flag("booking", "growing_wait", out.growing_wait);
    in.number("booking", "per_customer", 0, kMostOpen, out.limits.per_customer);
    in.number("booking", "per_address", 0, kMostOpen, out.limits.per_address);
    in.number("booking", "per_link", 0, kMostOpen, out.limits.per_link);
    in.number("booking", "per_day", 0, kMostOpen, out.limits.per_day);
    in.number("booking", "without_link", 0, kMostOpen, out.limits.without_link);
    in.flag("booking", "one_service", out.limits.one_service);
    in.flag("booking", "one_appointment", out.limits.one_appointment);
    in.flag("booking", "links_only", out.limits.links_only);
}

void config::read_callbacks(Reading& in, CallbackConfig& out) {
    in.text("callbacks", "url", out.url);
    in.flag("callbacks", "allow_internal", out.allow_internal);
    if (out.url.empty()) return;
    const auto url = http::parse_url(out.url);
    const bool safe = url && (url->scheme == "https" || http::is_loopback_host(url->host));
    if (!safe || out.url.find_first_of("#@ ") != std::string::npos)
        in.fail_at(
            in.line("callbacks", "url"), "url is no https address; write it as \"https://shop.example.org/calgate\""
        );
}

std::string config::written_booking(const BookingConfig& c) {
    return fmt::format(
        "[booking]\npage = {}\nhold_s = {}\ngrowing_wait = {}\nper_customer = {}\nper_address = {}\nper_link = "
        "{}\nper_day = {}\nwithout_link = {}\none_service = {}\none_appointment = {}\nlinks_only = {}\n",
        c.page,
        c.hold.count(),
        c.growing_wait,
        c.limits.per_customer,
        c.limits.per_address,
        c.limits.per_link,
        c.limits.per_day,
        c.limits.without_link,
        c.limits.one_service,
        c.limits.one_appointment,
        c.limits.links_only
    );
}

std::string config::written_callbacks(const CallbackConfig& c) {
    return fmt::format("[callbacks]\nurl = {}\nallow_internal = {}\n", quoted(c.url), c.allow_internal);
}

}  // namespace calgate
