#pragma once

#include <span>
#include <vector>

#include <async/task.hpp>
#include <chain/header.hpp>
#include <common/time.hpp>
#include <eth/session.hpp>

namespace fastsync::eth {

/// A block that tells a chain from another of the same genesis and network id.
struct RequiredBlock {
    chain::BlockNumber number = 0;
    Hash256 hash;

    friend bool operator==(const RequiredBlock&, const RequiredBlock&) = default;
};

/// How long a peer may take to answer the question for its required blocks: what other clients
/// grant.
inline constexpr Duration kChallengeTimeout = std::chrono::seconds{15};

/// Asks a peer for its headers of these numbers, one after the other; the session must be running.
/// A peer that lacks one may still be on its way there: no header is accepted.
/// @return kIncompatible naming the block that is another one; else what get_headers() says
[[nodiscard]] async::Task<Result<void>> challenge(Session& session,
                                                  std::span<const RequiredBlock> blocks,
                                                  TimePoint deadline);

}  // namespace fastsync::eth
