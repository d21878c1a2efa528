#include <algorithm>
#include <nlohmann/json.hpp>

#include "connectors/http/url.hpp"
#include "connectors/oauth/assertion.hpp"
#include "connectors/oauth/authorization.hpp"
#include "core/identity.hpp"
#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "gateway/refused.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr auto kProviderTime = std::chrono::seconds{30};  ///< For all calls of one sign-in together.
constexpr const char* kCallback = "/oauth/callback";

oauth::Provider provider_from(const std::string& name) {
    if (name == "google") return oauth::Provider::Google;
    if (name == "microsoft") return oauth::Provider::Microsoft;
    throw InputError("The field \"provider\" is \"google\" or \"microsoft\".");
}

oauth::Access access_from(const std::string& name) {
    if (name == "busy") return oauth::Access::Busy;
    if (name == "mirror") return oauth::Access::Mirror;
    throw InputError("The field \"access\" is \"busy\" (reading only) or \"mirror\".");
}

const char* kind_of(oauth::Provider provider) { return provider == oauth::Provider::Google ? "google" : "graph"; }

const char* address_of(const oauth::Client& client) {
    return client.provider == oauth::Provider::Google ? "https://www.googleapis.com" : client.cloud.graph;
}

/// Equal for the same identity. One that passed to another person keeps its id: then the next free one.
AccountId account_id(const Reader& reader, const std::string& kind, const std::string& identity) {
    for (std::string text = kind + "\n" + identity;; text += "\n") {
        const AccountId id{"acc-" + sha256_hex(text).substr(0, 12)};
        const auto taken = reader.account(id);
        if (!taken || taken->identity == identity) return id;
    }
}

/// Only a program on the caller's own machine may get the code instead of the gateway.
std::string checked_redirect(const std::string& redirect) {
    const auto url = http::parse_url(redirect);
    if (!url || url->scheme != "http" || !http::is_loopback_host(url->host) || url->path != kCallback ||
        !url->query.empty())
        throw InputError(
            "The field \"redirect_uri\" is an address on this machine such as http://127.0.0.1:8123/oauth/callback, "
            "or leave it out."
        );
    return redirect;
}

