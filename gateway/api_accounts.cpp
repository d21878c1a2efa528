#include <charconv>
#include <nlohmann/json.hpp>

#include "connectors/caldav/caldav_icloud.hpp"
#include "core/identity.hpp"
#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "gateway/caller.hpp"
#include "gateway/keys.hpp"
#include "gateway/read_anew.hpp"
#include "gateway/tls_identity.hpp"
#include "scheduler/regain.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr auto kDiscoveryTime = std::chrono::seconds{60};
constexpr auto kDisconnectTime = std::chrono::seconds{45};
constexpr auto kRevokeTime = std::chrono::seconds{10};

/// Equal for the same sign-in, so that connecting again finds the account.
AccountId account_id(const Account& account) {
    const std::string mailbox = account.identity.empty() ? "" : "\n" + account.identity;
    return AccountId{"acc-" + sha256_hex(account.url + "\n" + account.user + mailbox).substr(0, 12)};
}

bool wants_copies_removed(const HttpRequest& request) {
    const auto wish = request.parameter("remove_copies");
    if (!wish.empty() && wish != "true" && wish != "false")
        throw InputError("The parameter \"remove_copies\" is true or false.");
    return wish == "true";
}

HttpResponse shown(const std::string& id, const Disconnection& how) {
    return answer(
        200,
        Json{
            {"id", id},
            {"disconnected", how.done},
            {"copies_removed", how.removed},
            {"copies_left", how.left},
            {"notes", how.notes}}
    );
}

std::string certificate_setting(const AccountId& account) { return "certificate_end." + account.value; }

/// A sign-in count never starts again, so that nothing made under an earlier one passes for the present one.
std::string sign_ins_setting(const AccountId& account) { return "sign_ins." + account.value; }

int sign_ins_before(const Reader& reader, const AccountId& id) {
    if (const auto before = reader.account(id)) return before->sign_ins;
    int count = 0;
    const std::string kept = reader.setting(sign_ins_setting(id)).value_or("");
    std::from_chars(kept.data(), kept.data() + kept.size(), count);
    return count;
}

/// At the entry host: the partition that somebody may have found out changes.
std::string icloud_url(const std::string& given) {
    const auto url = http::parse_url(given);
    if (!url || url->scheme != "https" || !http::is_icloud_host(url->host))
        throw InputError(
            "The field \"url\" of an iCloud account is " + std::string(caldav::kIcloudEntry) +
            " (https://caldav.icloud.com.cn/ in mainland China); leave it out."
        );
    return caldav::at_icloud_entry(*url).text();
}

}  // namespace

std::optional<Instant> certificate_end_of(const Reader& reader, const AccountId& account) {
    return parse_instant(reader.setting(certificate_setting(account)).value_or(""));
}

HttpResponse busy_connecting() {
    auto busy =
        problem(503, kBusyConnecting, "Another account is just being connected. Try this one again in half a minute.");
    busy.headers.emplace_back("Retry-After", "30");
    return busy;
}

HttpResponse connect_problem(const Error& error) {
    if (error.code == ErrorCode::Unauthorized) return problem(422, "Sign-in refused", error.detail);
    const bool ours_to_mend = error.code == ErrorCode::NotFound || error.code == ErrorCode::Rejected ||
                              error.code == ErrorCode::Unsupported || error.code == ErrorCode::Forbidden;
    if (ours_to_mend) return problem(422, "No calendar server there", error.detail);
    return problem(502, "The calendar server did not answer well", error.detail);
}

HttpResponse Api::list_accounts(const HttpRequest&, const PathValues&) {
    Json list = Json::array();
    parts_.store.read([&](const Reader& reader) {
        for (const Account& account : reader.accounts()) {
            list.push_back(shown(account));
            list.back()["certificate_ends"] = instant_json(certificate_end_of(reader, account.id));
        }
    });
    return answer(200, Json{{"accounts", list}});
}

HttpResponse Api::post_account(const HttpRequest& request, const PathValues&) {
    const JsonInput in(request.body, {"kind", "url", "user", "password", "address", "mailbox"});
    Account account;
    account.kind = in.text_or("kind", 20, "caldav");
    const bool exchange = account.kind == "ews";
    const bool icloud = account.kind == "icloud";
    if (!exchange && !icloud && account.kind != "caldav")
        throw InputError("The field \"kind\" is \"caldav\", \"icloud\" or \"ews\".");
    account.user = in.text("user", 255);
    const std::string password = in.text("password", 1024);
    if (!exchange && (in.has("address") || in.has("mailbox")))
        throw InputError("The fields \"address\" and \"mailbox\" belong to the kind \"ews\".");
    const std::unique_lock turn(connecting_, std::try_to_lock);
    if (!turn) return busy_connecting();
    const Context context{parts_.clock.steady() + kDiscoveryTime, {}};
    if (exchange && !in.has("url")) {
        const std::string address = in.text("address", 320);
        const auto found = parts_.connectors.find_exchange(address, {account.user, password}, context);
        if (!found) return connect_problem(found.error());
        account.url = *found;
    } else {
        account.url = icloud ? icloud_url(in.text_or("url", 2048, caldav::kIcloudEntry)) : in.text("url", 2048);
        if (account.url.find("://") == std::string::npos) account.url = "https://" + account.url;
    }
    account.identity = in.text_or("mailbox", 320, "");
    account.id = account_id(account);
    auto trial = parts_.connectors.open(account, password, context);
    if (!trial) return connect_problem(trial.error());
    const auto calendars = trial->connector->list_calendars(context);
    if (!calendars) return connect_problem(calendars.error());
    if (!exchange) account.identity = GatewayConnectors::addresses_of(*trial);
    keep_account(account, password, who(request));
    Json body = shown(account);
    body["calendars"] = shown(*calendars);
    return answer(200, body);
}

