#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <rlpx/connection.hpp>

namespace fastsync::eth {

/// Names of the capabilities: the protocol itself, and its satellite that carries node data beside
/// versions that have none.
inline constexpr std::string_view kProtocolName = "eth";
inline constexpr std::string_view kNodeDataProtocol = "nodedata";

/// Message codes, relative to the protocol's offset (devp2p caps/eth.md "Protocol Messages").
enum class MessageCode : std::uint32_t {
    kStatus = 0x00,
    kNewBlockHashes = 0x01,
    kTransactions = 0x02,
    kGetBlockHeaders = 0x03,
    kBlockHeaders = 0x04,
    kGetBlockBodies = 0x05,
    kBlockBodies = 0x06,
    kNewBlock = 0x07,
    kNewPooledTransactionHashes = 0x08,
    kGetPooledTransactions = 0x09,
    kPooledTransactions = 0x0a,
    kGetNodeData = 0x0d,
    kNodeData = 0x0e,
    kGetReceipts = 0x0f,
    kReceipts = 0x10,
};

/// A set of messages: bit n for code n.
[[nodiscard]] constexpr bool holds(std::uint32_t set, MessageCode code) noexcept {
    const auto bit = static_cast<std::uint32_t>(code);
    return bit < 32 && ((set >> bit) & 1U) != 0;
}
[[nodiscard]] constexpr std::uint32_t code_set(std::initializer_list<MessageCode> codes) noexcept {
    std::uint32_t set = 0;
    for (const MessageCode code : codes)
        set |= 1U << static_cast<std::uint32_t>(code);
    return set;
}

/// What differs between the versions of the protocol: one row each.
struct Version {
    std::string_view protocol = kProtocolName;
    std::uint32_t number = 0;
    /// Codes it occupies, used or not: where the next protocol's codes begin.
    std::uint32_t message_count = 0;
    /// Which message its code 0 is: the satellite numbers its own from 0.
    MessageCode first = MessageCode::kStatus;
    /// Items of its Status message; 0: it has none.
    std::uint32_t status_fields = 0;
    /// Bit n: message n is one of this version.
    std::uint32_t codes = 0;
    /// Bit n: message n is [request id, message] (EIP-2481).
    std::uint32_t codes_with_id = 0;

    [[nodiscard]] constexpr bool knows(MessageCode code) const noexcept {
        return holds(codes, code);
    }
    [[nodiscard]] constexpr bool names_request(MessageCode code) const noexcept {
        return holds(codes_with_id, code);
    }
    /// Status tells the fork id (EIP-2124).
    [[nodiscard]] constexpr bool has_fork_id() const noexcept { return status_fields > 5; }
    /// The message of a code of this protocol; nothing when this version has none of it.
    [[nodiscard]] constexpr std::optional<MessageCode> message_of(std::uint32_t wire) const {
        if (wire >= message_count) return std::nullopt;
        const auto code = static_cast<MessageCode>(wire + static_cast<std::uint32_t>(first));
        return knows(code) ? std::optional{code} : std::nullopt;
    }
    [[nodiscard]] constexpr std::uint32_t wire_code(MessageCode code) const noexcept {
        return static_cast<std::uint32_t>(code) - static_cast<std::uint32_t>(first);
    }
};

/// The versions of eth that we speak, ascending. Two sides settle on the highest that both offer,
/// so that those without node data are offered only where nothing else is in common.
[[nodiscard]] std::span<const Version> supported_versions() noexcept;
/// The row of eth/`number`; null when we do not speak it.
[[nodiscard]] const Version* find_version(std::uint32_t number) noexcept;
/// The row of nodedata/1 (Nethermind's): GetNodeData and NodeData without request ids.
[[nodiscard]] const Version& node_data_satellite() noexcept;

using Offers = std::vector<rlpx::LocalNode::Offer>;
/// What a LocalNode offers in Hello: every version of eth with node data, and the satellite.
[[nodiscard]] Offers capability_offers();
/// Every version, for a node that is known to lack those with node data but to have the satellite.
[[nodiscard]] Offers capability_offers_without_node_data();
/// eth/`number` alone, and the satellite.
[[nodiscard]] Offers capability_offers_of(const Version& version);

}  // namespace fastsync::eth