bool same_address(const std::string& a, const std::string& b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

HttpResponse page(int status, const std::string& sentence) {
    HttpResponse response;
    response.status = status;
    response.type = "text/html; charset=utf-8";
    response.body = "<!doctype html><html lang=\"en\"><title>calgate</title><p>" + escaped(sentence) + "</p></html>\n";
    response.headers = {
        {"Cache-Control", "no-store"},
        {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
        {"Referrer-Policy", "no-referrer"},
        {"X-Content-Type-Options", "nosniff"}};
    return response;
}

const char* name_of(SignIns::Stage stage) {
    switch (stage) {
        case SignIns::Stage::Waiting:
            return "waiting";
        case SignIns::Stage::Done:
            return "done";
        case SignIns::Stage::Failed:
            return "failed";
    }
    return "failed";
}

constexpr const char* kUnknownState =
    "This sign-in is not known here: it was finished before, took longer than ten minutes, or was begun by another "
    "key. Begin it again.";

}  // namespace

HttpResponse Api::post_sign_in(const HttpRequest& request, const PathValues&) {
    const JsonInput in(
        request.body, {"provider", "access", "account", "redirect_uri", "login_hint", "confirm_other_person"}
    );
    const oauth::Provider provider = provider_from(in.text("provider", 20));
    BegunSignIn begun;
    begun.caller = caller_of(request);
    begun.client = parts_.connectors.client(provider);
    begun.actor = who(request);
    begun.confirm_other_person = in.flag_or("confirm_other_person", false);
    const std::string section = provider == oauth::Provider::Google ? "[google]" : "[microsoft]";
    if (begun.client.id.empty())
        return problem(
            422,
            "Not set up",
            "There is no client_id in " + section + " of calgate.toml; the README says how to get one."
        );
    std::string hint = in.text_or("login_hint", 320, "");
    std::string access = "mirror";
    if (in.has("account")) {
        begun.account = AccountId{in.text("account", 128)};
        const auto account = read(parts_.store, [&](const Reader& r) { return r.account(*begun.account); });
        if (!account || account->kind != kind_of(provider) || account->method != SignInMethod::Person)
            return problem(
                422, "Unprocessable Content", "There is no account with this id that a person signed in there."
            );
        if (hint.empty()) hint = account->user;
        if (!account->may_write) access = "busy";
    }
    begun.access = access_from(in.text_or("access", 20, access));
    std::string redirect = parts_.connectors.settings().public_url + kCallback;
    if (in.has("redirect_uri"))
        redirect = checked_redirect(in.text("redirect_uri", 255));
    else if (parts_.connectors.settings().public_url.empty())
        return problem(
            422,
            "Not set up",
            "Browsers cannot come back: set public_url in [gateway] of calgate.toml, or use calgate connect."
        );
    begun.authorization = oauth::begin_authorization(begun.client, begun.access, redirect, hint, parts_.random);
    const auto kept = sign_ins_.begin(begun);
    if (!kept) {
        auto busy =
            problem(429, "Too Many Requests", "Too many sign-ins are under way; finish them or wait ten minutes.");
        busy.headers.emplace_back("Retry-After", "600");
        return busy;
    }
    return answer(
        201,
        Json{
            {"id", kept->id},
            {"url", kept->authorization.url},
            {"state", kept->authorization.state},
            {"expires_in_s",
             std::chrono::duration_cast<std::chrono::seconds>(kept->until - parts_.clock.steady()).count()}}
    );
}

HttpResponse Api::get_sign_in(const HttpRequest& request, const PathValues& path) {
    const auto standing = sign_ins_.standing(path.at("id"), caller_of(request));
    if (!standing) return problem(404, "Not Found", kUnknownState);
    return answer(
        200,
        Json{{"stage", name_of(standing->stage)}, {"account", standing->account.value}, {"detail", standing->detail}}
    );
}

HttpResponse Api::finish_sign_in(const HttpRequest& request, const PathValues& path) {
    const JsonInput in(request.body, {"state", "code", "error"});
    const std::unique_lock turn(connecting_, std::try_to_lock);
    if (!turn) return busy_connecting();
    const auto begun = sign_ins_.take(in.text("state", 128), caller_of(request));
    if (!begun || begun->id != path.at("id")) return problem(404, "Not Found", kUnknownState);
    const Context context{parts_.clock.steady() + kProviderTime, {}};
    const auto account = complete(*begun, in.text_or("code", 4096, ""), in.text_or("error", 64, ""), context);
    if (!account) return connect_problem(account.error());
    auto connector = parts_.connectors.open(*account);
    return signed_in(*account, connector ? connector->get() : nullptr, context);
}

HttpResponse Api::get_callback(const HttpRequest& request, const PathValues&) {
    const std::unique_lock turn(connecting_, std::try_to_lock);
    if (!turn) {
        auto busy = page(503, "Another sign-in is just being finished. Load this page again in half a minute.");
        busy.headers.emplace_back("Retry-After", "30");
        return busy;
    }
    const std::string state(request.parameter("state"));
    const auto begun = state.size() <= 128 ? sign_ins_.take(state, std::nullopt) : std::nullopt;
    if (!begun) return page(400, kUnknownState);
    if (!keys_.find(begun->caller, parts_.clock.now())) {
        const std::string sentence = "The key that began this sign-in was revoked. Begin it again with a valid one.";
        sign_ins_.settle(begun->id, {SignIns::Stage::Failed, {}, sentence});
        return page(403, sentence);
    }
    const std::string code(request.parameter("code").substr(0, 5000));
    const std::string error(request.parameter("error").substr(0, 64));
    const auto account = complete(*begun, code, error, {parts_.clock.steady() + kProviderTime, {}});
    if (!account) return page(422, account.error().detail);
    return page(
        200,
        account->user + " is connected. " + account->detail + (account->detail.empty() ? "" : " ") +
            "You can close this window."
    );
}

Result<Account> Api::complete(
    const BegunSignIn& begun, const std::string& code, const std::string& error, const Context& context
) {
    const auto account = error.empty() ? exchange(begun, code, context)
                                       : Result<Account>(oauth::authorization_refusal(begun.client.provider, error));
    if (account)
        sign_ins_.settle(begun.id, {SignIns::Stage::Done, account->id, {}});
    else
        sign_ins_.settle(begun.id, {SignIns::Stage::Failed, {}, account.error().detail});
    return account;
}

Result<Account> Api::exchange(const BegunSignIn& begun, const std::string& code, const Context& context) {
    const oauth::Provider provider = begun.client.provider;
    CALGATE_TRY(
        const oauth::SignedIn done,
        oauth::exchange_code(
            parts_.connectors.provider_transport(),
            parts_.clock,
            parts_.random,
            context,
            begun.client,
            begun.access,
            begun.authorization,
            code
        )
    );
    if (begun.access == oauth::Access::Busy && done.person.is_personal_microsoft())
        return refused(
            "Microsoft tells no program the free and busy times of a personal account (outlook.com). Connect it with a "
            "calendar for appointments (--mirror) as well; then its calendars are read."
        );
    Account account;
    account.kind = kind_of(provider);
    account.url = address_of(begun.client);
    account.user = done.person.email;
    account.method = SignInMethod::Person;
    account.identity = done.person.identity(provider);
    account.client_id = begun.client.id;
    if (provider == oauth::Provider::Microsoft) account.tenant = begun.client.tenant;
    account.may_write = begun.access == oauth::Access::Mirror;
    std::optional<Account> linked;
    bool writes = false;
    parts_.store.read([&](const Reader& reader) {
        for (const Account& each : reader.accounts()) {
            const bool wanted = begun.account
                                    ? each.id == *begun.account
                                    : each.identity == account.identity ||
                                          (each.kind == account.kind && same_address(each.user, account.user));
            if (wanted && each.method == SignInMethod::Person && (!linked || each.identity == account.identity))
                linked = each;
        }
        for (const Calendar& calendar : reader.calendars())
            writes = writes || (linked && calendar.account == linked->id && calendar.mirror);
        account.id = linked ? linked->id : account_id(reader, account.kind, account.identity);
    });
    if (linked && !begun.confirm_other_person) {
        CALGATE_TRY_STATUS(oauth::check_identity(linked->identity, linked->user, done.person, provider));
    }
    if (writes && !account.may_write)
        return refused("Appointments are written to this account's calendars; sign in with access \"mirror\".");
    account.detail = oauth::when_it_ends(provider, done.tokens, parts_.clock.now());
    keep_account(account, *done.tokens.refresh_token, begun.actor);
    return account;
}

HttpResponse Api::signed_in(const Account& account, Connector* connector, const Context& context) {
    Json body = shown(account);
    body["calendars"] = Json::array();
    body["note"] = account.detail;
    if (!connector) {
        body["note"] = "The account is connected; this version cannot list its calendars yet.";
        return answer(200, body);
    }
    const auto calendars = connector->list_calendars(context);
    if (calendars)
        body["calendars"] = shown(*calendars);
    else
        body["note"] = "The account is connected, but its calendars could not be listed: " + calendars.error().detail +
                       (account.detail.empty() ? "" : "\n" + account.detail);
    return answer(200, body);
}

HttpResponse Api::post_application(const HttpRequest& request, const PathValues&) {
    const JsonInput in(
        request.body,
        {"kind",
         "access",
         "service_account",
         "subject",
         "tenant",
         "client_id",
         "client_secret",
         "certificate",
         "mailbox",
         "url"}
    );
    Account account;
    account.kind = in.text("kind", 20);
    account.may_write = access_from(in.text_or("access", 20, "mirror")) == oauth::Access::Mirror;
    std::string secret;
    if (account.kind == "google") {
        account.method = SignInMethod::ServiceAccount;
        account.user = in.text("subject", 320);
        secret = in.text("service_account", 16 * 1024);
        const auto file = oauth::read_service_account(secret);
        if (!file) return connect_problem(file.error());
        account.client_id = file->email;
    } else if (account.kind == "graph" || account.kind == "ews") {
        account.user = in.text("mailbox", 320);
        account.client_id = in.text("client_id", 128);
        account.tenant = in.text("tenant", 253);
        const bool shared =
            account.tenant == "common" || account.tenant == "organizations" || account.tenant == "consumers";
        if (shared || !oauth::is_tenant(account.tenant))
            throw InputError("The field \"tenant\" has to be the id or a domain of one tenant.");
        if (in.has("client_secret") == in.has("certificate"))
            throw InputError("Send either \"client_secret\" or \"certificate\".");
        account.method = in.has("certificate") ? SignInMethod::ApplicationCertificate : SignInMethod::ApplicationSecret;
        secret = in.has("certificate") ? in.text("certificate", 64 * 1024) : in.text("client_secret", 1024);
    } else {
        throw InputError("The field \"kind\" is \"google\", \"graph\" or \"ews\".");
    }
    if (account.user.empty()) throw InputError("Say whose calendars these are; the address is empty.");
    const std::unique_lock turn(connecting_, std::try_to_lock);
    if (!turn) return busy_connecting();
    const Context context{parts_.clock.steady() + kProviderTime, {}};
    account.url =
        account.kind == "ews" ? in.text("url", 2048) : address_of(parts_.connectors.client(provider_of(account)));
    account.identity = "application:" + account.tenant + "/" + account.user;
    account.id =
        read(parts_.store, [&](const Reader& reader) { return account_id(reader, account.kind, account.identity); });
    auto trial = parts_.connectors.open(account, secret, context);
    if (!trial) return connect_problem(trial.error());
    keep_account(account, secret, who(request));
    return signed_in(account, trial->connector.get(), context);
}

}  // namespace calgate
