#include <algorithm>

#include <sync/held.hpp>

namespace fastsync::sync {

std::string check_held(const Held& held) {
    if (held.membatch_bytes > 0) return "the membatch outlives the answer it is made of";
    const bool beyond = held.pending_bytes > held.pending_limit;
    if (beyond && held.in_flight > std::max(held.in_flight_beyond, Held::kNarrowInFlight))
        return "more is asked for although what is pending is over its limit";
    return {};
}

}  // namespace fastsync::sync
