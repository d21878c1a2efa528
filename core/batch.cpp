#include "core/batch.hpp"

namespace calgate {

Result<WriteReceipt> write_alone(
    Connector& connector, const Context& context, const Href& calendar, const EventWrite& write
) {
    switch (write.kind) {
        case EventWrite::Kind::Create:
            return connector.create_event(context, calendar, write.event);
        case EventWrite::Kind::Update:
            return connector.update_event(context, write.href, write.if_match, write.event);
        case EventWrite::Kind::Delete:
            break;
    }
    CALGATE_TRY_STATUS(connector.delete_event(context, write.href, write.if_match));
    return WriteReceipt{write.href, std::nullopt};
}

Result<bool> absent_alone(Connector& connector, const Context& context, const Href& calendar, const Uid& uid) {
    const auto found = connector.find_event(context, calendar, uid);
    if (found) return false;
    if (found.error().code == ErrorCode::NotFound) return true;
    return found.error();
}

Error about_no_event(Error error) {
    switch (error.code) {
        case ErrorCode::NotFound:
        case ErrorCode::VersionMismatch:
        case ErrorCode::AlreadyExists:
        case ErrorCode::Rejected:
        case ErrorCode::QuotaExceeded:
            error.code = ErrorCode::InvalidResponse;
            break;
        case ErrorCode::Unauthorized:
        case ErrorCode::Forbidden:
        case ErrorCode::SyncTokenExpired:
        case ErrorCode::RateLimited:
        case ErrorCode::Unavailable:
        case ErrorCode::Timeout:
        case ErrorCode::InvalidResponse:
        case ErrorCode::Unsupported:
        case ErrorCode::Cancelled:
            break;
    }
    return error;
}

}  // namespace calgate
