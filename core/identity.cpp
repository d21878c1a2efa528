#include "core/identity.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/copy_note.hpp"

namespace calgate {
namespace {

constexpr const char* kMask = "Busy";

constexpr std::size_t kNameCharacters = 52;
/// Above all that an appointment can take in: a calendar object of the service is 1 MiB at most.
constexpr std::size_t kMaxCapsuleBytes = 2 * 1024 * 1024;
constexpr std::string_view kMarkVersion = "cg1";
constexpr std::string_view kCapsuleBinding = "calgate capsule 1";

std::string base32hex(const unsigned char* data, std::size_t size) {
    std::string out;
    unsigned held = 0;
    int bits = 0;
    for (std::size_t i = 0; i < size; ++i) {
        held = (held << 8) | data[i];
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            out += "0123456789abcdefghijklmnopqrstuv"[(held >> bits) & 31];
        }
        held &= (1u << bits) - 1;
    }
    if (bits > 0) out += "0123456789abcdefghijklmnopqrstuv"[(held << (5 - bits)) & 31];
    return out;
}

/// Length before each part, so that no two lists of parts make the same bytes.
std::string joined(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (const auto part : parts) out += std::to_string(part.size()) + ":" + std::string(part);
    return out;
}

std::string hmac(std::string_view text, std::string_view key) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    HMAC(
        EVP_sha256(),
        key.data(),
        static_cast<int>(key.size()),
        reinterpret_cast<const unsigned char*>(text.data()),
        text.size(),
        digest.data(),
        &size
    );
    return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

std::string keyed_hash(std::string_view text, std::string_view key) { return hmac(text, key).substr(0, 16); }

template <class Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Reads the head of one CBOR item (RFC 8949 3). Nothing at the end of the text and for indefinite lengths.
struct CborHead {
    unsigned major = 0;
    std::uint64_t value = 0;
};
std::optional<CborHead> take_head(std::string_view& cbor) {
    if (cbor.empty()) return std::nullopt;
    const unsigned first = static_cast<unsigned char>(cbor[0]);
    cbor.remove_prefix(1);
    CborHead head{first >> 5, first & 31};
    if (head.value < 24) return head;
    if (head.value > 27) return std::nullopt;
    const std::size_t size = std::size_t{1} << (head.value - 24);
    if (cbor.size() < size) return std::nullopt;
    head.value = 0;
    for (const char c : cbor.substr(0, size)) head.value = (head.value << 8) | static_cast<unsigned char>(c);
    cbor.remove_prefix(size);
    return head;
}

/// One map of numbers, texts and truths, as `seal_capsule` writes it. The JSON library recurses: depth is bounded here.
bool is_flat_map(std::string_view cbor) {
    const auto map = take_head(cbor);
    if (!map || map->major != 5) return false;
    while (!cbor.empty()) {
        const auto item = take_head(cbor);
        if (!item) return false;
        const bool text = item->major == 3;
        if (!text && item->major != 0 && item->major != 1 && item->major != 7) return false;
        if (text && item->value > cbor.size()) return false;
        if (text) cbor.remove_prefix(static_cast<std::size_t>(item->value));
    }
    return true;
}

}  // namespace

std::string deflated(std::string_view plain) {
    uLongf size = compressBound(static_cast<uLong>(plain.size()));
    std::string out(size, '\0');
    const int done = compress2(
        reinterpret_cast<Bytef*>(out.data()),
        &size,
        reinterpret_cast<const Bytef*>(plain.data()),
        static_cast<uLong>(plain.size()),
        9
    );
    CALGATE_ASSERT(done == Z_OK);
    out.resize(size);
    return out;
}

std::optional<std::string> inflated(std::string_view packed) {
    // Most are small, and a large buffer costs more than the rest.
    for (std::size_t room = kMaxCapsuleBytes / 256; room <= kMaxCapsuleBytes; room *= 16) {
        std::string out(room, '\0');
        uLongf size = static_cast<uLongf>(out.size());
        const int done = uncompress(
            reinterpret_cast<Bytef*>(out.data()),
            &size,
            reinterpret_cast<const Bytef*>(packed.data()),
            static_cast<uLong>(packed.size())
        );
        if (done == Z_BUF_ERROR) continue;
        if (done != Z_OK) return std::nullopt;
        out.resize(size);
        return out;
    }
    return std::nullopt;
}

