#include "gateway/caller.hpp"

#include <boost/url.hpp>

#include "connectors/http/curl_transport.hpp"
#include "gateway/api.hpp"
#include "gateway/gateway.hpp"
#include "gateway/keys.hpp"

namespace calgate {
namespace {

constexpr auto kPatience = std::chrono::minutes{10};

nlohmann::json parsed(const std::string& text) {
    auto json = nlohmann::json::parse(text, nullptr, false);
    return json.is_discarded() ? nlohmann::json(text) : json;
}

class RemoteCaller final : public Caller {
public:
    RemoteCaller(std::string url, std::string token)
        : url_(std::move(url)), token_(std::move(token)), transport_(settings(), clock_) {}

    Answer call(const std::string& method, const std::string& path, const nlohmann::json& body) override {
        http::Request request;
        request.method = method;
        request.url = url_ + path;
        request.headers = {{"Authorization", "Bearer " + token_}, {"Content-Type", "application/json"}};
        request.max_response_bytes = 1024u * 1024 * 1024;
        if (!body.is_null()) request.body = body.dump();
        const auto response = transport_.send(request, Context{clock_.steady() + kPatience, {}});
        if (!response) return {503, {{"detail", "The running gateway does not answer: " + response.error().detail}}};
        return {response->status, parsed(response->body)};
    }

private:
    /// The gateway's own address, from a file that only its owner can write.
    static http::CurlTransport::Settings settings() {
        http::CurlTransport::Settings wanted;
        wanted.allow_private_addresses = true;
        return wanted;
    }

    SystemClock clock_{};
    std::string url_;
    std::string token_;
    http::CurlTransport transport_;
};

class LocalCaller final : public Caller {
public:
    explicit LocalCaller(std::unique_ptr<Gateway> gateway)
        : gateway_(std::move(gateway)),
          api_(ApiParts{
              *gateway_->store,
              gateway_->index,
              *gateway_->engine,
              gateway_->connectors,
              gateway_->zones,
              gateway_->clock,
              gateway_->random,
              gateway_->keys,
              token_,
              false,
              {},
              gateway_->config.booking,
              gateway_->config.callbacks.url,
              {},
              {},
              gateway_->config.countries,
              gateway_->config.kit.target,
              gateway_->directory}) {}

    Answer call(const std::string& method, const std::string& path, const nlohmann::json& body) override {
        HttpRequest request;
        request.method = method;
        const boost::urls::url_view target(path);
        request.path = target.encoded_path().decode();
        for (const auto& parameter : target.encoded_params())
            request.query.emplace_back(parameter.key.decode(), parameter.value.decode());
        request.headers = {{"authorization", "Bearer " + token_}};
        if (!body.is_null()) request.body = body.dump();
        const auto response = api_.handle(request);
        return {response.status, parsed(response.body)};
    }

private:
    const std::string token_ = "this process";
    std::unique_ptr<Gateway> gateway_;
    Api api_;
};

}  // namespace

std::string admin_file(const std::string& directory) { return directory + "/admin.json"; }

std::string Caller::Answer::problem() const {
    if (good()) return {};
    if (body.is_object() && body.contains("detail") && body["detail"].is_string())
        return body["detail"].get<std::string>();
    return "The gateway answered " + std::to_string(status) + ".";
}

Result<std::unique_ptr<Caller>> Caller::open(const std::string& directory) {
    auto gateway = Gateway::open(directory);
    if (gateway) return std::unique_ptr<Caller>(std::make_unique<LocalCaller>(std::move(gateway).value()));
    auto running = to_running(directory);
    return running ? std::move(running) : Result<std::unique_ptr<Caller>>(gateway.error());
}

Result<std::unique_ptr<Caller>> Caller::to_running(const std::string& directory) {
    const auto text = read_file(admin_file(directory), 4096);
    const auto admin = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
    if (!admin.is_object() || !admin.contains("url") || !admin.contains("token"))
        return Error{ErrorCode::Rejected, "No gateway runs on " + directory + "; start calgate serve.", {}};
    return std::unique_ptr<Caller>(
        std::make_unique<RemoteCaller>(admin["url"].get<std::string>(), admin["token"].get<std::string>())
    );
}

}  // namespace calgate
