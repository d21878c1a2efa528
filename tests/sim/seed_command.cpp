#include "tests/sim/seed_command.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace calgate::seeds {

namespace {

constexpr int kOneOnDiskIn = 64;  // A file takes fifteen times as long as memory.
constexpr int kOneOldBackupIn = 4;
constexpr int kOneWithBatchesIn = 3;
constexpr int kOneWithUpkeepIn = 3;
constexpr int kOneEverywhereIn = 2;
constexpr int kMostJobs = 64;

/// How all seeds are played, instead of as each draws. @return whether it is such a word.
bool says_how(const std::string& name, Play& play) {
    if (name == "--everywhere")
        play.everywhere = true;
    else if (name == "--batches")
        play.batches = true;
    else if (name == "--disk")
        play.disk = true;
    else if (name == "--old-backup")
        play.old_backup = true;
    else if (name == "--upkeep")
        play.upkeep = true;
    else
        return name == "--plain";
    return true;
}

bool understand(int argc, char** argv, Wanted& wanted) {
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        const bool has_value = i + 1 < argc;
        if (name == "--canaries")
            wanted.canaries = true;
        else if (name == "--go-on")
            wanted.go_on = true;
        else if (says_how(name, wanted.play))
            wanted.mixed = false;
        else if (name == "--shrink")
            wanted.shrink = true;
        else if (name == "--twice")
            wanted.twice = true;
        else if (!has_value)
            return false;
        else if (name == "--seeds")
            wanted.seeds = std::stoull(argv[++i]);
        else if (name == "--ops")
            wanted.play.operations = std::stoi(argv[++i]);
        else if (name == "--first")
            wanted.first = std::stoull(argv[++i]);
        else if (name == "--kept")
            wanted.kept.emplace_back(argv[++i]);
        else if (name == "--at-least")
            wanted.at_least = std::stoll(argv[++i]);
        else if (name == "--jobs")
            wanted.jobs = std::clamp(std::stoi(argv[++i]), 1, kMostJobs);
        else if (name == "--canary") {
            const std::string canary = argv[++i];
            for (std::size_t c = 0; c < kCanaries; ++c)
                if (canary == to_string(static_cast<Canary>(c))) wanted.play.canary = static_cast<Canary>(c);
            if (wanted.play.canary == Canary::None) return false;
        } else if (name == "--left-at-most") {
            wanted.shrink = true;
            wanted.left_at_most = std::stoi(argv[++i]);
        } else if (name == "--without") {
            if (!read_numbers(argv[++i], wanted.play.without)) return false;
        } else if (name == "--without-faults") {
            if (!read_faults(argv[++i], wanted.play.without_faults)) return false;
        } else if (name == "--seed") {
            wanted.first = std::stoull(argv[++i]);
            wanted.seeds = 1;
            wanted.single = true;
        } else
            return false;
    }
    if (wanted.canaries || wanted.play.canary != Canary::None) wanted.mixed = false;
    return true;
}

}  // namespace

const char* const kUsage =
    "calgate_seeds [--seeds N] [--ops N] [--seed N] [--first N] [--kept FILE] [--canaries] [--canary NAME] [--go-on] "
    "[--everywhere] [--batches] [--disk] [--old-backup] [--upkeep] [--plain] [--at-least N] [--jobs N] [--shrink] "
    "[--left-at-most N] [--twice] [--without NUMBERS] [--without-faults NAMES]\n"
    "Each seed draws how it is played, unless --everywhere to --plain say it. --everywhere: calgate_all_seeds only.\n";

std::optional<Wanted> understood(int argc, char** argv) {
    Wanted wanted;
    try {
        if (!understand(argc, argv, wanted)) return std::nullopt;
    } catch (const std::logic_error&) {  // Of a number that is none.
        return std::nullopt;
    }
    return wanted;
}

Play Casting::play_of(std::uint64_t seed, Canary canary) const {
    Play play = wanted_.play;
    play.seed = seed;
    play.canary = canary;
    if (wanted_.mixed) {
        testing::SeededRandom random(seed ^ 0x313d);
        play.everywhere = random.one_in(kOneEverywhereIn) && everywhere_;
        play.batches = random.one_in(kOneWithBatchesIn);
        play.old_backup = random.one_in(kOneOldBackupIn);
        play.disk = random.one_in(kOneOnDiskIn);
        play.upkeep = random.one_in(kOneWithUpkeepIn) || play.disk;
    }
    return at_its_services(std::move(play));
}

Play Casting::at_its_services(Play play) const {
    if (!play.everywhere) return play;
    if (!everywhere_) throw std::runtime_error("Only calgate_all_seeds has all five services.");
    play.services = everywhere_;
    return play;
}

std::vector<Play> Casting::kept() const {
    std::vector<Play> all;
    for (const auto& file : wanted_.kept) add_kept(file, all);
    return all;
}

void Casting::add_kept(const std::string& file, std::vector<Play>& all) const {
    std::ifstream in(file);
    if (!in) throw std::runtime_error("There are no kept seeds at " + file + ".");
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line[0] == '#') continue;
        std::istringstream words(line);
        Play play = wanted_.play;
        words >> play.seed;
        for (std::string word; words >> word;)
            if (!says_how(word, play)) throw std::runtime_error(file + " says " + word + ", which is no way to play.");
        all.push_back(at_its_services(std::move(play)));
    }
}

}  // namespace calgate::seeds
