#include "gateway/keys.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace calgate {
namespace {

constexpr std::size_t kKeyBytes = 32;

Error refused(std::string sentence) { return Error{ErrorCode::Rejected, std::move(sentence)}; }
std::string key_path(const std::string& directory) { return directory + "/keys.json"; }

}  // namespace

std::string random_bytes(Random& random, std::size_t n) {
    std::string bytes(n, '\0');
    random.fill({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
    return bytes;
}

Keys make_keys(Random& random) {
    return Keys{random_bytes(random, kKeyBytes), random_bytes(random, kKeyBytes), random_bytes(random, kKeyBytes)};
}

Status write_private_file(const std::string& path, const std::string& text) {
    const std::string draft = path + ".new";
    const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return refused("The file " + path + " cannot be written; check the folder's permissions.");
    const auto written = ::write(file, text.data(), text.size());
    const bool good = written == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
    ::close(file);
    if (!good || ::rename(draft.c_str(), path.c_str()) != 0) {
        ::unlink(draft.c_str());
        return refused("The file " + path + " could not be written; free some space on the disk.");
    }
    return {};
}

Result<std::string> read_file(const std::string& path, std::size_t most) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return refused("The file " + path + " cannot be read; check that it exists and may be read.");
    std::string text(most + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > most)
        return refused("The file " + path + " is larger than " + std::to_string(most) + " bytes; is it the right one?");
    return text;
}

Status save_keys(const std::string& directory, const Keys& keys) {
    if (std::filesystem::exists(key_path(directory)))
        return refused("There are keys already in " + key_path(directory) + "; they are not overwritten.");
    const nlohmann::json content = {
        {"note", "Keep a copy of recovery_key away from this host: it opens what the copies in the calendars carry."},
        {"mark_key", base64url(keys.mark_key)},
        {"recovery_key", base64url(keys.recovery_key)},
        {"vault_key", base64url(keys.vault_key)},
    };
    return write_private_file(key_path(directory), content.dump(2) + "\n");
}

Result<Keys> load_keys(const std::string& directory) {
    struct stat info {};
    if (::stat(key_path(directory).c_str(), &info) != 0) {
        return refused("There is no gateway in " + directory + "; run calgate init there first.");
    }
    if ((info.st_mode & 077) != 0) return refused("Others may read " + key_path(directory) + "; run chmod 600 on it.");
    CALGATE_TRY(const std::string text, read_file(key_path(directory), 64 * 1024));
    const auto content = nlohmann::json::parse(text, nullptr, false);
    Keys keys;
    const auto take = [&](const char* name, std::string& key) {
        if (!content.is_object() || !content.contains(name) || !content[name].is_string()) return false;
        const auto bytes = from_base64url(content[name].get<std::string>());
        if (!bytes || bytes->size() != kKeyBytes) return false;
        key = *bytes;
        return true;
    };
    if (!take("mark_key", keys.mark_key) || !take("recovery_key", keys.recovery_key) ||
        !take("vault_key", keys.vault_key)) {
        return refused("The keys in " + key_path(directory) + " are damaged; bring back a backup of that file.");
    }
    return keys;
}

}  // namespace calgate
