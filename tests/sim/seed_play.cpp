#include "tests/sim/seed_play.hpp"

#include <cctype>
#include <sstream>

namespace calgate::seeds {

namespace {

/// "F5 timeout, applied" as one word.
std::string word_of(Fault fault) {
    std::string word;
    for (const char c : std::string(to_string(fault))) {
        if (c == ' ')
            word += '-';
        else if (c != ',')
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return word;
}

std::string ranges_of(const std::set<int>& numbers) {
    std::string text;
    for (auto at = numbers.begin(); at != numbers.end();) {
        const int first = *at;
        int last = first;
        for (++at; at != numbers.end() && *at == last + 1; ++at) last = *at;
        text += (text.empty() ? "" : ",") + std::to_string(first);
        if (last != first) text += "-" + std::to_string(last);
    }
    return text;
}

std::string words_of(const std::set<Fault>& faults) {
    std::string words;
    for (const Fault fault : faults) words += (words.empty() ? "" : ",") + word_of(fault);
    return words;
}

}  // namespace

std::string command_of(const Play& play) {
    std::string command = "./dev sim ";
    command += "--seed " + std::to_string(play.seed) + " --ops " + std::to_string(play.operations);
    const bool plain = !play.everywhere && !play.batches && !play.disk && !play.old_backup && !play.upkeep;
    if (plain) command += " --plain";
    if (play.everywhere) command += " --everywhere";
    if (play.batches) command += " --batches";
    if (play.disk) command += " --disk";
    if (play.old_backup) command += " --old-backup";
    if (play.upkeep) command += " --upkeep";
    if (play.canary != Canary::None) command += std::string(" --canary ") + to_string(play.canary);
    if (!play.without.empty()) command += " --without " + ranges_of(play.without);
    if (!play.without_faults.empty()) command += " --without-faults " + words_of(play.without_faults);
    return command;
}

bool read_back(Play& play) {
    Play read = play;
    read.without.clear();
    read.without_faults.clear();
    const bool understood = read_numbers(ranges_of(play.without), read.without) &&
                            read_faults(words_of(play.without_faults), read.without_faults);
    const bool same = read.without == play.without && read.without_faults == play.without_faults;
    play = read;
    return understood && same;
}

bool read_numbers(const std::string& text, std::set<int>& numbers) {
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, ',');) {
        if (part.empty() || part.find_first_not_of("0123456789-") != std::string::npos || part.size() > 13)
            return false;
        const auto dash = part.find('-');
        if (dash == 0 || dash + 1 == part.size()) return false;
        const int first = std::stoi(part.substr(0, dash));
        const int last = dash == std::string::npos ? first : std::stoi(part.substr(dash + 1));
        if (last - first > 100'000) return false;
        for (int number = first; number <= last; ++number) numbers.insert(number);
    }
    return true;
}

bool read_faults(const std::string& text, std::set<Fault>& faults) {
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, ',');) {
        bool known = false;
        for (std::size_t i = 0; i < kFaults; ++i) {
            const auto fault = static_cast<Fault>(i);
            if (part != word_of(fault)) continue;
            faults.insert(fault);
            known = true;
        }
        if (!known) return false;
    }
    return true;
}

}  // namespace calgate::seeds
