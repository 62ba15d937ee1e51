#pragma once

#include <optional>
#include <span>
#include <vector>

#include <chain/fork_id.hpp>
#include <chain/header.hpp>
#include <common/bytes.hpp>
#include <common/time.hpp>
#include <eth/backend.hpp>
#include <eth/version.hpp>

/// The messages of eth/63 to 68 (devp2p caps/eth.md) as values, without the request id that later
/// versions put around them (seal()): every decoder takes a whole payload and returns kMalformed,
/// or kTooLarge over one of the limits below. Counts are checked before anything is allocated for
/// them.
namespace fastsync::eth {

/// Hashes of one request that we look up; the rest of the request is ignored, as go-ethereum does.
inline constexpr std::size_t kMaxNodeDataLookups = 2048;
/// Hashes we ask for in one request. go-ethereum serves at most 1024 (384 up to 1.9).
inline constexpr std::size_t kMaxNodeDataAsked = 1024;
/// Items of a NodeData answer we take, empty ones included.
inline constexpr std::size_t kMaxNodeDataItems = 4096;
/// Headers of an answer we take, and ask for. go-ethereum serves at most 1024 (192 up to 1.9).
inline constexpr std::size_t kMaxHeadersAccepted = 1024;

/// eth.md "Status (0x00)".
struct Status {
    std::uint32_t version = 0;
    std::uint64_t network_id = 0;
    U256 total_difficulty = 0;
    Hash256 head_hash;
    Hash256 genesis_hash;
    std::optional<chain::ForkId> fork_id{};  ///< from eth/64 on (EIP-2124)

    friend bool operator==(const Status&, const Status&) = default;
};

/// One block named by NewBlockHashes.
struct BlockAnnouncement {
    Hash256 hash;
    chain::BlockNumber number = 0;

    friend bool operator==(const BlockAnnouncement&, const BlockAnnouncement&) = default;
};

/// What interests us of a NewBlock: its transactions and uncles are not looked at.
struct NewBlock {
    chain::BlockHeader header;
    U256 total_difficulty = 0;
};

/// An answer to GetNodeData: the message's bytes and a view of each blob in them. Empty strings,
/// which some servers put in the place of what they lack, are left out. Moving it keeps the views.
struct NodeData {
    Bytes message;
    std::vector<ByteView> blobs;
    TimePoint arrived;  ///< when the message's last byte was read
};

[[nodiscard]] Bytes encode_status(const Status& status);
[[nodiscard]] Result<Status> decode_status(ByteView payload, const Version& version);

[[nodiscard]] Bytes encode_new_block_hashes(std::span<const BlockAnnouncement> blocks);
/// The announced block of the highest number; nothing when the message names none.
[[nodiscard]] Result<std::optional<BlockAnnouncement>> decode_new_block_hashes(ByteView payload);

/// A block without transactions and uncles.
[[nodiscard]] Bytes encode_new_block(ByteView raw_header, const U256& total_difficulty);
[[nodiscard]] Result<NewBlock> decode_new_block(ByteView payload);

[[nodiscard]] Bytes encode_get_block_headers(const HeaderQuery& query);
[[nodiscard]] Result<HeaderQuery> decode_get_block_headers(ByteView payload);

[[nodiscard]] Bytes encode_block_headers(std::span<const Bytes> raw_headers);
[[nodiscard]] Result<std::vector<chain::BlockHeader>> decode_block_headers(ByteView payload);

[[nodiscard]] Bytes encode_get_node_data(std::span<const Hash256> hashes);
/// The first kMaxNodeDataLookups hashes.
[[nodiscard]] Result<std::vector<Hash256>> decode_get_node_data(ByteView payload);

/// `items`: RLP strings one after another, as Backend::node_data() makes them.
[[nodiscard]] Bytes encode_node_data(ByteView items);
[[nodiscard]] Result<NodeData> decode_node_data(Bytes payload, TimePoint arrived);
/// The same of a message that holds more: `body` is a part of it.
[[nodiscard]] Result<NodeData> decode_node_data(Bytes message, ByteView body, TimePoint arrived);

/// The payload of an answer that holds nothing.
[[nodiscard]] Bytes encode_empty_answer();

}  // namespace fastsync::eth
