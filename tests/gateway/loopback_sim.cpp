#include "tests/gateway/loopback_sim.hpp"

#include <cctype>
#include <nlohmann/json.hpp>

#include "core/identity.hpp"

namespace calgate::testing {

namespace {

std::string basic(const http::Credentials& credentials) {
    static const char* kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::string text = credentials.user + ":" + credentials.password;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += 3) {
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8 | (at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u);
        for (std::size_t i = 0; i < 4; ++i) out += at + i > text.size() ? '=' : kAlphabet[bits >> (18 - 6 * i) & 63u];
    }
    return "Basic " + out;
}

/// "if-match" as clients write it.
std::string written(std::string name) {
    bool first = true;
    for (char& c : name) {
        if (first) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        first = c == '-';
    }
    return name;
}

HttpServer::Settings settings() {
    HttpServer::Settings wanted;
    wanted.body_bytes = 4u * 1024 * 1024;
    return wanted;
}

}  // namespace

LoopbackSim::LoopbackSim(const Clock& clock, Quirks quirks)
    : clock_(clock),
      sim_(clock, std::move(quirks)),
      server_(
          settings(),
          [](const HttpRequest&) { return Lane::Store; },
          [this](const HttpRequest& request) { return answer(request); }
      ) {
    server_.start();
}

std::string LoopbackSim::account(const std::string& password) const {
    return nlohmann::json{{"url", url()}, {"user", CaldavSim::credentials().user}, {"password", password}}.dump();
}

void LoopbackSim::with(const std::function<void(CaldavSim&)>& work) {
    const std::lock_guard lock(mutex_);
    work(sim_);
}

void LoopbackSim::replace(const std::string& from, const std::string& to) {
    const std::lock_guard lock(mutex_);
    replacements_[from] = to;
}

HttpResponse LoopbackSim::answer(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    http::Request inner;
    inner.method = request.method;
    std::string origin = sim_.account_url();
    origin.pop_back();
    inner.url = origin + request.path;
    for (const auto& [name, value] : request.headers) {
        if (name != "authorization" && name != "host") inner.headers.emplace_back(written(name), value);
    }
    const std::string_view sign = request.header("authorization");
    if (sign == basic(CaldavSim::credentials()))
        inner.credentials = CaldavSim::credentials();
    else if (!sign.empty())
        inner.credentials = http::Credentials{"somebody", "else"};
    inner.body = request.body;
    const auto got = sim_.send(inner, Context{clock_.steady() + std::chrono::minutes{1}, {}});
    HttpResponse out;
    out.status = got ? got->status : 504;
    if (!got) return out;
    out.body = got->body;
    for (const auto& [from, to] : replacements_) {
        for (std::size_t at = 0; (at = out.body.find(from, at)) != std::string::npos; at += to.size())
            out.body.replace(at, from.size(), to);
    }
    for (const auto& [name, value] : got->headers) {
        if (name == "Content-Type")
            out.type = value;
        else
            out.headers.emplace_back(name, value);
    }
    return out;
}

}  // namespace calgate::testing
