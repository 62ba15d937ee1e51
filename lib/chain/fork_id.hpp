#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <chain/header.hpp>
#include <common/bytes.hpp>

namespace fastsync::chain {

/// Forks of a schedule beyond these are refused; the longest of the family has 22.
inline constexpr std::size_t kMaxForks = 256;

/// CRC-32 (IEEE 802.3) of the genesis hash and every fork that passed.
using ForkHash = FixedBytes<4, struct ForkHashTag>;

/// Which chain and rules a node follows, as it is told to strangers (EIP-2124).
struct ForkId {
    ForkHash hash;
    /// Block or Unix time of the next fork that is known; 0: none.
    std::uint64_t next = 0;

    friend bool operator==(const ForkId&, const ForkId&) = default;
};

/// When the rules of a chain change. Any order, doubles and zeros are fine: forks at block 0 and at
/// or before the genesis time belong to the genesis.
struct ForkSchedule {
    Hash256 genesis_hash;
    std::uint64_t genesis_time = 0;    ///< Unix seconds
    std::vector<BlockNumber> blocks;   ///< forks by block number
    std::vector<std::uint64_t> times;  ///< forks by Unix time, after all of those (EIP-6122)

    friend bool operator==(const ForkSchedule&, const ForkSchedule&) = default;
};

/// Where a chain stands.
struct ForkPosition {
    BlockNumber number = 0;
    std::uint64_t time = 0;  ///< of the block, Unix seconds
};

/// A schedule prepared for questions.
class ForkLadder {
  public:
    /// kConfig when there are more than kMaxForks.
    [[nodiscard]] static Result<ForkLadder> make(ForkSchedule schedule);

    /// What we announce when our head is there.
    [[nodiscard]] ForkId at(const ForkPosition& head) const;
    /// Another chain of the same genesis: its ids that are not ours are known to be of that one.
    void tell_apart(const ForkLadder& other);
    /// Whether a peer of this id can be on our chain, our head being there: the rules of EIP-2124.
    /// @return kIncompatible: a chain that is known to be another, or the peer is too old;
    ///         kOutdated: it passed a fork that we do not know, so that it may be right and we old
    [[nodiscard]] Result<void> check(const ForkId& remote, const ForkPosition& head) const;

  private:
    ForkLadder() = default;
    /// How many forks have passed.
    [[nodiscard]] std::size_t passed(const ForkPosition& head) const;

    std::vector<std::uint64_t> forks_;  ///< block numbers, then times
    std::size_t block_forks_ = 0;
    std::vector<ForkHash> hashes_;  ///< hashes_[n]: after n forks
    std::vector<ForkHash> others_;  ///< of other chains
};

/// RLP [hash, next]. decode_fork_id() ignores further items and wants nothing behind the list.
[[nodiscard]] Bytes encode_fork_id(const ForkId& id);
[[nodiscard]] Result<ForkId> decode_fork_id(ByteView encoded);
/// Key of the node record entry that holds the fork id (EIP-2124, devp2p enr-entries/eth.md).
inline constexpr std::string_view kForkIdRecordKey = "eth";
/// Its value: RLP [[hash, next]], of which further items are ignored when it is read.
[[nodiscard]] Bytes encode_fork_id_entry(const ForkId& id);
[[nodiscard]] Result<ForkId> decode_fork_id_entry(ByteView encoded);

}  // namespace fastsync::chain
