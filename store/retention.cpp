#include "store/retention.hpp"

#include <set>

namespace calgate {
namespace {

constexpr std::size_t kAtOnce = 20;
constexpr int kMostInOneCall = 2000;
constexpr const char* kReason = "Its time to be kept is over.";

}  // namespace

RetentionReport apply_retention(const EraseParts& parts, const Retention& keep) {
    RetentionReport report;
    std::set<CalendarId> targets;
    const Instant now = parts.clock.now();
    const auto everything = [](const Appointment&) { return true; };
    while (keep.customers.count() > 0 && report.nameless < kMostInOneCall) {
        const auto old =
            read(parts.store, [&](const Reader& r) { return r.named_and_over(now - keep.customers, kAtOnce); });
        if (old.empty()) break;
        parts.store.write([&](Writer& writer) {
            for (const AppointmentId& id : old) {
                erase_words_of(writer, id, everything, parts, kReason);
                for (const Mirror& mirror : writer.mirrors_of(id)) targets.insert(mirror.calendar);
            }
        });
        report.nameless += static_cast<int>(old.size());
    }
    parts.store.write([&](Writer& writer) {
        if (keep.versions.count() > 0) report.versions = writer.forget_versions(now - keep.versions);
        if (keep.words.count() > 0) report.words = writer.forget_words(now - keep.words);
        if (keep.answers.count() > 0) writer.forget_idempotent_answers(now - keep.answers);
    });
    report.targets.assign(targets.begin(), targets.end());
    return report;
}

}  // namespace calgate