std::string mark_key_of(std::string_view recovery_key) { return hmac("calgate mark key 1", recovery_key); }

std::string keyed_seal(std::string_view text, std::string_view key) { return base64url(hmac(text, key)); }

Uid copy_name(std::string_view business, const AppointmentId& appointment, const CalendarId& calendar, int generation) {
    const std::string parts = joined({business, appointment.value, calendar.value, std::to_string(generation)});
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(parts.data()), parts.size(), digest.data());
    return Uid{base32hex(digest.data(), digest.size()).substr(0, kNameCharacters)};
}

std::string write_mark(const Mark& mark, const Keys& keys) {
    const std::string body = std::string(kMarkVersion) + "." + base64url(mark.epoch) + "." + base64url(mark.business) +
                             "." + base64url(mark.appointment.value) + "." + std::to_string(mark.generation) + "." +
                             std::to_string(mark.revision);
    return body + "." + base64url(keyed_hash(body, keys.mark_key));
}

std::optional<Mark> read_mark(std::string_view text, const Keys& keys) {
    std::vector<std::string_view> parts;
    for (std::size_t from = 0; from <= text.size();) {
        const auto dot = std::min(text.find('.', from), text.size());
        parts.push_back(text.substr(from, dot - from));
        from = dot + 1;
    }
    if (parts.size() != 7 || parts[0] != kMarkVersion) return std::nullopt;
    const std::string_view body = text.substr(0, text.rfind('.'));
    if (!equal_in_constant_time(parts[6], base64url(keyed_hash(body, keys.mark_key)))) return std::nullopt;
    const auto epoch = from_base64url(parts[1]);
    const auto business = from_base64url(parts[2]);
    const auto appointment = from_base64url(parts[3]);
    const auto generation = number<int>(parts[4]);
    const auto revision = number<std::int64_t>(parts[5]);
    if (!epoch || !business || !appointment || !generation || !revision) return std::nullopt;
    return Mark{*epoch, *business, AppointmentId{*appointment}, *generation, *revision};
}

std::string seal_capsule(const Appointment& a, const Keys& keys, std::string_view nonce) {
    const nlohmann::json content = {
        {"v", 1},
        {"id", a.id.value},
        {"staff", a.staff.value},
        {"service", a.service.value},
        {"start", format_local(a.start)},
        {"end", format_local(a.end)},
        {"zone", a.zone},
        {"state", static_cast<int>(a.state)},
        {"title", a.title},
        {"place", a.place},
        {"customer", a.customer},
        {"notes", a.notes},
        {"provisional", a.provisional},
        {"revision", a.revision},
        {"created", a.created.time_since_epoch().count()},
        {"changed", a.changed.time_since_epoch().count()},
        {"before", a.buffer_before.count()},
        {"after", a.buffer_after.count()},
    };
    const auto cbor = nlohmann::json::to_cbor(content);
    const std::string packed = deflated({reinterpret_cast<const char*>(cbor.data()), cbor.size()});
    return base64url(seal_secret(packed, keys.recovery_key, kCapsuleBinding, nonce));
}

Result<Appointment> open_capsule(std::string_view capsule, const Keys& keys) {
    const Error broken{ErrorCode::Rejected, "The capsule is damaged; restore this appointment from another target."};
    const auto sealed = from_base64url(capsule);
    if (!sealed) return broken;
    CALGATE_TRY(const std::string packed, open_secret(*sealed, keys.recovery_key, kCapsuleBinding));
    const auto cbor = inflated(packed);
    if (!cbor || !is_flat_map(*cbor)) return broken;
    try {
        const auto content = nlohmann::json::from_cbor(*cbor);
        const auto start = parse_local(content.at("start").get<std::string>());
        const auto end = parse_local(content.at("end").get<std::string>());
        const int state = content.at("state").get<int>();
        if (!start || !end || state < 0 || state > 2) return broken;
        Appointment a;
        a.id.value = content.at("id").get<std::string>();
        a.staff.value = content.at("staff").get<std::string>();
        a.service.value = content.at("service").get<std::string>();
        a.start = *start;
        a.end = *end;
        a.zone = content.at("zone").get<std::string>();
        a.state = static_cast<AppointmentState>(state);
        a.title = content.at("title").get<std::string>();
        a.place = content.at("place").get<std::string>();
        a.customer = content.at("customer").get<std::string>();
        a.notes = content.at("notes").get<std::string>();
        a.provisional = content.at("provisional").get<bool>();
        a.revision = content.at("revision").get<std::int64_t>();
        a.created = Instant{std::chrono::seconds{content.at("created").get<std::int64_t>()}};
        a.changed = Instant{std::chrono::seconds{content.at("changed").get<std::int64_t>()}};
        a.buffer_before = std::chrono::minutes{content.value("before", 0)};  // Early capsules have none.
        a.buffer_after = std::chrono::minutes{content.value("after", 0)};
        return a;
    } catch (const nlohmann::json::exception&) {
        return broken;
    }
}

