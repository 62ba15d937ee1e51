#include <daemon/version.hpp>

namespace fastsync::daemon {

std::string_view version() noexcept {
    return FASTSYNC_VERSION;
}

}  // namespace fastsync::daemon
