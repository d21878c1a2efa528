#include "tests/core/tzif.hpp"

#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>

namespace calgate::testing {
namespace {

class Bytes {
public:
    explicit Bytes(std::string text) : text_(std::move(text)) {}
    std::int64_t number(std::size_t size) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(text_.at(at_++));
        if (size == 4) return static_cast<std::int32_t>(value);
        return static_cast<std::int64_t>(value);
    }
    void skip(std::int64_t count) { at_ += static_cast<std::size_t>(count); }

private:
    std::string text_;
    std::size_t at_ = 0;
};

struct Header {
    std::int64_t utc_flags, wall_flags, leaps, times, types, letters;
};

Header header(Bytes& bytes) {
    bytes.skip(20);
    Header out{};
    for (std::int64_t* field : {&out.utc_flags, &out.wall_flags, &out.leaps, &out.times, &out.types, &out.letters})
        *field = bytes.number(4);
    return out;
}

}  // namespace

ZoneFile::ZoneFile(const std::string& zone) {
    std::ifstream file("/usr/share/zoneinfo/" + zone, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.substr(0, 4) != "TZif") throw std::runtime_error("no zone file for " + zone);
    Bytes bytes(text);
    const Header old = header(bytes);
    bytes.skip(old.times * 5 + old.types * 6 + old.letters + old.leaps * 8 + old.wall_flags + old.utc_flags);
    const Header now = header(bytes);
    std::vector<std::int64_t> times;
    std::vector<std::int64_t> kinds;
    std::vector<std::int64_t> offsets;
    for (std::int64_t i = 0; i < now.times; ++i) times.push_back(bytes.number(8));
    for (std::int64_t i = 0; i < now.times; ++i) kinds.push_back(bytes.number(1));
    for (std::int64_t i = 0; i < now.types; ++i) {
        offsets.push_back(bytes.number(4));
        bytes.skip(2);
    }
    first_ = offsets.at(0);
    for (std::size_t i = 0; i < times.size(); ++i)
        changes_.emplace_back(times[i], offsets.at(static_cast<std::size_t>(kinds[i])));
}

std::int64_t ZoneFile::offset_at(std::int64_t utc) const {
    std::int64_t offset = first_;
    for (const auto& [from, value] : changes_) {
        if (from > utc) break;
        offset = value;
    }
    return offset;
}

Instant ZoneFile::to_instant(LocalSeconds local) const {
    const std::int64_t wall = local.time_since_epoch().count();
    std::set<std::int64_t> offsets{first_};
    for (const auto& [from, value] : changes_) offsets.insert(value);
    std::optional<std::int64_t> earliest;
    for (const std::int64_t offset : offsets) {
        const std::int64_t utc = wall - offset;
        if (offset_at(utc) == offset && (!earliest || utc < *earliest)) earliest = utc;
    }
    if (earliest) return Instant{std::chrono::seconds{*earliest}};
    std::int64_t before = first_;
    for (const auto& [from, value] : changes_) {
        if (from + before <= wall && wall < from + value) return Instant{std::chrono::seconds{wall - before}};
        before = value;
    }
    throw std::logic_error("neither shown nor skipped");
}

}  // namespace calgate::testing
