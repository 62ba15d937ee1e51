#pragma once

#include <cstddef>
#include <string>

#include <sync/peer_rate.hpp>

namespace fastsync::sync {

/// What a state sync holds in memory, beside what it may hold. Answers on their way are bounded by
/// the windows and batches of PeerRate.
struct Held {
    /// Items asked for at a time when what is pending takes more than it should: one request. Depth
    /// first, so few make no more of it than a path down and its siblings.
    static constexpr std::size_t kNarrowInFlight = PeerRate::kMaxBatch;

    std::size_t membatch_bytes = 0;  ///< each answer is committed as it is taken: nothing stays
    std::size_t pending_bytes = 0;   ///< of known items that are not complete
    std::size_t pending_limit = 0;   ///< beyond, items in flight only become fewer
    std::size_t in_flight = 0;       ///< items
    /// Items that were in flight when the limit was found passed, or fewer since; all there are
    /// while it is not.
    std::size_t in_flight_beyond = 0;
};

/// @return which limit is passed; empty when none is
[[nodiscard]] std::string check_held(const Held& held);

}  // namespace fastsync::sync
