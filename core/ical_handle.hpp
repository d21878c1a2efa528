#pragma once

#include <libical/ical.h>

#include <cstdlib>
#include <memory>
#include <string>

/// RAII over libical, for core's .cpp files only.
namespace calgate::ical {

struct FreeComponent {
    void operator()(icalcomponent* component) const { icalcomponent_free(component); }
};
using Component = std::unique_ptr<icalcomponent, FreeComponent>;

/// Takes over a string that libical allocated.
inline std::string owned(char* text) {
    if (!text) return {};
    std::string out(text);
    std::free(text);
    return out;
}

inline std::string value_of(const icalproperty* property) {
    return owned(icalproperty_get_value_as_string_r(property));
}

inline std::string parameter_of(icalproperty* property, const char* name) {
    return owned(icalproperty_get_parameter_as_string_r(property, name));
}

template <class F>
void each(icalcomponent* component, icalproperty_kind kind, F&& visit) {
    for (icalproperty* p = icalcomponent_get_first_property(component, kind); p;
         p = icalcomponent_get_next_property(component, kind)) {
        visit(p);
    }
}

}  // namespace calgate::ical
