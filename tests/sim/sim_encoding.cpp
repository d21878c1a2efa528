#include "tests/sim/sim_encoding.hpp"

#include <zlib.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <memory>

namespace calgate::testing {

namespace {

constexpr int kEitherFraming = 15 + 32;  ///< zlib's window bits: the framing of gzip or of zlib, found by itself.

http::Response refusal(int status, const std::string& sentence) {
    http::Response response;
    response.status = status;
    response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
    response.body = sentence + "\n";
    return response;
}

enum class Outcome { Whole, TooLarge, Broken };

Outcome inflate_into(std::string& out, const std::string& packed, std::size_t most) {
    z_stream stream{};
    if (::inflateInit2(&stream, kEitherFraming) != Z_OK) throw std::bad_alloc();
    const std::unique_ptr<z_stream, int (*)(z_stream*)> closed(&stream, ::inflateEnd);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // It only reads there.
    stream.avail_in = static_cast<uInt>(packed.size());
    char piece[16 * 1024];
    for (;;) {
        stream.next_out = reinterpret_cast<Bytef*>(piece);
        stream.avail_out = sizeof piece;
        const int state = ::inflate(&stream, Z_NO_FLUSH);
        out.append(piece, sizeof piece - stream.avail_out);
        if (out.size() > most) return Outcome::TooLarge;
        if (state == Z_STREAM_END) return stream.avail_in == 0 ? Outcome::Whole : Outcome::Broken;
        if (state != Z_OK) return Outcome::Broken;
    }
}

}  // namespace

std::optional<http::Response> undo_encoding(http::Request& request, std::size_t most) {
    const auto named = [](const char* name) {
        return [name](const auto& header) { return boost::iequals(header.first, name); };
    };
    const auto at = std::find_if(request.headers.begin(), request.headers.end(), named("Content-Encoding"));
    if (at == request.headers.end()) return std::nullopt;
    const std::string coding = boost::trim_copy(at->second);
    std::string plain;
    if (boost::iequals(coding, "gzip") || boost::iequals(coding, "x-gzip") || boost::iequals(coding, "deflate")) {
        const Outcome outcome = inflate_into(plain, request.body, most);
        if (outcome == Outcome::TooLarge) return refusal(413, "The body is too large once it is unpacked.");
        if (outcome == Outcome::Broken) return refusal(400, "The body is not what its Content-Encoding says.");
        request.body = std::move(plain);
    } else if (!boost::iequals(coding, "identity")) {
        return refusal(415, "Send the body as it is, or with Content-Encoding gzip or deflate.");
    }
    std::erase_if(request.headers, named("Content-Encoding"));
    for (auto& header : request.headers)
        if (named("Content-Length")(header)) header.second = std::to_string(request.body.size());
    return std::nullopt;
}

}  // namespace calgate::testing
