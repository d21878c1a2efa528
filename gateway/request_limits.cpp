#include "gateway/request_limits.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace calgate {
namespace {

constexpr double kMinute = 60;
constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t kNetworkBytes = 8;

std::string last_of(std::string_view list) {
    list.remove_prefix(list.rfind(',') == std::string_view::npos ? 0 : list.rfind(',') + 1);
    while (!list.empty() && list.front() == ' ') list.remove_prefix(1);
    while (!list.empty() && list.back() == ' ') list.remove_suffix(1);
    return std::string(list);
}

}  // namespace

std::optional<std::string> network_of(const std::string& address) {
    std::array<unsigned char, 16> bytes{};
    if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return std::string(bytes.begin(), bytes.begin() + 4);
    if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return std::nullopt;
    if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) return std::string(bytes.begin() + 12, bytes.end());
    return std::string(bytes.begin(), bytes.begin() + kNetworkBytes);
}

bool is_loopback(const std::string& address) {
    const auto network = network_of(address);
    if (network && network->size() == 4) return network->front() == 127;
    return address == "::1";
}

RequestLimits::RequestLimits(int per_minute, std::size_t most_callers)
    : per_minute_(per_minute), most_callers_(most_callers), others_{per_minute_, {}} {}

std::chrono::seconds RequestLimits::take(const std::string& caller, SteadyInstant now) {
    if (per_minute_ <= 0) return std::chrono::seconds{0};
    const std::lock_guard lock(mutex_);
    auto found = left_.find(caller);
    if (found == left_.end() && left_.size() >= most_callers_) forget_rested(now);
    if (found == left_.end() && left_.size() < most_callers_)
        found = left_.emplace(caller, Left{per_minute_, now}).first;
    Left& left = found == left_.end() ? others_ : found->second;
    left = {now_left(left, now), now};
    if (left.requests < 1)
        return std::chrono::seconds{static_cast<std::int64_t>(std::ceil((1 - left.requests) * kMinute / per_minute_))};
    left.requests -= 1;
    return std::chrono::seconds{0};
}

std::size_t RequestLimits::callers() const {
    const std::lock_guard lock(mutex_);
    return left_.size();
}

double RequestLimits::now_left(const Left& left, SteadyInstant now) const {
    const double passed = std::chrono::duration<double>(now - left.at).count();
    return std::min(per_minute_, left.requests + std::max(0.0, passed) * per_minute_ / kMinute);
}

void RequestLimits::forget_rested(SteadyInstant now) {
    if (forgot_ != SteadyInstant{} && now - forgot_ < std::chrono::seconds{1}) return;  // It walks over all of them.
    forgot_ = now;
    std::erase_if(left_, [&](const auto& entry) { return now_left(entry.second, now) >= per_minute_; });
}

std::string client_of(const HttpRequest& request, bool behind_proxy) {
    const auto forwarded = network_of(last_of(request.header("x-forwarded-for")));
    if (behind_proxy && forwarded && is_loopback(request.address)) return *forwarded;
    return network_of(request.address).value_or(request.address);
}

}  // namespace calgate
