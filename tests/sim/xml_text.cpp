#include "tests/sim/xml_text.hpp"

namespace calgate::testing {

std::string xml_text(const std::string& plain_text) {
    std::string out;
    for (const char c : plain_text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\r':
                out += "&#13;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

}  // namespace calgate::testing
