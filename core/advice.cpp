#include "core/advice.hpp"

namespace calgate {

Advice advice(const Error& error) {
    switch (error.code) {
        case ErrorCode::Unauthorized:
            return {Action::PauseAccount, false, false};
        case ErrorCode::Forbidden:
            return {Action::ParkCalendar, false, false};
        case ErrorCode::NotFound:
            return {Action::Rediscover, false, false};
        case ErrorCode::VersionMismatch:
            return {Action::FetchAndReconcile, false, false};
        case ErrorCode::AlreadyExists:
            return {Action::FetchAndReconcile, false, false};
        case ErrorCode::SyncTokenExpired:
            return {Action::ListEverything, false, false};
        case ErrorCode::RateLimited:
            return {Action::RetryLater, false, false};
        case ErrorCode::Unavailable:
            return {Action::RetryLater, true, false};
        case ErrorCode::Timeout:
            return {Action::RetryLater, true, true};
        case ErrorCode::InvalidResponse:
            return {Action::RetryLater, true, true};
        case ErrorCode::Rejected:
            return {Action::ParkItem, false, false};
        case ErrorCode::QuotaExceeded:
            return {Action::ParkItem, false, false};
        case ErrorCode::Unsupported:
            return {Action::ParkItem, false, false};
        case ErrorCode::Cancelled:
            return {Action::Drop, false, false};
    }
    return {Action::RetryLater, true, true};
}

}  // namespace calgate
