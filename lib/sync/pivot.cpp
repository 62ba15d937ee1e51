#include <sync/pivot.hpp>

namespace fastsync::sync {

Result<void> check_linked(std::span<const chain::BlockHeader> headers) {
    for (std::size_t i = 1; i < headers.size(); ++i) {
        if (!chain::links(headers[i - 1], headers[i])) {
            return Error{Errc::kMalformed, "header " + std::to_string(headers[i].number) +
                                               " does not name the one before it as its parent"};
        }
    }
    return {};
}

}  // namespace fastsync::sync
