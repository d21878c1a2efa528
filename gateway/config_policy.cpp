#include "gateway/config_policy.hpp"

#include "gateway/policy_names.hpp"

namespace calgate {
namespace {

using config::Names;
using config::Reading;

const Names<ConcurrentEditPolicy> kConcurrentEdits{
    {"ask", ConcurrentEditPolicy::Ask},
    {"gateway", ConcurrentEditPolicy::Gateway},
    {"calendar", ConcurrentEditPolicy::Calendar},
    {"newest", ConcurrentEditPolicy::Newest}};
const Names<DeletionPolicy> kDeletions{
    {"ask_when_many", DeletionPolicy::AskWhenMany},
    {"cancel", DeletionPolicy::Cancel},
    {"restore", DeletionPolicy::Restore},
    {"ask", DeletionPolicy::Ask},
    {"hide", DeletionPolicy::Hide}};
const Names<MovedOntoPolicy> kMovedOnto{{"ask", MovedOntoPolicy::Ask}, {"put_back", MovedOntoPolicy::PutBack}};
const Names<MovedAwayPolicy> kMovedAway{
    {"restore", MovedAwayPolicy::Restore},
    {"ask", MovedAwayPolicy::Ask},
    {"hide", MovedAwayPolicy::Hide},
    {"deletion", MovedAwayPolicy::Deletion}};
const Names<DuplicatePolicy> kDuplicates{{"busy", DuplicatePolicy::Busy}, {"free", DuplicatePolicy::Free}};
const Names<MaskedEditPolicy> kMaskedEdits{{"keep", MaskedEditPolicy::Keep}, {"put_back", MaskedEditPolicy::PutBack}};

template <class E>
const char* text_of(const Names<E>& names, E value) {
    for (const auto& [name, each] : names) {
        if (each == value) return name.c_str();
    }
    return "";
}

/// @param own the business's, or what one calendar decides otherwise.
template <class Own>
void read_choices(Reading& in, const char* section, Own& own) {
    in.choice(section, "moved_onto", kMovedOnto, own.moved_onto);
    in.choice(section, "moved_away", kMovedAway, own.moved_away);
    in.choice(section, "duplicates", kDuplicates, own.duplicates);
    in.choice(section, "masked_edits", kMaskedEdits, own.masked_edits);
    in.flag(section, "say_in_copy", own.say_in_copy);
}

template <class E>
void add_line(std::string& out, const char* key, const std::optional<E>& value) {
    if (value) out += fmt::format("{} = \"{}\"\n", key, to_string(*value));
}

template <class Own>
std::string lines_of(const Own& own) {
    std::string out;
    add_line(out, "moved_onto", std::optional(own.moved_onto));
    add_line(out, "moved_away", std::optional(own.moved_away));
    add_line(out, "duplicates", std::optional(own.duplicates));
    add_line(out, "masked_edits", std::optional(own.masked_edits));
    if (const auto says = std::optional(own.say_in_copy)) out += fmt::format("say_in_copy = {}\n", *says);
    return out;
}

}  // namespace

const char* to_string(ConcurrentEditPolicy policy) { return text_of(kConcurrentEdits, policy); }
const char* to_string(DeletionPolicy policy) { return text_of(kDeletions, policy); }
const char* to_string(MovedOntoPolicy policy) { return text_of(kMovedOnto, policy); }
const char* to_string(MovedAwayPolicy policy) { return text_of(kMovedAway, policy); }
const char* to_string(DuplicatePolicy policy) { return text_of(kDuplicates, policy); }
const char* to_string(MaskedEditPolicy policy) { return text_of(kMaskedEdits, policy); }

void config::read_policies(Reading& in, Config& out) {
    in.choice("policy", "concurrent_edits", kConcurrentEdits, out.concurrent_edits);
    in.choice("policy", "deletions", kDeletions, out.deletions);
    read_choices(in, "policy", out.policies);
    auto calendars = in.tables("policy", "calendar");
    if (!calendars) return;
    for (const std::string& name : calendars->sections()) {
        PolicyOverrides& own = out.policies.calendars[name];
        calendars->choice(name.c_str(), "concurrent_edits", kConcurrentEdits, own.concurrent_edits);
        calendars->choice(name.c_str(), "deletions", kDeletions, own.deletions);
        read_choices(*calendars, name.c_str(), own);
    }
    calendars->refuse_unknown();
    in.take_error_of(*calendars);
}

std::string config::written_policies(const Config& c) {
    std::string out;
    add_line(out, "concurrent_edits", std::optional(c.concurrent_edits));
    add_line(out, "deletions", std::optional(c.deletions));
    out += lines_of(c.policies);
    for (const auto& [name, own] : c.policies.calendars) {
        out += fmt::format("\n[policy.calendar.{}]\n", quoted(name));
        add_line(out, "concurrent_edits", own.concurrent_edits);
        add_line(out, "deletions", own.deletions);
        out += lines_of(own);
    }
    return out;
}

}  // namespace calgate
