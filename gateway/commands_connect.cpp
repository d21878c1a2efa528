#include <termios.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "connectors/ews/ews_availability.hpp"
#include "gateway/caller.hpp"
#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/http_server.hpp"
#include "gateway/keys.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxPassword = 1024;
constexpr std::size_t kMaxKeyFile = 16 * 1024;
constexpr std::size_t kMaxCertificate = 64 * 1024;
constexpr std::chrono::minutes kPatience{10};
constexpr const char* kCallback = "/oauth/callback";

/// Without echo when a person types it.
std::string ask_password() {
    const bool terminal = isatty(STDIN_FILENO) != 0;
    termios before{};
    if (terminal) {
        std::fprintf(stderr, "Password: ");
        tcgetattr(STDIN_FILENO, &before);
        termios quiet = before;
        quiet.c_lflag &= static_cast<tcflag_t>(~ECHO);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    std::string line;
    std::getline(std::cin, line);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        std::fprintf(stderr, "\n");
    }
    return line.substr(0, kMaxPassword);
}

Result<std::string> password_of(const ConnectOptions& options) {
    std::string password;
    if (!options.password_file.empty()) {
        CALGATE_TRY(password, read_file(options.password_file, kMaxPassword));
        while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) password.pop_back();
    } else if (const char* given = std::getenv("CALGATE_PASSWORD")) {  // NOLINT(concurrency-mt-unsafe): before any
                                                                       // thread.
        password = given;
    } else {
        password = ask_password();
    }
    if (password.empty())
        return Error{
            ErrorCode::Rejected, "No password was given; type it, or use --password-file or CALGATE_PASSWORD."};
    return password;
}

void print_found(const Json& calendars) {
    std::printf("%-32s %-9s %s\n", "calendar", "writable", "address");
    for (const Json& calendar : calendars) {
        if (!calendar.value("events", true)) continue;
        std::printf(
            "%-32s %-9s %s\n",
            text_of(calendar, "name").c_str(),
            calendar.value("writable", false) ? "yes" : "no",
            text_of(calendar, "href").c_str()
        );
    }
}

/// The calendar of that name, or whose address ends so. Null when there is none, or more than one.
Json pick(const Json& calendars, const std::string& wanted, std::string& why) {
    std::vector<Json> found;
    for (const Json& calendar : calendars) {
        const std::string href = text_of(calendar, "href");
        const bool same = text_of(calendar, "name") == wanted || href == wanted || href.ends_with("/" + wanted) ||
                          href.ends_with("/" + wanted + "/");
        if (same) found.push_back(calendar);
    }
    if (found.size() == 1) return found.front();
    why = found.empty() ? "There is no calendar \"" + wanted + "\" in this account; choose one of those listed."
                        : "Several calendars are called \"" + wanted + "\"; give the address instead.";
    return nullptr;
}

/// Whose free and busy time an Exchange server tells without letting its calendar be read.
Json mailbox_calendar(const std::string& address) {
    return {{"href", ews::availability_href(address).value}, {"name", address}, {"writable", false}};
}

/// What POST /v1/calendars is to be told, by address. @return Rejected when one of the names fits no calendar.
Result<std::map<std::string, Json>> choose(const ConnectOptions& options, const Json& account_answer) {
    const std::string account = text_of(account_answer, "id");
    const Json& calendars = account_answer["calendars"];
    const bool tells_of_mailboxes = text_of(account_answer, "kind") == "ews";
    std::map<std::string, Json> chosen;
    std::string why;
    const auto add = [&](const std::string& name, const char* role) {
        Json calendar = pick(calendars, name, why);
        const bool blocks = std::string_view(role) == "busy" && name.find('@') != std::string::npos;
        if (calendar.is_null() && blocks && tells_of_mailboxes) calendar = mailbox_calendar(name);
        if (calendar.is_null()) return false;
        Json& entry = chosen[text_of(calendar, "href")];
        if (entry.is_null())
            entry = {
                {"account", account},
                {"href", calendar["href"]},
                {"name", calendar["name"]},
                {"staff", options.staff},
                {"show", options.show}};
        entry[role] = true;
        if (std::string_view(role) == "mirror" && !calendar.value("writable", true)) {
            why = "The calendar \"" + name +
                  "\" is read-only for this account, so it cannot get appointments; choose another for --mirror.";
            return false;
        }
        return true;
    };
    for (const std::string& name : options.mirror) {
        if (!add(name, "mirror")) return Error{ErrorCode::Rejected, why, {}};
    }
    for (const std::string& name : options.busy) {
        if (!add(name, "busy")) return Error{ErrorCode::Rejected, why, {}};
    }
    return chosen;
}

