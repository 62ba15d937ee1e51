#pragma once

#include <async/clock.hpp>
#include <async/task.hpp>
#include <eth/backend.hpp>
#include <eth/messages.hpp>
#include <rlpx/connection.hpp>

namespace fastsync::eth {

/// Status is the first eth message both ways, within this time.
inline constexpr Duration kStatusTimeout = std::chrono::seconds{5};
/// How long we wait for a peer to say its fork id first where we know no forks of the chain. Every
/// client says its Status at once, without waiting for ours.
inline constexpr Duration kForkIdPatience = std::chrono::seconds{2};

/// Sends our Status, takes the peer's and checks it. Where Status tells the fork id and we know no
/// forks, the peer goes first and is told its own: the one id that it accepts of a chain whose
/// forks we have never heard of (EIP-2124, rule 1). To a peer that waits as we do we say the
/// genesis' own, without a next fork. A peer that stays silent is sent
/// Disconnect 0x0b; after every other error the caller says goodbye.
/// @return kTimeout, kClosed, kMalformed, kTooLarge, kProtocol, kIncompatible naming what differs
[[nodiscard]] async::Task<Result<Status>> exchange_status(rlpx::Connection& connection,
                                                          const Version& version,
                                                          ChainIdentity identity,
                                                          async::Clock& clock);

/// kIncompatible, naming both sides' values, unless a peer with `status` is on our chain.
[[nodiscard]] Result<void> check_status(const Status& status, const Version& version,
                                        const ChainIdentity& identity);

}  // namespace fastsync::eth
