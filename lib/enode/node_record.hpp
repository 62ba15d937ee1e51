#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <common/bytes.hpp>
#include <common/ip_address.hpp>
#include <crypto/secp256k1.hpp>
#include <enode/enode.hpp>

namespace fastsync {

/// Longest record, bytes of its RLP (EIP-778).
inline constexpr std::size_t kMaxRecordSize = 300;
/// Longest text form, characters: `enr:` and base64.
inline constexpr std::size_t kMaxRecordText = 4 + (kMaxRecordSize * 4 + 2) / 3;

/// What a record says, before it is signed: by key, each value as RLP. The map keeps the keys
/// sorted and unique, as the specification wants them.
using RecordEntries = std::map<std::string, Bytes, std::less<>>;

/// A node record (ENR, EIP-778) of the "v4" identity scheme: who a node is, where, and whatever
/// else it says of itself, signed by it. Every value of this type carries a valid signature.
class NodeRecord {
  public:
    /// Reads the RLP form; trailing bytes are malformed.
    /// @return kTooLarge over kMaxRecordSize, kMalformed (RLP, keys not sorted or twice, no public
    /// key), kIncompatible (another identity scheme), kUnauthenticated (the signature does not fit)
    [[nodiscard]] static Result<NodeRecord> decode(ByteView encoded);
    /// Reads `enr:<base64url>`. Errors as decode().
    [[nodiscard]] static Result<NodeRecord> parse(std::string_view text);
    /// Makes the record of `key`; "id" and "secp256k1" are set for it.
    /// @return kTooLarge when it would not fit kMaxRecordSize
    [[nodiscard]] static Result<NodeRecord> sign(const crypto::SecretKey& key,
                                                 std::uint64_t sequence, RecordEntries entries);

    [[nodiscard]] const NodeId& id() const noexcept { return id_; }
    /// Grows with every change: of two records of a node the higher one counts.
    [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }
    /// Every entry, those we do not know included.
    [[nodiscard]] const RecordEntries& entries() const noexcept { return entries_; }
    /// The RLP value of `key`.
    [[nodiscard]] std::optional<ByteView> find(std::string_view key) const;

    /// Entries of EIP-778. Nothing when absent or not of the form the specification gives them.
    [[nodiscard]] std::optional<IpAddress> ip() const;
    [[nodiscard]] std::optional<IpAddress> ip6() const;
    [[nodiscard]] std::optional<std::uint16_t> tcp() const { return port("tcp"); }
    [[nodiscard]] std::optional<std::uint16_t> udp() const { return port("udp"); }
    [[nodiscard]] std::optional<std::uint16_t> tcp6() const { return port("tcp6"); }
    [[nodiscard]] std::optional<std::uint16_t> udp6() const { return port("udp6"); }

    /// The RLP it was read from or written to.
    [[nodiscard]] const Bytes& encoded() const noexcept { return encoded_; }
    /// `enr:<base64url>`
    [[nodiscard]] std::string text() const;

    friend bool operator==(const NodeRecord& a, const NodeRecord& b) {
        return a.encoded_ == b.encoded_;
    }

  private:
    NodeRecord() = default;
    [[nodiscard]] std::optional<std::uint16_t> port(std::string_view key) const;

    NodeId id_;
    std::uint64_t sequence_ = 0;
    RecordEntries entries_;
    Bytes encoded_;
};

/// Where the node of a record listens: IPv4 before IPv6, "tcp6"/"udp6" before "tcp"/"udp" for the
/// latter. Nothing without an address and at least one port that is not zero.
[[nodiscard]] std::optional<Enode> enode_of(const NodeRecord& record);

}  // namespace fastsync
