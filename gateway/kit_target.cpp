#include "gateway/kit_target.hpp"

#include <filesystem>

#include "connectors/http/url.hpp"
#include "gateway/keys.hpp"

namespace calgate {
namespace {

constexpr std::chrono::seconds kPerCall{60};

class Collection {
public:
    Collection(
        http::HttpTransport& transport, const Clock& clock, std::string url, const http::Credentials& credentials
    )
        : transport_(transport), clock_(clock), url_(std::move(url)), credentials_(credentials) {
        if (!url_.ends_with('/')) url_ += '/';
    }

    /// What stands there already is refused in many words (RFC 4918 9.3.1: 405); writing into it tells.
    Status make() {
        CALGATE_TRY(const int status, send("MKCOL", url_, {}, {}));
        return status == 401 || status == 403 ? refused("MKCOL", status) : Status{};
    }
    Status replace(const KitFile& file) {
        const std::string draft = url_ + "new-" + file.name;
        CALGATE_TRY(const int put, send("PUT", draft, {{"Content-Type", file.type}}, file.text));
        if (put / 100 != 2) return refused("PUT", put);
        const http::Headers over = {{"Destination", url_ + file.name}, {"Overwrite", "T"}};
        CALGATE_TRY(const int moved, send("MOVE", draft, over, {}));
        if (moved / 100 == 2) return {};
        (void)send("DELETE", draft, {}, {});
        return refused("MOVE", moved);
    }

private:
    Result<int> send(
        const std::string& method, const std::string& url, const http::Headers& headers, const std::string& body
    ) {
        http::Request request;
        request.method = method;
        request.url = url;
        request.headers = headers;
        request.body = body;
        if (!credentials_.user.empty()) request.credentials = credentials_;
        CALGATE_TRY(const http::Response response, transport_.send(request, {clock_.steady() + kPerCall, {}}));
        return response.status;
    }
    Status refused(const char* method, int status) const {
        const bool sign_in = status == 401 || status == 403;
        return Error{
            ErrorCode::Rejected,
            "The server at " + url_ + " answered " + std::to_string(status) + " to " + method + ". " +
                (sign_in ? "Check the user and the password of the kit."
                         : "Check that the address is a WebDAV folder in which this user may write."),
            {}};
    }

    http::HttpTransport& transport_;
    const Clock& clock_;
    std::string url_;
    const http::Credentials& credentials_;
};

}  // namespace

Status put_into_folder(const std::vector<KitFile>& files, const std::string& folder) {
    namespace fs = std::filesystem;
    std::error_code error;
    const bool made = fs::create_directories(folder, error);
    if (error || !fs::is_directory(folder, error))
        return Error{
            ErrorCode::Rejected,
            "The folder " + folder + " cannot be made (" + error.message() + "); choose another.",
            {}};
    if (made) fs::permissions(folder, fs::perms::owner_all, error);
    for (const KitFile& file : files) CALGATE_TRY_STATUS(write_private_file(folder + "/" + file.name, file.text));
    return {};
}

Status put_to_webdav(
    const std::vector<KitFile>& files,
    http::HttpTransport& transport,
    const Clock& clock,
    const std::string& url,
    const http::Credentials& credentials
) {
    const auto parsed = http::parse_url(url);
    const bool safe = parsed && (parsed->scheme == "https" || http::is_loopback_host(parsed->host));
    if (!safe)
        return Error{
            ErrorCode::Rejected,
            "The kit goes to https addresses only, or to this machine; " + url + " is neither.",
            {}};
    Collection collection(transport, clock, url, credentials);
    CALGATE_TRY_STATUS(collection.make());
    for (const KitFile& file : files) CALGATE_TRY_STATUS(collection.replace(file));
    return {};
}

}  // namespace calgate
