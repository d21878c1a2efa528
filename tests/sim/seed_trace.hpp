#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/connector.hpp"
#include "store/store.hpp"

namespace calgate::seeds {

/// One number over everything that happens in a run, in its order: equal for equal runs, on every machine (FNV-1a).
class Trace {
public:
    explicit Trace(const Clock& clock) : clock_(clock) {}

    /// Both clocks go with it.
    void add(std::string_view what);
    /// What is kept by now, row by row; `as_of` and tokens included.
    void add_rows(const Reader&);
    /// Where the audit's chain stands after a commit.
    void add_commit(const Reader&);
    /// 16 digits.
    std::string hash() const;

private:
    void mix(std::string_view bytes);
    void mix(std::uint64_t number);

    const Clock& clock_;
    std::uint64_t hash_ = 0xcbf29ce484222325;
};

/// A connector whose calls and answers, as the gateway gets them, go into the trace.
std::unique_ptr<Connector> traced(std::unique_ptr<Connector>, Trace&);

}  // namespace calgate::seeds
