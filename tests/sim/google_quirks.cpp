#include "tests/sim/google_quirks.hpp"

#include <map>
#include <variant>

#include "tests/sim/quirk_switch.hpp"

namespace calgate::testing {

namespace {

using Member = std::variant<
    bool GoogleQuirks::*,
    int GoogleQuirks::*,
    std::size_t GoogleQuirks::*,
    std::chrono::seconds GoogleQuirks::*,
    std::string GoogleQuirks::*>;

const std::map<std::string, Member>& members() {
    using Q = GoogleQuirks;
    static const std::map<std::string, Member> all{
        {"page", &Q::page},
        {"empty_pages", &Q::empty_pages},
        {"short_listing_token", &Q::short_listing_token},
        {"bare_gone", &Q::bare_gone},
        {"bad_token_is_400", &Q::bad_token_is_400},
        {"token_life", &Q::token_life},
        {"bare_stubs", &Q::bare_stubs},
        {"without_etags", &Q::without_etags},
        {"weak_etags", &Q::weak_etags},
        {"etags_move_alone", &Q::etags_move_alone},
        {"limit_is_429", &Q::limit_is_429},
        {"calls_per_minute", &Q::calls_per_minute},
        {"project_calls_per_minute", &Q::project_calls_per_minute},
        {"date_ahead", &Q::date_ahead},
        {"date_behind", &Q::date_behind},
        {"most_invitations", &Q::most_invitations},
        {"batch_limit", &Q::batch_limit},
        {"batch_reversed", &Q::batch_reversed},
        {"batch_leaves_out", &Q::batch_leaves_out},
        {"sync_message_first", &Q::sync_message_first},
        {"notifies_at_once", &Q::notifies_at_once},
        {"double_notifications", &Q::double_notifications},
        {"lose_notifications", &Q::lose_notifications},
        {"shuffles_notifications", &Q::shuffles_notifications},
        {"delivers_after_stop", &Q::delivers_after_stop},
        {"free_busy_error", &Q::free_busy_error},
        {"rotates_refresh_tokens", &Q::rotates_refresh_tokens},
        {"testing_mode", &Q::testing_mode},
        {"token_endpoint_fails", &Q::token_endpoint_fails},
        {"denies_consent", &Q::denies_consent},
        {"granted_scopes", &Q::granted_scopes},
        {"restores_deleted", &Q::restores_deleted},
    };
    return all;
}

}  // namespace

void set_google_quirk(GoogleQuirks& quirks, const std::string& name, const std::string& value) {
    switch_quirk(quirks, members(), "Google", name, value);
}

}  // namespace calgate::testing
