#include "tests/conformance/rows.hpp"

namespace calgate::testing {

std::vector<Deviation> declared_deviations() {
    std::vector<Deviation> out = {
        {"sim_sabre",
         "create_with_a_uid_under_another_name_is_refused",
         "Baikal stores two resources that share a UID."},
        {"sim_sogo",
         "find_event_under_another_name",
         "SOGo's text search finds nothing; only our own names are found."},
        {"xandikos",
         "a_backslash_before_n_round_trips",
         "Xandikos 0.2.8 stores an escaped backslash before n as a line break."},
    };
    for (const char* subject : {"google", "google_https"}) {
        out.push_back(
            {subject,
             "create_again_after_delete_under_the_same_name",
             "Google never frees an id; the next generation of the name is used (google_connector: "
             "a_deleted_event_keeps_its_id)."}
        );
        out.push_back(
            {subject,
             "deleted_and_created_again_is_changed",
             "Google never frees an id, so the same name cannot come back."}
        );
        out.push_back(
            {subject,
             "cancelled_status_round_trips",
             "At Google a cancelled event is a deleted one; such a create is refused."}
        );
        out.push_back(
            {subject,
             "foreign_floating_time_stays_floating",
             "Google has no floating times; they become the calendar's."}
        );
    }
    for (const char* subject : {"sim_icloud", "sim_icloud_etags"}) {
        for (const char* row : {"receipt_of_create_tells_the_version", "update_changes_the_version"}) {
            out.push_back(
                {subject,
                 row,
                 "iCloud rewrites what it stored after it answered; a receipt names no version, the pull that follows "
                 "does."}
            );
        }
    }
    for (const char* subject :
         {"graph_plain",
          "graph_https",
          "graph_dup_409",
          "graph_dup_existing",
          "graph_small_pages",
          "graph_sloppy",
          "graph_rewriting"}) {
        out.push_back(
            {subject,
             "create_with_a_uid_under_another_name_is_refused",
             "Graph chooses the iCalUId of what is created; an invitation with our UID stays an event of its own."}
        );
        out.push_back(
            {subject,
             "create_again_after_delete_under_the_same_name",
             "Graph chooses the id; an event created again has another one."}
        );
        out.push_back(
            {subject,
             "deleted_and_created_again_is_changed",
             "Graph chooses the id; the old one is named as removed and the new one as changed."}
        );
        out.push_back({subject, "foreign_floating_time_stays_floating", "Graph has no floating times."});
    }
    for (const char* subject :
         {"ews_plain",
          "ews_scrambled",
          "ews_lax",
          "ews_amnesiac",
          "ews_assistant",
          "ews_html",
          "ews_blind",
          "ews_worst",
          "ews_stranger"}) {
        // Where a search finds the whole folder, it finds the UID as well.
        if (subject != std::string_view("ews_blind"))
            out.push_back(
                {subject,
                 "create_with_a_uid_under_another_name_is_refused",
                 "Exchange keeps UIDs apart from our names; an invitation with our UID stays an event of its own."}
            );
        out.push_back(
            {subject,
             "create_again_after_delete_under_the_same_name",
             "Exchange chooses the id; an event created again has another one."}
        );
        out.push_back(
            {subject,
             "deleted_and_created_again_is_changed",
             "Exchange chooses the id; the old one is named as removed and the new one as changed."}
        );
        out.push_back({subject, "foreign_floating_time_stays_floating", "Exchange has no floating times."});
        for (const char* row : {"update_changes_the_version", "a_batch_of_updates_is_stored"})
            out.push_back(
                {subject,
                 row,
                 "Some servers do not look at a ChangeKey; the receipt of an update names no version, so that the pull "
                 "that follows reads the event (exchange: "
                 "an_edit_that_such_a_server_lets_through_is_read_afterwards_and_kept)."}
            );
    }
    for (const char* row : {"receipt_of_create_tells_the_version", "a_full_batch_is_created"})
        out.push_back(
            {"ews_assistant", row, "An assistant of Exchange's touches what was written; its version moves by itself."}
        );
    return out;
}

}  // namespace calgate::testing
