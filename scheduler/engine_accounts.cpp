#include <algorithm>

#include "scheduler/disconnect.hpp"
#include "scheduler/engine_impl.hpp"
#include "scheduler/sync_pass.hpp"

/// Accounts at work, and parting with them.
namespace calgate {
namespace {

/// What the service may take to end its notifications, so that a silent one does not hold a disconnect up for long.
constexpr std::chrono::seconds kGoodbye{15};

/// Why an account could not be opened on this host, whose people may mend it: a key file that was left behind.
std::string unopened_setting(const AccountId& id) { return "unopened." + id.value; }

}  // namespace

std::optional<Error> Engine::with_connector(const CalendarId& id, const std::function<void(Connector&)>& work) {
    return impl_->with_desk(id, [&](Connector& connector, Desk&) { work(connector); });
}

std::optional<Error> Engine::Impl::with_desk(const CalendarId& id, const std::function<void(Connector&, Desk&)>& work) {
    std::optional<Account> account;
    parts.store.read([&](const Reader& reader) {
        const auto calendar = reader.calendar(id);
        if (calendar) account = reader.account(calendar->account);
    });
    if (!account) return Error{ErrorCode::NotFound, "No such calendar is connected. Connect it first.", {}};
    const auto desk = desk_of(account->id);
    const std::lock_guard lock(desk->mutex);
    if (auto trouble = sit_down(*desk, *account)) return trouble;
    work(*desk->connector, *desk);
    return std::nullopt;
}

std::shared_ptr<Desk> Engine::Impl::desk_of(const AccountId& account) {
    const std::lock_guard lock(mutex);
    auto& slot = desks[account];
    if (!slot) slot = std::make_shared<Desk>(settings.calls_per_second);
    return slot;
}

std::stop_token Engine::Impl::leaving(const Desk& desk) const {
    const std::lock_guard lock(mutex);
    return desk.leaving.get_token();
}

std::optional<Error> Engine::Impl::sit_down(Desk& desk, const Account& account) {
    if (account.state != AccountState::Active)
        return Error{ErrorCode::Unauthorized, "The account waits for a person: " + account.detail, {}};
    if (desk.connector && desk.opened == account) return std::nullopt;
    desk.connector.reset();
    auto opened = parts.connectors.open(account);
    if (!opened) {
        if (opened.error().code == ErrorCode::Unauthorized) park_unopened(account, opened.error());
        return opened.error();
    }
    desk.connector = std::move(*opened);
    note_opened(account.id);
    desk.opened = account;
    const Capabilities offered = desk.connector->capabilities();
    desk.slow_to(offered.writes_per_second, offered.writes_at_once);
    return std::nullopt;
}

void Engine::Impl::park_unopened(const Account& account, const Error& error) {
    parts.store.write([&](Writer& writer) {
        auto current = writer.account(account.id);
        if (!current || current->state != AccountState::Active || current->sign_ins != account.sign_ins) return;
        current->state = AccountState::NeedsAttention;
        current->detail = error.detail;
        writer.put(*current);
        // Tried again with every start of the gateway, and told once.
        if (writer.setting(unopened_setting(account.id)).value_or("") == error.detail) return;
        writer.put_setting(unopened_setting(account.id), error.detail);
        writer.append({0, parts.clock.now(), "account.attention", account.id.value, "gateway", error.detail, 0});
    });
    const std::lock_guard lock(mutex);
    refreshed.reset();
}

void Engine::Impl::note_opened(const AccountId& id) {
    const bool noted = read(parts.store, [&](const Reader& reader) {
        return !reader.setting(unopened_setting(id)).value_or("").empty();
    });
    if (noted) parts.store.write([&](Writer& writer) { writer.put_setting(unopened_setting(id), ""); });
}

void Engine::Impl::try_unopened() {
    const auto waits = [](const Reader& reader, const Account& account) {
        return account.state == AccountState::NeedsAttention &&
               reader.setting(unopened_setting(account.id)).value_or("") == account.detail && !account.detail.empty();
    };
    const bool any = read(parts.store, [&](const Reader& reader) {
        const auto accounts = reader.accounts();
        return std::any_of(accounts.begin(), accounts.end(), [&](const Account& a) { return waits(reader, a); });
    });
    if (!any) return;
    parts.store.write([&](Writer& writer) {
        for (Account& account : writer.accounts()) {
            if (!waits(writer, account)) continue;
            account.state = AccountState::Active;
            account.detail.clear();
            writer.put(account);
        }
    });
}

Disconnection Engine::disconnect(
    const CalendarId& id, bool remove_copies, SteadyInstant deadline, const std::string& actor
) {
    std::optional<Calendar> calendar;
    std::optional<Account> account;
    impl_->parts.store.read([&](const Reader& reader) {
        calendar = reader.calendar(id);
        if (calendar) account = reader.account(calendar->account);
    });
    if (!account) return {.done = true};
    auto out = impl_->disconnect(*calendar, *account, remove_copies, deadline, actor);
    // What was stopped for it goes on.
    const auto others = read(impl_->parts.store, [](const Reader& r) { return r.calendars(); });
    for (const auto& other : others)
        if (other.account == account->id) poll_now(other.id);
    impl_->pool.notify();
    return out;
}

void Engine::forget(const AccountId& id) {
    const std::lock_guard lock(impl_->mutex);
    impl_->desks.erase(id);
}

Disconnection Engine::Impl::disconnect(
    const Calendar& calendar,
    const Account& account,
    bool remove_wanted,
    SteadyInstant deadline,
    const std::string& actor
) {
    Disconnection out;
    const auto desk = desk_of(account.id);
    {
        const std::lock_guard lock(mutex);
        desk->leaving.request_stop();
    }
    const std::lock_guard turn(desk->mutex);
    {
        const std::lock_guard lock(mutex);
        desk->leaving = {};
    }
    const auto trouble = sit_down(*desk, account);
    if (remove_wanted && !remove_copies(calendar, *desk, trouble, deadline, out)) return out;
    const Context goodbye{std::min(deadline, parts.clock.steady() + kGoodbye), {}};
    const Status ended = push.end(goodbye, trouble ? nullptr : desk->connector.get(), calendar.id);
    if (!ended)
        out.notes.push_back(
            "The service did not say that it ends its notifications: " + (trouble ? *trouble : ended.error()).detail +
            " They are refused here from now on and end by themselves within a week."
        );
    parts.store.write([&](Writer& writer) {
        out.left = copies_at(writer, calendar.id);
        forget_calendar(writer, calendar.id, parts.clock.now(), actor);
    });
    parts.index.remove_source(calendar.staff, calendar.id.value);
    out.done = true;
    const std::lock_guard lock(mutex);
    last.erase(calendar.id);
    last_ahead.erase(calendar.id);
    lives.erase(calendar.id);
    refreshed.reset();
    return out;
}

bool Engine::Impl::remove_copies(
    const Calendar& calendar,
    Desk& desk,
    const std::optional<Error>& trouble,
    SteadyInstant deadline,
    Disconnection& out
) {
    if (calendar.state == CalendarState::Gone) {
        out.notes.emplace_back("The calendar is gone at its service, and its copies with it.");
        return true;
    }
    parts.store.write([&](Writer& writer) { want_no_copies(writer, calendar.id); });
    parts.index.remove_source(calendar.staff, calendar.id.value);
    PassReport report;
    report.error = trouble;
    if (!trouble) {
        SyncPass::Options options;
        options.pull = false;
        options.may_write = [&] { return parts.clock.steady() < deadline; };
        options.leaving = true;
        {
            const std::lock_guard lock(mutex);
            options.life = life_of(calendar.id);
        }
        SyncPass pass(parts, settings, *desk.connector, calendar.id, options);
        report = pass.run();
    }
    out.removed = report.deleted;
    out.left = read(parts.store, [&](const Reader& r) { return copies_at(r, calendar.id); });
    if (report.error) out.notes.push_back(report.error->detail);
    if (out.left == 0 && !report.error) return true;
    out.notes.push_back(
        std::to_string(out.left) +
        " copies are there still, and the calendar stays connected, without anything new "
        "being written. Disconnect it again to go on, or without removing copies to leave them there."
    );
    return false;
}

}  // namespace calgate
