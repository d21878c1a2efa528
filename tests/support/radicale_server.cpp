#include "tests/support/radicale_server.hpp"

#include <fstream>

namespace calgate::testing {

RadicaleServer::RadicaleServer() : LoopbackServer("radicale", "/anna/", {"anna", "correct horse"}) {}

std::vector<std::string> RadicaleServer::command(int port) {
    const auto users = folder() / "users";
    const auto config = folder() / "config";
    std::ofstream(users) << credentials().user << ':' << credentials().password << '\n';
    std::ofstream(config) << "[server]\nhosts = 127.0.0.1:" << port << "\nmax_connections = 50\n"
                          << "[auth]\ntype = htpasswd\nhtpasswd_filename = " << users.string()
                          << "\nhtpasswd_encryption = plain\ndelay = 0\n"
                          << "[storage]\nfilesystem_folder = " << (folder() / "collections").string() << "\n"
                          << "[logging]\nlevel = warning\n";
    return {
        required_program("/usr/bin/python3", "python3"),
        required_program("/usr/bin/radicale", "radicale"),
        "--config",
        config.string()};
}

}  // namespace calgate::testing
