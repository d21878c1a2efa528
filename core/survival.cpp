#include "core/survival.hpp"

#include <array>
#include <charconv>

namespace calgate {

namespace {

constexpr std::string_view kVersionOfText = "1";
constexpr int kFullCapsule = 24'000;
constexpr std::array<std::string_view, 3> kCarriers{"properties", "notes", "none"};
constexpr std::array<std::string_view, 3> kVersionNews{"given", "missing", "misleading"};
constexpr std::array<std::string_view, 3> kNameReuse{"yes", "no", "unknown"};

std::string name_line(const Uid& uid) { return "calgate-probe " + uid.value; }

std::string_view field(std::string_view text, std::string_view name) {
    const std::string wanted = " " + std::string(name) + "=";
    const auto at = text.find(wanted);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = text.substr(at + wanted.size());
    return rest.substr(0, rest.find(' '));
}

template <class E, std::size_t N>
std::optional<E> named(const std::array<std::string_view, N>& names, std::string_view name) {
    for (std::size_t i = 0; i < N; ++i)
        if (names[i] == name) return static_cast<E>(i);
    return std::nullopt;
}

/// Characters that a capsule may have, in an order that does not repeat.
std::string filler(const Uid& uid, int length) {
    std::string out;
    for (int block = 0; static_cast<int>(out.size()) < length; ++block)
        out += base64url(sha256_hex(uid.value + std::to_string(block)));
    out.resize(static_cast<std::size_t>(length));
    return out;
}

}  // namespace

std::string write_survival(const Survival& s) {
    return std::string(kVersionOfText) + " carrier=" + std::string(kCarriers[static_cast<std::size_t>(s.carrier)]) +
           " capsule=" + std::to_string(s.capsule) + " transparency=" + (s.transparency ? "yes" : "no") +
           " version=" + std::string(kVersionNews[static_cast<std::size_t>(s.version)]) +
           " reuse=" + std::string(kNameReuse[static_cast<std::size_t>(s.reuse)]) +
           (s.checks_versions ? "" : " checks=no");
}

std::optional<Survival> read_survival(std::string_view text) {
    if (!text.starts_with(std::string(kVersionOfText) + " ")) return std::nullopt;
    Survival out;
    const std::string_view size = field(text, "capsule");
    const auto [end, wrong] = std::from_chars(size.data(), size.data() + size.size(), out.capsule);
    const auto carrier = named<Carrier>(kCarriers, field(text, "carrier"));
    const auto version = named<VersionNews>(kVersionNews, field(text, "version"));
    const auto reuse = named<NameReuse>(kNameReuse, field(text, "reuse"));
    if (wrong != std::errc{} || end != size.data() + size.size() || !carrier || !version || !reuse) return std::nullopt;
    out.carrier = *carrier;
    out.transparency = field(text, "transparency") == "yes";
    out.checks_versions = field(text, "checks") != "no";
    out.version = *version;
    out.reuse = *reuse;
    return out;
}

std::string described(const Survival& s) {
    std::string out = s.carrier == Carrier::None    ? "Drops the mark of copies"
                      : s.carrier == Carrier::Notes ? "Drops properties; the notes keep the mark of copies"
                                                    : "Keeps the mark of copies";
    if (s.capsule >= kFullCapsule)
        out += " and everything that a restore needs";
    else if (s.capsule > 0)
        out += " and capsules up to " + std::to_string(s.capsule) +
               " characters, so long notes are not restorable from it";
    else
        out += "; drops what a restore needs, so appointments cannot be restored from it";
    if (!s.transparency) out += "; shows free events as busy";
    switch (s.version) {
        case VersionNews::Given:
            break;
        case VersionNews::Missing:
            out += "; says no version after a write, so copies are read back";
            break;
        case VersionNews::Misleading:
            out += "; changes what was written afterwards, so copies are read back";
            break;
    }
    if (!s.checks_versions) out += "; takes a write over a newer version, so each is preceded by a reading";
    if (s.reuse == NameReuse::No) out += "; never frees the name of a deleted event";
    return out + ".";
}

std::string unusable(const Survival& s) {
    if (s.carrier != Carrier::None) return {};
    return "This calendar drops the mark by which calgate knows its own copies, so it would not dare to change "
           "or delete them; choose another calendar for the appointments.";
}

Event survival_probe(
    const Business& business, const CalendarId& calendar, int generation, int capsule, const Keys& keys
) {
    using namespace std::chrono;
    const AppointmentId id{std::string(kSurvivalProbe)};
    Event event;
    event.uid = copy_name(business.id, id, calendar, generation);
    event.master.start = {When::Kind::Date, LocalSeconds{local_days{1971y / January / 4}}, {}};
    event.master.end = {When::Kind::Date, LocalSeconds{local_days{1971y / January / 5}}, {}};
    event.master.title = "calgate probe";
    event.master.notes = name_line(event.uid);
    event.master.transparency = Transparency::Transparent;
    event.master.classification = Classification::Private;
    event.mark = write_mark({business.epoch, business.id, id, generation, 1}, keys);
    event.capsule = filler(event.uid, capsule);
    return event;
}

bool is_survival_probe(
    const Event& event, const Business& business, const CalendarId& calendar, int generation, const Keys& keys
) {
    const AppointmentId id{std::string(kSurvivalProbe)};
    const auto mark = event.mark.empty() ? std::nullopt : read_mark(event.mark, keys);
    if (mark && mark->business == business.id && mark->appointment == id) return true;
    const Uid name = copy_name(business.id, id, calendar, generation);
    return event.mark.empty() && event.master.title == "calgate probe" &&
           (event.uid == name || event.master.notes.find(name_line(name)) != std::string::npos);
}

Survival survived(
    const Event& written, Carrier carrier, const RemoteEvent& read, const std::optional<Version>& receipt
) {
    Survival out;
    // A mark under another name would be a stranger's copy.
    out.carrier = read.event.mark == written.mark && read.event.uid == written.uid ? carrier : Carrier::None;
    out.capsule = read.event.capsule == written.capsule ? static_cast<int>(written.capsule.size()) : 0;
    out.transparency = read.event.master.transparency == Transparency::Transparent;
    out.version = !receipt                  ? VersionNews::Missing
                  : receipt == read.version ? VersionNews::Given
                                            : VersionNews::Misleading;
    return out;
}

}  // namespace calgate
