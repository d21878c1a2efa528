#include "gateway/vault.hpp"

#include <sys/stat.h>

#include <atomic>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/identity.hpp"
#include "core/manifest.hpp"
#include "gateway/keys.hpp"
#include "gateway/system_random.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/support/fault_vfs.hpp"

namespace calgate {
namespace {

using testing::ScratchFolder;

struct Fixture {
    ScratchFolder folder{};
    SystemRandom random{};
    KeyFile keys = make_keys(random);
    std::unique_ptr<SqliteStore> store = SqliteStore::open(folder.file("calgate.db"));
    Vault vault{folder.path(), keys.vault, random};

    Fixture() { BOOST_REQUIRE(save_keys(folder.path(), keys).has_value()); }
    void keep(const AccountId& id, const std::string& name, const std::string& plain) {
        store->write([&](Writer& writer) {
            if (id != kOwnSecrets) writer.put(Account{.id = id, .kind = "caldav"});
            vault.keep(writer, id, name, plain);
        });
    }
    SealedSecret sealed(const AccountId& id, const std::string& name) const {
        return read(*store, [&](const Reader& r) { return r.secret(id, name); }).value();
    }
    void write_keys_json(const std::string& text) const {
        std::ofstream(folder.file("keys.json")) << text;
        ::chmod(folder.file("keys.json").c_str(), 0600);
    }
};

BOOST_FIXTURE_TEST_SUITE(vault, Fixture)

BOOST_AUTO_TEST_CASE(what_is_sealed_opens_and_shows_nothing_of_itself) {
    keep({"a"}, "password", "hunter2");
    const SealedSecret secret = sealed({"a"}, "password");
    BOOST_TEST(vault.open(secret).value() == "hunter2");
    BOOST_TEST(secret.sealed.find("hunter2") == std::string::npos);
    keep({"a"}, "password", "");
    BOOST_TEST(vault.open(sealed({"a"}, "password")).value() == "");
}

BOOST_AUTO_TEST_CASE(every_changed_bit_and_every_cut_is_refused) {
    keep({"a"}, "password", "hunter2");
    const SealedSecret secret = sealed({"a"}, "password");
    for (std::size_t i = 0; i < secret.sealed.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            SealedSecret changed = secret;
            changed.sealed[i] = static_cast<char>(changed.sealed[i] ^ (1 << bit));
            const auto opened = vault.open(changed);
            BOOST_REQUIRE(!opened.has_value());
            BOOST_TEST((opened.error().code == ErrorCode::Rejected));
        }
        SealedSecret cut = secret;
        cut.sealed.resize(i);
        BOOST_TEST(!vault.open(cut).has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_row_in_the_place_of_another_is_refused_with_a_sentence) {
    keep({"a"}, "password", "of a");
    keep({"b"}, "password", "of b");
    keep({"a"}, "refresh_token", "token of a");
    SealedSecret swapped = sealed({"a"}, "password");
    swapped.account = {"b"};
    const auto opened = vault.open(swapped);
    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST(opened.error().detail.find("was changed") != std::string::npos, opened.error().detail);
    SealedSecret other_column = sealed({"a"}, "refresh_token");
    other_column.name = "password";
    BOOST_TEST(!vault.open(other_column).has_value());
}

struct Sealed {
    const char* account;
    const char* name;
};
std::ostream& operator<<(std::ostream& out, const Sealed& sealed) { return out << sealed.name; }
/// Whatever the vault seals; the gateway's own secrets belong to no account (kOwnSecrets).
const Sealed kSealed[] = {
    {"a", secret_name(SignInMethod::Password)},
    {"a", secret_name(SignInMethod::Person)},
    {"a", secret_name(SignInMethod::ServiceAccount)},
    {"a", secret_name(SignInMethod::ApplicationSecret)},
    {"a", secret_name(SignInMethod::ApplicationCertificate)},
    {"", "callback_secret"},
    {"", "callback_secret_before"},
    {"", "link_key"},
};

BOOST_DATA_TEST_CASE(no_kind_of_secret_opens_with_a_changed_bit_or_in_the_row_of_another, kSealed, row) {
    for (const Sealed& each : kSealed) keep({each.account}, each.name, std::string("of ") + each.name);
    keep({"b"}, row.name, "of b");
    const SealedSecret secret = sealed({row.account}, row.name);
    BOOST_TEST(vault.open(secret).value() == std::string("of ") + row.name);
    for (std::size_t i = 0; i < secret.sealed.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            SealedSecret changed = secret;
            changed.sealed[i] = static_cast<char>(changed.sealed[i] ^ (1 << bit));
            BOOST_REQUIRE(!vault.open(changed).has_value());
        }
    }
    for (int bit = 0; bit < 63; ++bit) {
        SealedSecret changed = secret;
        changed.key ^= std::int64_t{1} << bit;
        BOOST_REQUIRE(!vault.open(changed).has_value());
    }
    SealedSecret elsewhere = secret;
    elsewhere.account = {"b"};
    BOOST_TEST(!vault.open(elsewhere).has_value());
    for (const Sealed& other : kSealed) {
        if (other.name == std::string(row.name)) continue;
        SealedSecret swapped = sealed({other.account}, other.name);
        swapped.account = {row.account};
        swapped.name = row.name;
        const auto opened = vault.open(swapped);
        BOOST_REQUIRE(!opened.has_value());
        BOOST_TEST(opened.error().detail.find("was changed") != std::string::npos, opened.error().detail);
    }
}

BOOST_AUTO_TEST_CASE(no_capsule_and_no_manifest_opens_with_a_changed_bit_or_in_place_of_the_other) {
    Appointment appointment;
    appointment.id = {"a"};
    appointment.zone = "UTC";
    Manifest manifest;
    manifest.business.id = "biz";
    const std::string& key = keys.keys.recovery_key;
    const std::string capsule = seal_capsule(appointment, keys.keys, std::string(12, 'n'));
    const std::string listing = seal_manifest(manifest, key);
    BOOST_REQUIRE(open_capsule(capsule, keys.keys).has_value());
    BOOST_REQUIRE(open_manifest(listing, key).has_value());
    BOOST_TEST(!open_capsule(listing, keys.keys).has_value());
    BOOST_TEST(!open_manifest(capsule, key).has_value());
    const auto each_bit = [](const std::string& text, const auto& opens) {
        const std::string bytes = from_base64url(text).value();
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            for (int bit = 0; bit < 8; ++bit) {
                std::string changed = bytes;
                changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
                BOOST_REQUIRE(!opens(base64url(changed)));
            }
        }
    };
    each_bit(capsule, [&](const std::string& text) { return open_capsule(text, keys.keys).has_value(); });
    each_bit(listing, [&](const std::string& text) { return open_manifest(text, key).has_value(); });
}

BOOST_AUTO_TEST_CASE(a_row_that_names_another_key_than_its_secret_is_refused_with_a_sentence) {
    keep({"a"}, "password", "hunter2");
    BOOST_TEST(vault.rotate(*store).value().key == 2);
    SealedSecret secret = sealed({"a"}, "password");
    secret.key = 1;
    const auto opened = vault.open(secret);
    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST(opened.error().detail.find("vault key 2 instead of 1") != std::string::npos, opened.error().detail);
    secret.key = 2;
    BOOST_TEST(vault.open(secret).value() == "hunter2");
}

BOOST_AUTO_TEST_CASE(without_its_key_a_secret_names_the_key_that_is_missing) {
    keep({"a"}, "password", "hunter2");
    BOOST_TEST(vault.rotate(*store).value().key == 2);
    const Vault old(folder.path(), keys.vault, random);
    const auto opened = old.open(sealed({"a"}, "password"));
    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST(opened.error().detail.find("vault key 2") != std::string::npos, opened.error().detail);
}

BOOST_AUTO_TEST_CASE(a_rotation_seals_everything_anew_and_the_key_file_opens_all) {
    keep({"a"}, "password", "of a");
    const SealedSecret before = sealed({"a"}, "password");
    const auto done = vault.rotate(*store);
    BOOST_REQUIRE(done.has_value());
    BOOST_TEST(done->resealed == 1);
    BOOST_TEST(done->damaged == 0);
    const SealedSecret after = sealed({"a"}, "password");
    BOOST_TEST(after.key == 2);
    const auto loaded = load_keys(folder.path());
    BOOST_REQUIRE(loaded.has_value());
    BOOST_TEST(loaded->vault.size() == 2u);
    BOOST_TEST((loaded->keys.mark_key == keys.keys.mark_key));
    const Vault reopened(folder.path(), loaded->vault, random);
    BOOST_TEST(reopened.open(after).value() == "of a");
    BOOST_TEST(reopened.open(before).value() == "of a");
    struct stat info {};
    BOOST_TEST(::stat(folder.file("keys.json").c_str(), &info) == 0);
    BOOST_TEST((info.st_mode & 0777) == 0600u);
}

BOOST_AUTO_TEST_CASE(a_damaged_secret_does_not_stop_a_rotation) {
    for (int i = 0; i < 250; ++i) keep({"acc-" + std::to_string(1000 + i)}, "password", std::to_string(i));
    store->write([&](Writer& writer) {
        SealedSecret broken = *writer.secret({"acc-1100"}, "password");
        broken.sealed.back() = static_cast<char>(broken.sealed.back() ^ 1);
        writer.put(broken);
    });
    const auto done = vault.rotate(*store);
    BOOST_TEST(done.value().resealed == 249);
    BOOST_TEST(done->damaged == 1);
}

BOOST_AUTO_TEST_CASE(when_the_new_key_cannot_be_kept_nothing_is_changed) {
    keep({"a"}, "password", "of a");
    Vault nowhere(folder.path() + "/absent", keys.vault, random);
    BOOST_TEST(!nowhere.rotate(*store).has_value());
    BOOST_TEST(sealed({"a"}, "password").key == 1);
    BOOST_TEST(nowhere.open(sealed({"a"}, "password")).value() == "of a");
}

BOOST_AUTO_TEST_CASE(ten_thousand_secrets_are_sealed_anew_under_load_and_no_call_fails) {
    constexpr int kSecrets = 10'000;
    const auto id = [](int i) { return AccountId{"acc-" + std::to_string(100'000 + i)}; };
    store->write([&](Writer& writer) {
        for (int i = 0; i < kSecrets; ++i) {
            writer.put(Account{.id = id(i), .kind = "google"});
            vault.keep(writer, id(i), "refresh_token", "token " + std::to_string(i));
        }
    });
    std::atomic<bool> end = false;
    std::atomic<int> reads = 0, writes = 0, failures = 0;
    std::vector<std::jthread> callers;
    for (int thread = 0; thread < 3; ++thread) {
        callers.emplace_back([&, thread] {
            for (int i = thread; !end; i = (i + 7919) % kSecrets) {
                const auto secret = read(*store, [&](const Reader& r) { return r.secret(id(i), "refresh_token"); });
                const auto plain = vault.open(*secret);
                failures += !plain || !plain->starts_with("token " + std::to_string(i));
                ++reads;
            }
        });
    }
    callers.emplace_back([&] {
        for (int i = 0; !end; i = (i + 101) % kSecrets) {
            store->write([&](Writer& w) {
                vault.keep(w, id(i), "refresh_token", "token " + std::to_string(i) + " rotated");
            });
            ++writes;
        }
    });
    const auto done = vault.rotate(*store);
    end = true;
    callers.clear();
    BOOST_REQUIRE(done.has_value());
    BOOST_TEST(failures == 0);
    BOOST_TEST(done->damaged == 0);
    BOOST_TEST(done->resealed <= kSecrets);
    BOOST_TEST(reads > 100);
    BOOST_TEST(writes > 0);
    BOOST_TEST(read(*store, [](const Reader& r) { return r.secrets_under_other_keys(2, {}, 10).size(); }) == 0u);
    for (int i = 0; i < kSecrets; i += 997)
        BOOST_TEST(vault.open(sealed(id(i), "refresh_token")).value().starts_with("token " + std::to_string(i)));
}

BOOST_AUTO_TEST_CASE(a_key_file_with_one_key_and_a_store_of_version_2_still_open) {
    const std::string old_key(32, 'v');
    write_keys_json(nlohmann::json{
        {"mark_key", base64url(std::string(32, 'm'))},
        {"recovery_key", base64url(std::string(32, 'r'))},
        {"vault_key", base64url(old_key)}}
                        .dump());
    const std::string blob = seal_secret("hunter2", old_key, "account password acc-1", std::string(12, 'n'));
    nlohmann::json row = {{"id", "acc-1"}, {"kind", "caldav"}};
    std::string wide;
    for (const char c : blob) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            wide += c;
        } else {
            wide += static_cast<char>(0xc0 | (byte >> 6));
            wide += static_cast<char>(0x80 | (byte & 0x3f));
        }
    }
    row["sealed_secret"] = {{"bytes", wide}};
    {
        sqlite::Database database(folder.file("old.db"), {});
        sqlite::migrate(database, 2);
        sqlite::Statement& put = database.statement("INSERT INTO accounts VALUES ('acc-1', ?)");
        put.bind(1, row.dump()).step();
        put.reset();
    }
    const auto upgraded = SqliteStore::open(folder.file("old.db"));
    Vault opened(folder.path(), load_keys(folder.path()).value().vault, random);
    const auto secret = [&] {
        return read(*upgraded, [](const Reader& r) { return r.secret({"acc-1"}, "password"); }).value();
    };
    BOOST_TEST(opened.open(secret()).value() == "hunter2");
    BOOST_TEST(opened.rotate(*upgraded).value().resealed == 1);
    BOOST_TEST(opened.open(secret()).value() == "hunter2");
    const auto text = read_file(folder.file("keys.json"), 4096).value();
    BOOST_TEST(text.find("vault_key\"") == std::string::npos);
    BOOST_TEST(load_keys(folder.path()).value().vault.at(1) == old_key);
}

BOOST_AUTO_TEST_CASE(a_bad_key_file_is_refused_with_a_sentence) {
    const std::string key = base64url(std::string(32, 'k'));
    const std::string head = "{\"mark_key\":\"" + key + "\",\"recovery_key\":\"" + key + "\"";
    const std::string bad[] = {
        "",
        "[]",
        head + "}",
        head + ",\"vault_key\":\"short\"}",
        head + ",\"vault_keys\":[]}",
        head + ",\"vault_keys\":[1]}",
        head + ",\"vault_keys\":{\"id\":1}}",
        head + ",\"vault_keys\":[{\"id\":0,\"key\":\"" + key + "\"}]}",
        head + ",\"vault_keys\":[{\"id\":99999999999,\"key\":\"" + key + "\"}]}",
        head + ",\"vault_keys\":[{\"id\":1,\"key\":\"x\"}]}",
    };
    for (const std::string& text : bad) {
        write_keys_json(text);
        const auto loaded = load_keys(folder.path());
        BOOST_REQUIRE_MESSAGE(!loaded.has_value(), text);
        BOOST_TEST(loaded.error().detail.find("damaged") != std::string::npos, loaded.error().detail);
    }
    write_keys_json(head + ",\"vault_key\":\"" + key + "\"}");
    ::chmod(folder.file("keys.json").c_str(), 0640);
    BOOST_TEST(load_keys(folder.path()).error().detail.find("chmod 600") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_secret_file_has_to_be_private) {
    std::ofstream(folder.file("secret")) << "s3cret \n";
    ::chmod(folder.file("secret").c_str(), 0644);
    BOOST_TEST(read_secret_file(folder.file("secret"), 100).error().detail.find("chmod 600") != std::string::npos);
    ::chmod(folder.file("secret").c_str(), 0600);
    BOOST_TEST(read_secret_file(folder.file("secret"), 100).value() == "s3cret");
    BOOST_TEST(!read_secret_file(folder.file("secret"), 3).has_value());
    BOOST_TEST(!read_secret_file(folder.file("absent"), 3).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace calgate
