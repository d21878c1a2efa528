#include "gateway/callbacks.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>

#include "connectors/http/http_date.hpp"
#include "core/callback_plan.hpp"
#include "gateway/keys.hpp"
#include "gateway/webhook_signature.hpp"

namespace calgate {
namespace {

constexpr const char* kCursor = "callbacks.cursor";
constexpr const char* kTrouble = "callbacks.trouble";
constexpr const char* kOverlapUntil = "callbacks.overlap_until";
constexpr const char* kSecret = "callback_secret";
constexpr const char* kSecretBefore = "callback_secret_before";
constexpr std::size_t kSecretBytes = 32;
constexpr const char* kDamaged =
    "The secret that signs callbacks does not open, and nothing is told until it does: bring back the keys.json that "
    "belongs to this store, or make a new secret with calgate callbacks rotate and give it to the receiver.";
constexpr std::size_t kFeedPage = 200;
constexpr std::size_t kMostWaits = 100'000;
constexpr std::size_t kAwayAfter = 3;  ///< Appointments whose deliveries failed since the last that went well.
constexpr std::chrono::seconds kLongestAway{300};
constexpr std::chrono::seconds kLongestPause{3600};
constexpr std::size_t kMostAnswer = 64 * 1024;

std::optional<std::int64_t> setting_number(const Reader& reader, const char* setting) {
    const auto text = reader.setting(setting);
    if (!text || text->empty()) return std::nullopt;
    return std::strtoll(text->c_str(), nullptr, 10);
}

bool concerns_appointment(const Change& change) { return change.kind.starts_with("appointment."); }

/// What waits of an appointment, oldest first: from `wait.from` up to the cursor.
std::vector<Change> pending_of(const Reader& reader, const CallbackWait& wait, std::int64_t cursor) {
    std::vector<Change> all;
    for (std::size_t limit = 64;; limit *= 4) {
        all = reader.changes_about(wait.subject, limit);
        if (all.size() < limit || all.front().sequence < wait.from) break;
    }
    std::erase_if(all, [&](const Change& change) {
        return change.sequence < wait.from || change.sequence > cursor || !concerns_appointment(change);
    });
    return all;
}

/// A clock that was set back must not put an attempt off.
bool is_due(const CallbackWait& wait, Instant now) {
    return !wait.parked && (wait.not_before <= now || wait.not_before - now > kLongestPause);
}

double chance_of(Random& random) { return static_cast<double>(random.next() >> 11) / 9007199254740992.0; }

}  // namespace

CallbackState callback_state(const Reader& reader) {
    CallbackState state;
    state.cursor = setting_number(reader, kCursor).value_or(reader.last_change());
    state.behind = reader.last_change() - state.cursor;
    for (const CallbackWait& wait : reader.callback_waits(kMostWaits)) ++(wait.parked ? state.parked : state.waiting);
    state.has_secret = reader.secret(kOwnSecrets, kSecret).has_value();
    state.trouble = reader.setting(kTrouble).value_or("");
    return state;
}

std::string rotate_callback_secret(
    Writer& writer, const Vault& vault, Random& random, Instant now, std::chrono::seconds overlap
) {
    if (const auto current = writer.secret(kOwnSecrets, kSecret)) {
        const auto opened = vault.open(*current);
        if (opened) vault.keep(writer, kOwnSecrets, kSecretBefore, *opened);
        const Instant until = opened ? now + overlap : now;  // What does not open signs nothing beside it.
        writer.put_setting(kOverlapUntil, std::to_string(until.time_since_epoch().count()));
    }
    const std::string fresh = random_bytes(random, kSecretBytes);
    vault.keep(writer, kOwnSecrets, kSecret, fresh);
    return shown_secret(fresh);
}

void replay_callbacks(Writer& writer, std::int64_t after, Instant now) {
    writer.put_setting(kCursor, std::to_string(after));
    for (CallbackWait wait : writer.callback_waits(kMostWaits)) {
        if (wait.from > after) {
            writer.erase_callback_wait(wait.subject);
            continue;
        }
        wait.parked = false;
        wait.attempts = 0;
        wait.since = wait.not_before = now;
        writer.put(wait);
    }
}

Callbacks::Callbacks(
    Settings settings,
    Store& store,
    const Vault& vault,
    http::HttpTransport& transport,
    const Clock& clock,
    Random& random
)
    : settings_(std::move(settings)),
      store_(store),
      vault_(vault),
      transport_(transport),
      clock_(clock),
      random_(random) {
    // What came about before there was somebody to tell is told on request only.
    const bool known = read(store_, [](const Reader& r) { return setting_number(r, kCursor).has_value(); });
    if (!known) store_.write([](Writer& writer) { writer.put_setting(kCursor, std::to_string(writer.last_change())); });
}

Callbacks::~Callbacks() { stop(); }

void Callbacks::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any wake;
        while (!stop.stop_requested()) {
            try {
                run_due(stop);
            } catch (const std::exception& failure) {
                spdlog::error("event=callbacks_failed what=\"{}\"", failure.what());
            }
            std::unique_lock lock(mutex);
            wake.wait_for(lock, stop, settings_.look_every, [] { return false; });
        }
    });
}

