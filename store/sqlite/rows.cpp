#include "store/sqlite/rows.hpp"

#include "store/sqlite/row_json.hpp"

namespace calgate::sqlite {
namespace {

template <class F, class R>
void fields(F& f, R& r) requires std::is_same_v<std::remove_const_t<R>, Business> {
    f("id", r.id);
    f("name", r.name);
    f("zone", r.zone);
    f("epoch", r.epoch);
    f("concurrent_edits", r.concurrent_edits);
    f("deletions", r.deletions);
    f("stale", r.stale);
    f("stale_after_s", r.stale_after);
}
template <class F, class R>
void fields(F& f, R& r) requires std::is_same_v<std::remove_const_t<R>, Staff> {
    f("id", r.id);
    f("name", r.name);
    f("zone", r.zone);
    f("capacity", r.capacity);
    f("week", r.week);
    f("exceptions", r.exceptions);
}
template <class F, class R>
void fields(F& f, R& r) requires std::is_same_v<std::remove_const_t<R>, Service> {
    f("id", r.id);
    f("name", r.name);
    f("duration_min", r.duration);
    f("buffer_before_min", r.buffer_before);
    f("buffer_after_min", r.buffer_after);
    f("step_min", r.step);
    f("notice_min", r.notice);
    f("horizon_days", r.horizon);
    f("staff", r.staff);
}
template <class F, class R>
void fields(F& f, R& r) requires std::is_same_v<std::remove_const_t<R>, Account> {
    f("id", r.id);
    f("kind", r.kind);
    f("url", r.url);
    f("user", r.user);
    f("method", r.method);
    f("identity", r.identity);
    f("client_id", r.client_id);
    f("tenant", r.tenant);
    f("may_write", r.may_write);
    f("sign_ins", r.sign_ins);
    f("state", r.state);
    f("detail", r.detail);
}
template <class F, class R>
void fields(F& f, R& r) requires std::is_same_v<std::remove_const_t<R>, Calendar> {
    f("id", r.id);
    f("account", r.account);
    f("staff", r.staff);
    f("href", r.href);
    f("name", r.name);
    f("zone", r.zone);
    f("mirror", r.mirror);
    f("busy", r.busy);
    f("copy_detail", r.copy_detail);
    f("state", r.state);
    f("detail", r.detail);
    f("sync_token", r.sync_token);
    f("as_of", r.as_of);
    f("full_listing", r.full_listing);
    f("empty_listings", r.empty_listings);
    f("marker", r.marker);
    f("marker_written", r.marker_written);
}
template <class F, class R>
void fields(F& f, R& r) requires std::is_same_v<std::remove_const_t<R>, Appointment> {
    f("id", r.id);
    f("staff", r.staff);
    f("service", r.service);
    f("start", r.start);
    f("end", r.end);
    f("zone", r.zone);
    f("state", r.state);
    f("title", r.title);
    f("place", r.place);
    f("customer", r.customer);
    f("notes", r.notes);
    f("buffer_before_min", r.buffer_before);
    f("buffer_after_min", r.buffer_after);
    f("hold_until_s", r.hold_until);
    f("provisional", r.provisional);
    f("revision", r.revision);
    f("created", r.created);
    f("changed", r.changed);
}
template <class F, class R>
void fields(F& f, R& r) requires std::is_same_v<std::remove_const_t<R>, Mirror> {
    f("appointment", r.appointment);
    f("calendar", r.calendar);
    f("generation", r.generation);
    f("wanted", r.wanted);
    f("confirmed", r.confirmed);
    f("wanted_gone", r.wanted_gone);
    f("uid", r.uid);
    f("href", r.href);
    f("version", r.version);
    f("base", r.base);
    f("remote_text", r.remote_text);
    f("written_text", r.written_text);
    f("unlisted", r.unlisted);
    f("unknown_call", r.unknown_call);
    f("missing_since", r.missing_since);
    f("twin", r.twin);
    f("twin_since", r.twin_since);
    f("state", r.state);
    f("detail", r.detail);
    f("attempts", r.attempts);
    f("not_before", r.not_before);
    f("starts_at", r.starts_at);
}
template <class F, class R>
void fields(F& f, R& r) requires std::is_same_v<std::remove_const_t<R>, CachedEvent> {
    f("calendar", r.calendar);
    f("href", r.href);
    f("version", r.version);
    f("uid", r.uid);
    f("text", r.text);
    f("digest", r.digest);
    f("appointment", r.appointment);
    f("trouble", r.trouble);
    f("busy_from", r.busy_from);
    f("busy_to", r.busy_to);
    f("recurring", r.recurring);
}
template <class F, class R>
void fields(F& f, R& r) requires std::is_same_v<std::remove_const_t<R>, Conflict> {
    f("id", r.id);
    f("appointment", r.appointment);
    f("calendar", r.calendar);
    f("kind", r.kind);
    f("state", r.state);
    f("why", r.why);
    f("base", r.base);
    f("ours", r.ours);
    f("theirs", r.theirs);
    f("created", r.created);
    f("resolved", r.resolved);
}
template <class F, class R>
void fields(F& f, R& r) requires std::is_same_v<std::remove_const_t<R>, IdempotentAnswer> {
    f("request_digest", r.request_digest);
    f("status", r.status);
    f("body", r.body);
    f("at", r.at);
}
template <class F, class R>
void fields(F& f, R& r) requires std::is_same_v<std::remove_const_t<R>, ChannelRecord> {
    f("key", r.key);
    f("calendar", r.calendar);
    f("id", r.channel.id);
    f("resource", r.channel.resource);
    f("expires", r.channel.expires);
    f("secret_hash", r.secret_hash);
    f("state", r.state);
    f("opened", r.opened);
    f("prolongable", r.prolongable);
}

template <class T>
std::string written(const T& record) {
    Out out;
    fields(out, record);
    return out.take();
}

}  // namespace

std::string to_row(const Business& r) { return written(r); }
std::string to_row(const Staff& r) { return written(r); }
std::string to_row(const Service& r) { return written(r); }
std::string to_row(const Account& r) { return written(r); }
std::string to_row(const Calendar& r) { return written(r); }
std::string to_row(const Appointment& r) { return written(r); }
std::string to_row(const Mirror& r) { return written(r); }
std::string to_row(const CachedEvent& r) { return written(r); }
std::string to_row(const Conflict& r) { return written(r); }
std::string to_row(const IdempotentAnswer& r) { return written(r); }
std::string to_row(const ChannelRecord& r) { return written(r); }

template <class T>
T from_row(const std::string& text) {
    try {
        T record{};
        In in(Json::parse(text));
        fields(in, record);
        return record;
    } catch (const Json::exception& error) {
        throw StoreFailure(
            std::string("A row of the store cannot be read (") + error.what() + "); bring back a backup."
        );
    }
}

template Business from_row<Business>(const std::string&);
template Staff from_row<Staff>(const std::string&);
template Service from_row<Service>(const std::string&);
template Account from_row<Account>(const std::string&);
template Calendar from_row<Calendar>(const std::string&);
template Appointment from_row<Appointment>(const std::string&);
template Mirror from_row<Mirror>(const std::string&);
template CachedEvent from_row<CachedEvent>(const std::string&);
template Conflict from_row<Conflict>(const std::string&);
template IdempotentAnswer from_row<IdempotentAnswer>(const std::string&);
template ChannelRecord from_row<ChannelRecord>(const std::string&);

std::string take_sealed_secret(std::string& account_row) {
    try {
        Json row = Json::parse(account_row);
        const auto found = row.find("sealed_secret");
        if (found == row.end()) return {};
        std::string sealed = read_text(*found);
        row.erase(found);
        account_row = row.dump();
        return sealed;
    } catch (const Json::exception&) {
        throw StoreFailure("An account in the store cannot be read; bring back a backup.");
    }
}

}  // namespace calgate::sqlite