LocalSeconds effective_end(const Appointment& appointment, const ZoneResolver& zones) {
    const Instant start = zones.to_instant(appointment.start, appointment.zone);
    if (zones.to_instant(appointment.end, appointment.zone) > start) return appointment.end;
    return zones.to_local(start + (appointment.end - appointment.start), appointment.zone);
}

Shown shown_on(const Appointment& appointment, CopyDetail detail, const ZoneResolver& zones) {
    Shown shown;
    shown.start = When{When::Kind::Zoned, appointment.start, appointment.zone};
    shown.end = When{When::Kind::Zoned, effective_end(appointment, zones), appointment.zone};
    shown.title = detail.title ? appointment.title : kMask;
    if (detail.place) shown.place = appointment.place;
    if (detail.notes) shown.notes = appointment.notes;
    shown.cancelled = appointment.state == AppointmentState::Cancelled;
    return shown;
}

bool tells_hidden_words(const Shown& shown, const Appointment& appointment, CopyDetail detail) {
    const auto tells = [](const std::string& field, const std::string& word) { return !word.empty() && field == word; };
    return (!detail.title && appointment.title != kMask && tells(shown.title, appointment.title)) ||
           (!detail.place && tells(shown.place, appointment.place)) ||
           (!detail.notes && tells(shown.notes, appointment.notes));
}

void keep_words_over_masks(
    Event& copy, const Event& before, const std::vector<Appointment>& revisions, CopyDetail detail
) {
    const Shown shown = shown_of(before);
    const auto keep = [&](bool hidden, std::string& field, const std::string& there, std::string Appointment::*word) {
        const bool ours = std::any_of(revisions.begin(), revisions.end(), [&](const Appointment& revision) {
            return revision.*word == there;
        });
        if (hidden && !ours) field = there;
    };
    keep(!detail.title, copy.master.title, shown.title, &Appointment::title);
    keep(!detail.place, copy.master.place, shown.place, &Appointment::place);
    keep(!detail.notes, copy.master.notes, shown.notes, &Appointment::notes);
}

Event copy_event(
    const Appointment& appointment,
    const Mirror& mirror,
    const Calendar& calendar,
    const Business& business,
    const Keys& keys,
    std::string_view nonce,
    const ZoneResolver& zones
) {
    const Shown shown = shown_on(appointment, calendar.copy_detail, zones);
    Event event;
    event.uid = mirror.uid;
    event.master.start = shown.start;
    event.master.end = shown.end;
    event.master.title = shown.title;
    event.master.place = shown.place;
    event.master.notes = shown.notes;
    event.master.classification =
        calendar.copy_detail == CopyDetail::kBusy ? Classification::Private : Classification::Public;
    event.master.sequence = appointment.revision;
    event.mark =
        write_mark(Mark{business.epoch, business.id, appointment.id, mirror.generation, appointment.revision}, keys);
    event.capsule = seal_capsule(appointment, keys, nonce);
    event.source = mirror.written_text.empty() ? mirror.remote_text : mirror.written_text;
    return event;
}

Shown shown_of(const Event& event) {
    const EventInstance& master = event.master;
    return Shown{
        master.start,
        master.end,
        master.title,
        master.place,
        without_note(master.notes),
        master.status == EventStatus::Cancelled};
}

}  // namespace calgate
