#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "tests/support/child_process.hpp"

namespace calgate::testing {

/// A real CalDAV server on a free port of 127.0.0.1 with its data in a temporary folder, which goes with this object.
/// One thread. Everything throws std::runtime_error with a sentence: a server that is absent fails the run.
class LoopbackServer {
public:
    virtual ~LoopbackServer();
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;

    /// Returns when it answers a PROPFIND of its home. After the first time always on the same port and folder.
    void start();
    /// Asks it to end, and kills it when it does not.
    void stop();
    void kill();
    /// Connections are accepted by the kernel, but nobody answers.
    void freeze();
    void thaw();

    std::string origin() const;                                ///< "http://127.0.0.1:<port>"
    std::string home_url() const { return origin() + home_; }  ///< Where calendars lie; a slash at the end.
    const http::Credentials& credentials() const { return credentials_; }
    const std::filesystem::path& folder() const { return folder_; }

    /// A new, empty calendar; its absolute URL with a slash at the end.
    Href make_calendar(const std::string& name);
    /// Any request, with credentials. @param url absolute.
    http::Response request(
        const std::string& method, const std::string& url, http::Headers headers = {}, std::string body = {}
    );

protected:
    LoopbackServer(std::string name, std::string home, http::Credentials credentials);

    virtual std::vector<std::string> command(int port) = 0;

private:
    bool answers();
    /// @return false when the program ended, as it does when the port was taken meanwhile.
    bool try_start();
    std::string last_log_lines() const;

    std::string name_;
    std::string home_;
    http::Credentials credentials_;
    std::filesystem::path folder_;
    int port_ = 0;
    std::unique_ptr<http::HttpTransport> transport_;
    std::unique_ptr<ChildProcess> process_{};
};

/// An interpreter or program that must be there.
std::string required_program(const std::string& path, const std::string& debian_package);

}  // namespace calgate::testing
