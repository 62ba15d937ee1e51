#include <daemon/version.hpp>

namespace fastsync::daemon {

std::string_view version() noexcept {
    return FASTSYNC_VERSION;
}

std::string client_name() {
    return "fastsyncd/v" + std::string{version()} + "/linux";
}

}  // namespace fastsync::daemon