void Api::keep_account(Account& account, const std::string& secret, const std::string& actor) {
    std::vector<CalendarId> targets;
    parts_.store.write([&](Writer& writer) {
        targets.clear();
        account.sign_ins = sign_ins_before(writer, account.id) + 1;
        const auto before = writer.account(account.id);
        const bool replies_of_another = before && before->identity != account.identity;
        account.state = AccountState::Active;
        writer.put(account);
        writer.erase_secrets(account.id);
        parts_.connectors.vault().keep(writer, account.id, secret_name(account.method), secret);
        const bool certified = account.method == SignInMethod::ApplicationCertificate;
        const auto end = certified ? certificate_end(secret) : std::nullopt;
        writer.put_setting(certificate_setting(account.id), end ? format_instant(*end) : "");
        writer.append(Change{0, parts_.clock.now(), "account.connected", account.id.value, actor, "", 0});
        for (Calendar& calendar : writer.calendars()) {
            if (calendar.account != account.id) continue;
            targets.push_back(calendar.id);
            try_again(writer, calendar.id);
            calendar = writer.calendar(calendar.id).value_or(calendar);
            if (replies_of_another) read_anew(writer, calendar);
        }
    });
    for (const CalendarId& id : targets) parts_.engine.poll_now(id);
}

HttpResponse Api::delete_account(const HttpRequest& request, const PathValues& path) {
    const bool remove_copies = wants_copies_removed(request);
    const auto account = read(parts_.store, [&](const Reader& r) { return r.account(AccountId{path.at("id")}); });
    if (!account) return problem(404, "Not Found", "There is no account with this id; GET /v1/accounts names them.");
    const SteadyInstant deadline = parts_.clock.steady() + kDisconnectTime;
    Disconnection total{.done = true};
    for (const Calendar& calendar : read(parts_.store, [](const Reader& r) { return r.calendars(); })) {
        if (calendar.account != account->id) continue;
        const auto one = parts_.engine.disconnect(calendar.id, remove_copies, deadline, who(request));
        total.done = total.done && one.done;
        total.removed += one.removed;
        total.left += one.left;
        for (const std::string& note : one.notes) total.notes.push_back(calendar.name + ": " + note);
    }
    if (total.done) {
        for (std::string& note : part_with(*account, who(request))) total.notes.push_back(std::move(note));
        total.done = !read(parts_.store, [&](const Reader& r) { return r.account(account->id); });
    }
    return shown(account->id.value, total);
}

std::vector<std::string> Api::part_with(const Account& account, const std::string& actor) {
    const auto consent = parts_.connectors.consent_of(account);
    const bool gone = write(parts_.store, [&](Writer& writer) {
        for (const Calendar& calendar : writer.calendars())
            if (calendar.account == account.id) return false;
        const auto last = writer.account(account.id);
        writer.put_setting(sign_ins_setting(account.id), std::to_string(last ? last->sign_ins : account.sign_ins));
        writer.put_setting(certificate_setting(account.id), "");
        writer.erase_secrets(account.id);
        writer.erase(account.id);
        writer.append(Change{0, parts_.clock.now(), "account.disconnected", account.id.value, actor, "", 0});
        return true;
    });
    // The consent covers every calendar of the account: it ends only when none can be connected any more.
    if (!gone) return {"A calendar of this account was connected meanwhile; disconnect it again."};
    parts_.engine.forget(account.id);
    parts_.connectors.forget(account);
    std::vector<std::string> notes;
    Status ended{};
    if (!consent)
        ended = consent.error();
    else if (*consent)
        ended = parts_.connectors.end_consent(**consent, {parts_.clock.steady() + kRevokeTime, {}});
    if (!ended)
        notes.push_back(
            "The consent at Google could not be ended: " + ended.error().detail +
            " The person can remove calgate under https://myaccount.google.com/connections."
        );
    if (account.method == SignInMethod::Person && account.kind == "graph")
        notes.emplace_back(
            "Microsoft lets only the person or an administrator end the consent; remove calgate under "
            "https://myapps.microsoft.com."
        );
    return notes;
}

HttpResponse Api::delete_calendar(const HttpRequest& request, const PathValues& path) {
    const bool remove_copies = wants_copies_removed(request);
    const CalendarId id{path.at("id")};
    if (!read(parts_.store, [&](const Reader& r) { return r.calendar(id); }))
        return problem(404, "Not Found", "There is no calendar with this id; GET /v1/calendars names them.");
    return shown(
        id.value, parts_.engine.disconnect(id, remove_copies, parts_.clock.steady() + kDisconnectTime, who(request))
    );
}

}  // namespace calgate
