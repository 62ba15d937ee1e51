#include <cstdio>
#include <cstdlib>

#include <common/assert.hpp>
#include <common/error.hpp>

namespace fastsync {

std::string_view to_string(Errc code) noexcept {
    switch (code) {
        case Errc::kMalformed:
            return "malformed";
        case Errc::kTooLarge:
            return "too large";
        case Errc::kUnrequested:
            return "unrequested";
        case Errc::kAlreadyHave:
            return "already have";
        case Errc::kBadState:
            return "bad state";
        case Errc::kUnauthenticated:
            return "unauthenticated";
        case Errc::kIncompatible:
            return "incompatible";
        case Errc::kOutdated:
            return "outdated";
        case Errc::kProtocol:
            return "protocol breach";
        case Errc::kTimeout:
            return "timeout";
        case Errc::kDisconnected:
            return "disconnected by peer";
        case Errc::kClosed:
            return "closed";
        case Errc::kConnect:
            return "cannot connect";
        case Errc::kOverloaded:
            return "overloaded";
        case Errc::kNotFound:
            return "not found";
        case Errc::kBusy:
            return "busy";
        case Errc::kStorage:
            return "storage";
        case Errc::kCorrupt:
            return "corrupt";
        case Errc::kConfig:
            return "config";
    }
    return "unknown";
}

std::string Error::message() const {
    std::string out{to_string(code)};
    if (!detail.empty()) out.append(": ").append(detail);
    return out;
}

void assertion_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "fastsyncd: assertion failed: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace fastsync
