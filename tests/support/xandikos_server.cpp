#include "tests/support/xandikos_server.hpp"

namespace calgate::testing {

XandikosServer::XandikosServer() : LoopbackServer("xandikos", "/user/calendars/", {"user", "unused"}) {}

std::vector<std::string> XandikosServer::command(int port) {
    const auto data = folder() / "data";
    std::filesystem::create_directories(data);
    return {
        required_program("/usr/bin/python3", "python3"),
        required_program("/usr/bin/xandikos", "xandikos"),
        "--directory",
        data.string(),
        "--listen-address",
        "127.0.0.1",
        "--port",
        std::to_string(port),
        "--current-user-principal",
        "/user/",
        "--defaults"};
}

}  // namespace calgate::testing
