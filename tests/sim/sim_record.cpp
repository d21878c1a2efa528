#include "tests/sim/sim_record.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/support/exchange_line.hpp"

namespace calgate::testing {

void record(SimSite& site, const std::string& folder) {
    std::filesystem::create_directories(folder);
    const std::string path = folder + "/" + site.name + ".jsonl";
    const auto out = std::make_shared<std::ofstream>(path, std::ios::binary | std::ios::trunc);
    if (!*out) throw std::runtime_error("Cannot write " + path + "; name a folder that may be written.");
    site.heard = [out](const http::Request& request, const http::Response& response) {
        *out << exchange_line(request, response) << std::endl;
    };
    site.person->hear_notifications([out, name = site.name](
                                        const http::Request& request, const http::Response& answer
                                    ) { *out << exchange_line(request, answer, name) << std::endl; });
}

}  // namespace calgate::testing
