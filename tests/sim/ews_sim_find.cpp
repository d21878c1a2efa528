#include <algorithm>

#include "tests/sim/ews_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::days kLongestView{2 * 366};

/// The UID inside of a binary GlobalObjectId.
std::string uid_in(const std::string& constant) {
    const auto bytes = bytes_of_base64(constant);
    const std::size_t at = bytes ? bytes->find("vCal-Uid") : std::string::npos;
    if (at == std::string::npos || bytes->size() < at + 13) return {};
    return bytes->substr(at + 12, bytes->find('\0', at + 12) - at - 12);
}

const Element& path_of(const Element& rule) {
    return rule.has("ExtendedFieldURI") ? rule.child("ExtendedFieldURI") : rule.child("FieldURI");
}

bool is_global_id(const Element& path) {
    const std::string& id = path.attribute("PropertyId");
    return id == "3" || id == "35" || id == "0x3" || id == "0x23";
}

/// What an item has there. Throws EwsRefusal for what Exchange cannot search by.
std::optional<std::string> value_at(const Element& item, const Element& path) {
    if (path.name == "ExtendedFieldURI") {
        for (const Element& property : item.children) {
            const Element& held = property.child("ExtendedFieldURI");
            if (property.name == "ExtendedProperty" &&
                held.attribute("PropertyName") == path.attribute("PropertyName") &&
                held.attribute("PropertySetId") == path.attribute("PropertySetId"))
                return property.word("Value");
        }
        return std::nullopt;
    }
    const std::string& uri = path.attribute("FieldURI");
    constexpr const char* kSearchable[] = {
        "item:Subject",
        "item:ItemClass",
        "item:Sensitivity",
        "item:Importance",
        "item:DateTimeCreated",
        "item:LastModifiedTime",
        "item:ReminderIsSet",
        "calendar:Start",
        "calendar:End",
        "calendar:IsAllDayEvent",
        "calendar:LegacyFreeBusyStatus",
        "calendar:Location"};
    if (std::find(std::begin(kSearchable), std::end(kSearchable), uri) == std::end(kSearchable))
        throw EwsRefusal{"ErrorUnsupportedPathForQuery"};
    const std::string name = uri.substr(uri.find(':') + 1);
    return item.has(name) ? std::optional(item.word(name)) : std::nullopt;
}

/// Times are compared as times.
std::string comparable(const std::string& text) {
    if (text.size() < 19 || text[4] != '-' || text[10] != 'T') return text;
    const auto instant = parse_instant(without_fraction(text));
    return instant ? format_instant(*instant) : text;
}

bool compared(const std::string& how, const std::string& held, const std::string& asked) {
    if (how == "IsEqualTo") return held == asked;
    if (how == "IsNotEqualTo") return held != asked;
    if (how == "IsGreaterThan") return held > asked;
    if (how == "IsGreaterThanOrEqualTo") return held >= asked;
    if (how == "IsLessThan") return held < asked;
    if (how == "IsLessThanOrEqualTo") return held <= asked;
    throw EwsRefusal{"ErrorUnsupportedQueryFilter"};
}

std::string root_folder(const std::string& listed, int next, int total, bool last) {
    return response_message(
        "FindItem",
        "NoError",
        "<m:RootFolder IndexedPagingOffset=\"" + std::to_string(next) + "\" TotalItemsInView=\"" +
            std::to_string(total) + "\" IncludesLastItemInRange=\"" + (last ? "true" : "false") + "\"><t:Items>" +
            listed + "</t:Items></m:RootFolder>"
    );
}

}  // namespace

bool EwsSim::State::holds(const EwsItem& item, const Element& rule) const {
    const auto each = [&](const Element& part) { return holds(item, part); };
    const auto& parts = rule.children;
    if (rule.name == "And") return std::all_of(parts.begin(), parts.end(), each);
    if (rule.name == "Or") return std::any_of(parts.begin(), parts.end(), each);
    if (rule.name == "Not") return std::none_of(parts.begin(), parts.end(), each);
    const Element& path = path_of(rule);
    const std::string asked = rule.child("FieldURIOrConstant").child("Constant").attribute("Value");
    if (path.name == "ExtendedFieldURI" && is_global_id(path)) {
        if (rule.name != "IsEqualTo") throw EwsRefusal{"ErrorUnsupportedQueryFilter"};
        return item.properties.word("UID") == uid_in(asked);
    }
    const auto held = value_at(path.name == "ExtendedFieldURI" ? item.properties : whole(item, 0), path);
    if (rule.name == "Exists") return held.has_value();
    if (rule.name == "Contains")
        return held && held->find(rule.child("Constant").attribute("Value")) != std::string::npos;
    return compared(rule.name, comparable(held.value_or("")), comparable(asked)) &&
           (held || rule.name == "IsNotEqualTo");
}

