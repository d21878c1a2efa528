#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "connectors/ews/ews_xml.hpp"
#include "tests/sim/ews_sim.hpp"
#include "tests/sim/xml_text.hpp"

namespace calgate::testing {

using ews::Element;

/// A refusal of one item or request: its ResponseCode.
struct EwsRefusal {
    std::string code{};
};

struct EwsOccurrence {
    bool deleted = false;
    Element changes{};  ///< Children that differ from the master's.
    Instant original{};
};

struct EwsItem {
    std::string id{}, folder{};
    int key = 0;
    std::int64_t created = 0, touched = 0;  ///< Positions in the journal.
    bool gone = false;
    std::string next_id{}, next_folder{};        ///< Where it went; empty: nowhere.
    Element properties{};                        ///< CalendarItem with what was written; times in UTC.
    std::map<int, EwsOccurrence> occurrences{};  ///< Exceptions and deletions by InstanceIndex.
};

struct EwsFolder {
    std::string id{}, name{};
    bool gone = false;
    bool calendar = true;  ///< IPF.Appointment; else IPF.Note.
    std::string parent = "AAMkRoot=";
};

/// The folders that every mailbox has, beside its calendar, which is the first of all.
inline constexpr const char* kEwsRoot = "AAMkRoot=";
inline constexpr const char* kEwsDeletedItems = "AAMkDeletedItems=";
inline constexpr const char* kEwsInbox = "AAMkInbox=";

/// What a subscription has to tell.
struct EwsSubscription {
    std::set<std::string> folders{};     ///< Empty: all.
    std::vector<std::string> waiting{};  ///< Event elements.
    std::set<std::string> kinds{};       ///< Empty: all.
    bool pull = false;                   ///< Asked by GetEvents; else told over a stream.
    int watermark = 0;                   ///< Of what was told last.
};

/// An answer to GetStreamingEvents that is kept open.
struct EwsStream {
    std::shared_ptr<http::StreamListener> listener{};  ///< Null once it is over.
    std::vector<std::string> subscriptions{};
    SteadyInstant opened{}, last_word{};
    std::chrono::minutes longest{};
    std::size_t cuts = 0;  ///< Pieces so far; they are cut at other places each time.
};

struct EwsSim::State {
    const Clock& clock;
    const ZoneResolver& zones;
    EwsQuirks quirks;
    std::string password{};
    std::vector<EwsFolder> folders{};
    std::vector<EwsItem> items{};
    std::int64_t journal = 0;
    int epoch = 0;  ///< SyncStates of another one are forgotten.
    int next_id = 0;
    int busy_requests = 0, busy_milliseconds = 0;
    bool down = false, full = false;
    int mails = 0;
    std::vector<SimFault> faults{};
    std::vector<http::Request> exchanges{};
    std::map<std::string, EwsSubscription> subscriptions{};
    std::vector<std::shared_ptr<EwsStream>> streams{};  ///< Those that are open.
    std::size_t most_streams = 0;                       ///< That were open at once.

    std::variant<Result<http::Response>, Element> admitted(const http::Request&);
    std::string fresh_id(const std::string& kind);
    EwsFolder& folder(const std::string& id);  ///< Throws EwsRefusal.
    EwsFolder& folder_of(const Element& id);   ///< FolderId or DistinguishedFolderId. Throws EwsRefusal.
    EwsItem& item(const std::string& id);      ///< Throws EwsRefusal.
    void touch(EwsItem&);
    EwsItem& create(const std::string& folder, const Element& item, const std::string& context_zone);
    /// @param path FieldURI or ExtendedFieldURI; @param value nullptr: delete.
    void set(Element& properties, const Element& path, const Element* value, const std::string& context_zone);
    void normalise(Element& properties, const std::string& context_zone);

    /// Inside of the response message after ResponseCode; prefixed XML.
    std::string answer(const std::string& operation, const Element& request, const Element& header);
    std::string get_folder(const Element&), find_folder(const Element&), get_item(const Element&);
    std::string find_item(const Element&), create_item(const Element&, const std::string&zone);
    std::string update_item(const Element&, const std::string&zone), delete_item(const Element&);
    std::string sync_folder_items(const Element&), subscribe(const Element&), unsubscribe(const Element&);
    std::string convert_id(const Element&) const, server_time_zones(const Element&) const;
    std::string resolve_names(const Element&) const, move_item(const Element&), get_events(const Element&);
    /// Its place is taken by a copy with another id. Spoils references to items.
    void move(const std::string& id, const std::string& to_folder);
    std::string calendar_view(const Element& request, const EwsFolder&) const;
    /// Whether that item is what a restriction asks for. Throws EwsRefusal for what nobody can search by.
    bool holds(const EwsItem&, const Element& rule) const;
    /// The item, or each occurrence of the series, that is in [from, until); whole. @param index 0 for no occurrence.
    struct Shown {
        const EwsItem* item = nullptr;
        int index = 0;
        Instant start{}, end{};
    };
    std::vector<Shown> expanded(const EwsItem&, Instant from, Instant until) const;
    void tell(const EwsItem&);  ///< Whoever subscribed to its folder.
    void flush();               ///< What waits for streams that are open.
    void say(EwsStream&, const std::string& inside_message, const std::string& code = "NoError");
    void end(EwsStream&, const Result<http::Response>&);
    void end_others(const EwsStream& newest);
    /// What `shape` asks for, in the order of the schema.
    std::string shown(const EwsItem&, int index, const Element& shape) const;
    Element whole(const EwsItem&, int index) const;
    std::string change_key(const EwsItem&) const;
    Element named_id(const std::string& id, const std::string& key) const;
    std::string availability(const Element&) const;
    std::string autodiscover(const http::Request&, const std::string& path) const;
};

/// Before a zone's offset is known: fractions of a second are dropped. Throws EwsRefusal for no time.
std::string without_fraction(std::string time);
/// A whole number in [least, most]; `otherwise` where there is none. Throws EwsRefusal for anything else.
int number_of(const std::string& text, int least, int most, int otherwise);
http::Response ews_answer(int status, const std::string& body, const std::string& url);
std::string ews_fault(const std::string& code, int milliseconds = -1);
std::string ews_body(const std::string& inside);  ///< An envelope around it.
std::string ews_envelope(const std::string& operation, const std::string& messages);
std::string base64_of(const std::string& bytes);
std::optional<std::string> bytes_of_base64(std::string text);
std::string prefixed(const Element&);  ///< With "t:" before every name.
/// Days on which a Recurrence falls, at most 1500; Exchange's clamping of days that a month lacks.
std::vector<LocalSeconds> days_of_recurrence(const Element& recurrence);
std::string response_message(const std::string& operation, const std::string& code, const std::string& inside);
std::string scrambled(const std::string& envelope);

}  // namespace calgate::testing
