#include "core/manifest.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/identity.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kBinding = "calgate manifest 1";
constexpr std::size_t kMaxCharacters = 24'000;
constexpr std::size_t kNearDays = 120;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kDigestCharacters = 6;
constexpr std::chrono::days kBack{31}, kAhead{1000};

std::string day_of(LocalSeconds local) {
    std::string text = format_local(local).substr(0, 10);
    std::erase(text, '-');
    return text;
}

/// Length before each field, so that no two appointments make the same text.
std::string content_of(const Appointment& a) {
    std::string out;
    for (const std::string& field :
         {a.id.value,
          a.staff.value,
          a.service.value,
          format_local(a.start),
          format_local(a.end),
          a.zone,
          std::to_string(static_cast<int>(a.state)),
          a.title,
          a.place,
          a.customer,
          a.notes})
        out += std::to_string(field.size()) + ":" + field;
    return out;
}

Json json_of(const Business& b) {
    return {
        {"id", b.id},
        {"name", b.name},
        {"zone", b.zone},
        {"epoch", b.epoch},
        {"edits", static_cast<int>(b.concurrent_edits)},
        {"deletions", static_cast<int>(b.deletions)},
        {"stale", static_cast<int>(b.stale)},
        {"stale_after_s", b.stale_after.count()}};
}

Json json_of(const std::vector<WorkingHours>& day) {
    Json hours = Json::array();
    for (const auto& span : day) hours.push_back({span.start_minute, span.end_minute});
    return hours;
}

Json json_of(const Staff& s) {
    Json week = Json::array();
    for (const auto& day : s.week) week.push_back(json_of(day));
    Json exceptions = Json::array();
    for (const DayHours& day : s.exceptions)
        exceptions.push_back({day.day.time_since_epoch().count(), json_of(day.hours)});
    return {
        {"id", s.id.value},
        {"name", s.name},
        {"zone", s.zone},
        {"capacity", s.capacity},
        {"week", week},
        {"exceptions", exceptions}};
}

Json json_of(const Service& s) {
    Json staff = Json::array();
    for (const auto& id : s.staff) staff.push_back(id.value);
    return {
        {"id", s.id.value},
        {"name", s.name},
        {"minutes", s.duration.count()},
        {"before", s.buffer_before.count()},
        {"after", s.buffer_after.count()},
        {"step", s.step.count()},
        {"notice", s.notice.count()},
        {"horizon", s.horizon.count()},
        {"staff", staff}};
}

Json json_of(const NamedTarget& t) {
    return {{"staff", t.staff.value}, {"kind", t.kind}, {"user", t.user}, {"url", t.url}, {"name", t.name}};
}

template <class T>
Json list_of(const std::vector<T>& records) {
    Json list = Json::array();
    for (const auto& record : records) list.push_back(json_of(record));
    return list;
}

Json json_of(const Manifest& m) {
    Json erased = Json::array();
    for (const Erasure& one : m.erased) erased.push_back({one.customer, one.at.time_since_epoch().count()});
    Json days = Json::array();
    for (const auto& day : m.inventory.days) days.push_back({day.day, day.copies, day.digest});
    return {
        {"v", 1},
        {"business", json_of(m.business)},
        {"earlier", m.earlier_epochs},
        {"mark_key", base64url(m.mark_key)},
        {"written", m.written.time_since_epoch().count()},
        {"calendar",
         {{"id", m.calendar.id.value},
          {"staff", m.calendar.staff.value},
          {"name", m.calendar.name},
          {"busy", m.calendar.busy},
          {"shows", number_of(m.calendar.copy_detail)}}},
        {"staff", list_of(m.staff)},
        {"services", list_of(m.services)},
        {"targets", list_of(m.targets)},
        {"erased", erased},
        {"audit", {m.audit.sequence, m.audit.link}},
        {"stopped", m.stopped},
        {"copies", m.inventory.copies},
        {"digest", m.inventory.digest},
        {"days", days}};
}

