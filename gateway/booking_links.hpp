#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "gateway/vault.hpp"
#include "store/store.hpp"

namespace calgate {

/// Links that let chosen customers book: the id of a row and an HMAC over all that the row says, so that neither a link
/// nor a row can be made or changed without the key, which lies in the vault. The same key hides addresses and
/// customers in what is kept about bookings. Any thread.
class BookingLinks {
public:
    BookingLinks(Store&, const Vault&, Random&);

    /// What is sent to the customer, 60 characters of [A-Za-z0-9_.-].
    /// @throws StoreFailure when the key in the store cannot be opened.
    std::string token_of(const BookingLink&);
    /// To be called outside a transaction, before anything else is called in one. @throws StoreFailure.
    void ready() { key(); }
    /// The link of this token; nothing when it is none of ours.
    std::optional<BookingLink> find(const Reader&, std::string_view token);
    /// Tells the same text from others and shows it to nobody.
    std::string hidden(std::string_view kind, std::string_view text);

private:
    const std::string& key();

    Store& store_;
    const Vault& vault_;
    Random& random_;
    std::mutex mutex_{};
    std::string key_{};  ///< Under mutex_ until it is there; then it stays.
};

/// How a customer is told from others: without blanks, capitals are small.
std::string plain_customer(std::string_view name);

}  // namespace calgate