void Callbacks::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

int Callbacks::run_due(const std::stop_token& stop) {
    int delivered = 0;
    const auto is_away = [&] { return away_until_ && clock_.steady() < *away_until_; };
    bool more = !is_away() && load_secrets();
    while (more && !stop.stop_requested()) {
        // What is new goes first: it shows best whether the receiver is back.
        more = take_next(stop, delivered);
        if (!is_away()) more = retry_next(stop, delivered) || more;
        more = more && !is_away();
    }
    return delivered;
}

bool Callbacks::load_secrets() {
    const Instant now = clock_.now();
    secrets_.clear();
    bool open = true, both = true;
    store_.read([&](const Reader& reader) {
        const auto add = [&](const char* name) {
            const auto sealed = reader.secret(kOwnSecrets, name);
            if (!sealed) return true;
            auto opened = vault_.open(*sealed);
            if (opened) secrets_.push_back(std::move(*opened));
            return opened.has_value();
        };
        open = add(kSecret);
        if (now.time_since_epoch().count() < setting_number(reader, kOverlapUntil).value_or(0))
            both = add(kSecretBefore);
    });
    if (both_open_ && !both)
        spdlog::error(
            "event=callback_secret_damaged which=before what=\"The secret that was replaced signs nothing "
            "more; give the receiver the new one.\""
        );
    both_open_ = both;
    note_whether_open(open);
    return open && !secrets_.empty();
}

void Callbacks::note_whether_open(bool open) {
    if (open == open_) return;
    open_ = open;
    if (!open) spdlog::error("event=callback_secret_damaged what=\"{}\"", kDamaged);
    // What an earlier run of the program noted may stand there.
    store_.write([&](Writer& writer) {
        const bool noted = writer.setting(kTrouble).value_or("") == kDamaged;
        if (open != noted) return;
        writer.put_setting(kTrouble, open ? "" : kDamaged);
    });
    told_trouble_ = open ? "" : kDamaged;
}

bool Callbacks::take_next(const std::stop_token& stop, int& delivered) {
    std::int64_t cursor = 0, reached = 0;
    std::optional<Change> next;
    store_.read([&](const Reader& reader) {
        cursor = reached = setting_number(reader, kCursor).value_or(0);
        for (Change& change : reader.changes(cursor, kFeedPage)) {
            reached = change.sequence;
            if (!concerns_appointment(change) || reader.callback_wait(change.subject)) continue;
            next = std::move(change);
            break;
        }
    });
    if (reached == cursor) return false;
    Outcome outcome;
    if (next) outcome = deliver(*next, stop);
    if (stop.stop_requested() && !outcome.delivered) return false;
    const Instant now = clock_.now();
    const bool failed = next && !outcome.delivered;
    if (next) note(next->subject, outcome);
    store_.write([&](Writer& writer) {
        if (setting_number(writer, kCursor) != cursor) return;  // Somebody asked for a replay meanwhile.
        writer.put_setting(kCursor, std::to_string(reached));
        if (failed) put_off(writer, {next->subject, next->sequence, 0, now, now, false}, outcome, now);
    });
    delivered += next && outcome.delivered;
    return !failed || !away_until_;
}

bool Callbacks::retry_next(const std::stop_token& stop, int& delivered) {
    const Instant now = clock_.now();
    std::optional<CallbackWait> wait;
    std::vector<Change> pending;
    store_.read([&](const Reader& reader) {
        const auto first = reader.callback_waits(1);
        if (first.empty() || !is_due(first.front(), now)) return;
        wait = first.front();
        pending = pending_of(reader, *wait, setting_number(reader, kCursor).value_or(0));
    });
    if (!wait) return false;
    const CallbackWait before = *wait;
    Outcome outcome{true, {}, {}};
    std::size_t done = 0;
    while (done < pending.size() && outcome.delivered) {
        outcome = deliver(pending[done], stop);
        if (stop.stop_requested() && !outcome.delivered) return false;
        done += outcome.delivered;
    }
    note(before.subject, outcome);
    delivered += static_cast<int>(done);
    store_.write([&](Writer& writer) {
        if (writer.callback_wait(before.subject) != before) return;  // As above.
        if (done == pending.size()) return writer.erase_callback_wait(before.subject);
        if (done > 0) *wait = {before.subject, pending[done].sequence, 0, now, now, false};
        put_off(writer, *wait, outcome, now);
    });
    return done == pending.size();
}

