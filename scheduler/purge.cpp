#include "scheduler/purge.hpp"

#include "core/advice.hpp"

namespace calgate {
namespace {

constexpr int kMostReads = 3;
constexpr int kMostWaits = 20;
constexpr std::size_t kMostNotes = 20;
constexpr std::chrono::seconds kPause{5};

class Purge {
public:
    Purge(const PurgePlan& plan, Connector& connector, const Clock& clock, const ListingOptions& options)
        : plan_(plan), connector_(connector), clock_(clock), options_(options) {}

    PurgeReport run() {
        all(plan_.copies);
        if (!report_.stopped && report_.left == 0) all(plan_.markers);
        return report_;
    }

private:
    void all(const std::vector<PurgedCopy>& copies) {
        for (const PurgedCopy& copy : copies) {
            const Status done = remove(copy);
            if (report_.stopped) return;
            if (done)
                ++report_.deleted;
            else
                leave(copy, done.error().detail);
            if (options_.progress) options_.progress(static_cast<std::size_t>(report_.deleted));
        }
    }

    /// Repeats what fails in a way that passes, as long as the caller waits.
    template <class F>
    auto patiently(F&& call) {
        for (int waits = 0;; ++waits) {
            auto result = call(Context{clock_.steady() + options_.call_timeout, options_.stop});
            if (result) return result;
            const Error& error = result.error();
            const bool passes = error.code == ErrorCode::RateLimited || advice(error).counts_as_outage;
            const bool whole = advice(error).action == Action::PauseAccount || passes;
            if (!whole) return result;
            const bool again = passes && waits < kMostWaits && options_.wait &&
                               options_.wait(error, error.retry_after.value_or(kPause));
            if (again) continue;
            report_.stopped = error;
            return result;
        }
    }

    Status remove(const PurgedCopy& copy) {
        std::optional<Version> version = copy.version;
        for (int reads = 0;; ++reads) {
            if (!version) {
                const auto event =
                    patiently([&](const Context& context) { return connector_.fetch_event(context, copy.href); });
                if (!event && event.error().code == ErrorCode::NotFound) return {};
                if (!event) return event.error();
                if (!is_ours_to_purge(*event, plan_))
                    return Error{ErrorCode::Rejected, "Somebody made it theirs meanwhile; it stays.", {}};
                version = event->version;
                if (!version) return Error{ErrorCode::InvalidResponse, "The service gave it no version; it stays.", {}};
            }
            const Status done = patiently([&](const Context& context) {
                return connector_.delete_event(context, copy.href, *version);
            });
            if (done || done.error().code == ErrorCode::NotFound) return {};
            if (done.error().code != ErrorCode::VersionMismatch || reads >= kMostReads) return done;
            version.reset();
        }
    }

    void leave(const PurgedCopy& copy, const std::string& why) {
        ++report_.left;
        if (report_.notes.size() < kMostNotes) report_.notes.push_back(copy.href.value + ": " + why);
    }

    const PurgePlan& plan_;
    Connector& connector_;
    const Clock& clock_;
    const ListingOptions& options_;
    PurgeReport report_{};
};

}  // namespace

PurgeReport carry_out(const PurgePlan& plan, Connector& connector, const Clock& clock, const ListingOptions& options) {
    return Purge(plan, connector, clock, options).run();
}

}  // namespace calgate
