#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <rlpx/connection.hpp>

namespace fastsync::eth {

/// Name of the capability.
inline constexpr std::string_view kProtocolName = "eth";

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
    kGetNodeData = 0x0d,
    kNodeData = 0x0e,
    kGetReceipts = 0x0f,
    kReceipts = 0x10,
};

/// What differs between the versions of the protocol: one row each.
struct Version {
    std::uint32_t number = 0;
    /// Codes it occupies, used or not: where the next protocol's codes begin.
    std::uint32_t message_count = 0;
    /// Items of its Status message.
    std::uint32_t status_fields = 0;
    /// Bit n: code n is a message of this version.
    std::uint32_t codes = 0;

    [[nodiscard]] constexpr bool knows(std::uint32_t code) const noexcept {
        return code < message_count && ((codes >> code) & 1U) != 0;
    }
};

[[nodiscard]] constexpr std::uint32_t code_set(std::initializer_list<MessageCode> codes) noexcept {
    std::uint32_t set = 0;
    for (const MessageCode code : codes)
        set |= 1U << static_cast<std::uint32_t>(code);
    return set;
}

/// The versions we speak, ascending.
[[nodiscard]] std::span<const Version> supported_versions() noexcept;
/// The row of `number`; null when we do not speak it.
[[nodiscard]] const Version* find_version(std::uint32_t number) noexcept;
/// What a LocalNode offers in Hello.
[[nodiscard]] std::vector<rlpx::LocalNode::Offer> capability_offers();

}  // namespace fastsync::eth
