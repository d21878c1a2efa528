#include <charconv>

#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

constexpr std::chrono::seconds kBetweenSignIns{60};

/// Refusals in a row of one sign-in, over all calendars of the account.
struct Refusals {
    int sign_in = 0;
    int count = 0;
    std::int64_t last_s = 0;  ///< Unix time.
};

std::string setting_of(const AccountId& id) { return "sign_in." + id.value; }

std::string written(const Refusals& r) {
    return std::to_string(r.sign_in) + " " + std::to_string(r.count) + " " + std::to_string(r.last_s);
}

Refusals read_refusals(std::string_view text) {
    Refusals out;
    const auto number = [&](auto& value) {
        const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (!text.empty()) text.remove_prefix(1);
    };
    number(out.sign_in);
    number(out.count);
    number(out.last_s);
    return out;
}

}  // namespace

/// Some services refuse a right password for a while, and lock the account of whoever tries too often.
bool SyncPass::sign_in_waits() {
    if (connector_.capabilities().sign_in_tries <= 1) return false;
    const Refusals known = read_refusals(read(parts_.store, [&](const Reader& r) {
        return r.setting(setting_of(account_.id)).value_or("");
    }));
    if (known.sign_in != account_.sign_ins || known.count == 0) return false;
    refused_before_ = known.count;
    const auto since = std::chrono::seconds{parts_.clock.now().time_since_epoch().count() - known.last_s};
    if (since < since.zero() || since >= kBetweenSignIns) return false;
    report_.error = Error{
        ErrorCode::Unauthorized,
        "The service refused the sign-in; it is tried again in a minute.",
        kBetweenSignIns - since};
    return true;
}

bool SyncPass::refused_for_good(const Error& error) {
    const int tries = connector_.capabilities().sign_in_tries;
    if (tries <= 1) return true;
    const int count = refused_before_ + 1;
    const std::int64_t now_s = parts_.clock.now().time_since_epoch().count();
    parts_.store.write([&](Writer& writer) {
        writer.put_setting(setting_of(account_.id), written({account_.sign_ins, count >= tries ? 0 : count, now_s}));
    });
    if (count >= tries) return true;
    report_.error = error;
    report_.error->detail +=
        " It is tried again in a minute; after " + std::to_string(tries) + " refusals the account waits for a person.";
    report_.error->retry_after = kBetweenSignIns;
    return false;
}

void SyncPass::forget_refusals() {
    if (refused_before_ == 0 || !answered_ || (report_.error && report_.error->code == ErrorCode::Unauthorized)) return;
    parts_.store.write([&](Writer& writer) { writer.put_setting(setting_of(account_.id), ""); });
}

}  // namespace calgate
