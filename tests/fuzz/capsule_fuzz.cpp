#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/carrier.hpp"
#include "core/copy_note.hpp"
#include "core/restore.hpp"
#include "core/survival.hpp"

using namespace calgate;

namespace {

const Keys& keys() {
    static const Keys made{mark_key_of(std::string(32, 'r')), std::string(32, 'r')};
    return made;
}

/// What somebody could seal who has the recovery key: the readers behind the seal.
std::string sealed(std::string_view plain, std::string_view bound_to) {
    return base64url(seal_secret(deflated(plain), keys().recovery_key, bound_to, std::string(12, 'n')));
}

/// As core/identity.cpp and core/manifest.cpp bind them; without this check a change there would leave nothing tested.
constexpr std::string_view kCapsule = "calgate capsule 1";
constexpr std::string_view kManifest = "calgate manifest 1";
bool bound_as_core_does() {
    const auto opens = [](const std::string& text, std::string_view bound_to) {
        return open_secret(from_base64url(text).value_or(""), keys().recovery_key, bound_to).has_value();
    };
    return opens(seal_capsule({}, keys(), std::string(12, 'n')), kCapsule) &&
           opens(seal_manifest({}, keys().recovery_key), kManifest);
}

void read_bare(const std::string& text) {
    static_cast<void>(read_mark(text, keys()));
    static_cast<void>(open_capsule(text, keys()));
    static_cast<void>(open_manifest(text, keys().recovery_key));
    static_cast<void>(inflated(text));
    if (const auto bytes = from_base64url(text); bytes && from_base64url(base64url(*bytes)) != bytes) std::abort();
    if (const auto survival = read_survival(text))
        if (!(read_survival(write_survival(*survival)) == survival)) std::abort();
    const std::string bare = without_note(text);
    if (without_note(bare) != bare) std::abort();
}

/// A copy that carries all of it: in its notes, and as mark and capsule.
void restore_from(const std::string& text, const std::string& capsule, const std::string& manifest) {
    static const ZoneResolver zones;
    RemoteEvent noted, copy, marker;
    noted.event.master.notes = text;
    take_from_notes(noted.event);
    copy.href.value = "copy";
    copy.event.mark = write_mark({"epoch", "business", AppointmentId{"one"}, 1, 1}, keys());
    copy.event.capsule = capsule;
    marker.href.value = "marker";
    marker.event.mark = write_mark({"epoch", "business", AppointmentId{"marker"}, 0, 0}, keys());
    marker.event.capsule = manifest;
    RestoreRequest request;
    request.recovery_key = keys().recovery_key;
    static_cast<void>(plan_restore({noted, copy, marker}, request, zones));
}

}  // namespace

/// Marks, capsules, manifests and notes out of calendars: as they come, and as whoever holds the key could seal them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool bound = bound_as_core_does();
    if (!bound) std::abort();
    const std::string text(reinterpret_cast<const char*>(data), size);
    read_bare(text);
    const std::string capsule = sealed(text, kCapsule);
    if (const auto opened = open_capsule(capsule, keys())) {
        const auto again = open_capsule(seal_capsule(*opened, keys(), std::string(12, 'n')), keys());
        if (!again || !(*again == *opened)) std::abort();
    }
    const std::string manifest = sealed(text, kManifest);
    if (const auto opened = open_manifest(manifest, keys().recovery_key))
        static_cast<void>(open_manifest(seal_manifest(*opened, keys().recovery_key), keys().recovery_key));
    restore_from(text, capsule, manifest);
    return 0;
}
