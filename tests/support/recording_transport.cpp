#include "tests/support/recording_transport.hpp"

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>

#include "tests/support/exchange_line.hpp"

namespace calgate::testing {

namespace {

/// Hands on what it hears, and each whole envelope of it to `keep`.
class RecordingListener final : public http::StreamListener {
public:
    RecordingListener(std::shared_ptr<http::StreamListener> inner, std::function<void(const std::string&)> keep)
        : inner_(std::move(inner)), keep_(std::move(keep)) {}
    bool piece(std::string_view bytes) override {
        begun_ += bytes;
        const std::string end = "Envelope>";
        for (auto at = begun_.find(end); at != std::string::npos; at = begun_.find(end)) {
            keep_(begun_.substr(0, at + end.size()));
            begun_.erase(0, at + end.size());
        }
        return inner_->piece(bytes);
    }
    void ended(const Result<http::Response>& how) override { inner_->ended(how); }

private:
    std::shared_ptr<http::StreamListener> inner_;
    std::function<void(const std::string&)> keep_;
    std::string begun_{};
};

}  // namespace

RecordingTransport::RecordingTransport(http::HttpTransport& inner, const std::string& path) : inner_(inner) {
    if (path.empty()) return;
    out_.open(path, std::ios::binary | std::ios::trunc);
    if (!out_) throw std::runtime_error("Cannot write " + path + ".");
}

Result<http::Response> RecordingTransport::send(const http::Request& request, const Context& context) {
    auto response = inner_.send(request, context);
    if (response && on_ && out_.is_open()) out_ << exchange_line(request, *response) << std::endl;
    return response;
}

Result<std::unique_ptr<http::OpenStream>> RecordingTransport::open_stream(
    const http::Request& request, std::shared_ptr<http::StreamListener> listener, const http::StreamLimits& limits
) {
    const auto keep = [this, request](const std::string& envelope) {
        if (on_ && out_.is_open()) out_ << exchange_line(request, {200, {}, envelope, request.url}) << std::endl;
    };
    return inner_.open_stream(request, std::make_shared<RecordingListener>(std::move(listener), keep), limits);
}

std::string exchanges_file(const std::string& name) {
    const char* const folder = std::getenv("CALGATE_EXCHANGES");
    if (!folder) return {};
    std::filesystem::create_directories(folder);
    return std::string(folder) + "/" + name + ".jsonl";
}

}  // namespace calgate::testing