int take_into_use(Caller& caller, const std::map<std::string, Json>& chosen) {
    for (const auto& [href, entry] : chosen) {
        const auto kept = caller.call("POST", "/v1/calendars", entry);
        if (!kept.good()) return fail(kept.problem());
        std::printf(
            "%s: %s%s%s\n",
            text_of(kept.body, "name").c_str(),
            kept.body.value("mirror", false) ? "gets the appointments" : "",
            kept.body.value("mirror", false) && kept.body.value("busy", false) ? ", " : "",
            kept.body.value("busy", false) ? "blocks time" : ""
        );
    }
    return kDone;
}

constexpr const char* kNoStaff = "Say whose calendars these are: --staff ID.";

bool names_staff(const ConnectOptions& options) {
    return !options.staff.empty() || (options.mirror.empty() && options.busy.empty());
}

/// Reading is enough where nothing shall be written.
std::string access_of(const ConnectOptions& options) {
    return options.read_only || (options.mirror.empty() && !options.busy.empty()) ? "busy" : "mirror";
}

/// Prints what was found, or takes the chosen calendars into use.
int use(Caller& caller, const ConnectOptions& options, const Caller::Answer& signed_in) {
    if (!signed_in.good()) return fail(signed_in.problem());
    const Json& calendars = signed_in.body["calendars"];
    if (const std::string note = text_of(signed_in.body, "note"); !note.empty()) std::printf("%s\n", note.c_str());
    if (options.mirror.empty() && options.busy.empty()) {
        std::printf(
            "Account %s of %s\n", text_of(signed_in.body, "id").c_str(), text_of(signed_in.body, "user").c_str()
        );
        print_found(calendars);
        std::printf("\nNothing is used yet. Choose with --staff ID --mirror CALENDAR and --busy CALENDAR.\n");
        return kDone;
    }
    const auto chosen = choose(options, signed_in.body);
    if (!chosen) return fail(chosen.error().detail);
    if (caller.call("GET", "/v1/staff/" + options.staff).status == 404) {
        if (options.create_staff.empty())
            return fail(
                "There is no person \"" + options.staff +
                "\" yet; add --create-staff \"THEIR NAME\" and --zone, or choose somebody else."
            );
        const auto made =
            caller.call("PUT", "/v1/staff/" + options.staff, {{"name", options.create_staff}, {"zone", options.zone}});
        if (!made.good()) return fail(made.problem());
    }
    return take_into_use(caller, *chosen);
}

/// Where the browser comes back to: a free port of this machine, for one answer.
class Landing {
public:
    Landing()
        : server_(
              {}, [](const HttpRequest&) { return Lane::Inline; }, [this](const HttpRequest& r) { return take(r); }
          ) {
        server_.start();
    }
    ~Landing() { server_.stop(); }
    Landing(const Landing&) = delete;
    Landing& operator=(const Landing&) = delete;

    std::string address() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + kCallback; }
    /// State, code and error as they came; nothing when nobody came.
    std::optional<Json> wait() {
        std::unique_lock lock(mutex_);
        arrived_.wait_for(lock, kPatience, [this] { return came_.has_value(); });
        return came_;
    }

private:
    HttpResponse take(const HttpRequest& request) {
        if (request.path != kCallback || request.method != "GET")
            return problem(404, "Not Found", "There is nothing at this address.");
        const std::lock_guard lock(mutex_);
        Json came = {{"state", request.parameter("state")}};
        for (const char* name : {"code", "error"})
            if (const auto value = request.parameter(name); !value.empty()) came[name] = value;
        if (!came_) came_ = std::move(came);
        arrived_.notify_all();
        HttpResponse response;
        response.type = "text/plain; charset=utf-8";
        response.body = "calgate has what it needs; look at the terminal. You can close this window.\n";
        response.headers = {{"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}};
        return response;
    }

    std::mutex mutex_{};
    std::condition_variable arrived_{};
    std::optional<Json> came_{};
    HttpServer server_;
};

int sign_in(const std::string& directory, const char* provider, const ConnectOptions& options) {
    return with_gateway(directory, [&](Caller& caller) {
        Landing landing;
        Json wanted = {{"provider", provider}, {"redirect_uri", landing.address()}};
        if (options.account.empty() || !options.mirror.empty() || !options.busy.empty() || options.read_only)
            wanted["access"] = access_of(options);
        if (!options.account.empty()) wanted["account"] = options.account;
        if (!options.user.empty()) wanted["login_hint"] = options.user;
        if (options.confirm_other_person) wanted["confirm_other_person"] = true;
        const auto begun = caller.call("POST", "/v1/accounts/sign-in", wanted);
        if (!begun.good()) return fail(begun.problem());
        std::printf(
            "Open this address in a browser on this machine and sign in:\n\n  %s\n\n",
            text_of(begun.body, "url").c_str()
        );
        std::fflush(stdout);
        const auto came = landing.wait();
        if (!came) return fail("Nobody signed in within ten minutes; run the command again.");
        return use(caller, options, post_in_turn(caller, "/v1/accounts/sign-in/" + text_of(begun.body, "id"), *came));
    });
}

/// As an application of Microsoft's directory, at Graph or at an Exchange server that takes its tokens.
int connect_application(const std::string& directory, const char* kind, const ConnectOptions& options) {
    const bool certificate = !options.certificate.empty();
    if (options.tenant.empty() || options.client_id.empty() || options.mailbox.empty() ||
        certificate == !options.client_secret_file.empty())
        return fail(
            "An application needs --mailbox, --tenant, --client-id and either --client-secret-file or --certificate.",
            kUsage
        );
    const auto secret = certificate ? read_secret_file(options.certificate, kMaxCertificate)
                                    : read_secret_file(options.client_secret_file, kMaxPassword);
    if (!secret) return fail(secret.error().detail);
    return with_gateway(directory, [&](Caller& caller) {
        Json body = {
            {"kind", kind},
            {"access", access_of(options)},
            {"tenant", options.tenant},
            {"client_id", options.client_id},
            {"mailbox", options.mailbox},
            {certificate ? "certificate" : "client_secret", *secret}};
        if (!options.url.empty()) body["url"] = options.url;
        return use(caller, options, post_in_turn(caller, "/v1/accounts/application", body));
    });
}

}  // namespace