template <class E>
E enumerator(const Json& value, E last) {
    const int number = value.get<int>();
    if (number < 0 || number > static_cast<int>(last)) throw std::out_of_range("manifest");
    return static_cast<E>(number);
}

Business business_from(const Json& j) {
    Business b;
    b.id = j.at("id").get<std::string>();
    b.name = j.at("name").get<std::string>();
    b.zone = j.at("zone").get<std::string>();
    b.epoch = j.at("epoch").get<std::string>();
    b.concurrent_edits = enumerator(j.at("edits"), ConcurrentEditPolicy::Newest);
    b.deletions = enumerator(j.at("deletions"), DeletionPolicy::Hide);
    b.stale = enumerator(j.at("stale"), StalePolicy::Refuse);
    b.stale_after = std::chrono::seconds{j.at("stale_after_s").get<std::int64_t>()};
    return b;
}

std::vector<WorkingHours> hours_from(const Json& j) {
    std::vector<WorkingHours> hours;
    for (const Json& span : j) hours.push_back({span.at(0).get<int>(), span.at(1).get<int>()});
    return hours;
}

Staff staff_from(const Json& j) {
    Staff s;
    s.id.value = j.at("id").get<std::string>();
    s.name = j.at("name").get<std::string>();
    s.zone = j.at("zone").get<std::string>();
    s.capacity = j.at("capacity").get<int>();
    for (std::size_t day = 0; day < s.week.size(); ++day) s.week[day] = hours_from(j.at("week").at(day));
    for (const Json& day : j.value("exceptions", Json::array())) {
        const std::chrono::local_days date{std::chrono::days{day.at(0).get<int>()}};
        s.exceptions.push_back({date, hours_from(day.at(1))});
    }
    return s;
}

Service service_from(const Json& j) {
    Service s;
    s.id.value = j.at("id").get<std::string>();
    s.name = j.at("name").get<std::string>();
    s.duration = std::chrono::minutes{j.at("minutes").get<int>()};
    s.buffer_before = std::chrono::minutes{j.at("before").get<int>()};
    s.buffer_after = std::chrono::minutes{j.at("after").get<int>()};
    s.step = std::chrono::minutes{j.value("step", 15)};
    s.notice = std::chrono::minutes{j.value("notice", 0)};
    s.horizon = std::chrono::days{j.value("horizon", 0)};
    for (const Json& id : j.at("staff")) s.staff.push_back({id.get<std::string>()});
    return s;
}

NamedTarget target_from(const Json& j) {
    return {
        {j.at("staff").get<std::string>()},
        j.at("kind").get<std::string>(),
        j.at("user").get<std::string>(),
        j.at("url").get<std::string>(),
        j.at("name").get<std::string>()};
}

Manifest manifest_from(const Json& j) {
    Manifest m;
    m.business = business_from(j.at("business"));
    m.earlier_epochs = j.at("earlier").get<std::vector<std::string>>();
    m.mark_key = from_base64url(j.at("mark_key").get<std::string>()).value_or("");
    m.written = Instant{std::chrono::seconds{j.at("written").get<std::int64_t>()}};
    const Json& calendar = j.at("calendar");
    m.calendar.id.value = calendar.at("id").get<std::string>();
    m.calendar.staff.value = calendar.at("staff").get<std::string>();
    m.calendar.name = calendar.at("name").get<std::string>();
    m.calendar.busy = calendar.at("busy").get<bool>();
    const auto shows = copy_detail_of(calendar.at("shows").get<int>());
    if (!shows) throw std::out_of_range("manifest");
    m.calendar.copy_detail = *shows;
    for (const Json& one : j.at("staff")) m.staff.push_back(staff_from(one));
    for (const Json& one : j.at("services")) m.services.push_back(service_from(one));
    for (const Json& one : j.at("targets")) m.targets.push_back(target_from(one));
    m.stopped = j.value("stopped", false);
    if (j.contains("audit")) m.audit = {j["audit"].at(0).get<std::int64_t>(), j["audit"].at(1).get<std::string>()};
    for (const Json& one : j.value("erased", Json::array()))
        m.erased.push_back(
            {one.at(0).get<std::string>(), Instant{std::chrono::seconds{one.at(1).get<std::int64_t>()}}, false, {}}
        );
    m.inventory.copies = j.at("copies").get<int>();
    m.inventory.digest = j.at("digest").get<std::string>();
    for (const Json& day : j.at("days"))
        m.inventory.days.push_back({day.at(0).get<std::string>(), day.at(1).get<int>(), day.at(2).get<std::string>()});
    return m;
}

