#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "connectors/ews/ews_items.hpp"
#include "connectors/ews/ews_requests.hpp"
#include "core/batch.hpp"

namespace calgate::ews {

/// Looks for items by a property of theirs.
class Search {
public:
    explicit Search(Session& session) : session_(session) {}

    struct Find {
        std::string id{};
        std::string value{};  ///< Empty where the server did not show it: such a find has to be read.
    };
    /// What a folder holds under one of these values, the oldest first, those without a value last. A server that does
    /// not look at the restriction names everything.
    Result<std::vector<Find>> find(
        const Context&, const Href& calendar, Searched, const std::vector<std::string>& values
    );
    /// Of what `find` just returned: the server refuses such a search, however it is asked.
    bool is_impossible(const Error& error) const {
        return error.code == ErrorCode::InvalidResponse && session_.was_refused();
    }

private:
    Session& session_;
    std::set<Searched> unknown_{};  ///< Searches that the server was seen not to know; folders are looked through.
};

/// Of an event that was updated. Without a version, so that the next pull reads what it holds now: some servers do not
/// look at a ChangeKey, and what a person wrote since our reading may be in it.
WriteReceipt updated(const Href& event);

/// Several items in one request. A series goes alone.
class Together final : public BatchService {
public:
    /// @param alone does what does not go with the others. All outlive this.
    Together(Connector& alone, Session&, const ItemReader&, Search&, const EwsSettings&);

    std::size_t capacity() const override { return settings_.batch_size; }
    /// A FindItem, a CreateItem and a GetItem for what is created; a GetItem for all the rest, an UpdateItem and a
    /// DeleteItem. Of CreateItem and UpdateItem one for each time zone.
    std::vector<Result<WriteReceipt>> write_events(
        const Context&, const Href& calendar, const std::vector<EventWrite>& writes
    ) override;
    /// Two FindItem: by our property, then by the GlobalObjectId.
    std::vector<Result<bool>> find_absent(const Context&, const Href& calendar, const std::vector<Uid>& uids) override;

private:
    /// What one operation does to one item.
    struct Part {
        std::size_t at = 0;  ///< Of the write.
        Element xml{};
        std::string zone{};  ///< Of the request, IANA; items of different ones do not go together.
    };
    struct Round;
    void look_for(Round&) const;
    void read(Round&) const;
    std::string zone_of(const EventWrite&) const;
    Result<Element> change_of(const EventWrite&, const Answer&) const;
    void create(Round&) const;
    void tie(Round&, const std::map<std::string, std::string>& keys) const;
    void update(Round&) const;
    void remove(Round&) const;
    /// Sorts `parts` by their zones. @param inside makes the SOAP body of parts. @param understood takes the message of
    /// one that succeeded.
    template <class Inside, class Understood>
    void send(Round&, Ask, std::vector<Part>&, const Inside& inside, const Understood& understood) const;

    Connector& alone_;
    Session& session_;
    const ItemReader& items_;
    Search& search_;
    const EwsSettings& settings_;
};

/// Whether that is what the caller read, and ours to write.
Status check_writable(const Element& current, const Version& if_match);
/// What turns `stored` into `wanted`.
Result<Update> update_of(const ItemReader&, const RemoteEvent& stored, const Event& wanted);
Error already_there();
Error unnamed();

}  // namespace calgate::ews
