#include "gateway/credentials.hpp"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "gateway/data_lock.hpp"
#include "gateway/gateway.hpp"
#include "gateway/keys.hpp"

namespace calgate {
namespace {
namespace fs = std::filesystem;

/// A gateway whose keys the service manager keeps, as it would with LoadCredential=keys.json.
struct CredentialsOfUnit {
    CredentialsOfUnit() {
        std::string name = (fs::temp_directory_path() / "calgate-XXXXXX").string();
        BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
        root = name;
        fs::create_directory(given());
        Config config;
        config.name = "Salon Aurora";
        config.zone = "Europe/Berlin";
        BOOST_REQUIRE(init_gateway(data(), config).has_value());
    }
    ~CredentialsOfUnit() {
        ::unsetenv("CREDENTIALS_DIRECTORY");
        ::unsetenv("NOTIFY_SOCKET");
        fs::remove_all(root);
    }
    CredentialsOfUnit(const CredentialsOfUnit&) = delete;
    CredentialsOfUnit& operator=(const CredentialsOfUnit&) = delete;

    std::string data() const { return root + "/data"; }
    std::string given() const { return root + "/given"; }
    void hand_over(const std::string& name, mode_t mode) const {
        fs::rename(data() + "/" + name, given() + "/" + name);
        ::chmod((given() + "/" + name).c_str(), mode);
        ::setenv("CREDENTIALS_DIRECTORY", given().c_str(), 1);
    }

    std::string root{};
};

bool says(const Status& status, const std::string& what) {
    return !status && status.error().detail.find(what) != std::string::npos;
}
bool keys_say(const std::string& directory, const std::string& what) {
    const auto keys = load_keys(directory);
    return !keys && keys.error().detail.find(what) != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(credentials)

BOOST_FIXTURE_TEST_CASE(keys_come_from_the_service_manager, CredentialsOfUnit) {
    const auto before = load_keys(data());
    BOOST_REQUIRE(before.has_value());
    hand_over("keys.json", 0440);  // As systemd's access list shows.
    const auto after = load_keys(data());
    BOOST_REQUIRE(after.has_value());
    BOOST_TEST(after->keys.recovery_key == before->keys.recovery_key);
    BOOST_TEST(!fs::exists(data() + "/keys.json"));
    ::chmod((given() + "/keys.json").c_str(), 0444);
    BOOST_TEST(keys_say(data(), "Others may read"));
}

BOOST_FIXTURE_TEST_CASE(the_group_may_not_read_what_is_no_credential, CredentialsOfUnit) {
    ::setenv("CREDENTIALS_DIRECTORY", given().c_str(), 1);
    ::chmod((data() + "/keys.json").c_str(), 0440);
    BOOST_TEST(keys_say(data(), "Others may read"));
}

BOOST_FIXTURE_TEST_CASE(keys_that_are_a_credential_are_not_rotated_and_stay_as_they_were, CredentialsOfUnit) {
    hand_over("keys.json", 0400);
    const auto before = load_keys(data());
    BOOST_REQUIRE(before.has_value());
    VaultKeys next = before->vault;
    next[2] = std::string(32, 'k');
    BOOST_TEST(says(save_vault_keys(data(), next), "make the credential anew"));
    BOOST_TEST(says(save_restored_keys(data(), before->keys), "make the credential anew"));
    BOOST_TEST((load_keys(data())->vault == before->vault));
    BOOST_TEST(!fs::exists(data() + "/keys.json"));
}

BOOST_FIXTURE_TEST_CASE(without_the_service_the_missing_keys_are_explained, CredentialsOfUnit) {
    fs::remove(data() + "/keys.json");
    BOOST_TEST(keys_say(data(), "if it is a credential of the service"));
    BOOST_TEST(keys_say(root + "/nowhere", "run calgate init there first"));
}

BOOST_FIXTURE_TEST_CASE(files_of_the_configuration_may_be_credentials, CredentialsOfUnit) {
    std::ofstream(given() + "/api.key") << "x";
    ::setenv("CREDENTIALS_DIRECTORY", given().c_str(), 1);
    BOOST_TEST(secret_path(data(), "api.key") == given() + "/api.key");
    BOOST_TEST(secret_path(data(), "api.pem") == data() + "/api.pem");
    BOOST_TEST(secret_path(data(), "/etc/api.key") == "/etc/api.key");
    const ZoneResolver zones;
    const auto config = read_config(
        "[gateway]\nname = \"S\"\nzone = \"UTC\"\ncertificate_file = \"api.pem\"\ncertificate_key_file = \"api.key\"\n",
        data() + "/calgate.toml",
        zones
    );
    BOOST_REQUIRE(config.has_value());
    BOOST_TEST(config->certificate_key_file == given() + "/api.key");
    BOOST_TEST(config->certificate_file == data() + "/api.pem");
}

BOOST_FIXTURE_TEST_CASE(root_leaves_the_folder_of_another_user_alone, CredentialsOfUnit) {
    if (::geteuid() != 0) return;
    BOOST_REQUIRE(::chown(data().c_str(), 65534, 65534) == 0);
    const auto lock = DataLock::take(data());
    BOOST_REQUIRE(!lock.has_value());
    BOOST_TEST(lock.error().detail.find("sudo -u calgate calgate") != std::string::npos);
    BOOST_REQUIRE(::chown(data().c_str(), 0, 0) == 0);
    BOOST_TEST(DataLock::take(data()).has_value());
}

BOOST_FIXTURE_TEST_CASE(the_service_manager_is_told, CredentialsOfUnit) {
    for (const bool abstract : {false, true}) {
        const std::string name = (abstract ? "@" : "") + root + "/notify";
        const int in = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::ranges::copy(name, address.sun_path);
        if (abstract) address.sun_path[0] = '\0';
        const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        BOOST_REQUIRE(::bind(in, reinterpret_cast<const sockaddr*>(&address), length) == 0);
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
        tell_service_manager("READY=1");
        std::array<char, 64> got{};
        const auto size = ::recv(in, got.data(), got.size(), MSG_DONTWAIT);
        BOOST_TEST(std::string(got.data(), size > 0 ? static_cast<std::size_t>(size) : 0) == "READY=1");
        ::close(in);
    }
    tell_service_manager("STOPPING=1");  // Nobody listens: nothing happens.
    ::unsetenv("NOTIFY_SOCKET");
    tell_service_manager("STOPPING=1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace calgate
