#include "gateway/drill_watch.hpp"

#include <algorithm>

#include "core/time.hpp"
#include "gateway/command_support.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostSamples = 2000;

}  // namespace

std::int64_t DrillWatch::seconds() const {
    return std::chrono::duration_cast<std::chrono::seconds>(clock_.steady() - began_).count();
}

bool DrillWatch::look() {
    const auto status = caller_.call("GET", "/v1/status");
    std::int64_t waiting = 0, age = 0;
    bool live = status.good();
    if (status.good()) {
        for (const Json& target : status.body["targets"]) {
            waiting += target.value("waiting", std::int64_t{0});
            live = live && target.value("live", false);
            if (target["age_s"].is_number()) age = std::max(age, target["age_s"].get<std::int64_t>());
        }
        rpo_ = std::max(rpo_, status.body["unmirrored"].value("oldest_s", std::int64_t{0}));
        ask_availability();
    } else {
        ++failed_;
    }
    if (samples_.size() < kMostSamples || seconds() % 60 == 0)
        samples_.push_back({{"t_s", seconds()}, {"waiting", waiting}, {"age_s", age}, {"live", live}});
    most_waiting_ = std::max(most_waiting_, waiting);
    return live && waiting == 0;
}

void DrillWatch::tell(Json& summary) const {
    summary["answers"] = answers_;
    summary["failed_answers"] = failed_;
    summary["oldest_answer_s"] = oldest_;
    summary["most_waiting"] = most_waiting_;
    summary["rpo_s"] = rpo_;
}

void DrillWatch::ask_availability() {
    if (people_.empty()) {
        const auto staff = caller_.call("GET", "/v1/staff");
        for (const Json& person : staff.body["staff"]) people_.push_back(text_of(person, "id"));
    }
    if (people_.empty()) return;
    const std::string& person = people_[static_cast<std::size_t>(answers_) % people_.size()];
    const Instant now = clock_.now();
    const auto answer = caller_.call(
        "GET",
        "/v1/availability?staff=" + person + "&from=" + format_instant(now) +
            "&to=" + format_instant(now + std::chrono::hours{24 * 7})
    );
    ++answers_;
    if (!answer.good()) {
        ++failed_;
        return;
    }
    for (const Json& source : answer.body["staff"][0]["sources"]) {
        if (source["age_s"].is_number()) oldest_ = std::max(oldest_, source["age_s"].get<std::int64_t>());
    }
}

}  // namespace calgate
