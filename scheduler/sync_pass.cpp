#include "scheduler/sync_pass.hpp"

#include <algorithm>

#include "scheduler/lineage.hpp"

namespace calgate {
namespace {

/// So long a calendar counts as odd after a run that took many deletions over.
constexpr std::chrono::hours kOddFor{1};

}  // namespace

SyncPass::SyncPass(
    const EngineParts& parts,
    const Engine::Settings& settings,
    Connector& connector,
    const CalendarId& id,
    Options options
)
    : parts_(parts),
      settings_(settings),
      connector_(connector),
      id_(id),
      options_(std::move(options)),
      life_(options_.life) {
    report_.calendar = id;
}

PassReport SyncPass::run() {
    if (!load()) return report_;
    if (options_.jumped.count() > 0) wait_on_after_jump();
    bool usable = true;
    if (options_.pull) usable = catch_up() && pull();
    if (usable && !options_.stop.stop_requested()) push();
    publish();
    forget_refusals();
    report_.completed = !report_.error && !braked_ && (!options_.pull || pulled_);
    return report_;
}

std::optional<Instant> as_of_in(const Calendar& row, const ThisLife& life) {
    return row.as_of ? std::max(row.as_of, life.as_of) : std::nullopt;
}

bool SyncPass::load() {
    bool found = false;
    parts_.store.read([&](const Reader& reader) {
        const auto business = reader.business();
        const auto calendar = reader.calendar(id_);
        const auto account = calendar ? reader.account(calendar->account) : std::nullopt;
        if (!business || !account) return;
        business_ = *business;
        calendar_ = *calendar;
        account_ = *account;
        zone_ = zone_of(reader, calendar_, business_);
        adopted_ = was_adopted(reader, id_);
        found = true;
    });
    told_ = parts_.index.told(calendar_.staff, id_.value);
    const Instant now = parts_.clock.now();
    if (life_.as_of > now) life_.as_of.reset();  // The wall clock was set back.
    calendar_.as_of = as_of_in(calendar_, life_);
    if (life_.after != calendar_.sync_token) life_.token.reset();
    life_.after = calendar_.sync_token;
    if (life_.token) calendar_.sync_token = life_.token;
    horizon_ = {now - settings_.horizon_back, now + settings_.horizon_ahead};
    if (!found) {
        report_.error = Error{ErrorCode::NotFound, "No such calendar is connected. Connect it first.", {}};
        return false;
    }
    if (account_.state != AccountState::Active) {
        report_.error = Error{ErrorCode::Unauthorized, "The account waits for a person: " + account_.detail, {}};
        return false;
    }
    return !sign_in_waits() && (calendar_.state != CalendarState::Gone || is_listed_again());
}

Context SyncPass::context(std::chrono::seconds timeout) const {
    return {parts_.clock.steady() + timeout, options_.stop};
}

Shown SyncPass::ours_of(const Appointment& appointment, const Mirror& mirror) const {
    Shown ours = shown_on(appointment, calendar_.copy_detail, parts_.zones);
    if (mirror.wanted_gone) ours.cancelled = true;
    return ours;
}

ReconcilePolicy SyncPass::policy() const {
    ReconcilePolicy policy = policy_of(business_, calendar_, settings_.policies);
    if (adopted_) policy.deletions = DeletionPolicy::Ask;
    return policy;
}

BrakeLimits SyncPass::brake_limits(const Reader& reader) const {
    const auto mirrors = reader.mirrors_on(id_);
    const auto copies =
        std::count_if(mirrors.begin(), mirrors.end(), [](const Mirror& m) { return m.href.has_value(); });
    const auto calendars = reader.calendars();
    const auto odd_nearby = std::count_if(calendars.begin(), calendars.end(), [&](const Calendar& other) {
        if (other.id == id_) return false;
        const auto lost = parse_instant(reader.setting(many_deleted_setting(other.id)).value_or(""));
        const bool lately = lost && parts_.clock.now() - *lost < kOddFor;
        if (other.state != CalendarState::Waiting && !lately) return false;
        const auto account = reader.account(other.account);
        return account && service_of(*account) == service_of(account_);
    });
    return {static_cast<int>(copies), settings_.brake_minimum, settings_.brake_share, static_cast<int>(odd_nearby)};
}

void SyncPass::fail(const Error& error) {
    if (!report_.error) report_.error = error;
}

void SyncPass::pause_account(const Error& error) {
    fail(error);
    if (!refused_for_good(error)) return;
    parts_.store.write([&](Writer& writer) {
        auto account = writer.account(account_.id);
        // What an earlier sign-in was refused says nothing about a new one.
        if (!account || account->state != AccountState::Active || account->sign_ins != account_.sign_ins) return;
        account->state = AccountState::NeedsAttention;
        account->detail = error.detail + " Sign in again with `calgate connect`.";
        writer.put(*account);
        writer.append({0, parts_.clock.now(), "account.attention", account->id.value, "gateway", account->detail, 0});
    });
}

void SyncPass::park_calendar(CalendarState state, const Error& error) {
    fail(error);
    writes_refused_ = writes_refused_ || state == CalendarState::ReadOnly;
    parts_.store.write([&](Writer& writer) {
        auto calendar = writer.calendar(id_);
        if (!calendar || calendar->state == state) return;
        calendar->state = state;
        calendar->detail = error.detail;
        writer.put(*calendar);
        note_tried(writer);
        writer.append({0, parts_.clock.now(), "calendar.attention", id_.value, "gateway", error.detail, 0});
    });
    calendar_.state = state;
}

void SyncPass::publish() {
    for (const auto& booking : bookings_) show_booking(parts_.index, booking);
    if (!options_.pull && !foreign_.any()) return;
    const auto row = read(parts_.store, [&](const Reader& reader) { return reader.calendar(id_); });
    if (!row || !row->busy) return;
    SourceState state = shown_state(parts_.index, *row);
    if (options_.pull) {
        using Freshness = SourceState::Freshness;
        state.as_of = as_of_in(*row, life_);
        state.freshness = pulled_ ? Freshness::Live : state.as_of ? Freshness::Cached : Freshness::Unknown;
    }
    if (!foreign_.any() && parts_.index.told(row->staff, id_.value)) {
        parts_.index.set_state(row->staff, state);
        return;
    }
    const bool by_parts = told_ && !foreign_.whole() && row->staff == calendar_.staff;
    if (!by_parts || !parts_.index.change_source_since(told_, row->staff, state, foreign_.gone(), foreign_.come()))
        show_busy(parts_, *row, state);
}

void next_generation(Mirror& mirror, const Business& business) {
    ++mirror.generation;
    mirror.uid = copy_name(business.id, mirror.appointment, mirror.calendar, mirror.generation);
    mirror.href.reset();
    mirror.version.reset();
    mirror.base.reset();
    mirror.forget_texts();
    mirror.confirmed = 0;
    mirror.unlisted = false;
    mirror.unknown_call = false;
    mirror.missing_since.reset();
    mirror.twin.reset();
    mirror.twin_since.reset();
}

void activate(Mirror& mirror) {
    mirror.state = MirrorState::Active;
    mirror.detail.clear();
    mirror.attempts = 0;
    mirror.not_before.reset();
}

void write_ours_again(Mirror& mirror, const std::optional<Shown>& theirs, const Business& business) {
    activate(mirror);
    if (!theirs) {
        next_generation(mirror, business);
        return;
    }
    mirror.base = theirs;
    mirror.confirmed = 0;
}

std::string service_of(const Account& account) {
    const auto scheme = account.url.find("://");
    const auto host = scheme == std::string::npos ? 0 : scheme + 3;
    return account.kind + " " + account.url.substr(host, account.url.find('/', host) - host);
}

bool serves_everybody(const Account& account) {
    return account.kind == "google" || account.kind == "graph" || account.kind == "icloud";
}

std::string brake_setting(const CalendarId& calendar) { return "brake." + calendar.value; }

std::string many_deleted_setting(const CalendarId& calendar) { return "deleted.many." + calendar.value; }

std::string brake_question_setting(const CalendarId& calendar) { return "brake.question." + calendar.value; }

}  // namespace calgate
