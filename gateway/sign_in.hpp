#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "connectors/oauth/authorization.hpp"
#include "core/clock.hpp"
#include "core/model.hpp"

namespace calgate {

/// A person's sign-in between the address that was given out and the code that comes back.
struct BegunSignIn {
    std::string id{};      ///< For asking how it stands; says nothing about `state`.
    std::string caller{};  ///< Hash of the API key that began it.
    oauth::Access access{};
    std::optional<AccountId> account{};  ///< That shall be linked again; absent: whoever signs in.
    bool confirm_other_person = false;   ///< F26: the account may pass to another person.
    std::string actor = "api";           ///< Who began it, for the record of changes.
    oauth::Client client{};
    oauth::Authorization authorization{};
    SteadyInstant until{};
};

/// Sign-ins that are under way, in memory: each state works once, for ten minutes, for the key that began it. Bounded
/// in number. Any thread.
class SignIns {
public:
    enum class Stage : std::uint8_t { Waiting, Done, Failed };
    struct Standing {
        Stage stage = Stage::Waiting;
        AccountId account{};   ///< When done.
        std::string detail{};  ///< When failed: a sentence.
    };

    SignIns(const Clock&, Random&);
    /// Gives it an id and its end. @return nothing when too many are under way.
    std::optional<BegunSignIn> begin(BegunSignIn);
    /// Takes the state's sign-in out of use. Nothing for an unknown, used or old state.
    /// @param caller where it is known: any other leaves the sign-in as it is.
    std::optional<BegunSignIn> take(const std::string& state, const std::optional<std::string>& caller);
    void settle(const std::string& id, const Standing&);
    /// Nothing for an unknown or old id, and for any other caller.
    std::optional<Standing> standing(const std::string& id, const std::string& caller);

private:
    struct Entry {
        BegunSignIn begun{};
        Standing standing{};
        bool used = false;
    };
    void forget_old();  ///< Under mutex_.

    const Clock& clock_;
    Random& random_;
    std::mutex mutex_{};
    std::map<std::string, Entry> entries_{};  ///< By id, under mutex_.
};

}  // namespace calgate
