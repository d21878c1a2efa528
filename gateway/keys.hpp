#pragma once

#include <string>

#include "core/clock.hpp"
#include "core/identity.hpp"
#include "core/result.hpp"
#include "gateway/vault.hpp"

namespace calgate {

/// `n` fresh random bytes.
std::string random_bytes(Random& random, std::size_t n);

/// All that keys.json holds.
struct KeyFile {
    Keys keys{};
    VaultKeys vault{};
};
/// Fresh keys for a new gateway.
KeyFile make_keys(Random& random);
/// Writes keys.json, readable by its owner only. @return Rejected with a sentence when it cannot, or when it is there
/// already.
Status save_keys(const std::string& directory, const KeyFile& keys);
/// Replaces the vault's keys in keys.json, whole or not at all; durable when it returns. @return Rejected with a
/// sentence, also when keys.json is a credential (see gateway/credentials.hpp).
Status save_vault_keys(const std::string& directory, const VaultKeys& vault);
/// Replaces the mark and recovery keys by those of the gateway whose copies are restored; as durable.
Status save_restored_keys(const std::string& directory, const Keys& keys);
/// The recovery key in a file, as `init` printed it. @return Rejected with a sentence.
Result<std::string> read_recovery_key(const std::string& path);
/// Reads also what the first version wrote, one `vault_key`, which is number 1.
/// @return Rejected with a sentence: missing, readable by others, or damaged.
Result<KeyFile> load_keys(const std::string& directory);

/// A secret in a file of its own: a password, a client secret, a certificate. White space at its end is not part of it.
/// @return Rejected with a sentence: missing, readable by others, empty, or larger than `most` bytes.
Result<std::string> read_secret_file(const std::string& path, std::size_t most);
/// Writes a file that only its owner may read, whole or not at all; durable when it returns.
Status write_private_file(const std::string& path, const std::string& text);
/// @return Rejected with a sentence. @param most bytes.
Result<std::string> read_file(const std::string& path, std::size_t most);

}  // namespace calgate
