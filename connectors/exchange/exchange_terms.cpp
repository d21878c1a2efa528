#include "connectors/exchange/exchange_terms.hpp"

namespace calgate::exchange {

namespace {

bool same_state(const EventInstance& a, const EventInstance& b) {
    return a.status == b.status && a.transparency == b.transparency && a.shown_as == b.shown_as;
}

}  // namespace

std::string show_as_of(const EventInstance& instance) {
    if (instance.status == EventStatus::Cancelled) return "free";
    if (instance.shown_as == ShownAs::WorkingElsewhere) return "workingElsewhere";
    if (instance.transparency == Transparency::Transparent || instance.shown_as == ShownAs::Free) return "free";
    if (instance.shown_as == ShownAs::OutOfOffice) return "oof";
    const bool tentative = instance.status == EventStatus::Tentative || instance.shown_as == ShownAs::Tentative;
    return tentative ? "tentative" : "busy";
}

void apply_show_as(std::string_view show_as, EventInstance& out) {
    out.status = show_as == "tentative" ? EventStatus::Tentative : EventStatus::Confirmed;
    out.transparency = show_as == "free" ? Transparency::Transparent : Transparency::Opaque;
    out.shown_as = ShownAs::Unsaid;
    if (show_as == "oof") out.shown_as = ShownAs::OutOfOffice;
    if (show_as == "workingElsewhere") out.shown_as = ShownAs::WorkingElsewhere;
}

std::string state_word(const EventInstance& instance) {
    EventInstance understood;
    apply_show_as(show_as_of(instance), understood);
    if (same_state(instance, understood)) return {};
    const auto digit = [](auto value) { return static_cast<char>('0' + static_cast<int>(value)); };
    return {digit(instance.status), digit(instance.transparency), digit(instance.shown_as)};
}

bool apply_state_word(std::string_view word, std::string_view show_as, EventInstance& out) {
    if (word.size() != 3 || word[0] < '0' || word[0] > '2' || word[1] < '0' || word[1] > '1' || word[2] < '0' ||
        word[2] > '5')
        return false;
    EventInstance meant;
    meant.status = static_cast<EventStatus>(word[0] - '0');
    meant.transparency = static_cast<Transparency>(word[1] - '0');
    meant.shown_as = static_cast<ShownAs>(word[2] - '0');
    if (show_as_of(meant) != show_as) return false;
    out.status = meant.status;
    out.transparency = meant.transparency;
    out.shown_as = meant.shown_as;
    return true;
}

std::string sensitivity_of(Classification classification) {
    switch (classification) {
        case Classification::Public:
            return "normal";
        case Classification::Private:
            return "private";
        case Classification::Confidential:
            break;
    }
    return "confidential";
}

Classification classification_of(std::string_view sensitivity) {
    if (sensitivity == "private" || sensitivity == "personal") return Classification::Private;
    return sensitivity == "confidential" ? Classification::Confidential : Classification::Public;
}

}  // namespace calgate::exchange
