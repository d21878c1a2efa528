#include "gateway/keys.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "gateway/credentials.hpp"
#include "gateway/refused.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kKeyBytes = 32;

std::string key_path(const std::string& directory) { return secret_path(directory, "keys.json"); }

Status check_private(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0)
        return refused("The file " + path + " cannot be read; check that it exists and may be read.");
    // systemd opens a credential to the service's user by an access list, which shows as the group's right to read.
    const mode_t others = is_credential(path) ? 037 : 077;
    if ((info.st_mode & others) != 0) return refused("Others may read " + path + "; run chmod 600 on it.");
    return {};
}

Result<Json> read_content(const std::string& directory) {
    std::error_code error;
    if (!std::filesystem::exists(key_path(directory), error)) {
        if (error)
            return refused(
                "The folder " + directory + " may not be read (" + error.message() +
                "); run calgate as the user whom it belongs to, with the package: sudo -u calgate calgate …"
            );
        if (!std::filesystem::exists(directory + "/calgate.db"))
            return refused("There is no gateway in " + directory + "; run calgate init there first.");
        return refused(
            "There is no keys.json in " + directory +
            "; bring back a backup of it, or, if it is a credential of the service, start the service first."
        );
    }
    CALGATE_TRY_STATUS(check_private(key_path(directory)));
    CALGATE_TRY(const std::string text, read_file(key_path(directory), 64 * 1024));
    Json content = Json::parse(text, nullptr, false);
    if (!content.is_object())
        return refused("The keys in " + key_path(directory) + " are damaged; bring back a backup of that file.");
    return content;
}

bool take(const Json& content, const char* name, std::string& key) {
    if (!content.contains(name) || !content[name].is_string()) return false;
    const auto bytes = from_base64url(content[name].get<std::string>());
    if (!bytes || bytes->size() != kKeyBytes) return false;
    key = *bytes;
    return true;
}

Json written(const VaultKeys& vault) {
    Json list = Json::array();
    for (const auto& [number, key] : vault) list.push_back({{"id", number}, {"key", base64url(key)}});
    return list;
}

Status write_keys(const std::string& directory, const Json& content) {
    const std::string path = key_path(directory);
    if (!is_credential(path)) return write_private_file(path, content.dump(2) + "\n");
    return refused(
        "The keys are a credential of the service, which it cannot change; stop it, put keys.json into " + directory +
        ", run this again there, and make the credential anew from that file."
    );
}

}  // namespace

std::string random_bytes(Random& random, std::size_t n) {
    std::string bytes(n, '\0');
    random.fill({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
    return bytes;
}

KeyFile make_keys(Random& random) {
    const std::string recovery = random_bytes(random, kKeyBytes);
    return {{mark_key_of(recovery), recovery}, {{1, random_bytes(random, kKeyBytes)}}};
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
    // Only then does the new name survive a power cut.
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const int place = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool kept = place >= 0 && ::fsync(place) == 0;
    if (place >= 0) ::close(place);
    return kept ? Status{} : Status{refused("The folder of " + path + " could not be synced; check the disk.")};
}

Result<std::string> read_file(const std::string& path, std::size_t most) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return refused("The file " + path + " cannot be read; check that it exists and may be read.");
    // Piece by piece: `most` is what a file may have, and few have that much.
    std::string text;
    std::array<char, 64 * 1024> piece{};
    while (in && text.size() <= most) {
        in.read(piece.data(), static_cast<std::streamsize>(std::min(piece.size(), most + 1 - text.size())));
        text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    }
    if (text.size() > most)
        return refused("The file " + path + " is larger than " + std::to_string(most) + " bytes; is it the right one?");
    return text;
}

Result<std::string> read_secret_file(const std::string& path, std::size_t most) {
    CALGATE_TRY_STATUS(check_private(path));
    CALGATE_TRY(std::string text, read_file(path, most));
    text.erase(text.find_last_not_of(" \t\r\n") + 1);
    if (text.empty()) return refused("The file " + path + " is empty; put the secret into it.");
    return text;
}

Status save_keys(const std::string& directory, const KeyFile& keys) {
    if (std::filesystem::exists(key_path(directory)))
        return refused("There are keys already in " + key_path(directory) + "; they are not overwritten.");
    const Json content = {
        {"note", "Keep a copy of recovery_key away from this host: it opens what the copies in the calendars carry."},
        {"mark_key", base64url(keys.keys.mark_key)},
        {"recovery_key", base64url(keys.keys.recovery_key)},
        {"vault_keys", written(keys.vault)},
    };
    return write_keys(directory, content);
}

Status save_vault_keys(const std::string& directory, const VaultKeys& vault) {
    CALGATE_TRY(Json content, read_content(directory));
    content.erase("vault_key");
    content["vault_keys"] = written(vault);
    return write_keys(directory, content);
}

Status save_restored_keys(const std::string& directory, const Keys& keys) {
    CALGATE_TRY(Json content, read_content(directory));
    content["mark_key"] = base64url(keys.mark_key);
    content["recovery_key"] = base64url(keys.recovery_key);
    return write_keys(directory, content);
}

Result<std::string> read_recovery_key(const std::string& path) {
    CALGATE_TRY(const std::string text, read_secret_file(path, 1024));
    const auto key = from_base64url(text);
    if (key && key->size() == kKeyBytes) return *key;
    return refused(
        "The file " + path + " holds no recovery key; put the 43 characters that calgate init printed into it."
    );
}

Result<KeyFile> load_keys(const std::string& directory) {
    CALGATE_TRY(const Json content, read_content(directory));
    KeyFile file;
    bool good = take(content, "mark_key", file.keys.mark_key) && take(content, "recovery_key", file.keys.recovery_key);
    if (content.contains("vault_keys")) {
        for (const Json& entry : content["vault_keys"]) {
            std::string key;
            const bool numbered = entry.is_object() && entry.contains("id") && entry["id"].is_number_integer();
            good = good && numbered && take(entry, "key", key);
            if (good) file.vault[entry["id"].get<std::int64_t>()] = std::move(key);
        }
    } else {
        good = good && take(content, "vault_key", file.vault[1]);
    }
    good = good && !file.vault.empty() && file.vault.begin()->first >= 1 &&
           file.vault.rbegin()->first <= std::numeric_limits<std::int32_t>::max();
    if (!good) return refused("The keys in " + key_path(directory) + " are damaged; bring back a backup of that file.");
    return file;
}

}  // namespace calgate
