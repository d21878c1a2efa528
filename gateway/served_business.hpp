#pragma once

#include <memory>
#include <string>

#include "core/result.hpp"

namespace calgate {

class Api;
struct Gateway;

/// One business as `calgate serve` runs it: its data directory, its API, and what it does by itself (kits, drills,
/// retention, holidays, callbacks). One thread.
class ServedBusiness {
public:
    /// @return Rejected with a sentence. @throws StoreFailure when the store cannot be opened.
    static Result<std::unique_ptr<ServedBusiness>> open(const std::string& directory);
    ~ServedBusiness();
    ServedBusiness(const ServedBusiness&) = delete;
    ServedBusiness& operator=(const ServedBusiness&) = delete;

    Api& api();
    const Gateway& gateway() const;
    /// Leaves the address and a token that is new with every start for the command line on this machine.
    Status tell_commands(const std::string& url) const;
    void start_engine();
    /// Once the API is served, which they ask.
    void start_chores();
    /// Ends all of it and takes what tell_commands() left away. The API is served no more by then.
    void stop();

private:
    struct Impl;
    explicit ServedBusiness(std::unique_ptr<Impl>);
    std::unique_ptr<Impl> impl_;
};

}  // namespace calgate
