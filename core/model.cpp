#include "core/model.hpp"

#include "core/result.hpp"

namespace calgate {
namespace {

constexpr int kFirstList = 8;  ///< Lists of fields that have no name of their own.
constexpr int kTitleBit = 1, kPlaceBit = 2, kNotesBit = 4;

}  // namespace

int number_of(const CopyDetail& detail) {
    if (detail == CopyDetail::kBusy) return 0;
    if (detail == CopyDetail::kTitle) return 1;
    if (detail == CopyDetail::kFull) return 2;
    return kFirstList + (detail.title ? kTitleBit : 0) + (detail.place ? kPlaceBit : 0) +
           (detail.notes ? kNotesBit : 0);
}

std::optional<CopyDetail> copy_detail_of(int number) {
    if (number == 0) return CopyDetail::kBusy;
    if (number == 1) return CopyDetail::kTitle;
    if (number == 2) return CopyDetail::kFull;
    const int bits = number - kFirstList;
    if (bits < 0 || bits > (kTitleBit | kPlaceBit | kNotesBit)) return std::nullopt;
    return CopyDetail{(bits & kTitleBit) != 0, (bits & kPlaceBit) != 0, (bits & kNotesBit) != 0};
}

const char* to_string(AppointmentState state) {
    switch (state) {
        case AppointmentState::Held:
            return "held";
        case AppointmentState::Confirmed:
            return "confirmed";
        case AppointmentState::Cancelled:
            return "cancelled";
    }
    return "unknown";
}

const char* to_string(MirrorState state) {
    switch (state) {
        case MirrorState::Active:
            return "active";
        case MirrorState::Parked:
            return "parked";
        case MirrorState::Conflict:
            return "conflict";
        case MirrorState::Removed:
            return "removed";
    }
    return "unknown";
}

const char* to_string(CalendarState state) {
    switch (state) {
        case CalendarState::Active:
            return "active";
        case CalendarState::ReadOnly:
            return "read-only";
        case CalendarState::Gone:
            return "gone";
        case CalendarState::Waiting:
            return "waiting";
    }
    return "unknown";
}

const char* to_string(ConflictKind kind) {
    switch (kind) {
        case ConflictKind::ConcurrentEdit:
            return "concurrent-edit";
        case ConflictKind::Deletion:
            return "deletion";
        case ConflictKind::DeletedAndEdited:
            return "deleted-and-edited";
        case ConflictKind::MovedOntoAnother:
            return "moved-onto-another";
        case ConflictKind::Brake:
            return "brake";
        case ConflictKind::ProvisionalClash:
            return "provisional-clash";
    }
    return "unknown";
}

const char* to_string(ConflictState state) {
    switch (state) {
        case ConflictState::Open:
            return "open";
        case ConflictState::ResolvedOurs:
            return "resolved-ours";
        case ConflictState::ResolvedTheirs:
            return "resolved-theirs";
    }
    return "unknown";
}

const char* to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::Unauthorized:
            return "unauthorized";
        case ErrorCode::Forbidden:
            return "forbidden";
        case ErrorCode::NotFound:
            return "not-found";
        case ErrorCode::VersionMismatch:
            return "version-mismatch";
        case ErrorCode::AlreadyExists:
            return "already-exists";
        case ErrorCode::SyncTokenExpired:
            return "sync-token-expired";
        case ErrorCode::RateLimited:
            return "rate-limited";
        case ErrorCode::Unavailable:
            return "unavailable";
        case ErrorCode::Timeout:
            return "timeout";
        case ErrorCode::InvalidResponse:
            return "invalid-response";
        case ErrorCode::Rejected:
            return "rejected";
        case ErrorCode::QuotaExceeded:
            return "quota-exceeded";
        case ErrorCode::Unsupported:
            return "unsupported";
        case ErrorCode::Cancelled:
            return "cancelled";
    }
    return "unknown";
}

}  // namespace calgate