int command_connect_caldav(const std::string& directory, const ConnectOptions& options) {
    if (!names_staff(options)) return fail(kNoStaff, kUsage);
    const auto password = password_of(options);
    if (!password) return fail(password.error().detail);
    return with_gateway(directory, [&](Caller& caller) {
        const Json body = {{"url", options.url}, {"user", options.user}, {"password", *password}};
        return use(caller, options, post_in_turn(caller, "/v1/accounts", body));
    });
}

int command_connect_icloud(const std::string& directory, const ConnectOptions& options) {
    if (!names_staff(options)) return fail(kNoStaff, kUsage);
    const auto password = password_of(options);
    if (!password) return fail(password.error().detail);
    return with_gateway(directory, [&](Caller& caller) {
        Json body = {{"kind", "icloud"}, {"user", options.user}, {"password", *password}};
        if (!options.url.empty()) body["url"] = options.url;
        return use(caller, options, post_in_turn(caller, "/v1/accounts", body));
    });
}

int command_connect_ews(const std::string& directory, const ConnectOptions& options) {
    if (!names_staff(options)) return fail(kNoStaff, kUsage);
    if (!options.tenant.empty() || !options.client_id.empty()) {
        if (options.url.empty()) return fail("Say where the server is: --url ADDRESS.", kUsage);
        return connect_application(directory, "ews", options);
    }
    if (options.url.empty() == options.address.empty())
        return fail("Say where the server is: either --url ADDRESS or --address MAILBOX, to find it.", kUsage);
    const std::string user = options.user.empty() ? options.address : options.user;
    if (user.empty()) return fail("Say who signs in: --user NAME.", kUsage);
    const auto password = password_of(options);
    if (!password) return fail(password.error().detail);
    return with_gateway(directory, [&](Caller& caller) {
        Json body = {{"kind", "ews"}, {"user", user}, {"password", *password}};
        body[options.url.empty() ? "address" : "url"] = options.url.empty() ? options.address : options.url;
        if (!options.mailbox.empty()) body["mailbox"] = options.mailbox;
        return use(caller, options, post_in_turn(caller, "/v1/accounts", body));
    });
}

int command_connect_google(const std::string& directory, const ConnectOptions& options) {
    if (!names_staff(options)) return fail(kNoStaff, kUsage);
    if (options.service_account.empty()) return sign_in(directory, "google", options);
    if (options.subject.empty()) return fail("Say whom the service account acts for: --subject ADDRESS.", kUsage);
    const auto file = read_secret_file(options.service_account, kMaxKeyFile);
    if (!file) return fail(file.error().detail);
    return with_gateway(directory, [&](Caller& caller) {
        const Json body = {
            {"kind", "google"},
            {"access", access_of(options)},
            {"service_account", *file},
            {"subject", options.subject}};
        return use(caller, options, post_in_turn(caller, "/v1/accounts/application", body));
    });
}

int command_connect_microsoft(const std::string& directory, const ConnectOptions& options) {
    if (!names_staff(options)) return fail(kNoStaff, kUsage);
    const bool certificate = !options.certificate.empty();
    if (options.mailbox.empty()) {
        if (certificate || !options.client_id.empty() || !options.client_secret_file.empty() || !options.tenant.empty())
            return fail("Say whose calendars the application is for: --mailbox ADDRESS.", kUsage);
        return sign_in(directory, "microsoft", options);
    }
    return connect_application(directory, "graph", options);
}

}  // namespace calgate