void keep_own_person(Manifest& m) {
    std::erase_if(m.staff, [&](const Staff& s) { return s.id != m.calendar.staff; });
    std::erase_if(m.services, [&](const Service& s) {
        return std::find(s.staff.begin(), s.staff.end(), m.calendar.staff) == s.staff.end();
    });
    for (auto& service : m.services) service.staff = {m.calendar.staff};
}

}  // namespace

Inventory inventory_of(const std::vector<Appointment>& appointments, Instant at) {
    std::map<AppointmentId, std::string> all;
    std::map<std::string, std::map<AppointmentId, std::string>> days;
    const std::string from = day_of(LocalSeconds{(at - kBack).time_since_epoch()});
    const std::string to = day_of(LocalSeconds{(at + kAhead).time_since_epoch()});
    for (const auto& appointment : appointments) {
        std::string hash = sha256_hex(content_of(appointment));
        const std::string day = day_of(appointment.start);
        if (day >= from && day <= to) days[day][appointment.id] = hash;
        all[appointment.id] = std::move(hash);
    }
    const auto digest = [](const std::map<AppointmentId, std::string>& hashes) {
        std::string text;
        for (const auto& [id, hash] : hashes) text += hash;
        return sha256_hex(text);
    };
    Inventory out{static_cast<int>(all.size()), digest(all), {}};
    for (const auto& [day, hashes] : days)
        out.days.push_back({day, static_cast<int>(hashes.size()), digest(hashes).substr(0, kDigestCharacters)});
    return out;
}

std::string seal_manifest(Manifest manifest, std::string_view recovery_key) {
    const auto sealed = [&] {
        const std::string text = json_of(manifest).dump();
        const std::string nonce = from_base64url(keyed_seal(text, recovery_key)).value_or("").substr(0, kNonceBytes);
        return base64url(seal_secret(deflated(text), recovery_key, kBinding, nonce));
    };
    std::string text = sealed();
    if (text.size() > kMaxCharacters && manifest.inventory.days.size() > kNearDays) {
        manifest.inventory.days.resize(kNearDays);
        text = sealed();
    }
    if (text.size() > kMaxCharacters) {
        manifest.targets.clear();
        text = sealed();
    }
    if (text.size() > kMaxCharacters) {
        keep_own_person(manifest);
        text = sealed();
    }
    return text;
}

Result<Manifest> open_manifest(std::string_view sealed, std::string_view recovery_key) {
    const Error broken{ErrorCode::Rejected, "What the calendar's marker carries is damaged.", {}};
    const auto bytes = from_base64url(sealed);
    if (!bytes) return broken;
    CALGATE_TRY(const std::string packed, open_secret(*bytes, recovery_key, kBinding));
    const auto text = inflated(packed);
    if (!text) return broken;
    try {
        return manifest_from(Json::parse(*text));
    } catch (const std::exception&) {
        return broken;
    }
}

std::string facts_digest(Manifest manifest) {
    manifest.written = {};
    manifest.inventory = {};
    manifest.audit = {};
    return sha256_hex(json_of(manifest).dump());
}

}  // namespace calgate