void Callbacks::put_off(Writer& writer, CallbackWait wait, const Outcome& outcome, Instant now) {
    ++wait.attempts;
    wait.not_before = now + callback_pause(wait.attempts, outcome.hint, chance_of(random_));
    wait.parked = callback_given_up(wait.since, now);
    writer.put(wait);
    if (!wait.parked) return;
    spdlog::error(
        "event=callback_parked appointment={} sequence={} what=\"{} Mend the receiver, then run calgate callbacks "
        "replay --after {}.\"",
        wait.subject,
        wait.from,
        outcome.trouble,
        wait.from - 1
    );
}

void Callbacks::note(const std::string& subject, const Outcome& outcome) {
    if (outcome.delivered) {
        const bool was_away = away_until_.has_value();
        failing_.clear();
        away_until_.reset();
        pauses_ = 0;
        if (was_away) release_all();
    } else {
        failing_.insert(subject);
        if (failing_.size() >= kAwayAfter)
            away_until_ = clock_.steady() + std::min(callback_pause(++pauses_, {}, chance_of(random_)), kLongestAway);
    }
    if (outcome.trouble == told_trouble_) return;
    told_trouble_ = outcome.trouble;
    if (outcome.delivered)
        spdlog::info("event=callbacks_delivered again=true");
    else
        spdlog::warn("event=callback_failed what=\"{}\"", outcome.trouble);
    store_.write([&](Writer& writer) { writer.put_setting(kTrouble, outcome.trouble); });
}

void Callbacks::release_all() {
    const Instant now = clock_.now();
    store_.write([&](Writer& writer) {
        for (CallbackWait wait : writer.callback_waits(kMostWaits)) {
            if (wait.parked) continue;
            wait.not_before = std::min(wait.not_before, now);
            writer.put(wait);
        }
    });
}

Callbacks::Outcome Callbacks::deliver(const Change& change, const std::stop_token& stop) {
    std::string epoch;
    http::Request request;
    store_.read([&](const Reader& reader) {
        epoch = reader.business().value_or(Business{}).epoch;
        request.body = body_of(reader, change);
    });
    const std::string id = "msg_" + epoch + "_" + std::to_string(change.sequence);
    const std::int64_t timestamp = clock_.now().time_since_epoch().count();
    request.method = "POST";
    request.url = settings_.url;
    request.max_response_bytes = kMostAnswer;
    request.headers = {
        {"Content-Type", "application/json"},
        {"webhook-id", id},
        {"webhook-timestamp", std::to_string(timestamp)},
        {"webhook-signature", webhook_signature(secrets_, id, timestamp, request.body)}};
    const auto answer = transport_.send(request, Context{clock_.steady() + settings_.call_timeout, stop});
    if (!answer && answer.error().code == ErrorCode::Rejected)
        return {
            false,
            "The receiver of callbacks lies in a private network or on this machine; set allow_internal in [callbacks] "
            "if "
            "it is meant to.",
            {}};
    if (!answer) return {false, "The receiver of callbacks was not reached: " + answer.error().detail, {}};
    if (answer->status >= 200 && answer->status < 300) return {true, {}, {}};
    Outcome refused{false, "The receiver of callbacks answered " + std::to_string(answer->status) + ".", {}};
    if (const auto hint = answer->header("Retry-After")) refused.hint = http::retry_after(*hint, clock_.now());
    return refused;
}

std::string Callbacks::body_of(const Reader& reader, const Change& change) {
    nlohmann::json data = {
        {"sequence", change.sequence},
        {"appointment", change.subject},
        {"revision", change.revision},
        {"actor", change.actor}};
    const auto now = reader.appointment({change.subject});
    const auto versions = now && now->revision >= change.revision
                              ? reader.versions(now->id, static_cast<std::size_t>(now->revision - change.revision + 1))
                              : std::vector<Appointment>{};
    if (!versions.empty() && versions.front().revision == change.revision) {
        data["state"] = to_string(versions.front().state);
        data["staff"] = versions.front().staff.value;
        data["service"] = versions.front().service.value;
    }
    return nlohmann::json{{"type", change.kind}, {"timestamp", format_instant(change.at)}, {"data", data}}.dump();
}

}  // namespace calgate
