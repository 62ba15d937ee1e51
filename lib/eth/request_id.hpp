#pragma once

#include <cstdint>
#include <optional>

#include <common/bytes.hpp>
#include <eth/version.hpp>

namespace fastsync::eth {

/// Names one request of one side on one session.
enum class RequestId : std::uint64_t {};

/// The message `body` as `version` sends it: from eth/66 on, requests and answers are
/// [request id, body] (EIP-2481, devp2p caps/eth.md "eth/66").
[[nodiscard]] Bytes seal(const Version& version, MessageCode code, RequestId id, Bytes body);

/// A message without what seal() puts around it.
struct Unsealed {
    std::optional<RequestId> id;  ///< nothing where the version names no requests
    ByteView body;                ///< reaches to the end of the message it was taken from
};

/// kMalformed: no pair of a request id and one item; kTooLarge: an id of more than 64 bits.
[[nodiscard]] Result<Unsealed> unseal(const Version& version, MessageCode code, ByteView message);

}  // namespace fastsync::eth
