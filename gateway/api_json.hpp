#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/connector.hpp"
#include "core/model.hpp"
#include "core/policy.hpp"
#include "core/zone.hpp"
#include "gateway/http_server.hpp"
#include "gateway/json_input.hpp"
#include "store/store.hpp"

/// Records as the API shows and takes them. No secret ever appears here.
namespace calgate {

/// Most bytes of an appointment's notes, and of its title, place or customer.
inline constexpr std::size_t kMaxText = 8192;
inline constexpr std::size_t kMaxShort = 255;

nlohmann::json shown(const Appointment&, const std::vector<Mirror>& mirrors);
nlohmann::json shown(const Staff&);
nlohmann::json shown(const Service&);
nlohmann::json shown(const Account&);
nlohmann::json shown(const Calendar&);
nlohmann::json shown(const ReconcilePolicy&);
nlohmann::json shown(const Change&);
nlohmann::json shown(const Conflict&);
nlohmann::json shown(const std::vector<RemoteCalendar>&);
nlohmann::json instant_json(const std::optional<Instant>&);

HttpResponse answer(int status, const nlohmann::json& body);
/// Why an account could not be connected.
HttpResponse connect_problem(const Error& error);
/// Until when the certificate that the account signs in with is valid; nothing where it signs in otherwise.
std::optional<Instant> certificate_end_of(const Reader&, const AccountId&);
/// Another account is being connected.
HttpResponse busy_connecting();

inline constexpr std::array<const char*, 7> kWeekdays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/// Take a record from a body; throw InputError.
Appointment appointment_from(const JsonInput&, const std::string& id);
Staff staff_from(const JsonInput&, const std::string& id);
Service service_from(const JsonInput&, const std::string& id);
/// A hold of the service; `staff` is empty when anybody who does it will do.
Appointment hold_from(const JsonInput&, const Service&, const ZoneResolver&, Instant now, Random&);
/// The parameter "limit", 1 to 1000; 100 when it is not given.
std::size_t limit_of(const HttpRequest&);
/// 1–128 characters of [A-Za-z0-9._:-].
std::string checked_id(const std::string& id, const char* what);

const std::vector<std::string>& appointment_fields();
const std::vector<std::string>& hold_fields();
const std::vector<std::string>& staff_fields();
const std::vector<std::string>& service_fields();
/// Of the document that GET /v1/export gives.
const std::vector<std::string>& export_fields();

/// "busy", "full", or the fields in their order: "title,place". @throws InputError.
CopyDetail copy_detail_from(const std::string& text);
std::string name_of(const CopyDetail&);

}  // namespace calgate
