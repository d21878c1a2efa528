#pragma once

#include <fstream>
#include <string>

#include "connectors/http/transport.hpp"

namespace calgate::testing {

/// Passes everything on and writes each exchange as a line of JSON, for tests/contracts/check_exchanges.py. One thread.
class RecordingTransport final : public http::HttpTransport {
public:
    /// @param path begun anew; empty: nothing is written. Throws std::runtime_error when it cannot be written.
    RecordingTransport(http::HttpTransport& inner, const std::string& path);

    Result<http::Response> send(const http::Request&, const Context&) override;
    /// An answer that goes on is a line of its own for each envelope in it.
    Result<std::unique_ptr<http::OpenStream>>
    open_stream(const http::Request&, std::shared_ptr<http::StreamListener>, const http::StreamLimits&) override;
    /// false while answers are broken on purpose: a broken answer keeps no contract.
    void record(bool on) { on_ = on; }

private:
    http::HttpTransport& inner_;
    std::ofstream out_{};
    bool on_ = true;
};

/// "<name>.jsonl" in the folder that the environment variable CALGATE_EXCHANGES names; empty without it.
std::string exchanges_file(const std::string& name);

}  // namespace calgate::testing
