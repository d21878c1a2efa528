// $filter as far as events have it: comparisons, startswith and the search for an extended property, joined by `and`
// and, less tightly, by `or`. Brackets around them are not understood.
#include <algorithm>
#include <utility>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::string_view kAny = "singleValueExtendedProperties/any";

class FilterReader {
public:
    explicit FilterReader(std::string text) : text_(std::move(text)) {}

    std::optional<std::vector<GraphTerm>> read() {
        std::vector<GraphTerm> out;
        for (bool after_or = false;; after_or = true) {
            do {
                auto term = read_term();
                if (!term) return std::nullopt;
                term->after_or = std::exchange(after_or, false);
                out.push_back(std::move(*term));
            } while (is_word("and"));
            if (!is_word("or")) break;
        }
        skip_blanks();
        return at_ == text_.size() ? std::optional(std::move(out)) : std::nullopt;
    }

private:
    std::optional<GraphTerm> read_term() {
        const std::string name = word();
        if (same_without_case(name, "startswith")) return read_start();
        if (same_without_case(name, std::string(kAny))) return read_property();
        GraphTerm term;
        term.path = name;
        term.sign = word();
        auto value = literal();
        static const std::set<std::string> kSigns{"eq", "ne", "ge", "le", "gt", "lt"};
        if (name.empty() || !kSigns.contains(term.sign) || !value) return std::nullopt;
        term.value = std::move(*value);
        return term;
    }
    std::optional<GraphTerm> read_start() {
        GraphTerm term{GraphTerm::Kind::StartsWith, {}, "startswith", {}};
        if (!is_sign('(')) return std::nullopt;
        term.path = word();
        if (!is_sign(',')) return std::nullopt;
        auto value = quoted();
        if (term.path.empty() || !value || !is_sign(')')) return std::nullopt;
        term.value = std::move(*value);
        return term;
    }
    /// (ep: ep/id eq '…' and ep/value eq '…'), under any name instead of ep.
    std::optional<GraphTerm> read_property() {
        GraphTerm term{GraphTerm::Kind::Property, {}, "eq", {}};
        if (!is_sign('(')) return std::nullopt;
        const std::string variable = word();
        if (variable.empty() || !is_sign(':')) return std::nullopt;
        std::set<std::string> seen;
        do {
            const std::string path = word();
            const bool is_id = path == variable + "/id", is_value = path == variable + "/value";
            if ((!is_id && !is_value) || !is_word("eq") || !seen.insert(path).second) return std::nullopt;
            auto value = quoted();
            if (!value) return std::nullopt;
            (is_id ? term.path : term.value) = std::move(*value);
        } while (is_word("and"));
        return seen.size() == 2 && is_sign(')') ? std::optional(std::move(term)) : std::nullopt;
    }

    void skip_blanks() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }
    std::string word() {
        skip_blanks();
        const std::size_t from = at_;
        while (at_ < text_.size() &&
               (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '/' || text_[at_] == '_'))
            ++at_;
        return text_.substr(from, at_ - from);
    }
    bool is_word(const std::string& wanted) {
        const std::size_t from = at_;
        if (word() == wanted) return true;
        at_ = from;
        return false;
    }
    bool is_sign(char sign) {
        skip_blanks();
        if (at_ == text_.size() || text_[at_] != sign) return false;
        ++at_;
        return true;
    }
    std::optional<std::string> quoted() {
        if (!is_sign('\'')) return std::nullopt;
        std::string out;
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] != '\'') {
                out += text_[at_];
            } else if (text_.compare(at_, 2, "''") == 0) {
                out += text_[at_++];
            } else {
                ++at_;
                return out;
            }
        }
        return std::nullopt;
    }
    std::optional<std::string> literal() {
        skip_blanks();
        if (at_ < text_.size() && text_[at_] == '\'') return quoted();
        const std::size_t from = at_;
        while (at_ < text_.size() && std::string_view(" '(),").find(text_[at_]) == std::string_view::npos) ++at_;
        return at_ == from ? std::nullopt : std::optional(text_.substr(from, at_ - from));
    }

    std::string text_;
    std::size_t at_ = 0;
};

/// Times compare to the second, whatever their fraction and with or without Z.
std::string comparable(const std::string& path, const std::string& value) {
    return path.ends_with("ateTime") ? value.substr(0, 19) : value;
}

bool compares(const GraphTerm& term, const Json& item) {
    const Json* at = &item;
    for (const std::string& name : split_outside(term.path, "/")) {
        if (!at->is_object() || !at->contains(name)) return false;
        at = &(*at)[name];
    }
    const std::string left = comparable(term.path, at->is_string() ? at->get<std::string>() : at->dump());
    const std::string right = comparable(term.path, term.value);
    if (term.kind == GraphTerm::Kind::StartsWith) return left.starts_with(right);
    if (term.sign == "eq") return left == right;
    if (term.sign == "ne") return left != right;
    if (term.sign == "ge") return left >= right;
    if (term.sign == "le") return left <= right;
    return term.sign == "gt" ? left > right : left < right;
}

/// The name of a property with case, its value without (Graph: extended properties).
bool is_held(const GraphTerm& term, const std::map<std::string, std::string>& properties) {
    const auto at = properties.find(term.path);
    return at != properties.end() && same_without_case(at->second, term.value);
}

}  // namespace

std::optional<std::vector<GraphTerm>> parse_filter(const std::string& text) { return FilterReader(text).read(); }

bool all_hold(
    const std::vector<GraphTerm>& terms, const Json& item, const std::map<std::string, std::string>& properties
) {
    bool holds = true;
    for (const GraphTerm& term : terms) {
        if (term.after_or && holds) return true;
        holds = (holds || term.after_or) &&
                (term.kind == GraphTerm::Kind::Property ? is_held(term, properties) : compares(term, item));
    }
    return holds;
}

std::optional<http::Response> GraphSim::State::read_filter(const GraphCall& call, std::vector<GraphTerm>& terms) const {
    static const std::set<std::string> kFiltered{
        "id",
        "subject",
        "iCalUId",
        "transactionId",
        "createdDateTime",
        "lastModifiedDateTime",
        "isAllDay",
        "type",
        "seriesMasterId",
        "isCancelled",
        "isOrganizer",
        "showAs",
        "sensitivity",
        "importance",
        "start/dateTime",
        "end/dateTime",
        "hasAttachments",
        "name"};
    const auto asked = call.query.find("$filter");
    if (asked == call.query.end()) return std::nullopt;
    auto read = parse_filter(asked->second);
    const bool known =
        read && std::all_of(read->begin(), read->end(), [&](const GraphTerm& term) {
            if (term.kind == GraphTerm::Kind::Property) return true;
            return kFiltered.contains(term.path) && !(quirks.refuses_icaluid_filter && term.path == "iCalUId");
        });
    if (!known) return graph_error(400, "ErrorInvalidUrlQueryFilter", "The filter clause is not supported.");
    terms = std::move(*read);
    const bool by_property = std::any_of(terms.begin(), terms.end(), [](const GraphTerm& term) {
        return term.kind == GraphTerm::Kind::Property;
    });
    if (!by_property || !call.basic) return std::nullopt;
    return graph_error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.");
}

}  // namespace calgate::testing