/// Occurrences one by one, the earliest first (MS-OXWSSRCH 2.2.4.8).
std::string EwsSim::State::calendar_view(const Element& request, const EwsFolder& parent) const {
    const Element& view = request.child("CalendarView");
    if (request.has("Restriction") || request.has("SortOrder")) throw EwsRefusal{"ErrorUnsupportedQueryFilter"};
    const auto from = parse_instant(without_fraction(view.attribute("StartDate")));
    const auto until = parse_instant(without_fraction(view.attribute("EndDate")));
    if (!from || !until) throw EwsRefusal{"ErrorInvalidRequest"};
    if (*until < *from) throw EwsRefusal{"ErrorCalendarEndDateIsEarlierThanStartDate"};
    if (*until - *from > kLongestView) throw EwsRefusal{"ErrorCalendarViewRangeTooBig"};
    const int most = number_of(view.attribute("MaxEntriesReturned"), 1, 1'000'000, 1000);
    std::vector<Shown> all;
    for (const EwsItem& one : items) {
        if (one.gone || one.folder != parent.id) continue;
        const auto part = expanded(one, *from, *until);
        all.insert(all.end(), part.begin(), part.end());
    }
    std::stable_sort(all.begin(), all.end(), [](const Shown& a, const Shown& b) { return a.start < b.start; });
    std::string listed;
    const int given = std::min(most, static_cast<int>(all.size()));
    for (int i = 0; i < given; ++i) {
        const Shown& one = all[static_cast<std::size_t>(i)];
        listed += shown(*one.item, one.index, request.child("ItemShape"));
    }
    return root_folder(listed, given, static_cast<int>(all.size()), given == static_cast<int>(all.size()));
}

std::string EwsSim::State::find_item(const Element& request) {
    const Element& parents = request.child("ParentFolderIds");
    if (parents.children.empty()) throw EwsRefusal{"ErrorSchemaValidation"};
    const EwsFolder& parent = folder_of(parents.children.front());
    if (request.has("CalendarView")) return calendar_view(request, parent);
    if (request.has("QueryString")) throw EwsRefusal{"ErrorUnsupportedQueryFilter"};
    const Element& view = request.child("IndexedPageItemView");
    const int offset = number_of(view.attribute("Offset"), 0, 1'000'000, 0);
    const int most = number_of(view.attribute("MaxEntriesReturned"), 1, 1'000'000, 1000);
    std::vector<const EwsItem*> found;
    for (const EwsItem& one : items) {
        if (one.gone || one.folder != parent.id) continue;
        const auto& rules = request.child("Restriction").children;
        const bool matches =
            quirks.ignores_restrictions ||
            std::all_of(rules.begin(), rules.end(), [&](const Element& rule) { return holds(one, rule); });
        if (matches) found.push_back(&one);
    }
    if (const auto& orders = request.child("SortOrder").children; !orders.empty()) {
        const Element& path = path_of(orders.front());
        const bool descending = orders.front().attribute("Order") == "Descending";
        std::stable_sort(found.begin(), found.end(), [&](const EwsItem* a, const EwsItem* b) {
            if (descending) std::swap(a, b);
            return value_at(whole(*a, 0), path).value_or("") < value_at(whole(*b, 0), path).value_or("");
        });
    }
    Element shape = request.child("ItemShape");
    if (quirks.ignores_restrictions)
        std::erase_if(shape.children, [](const Element& part) { return part.name == "AdditionalProperties"; });
    std::string listed;
    const int total = static_cast<int>(found.size()), end = std::min(total, std::min(offset, total) + most);
    for (int i = offset; i < end; ++i) listed += shown(*found[static_cast<std::size_t>(i)], 0, shape);
    return root_folder(listed, std::max(end, std::min(offset, total)), total, end >= total);
}

}  // namespace calgate::testing
