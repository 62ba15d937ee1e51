#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <common/bytes.hpp>
#include <storage/node_batch.hpp>

/// The layout of a database: the one place that knows how a key is made. Whoever changes anything
/// here raises kVersion.
namespace fastsync::storage::schema {

/// Written into every database; one of another version is refused.
inline constexpr std::uint32_t kVersion = 1;

/// Column families. Items never pass a write-ahead log or a memtable, records always do: two
/// families keep the two ways apart.
inline constexpr std::string_view kItemFamily = "default";  // the one RocksDB insists on
inline constexpr std::string_view kMetaFamily = "meta";

/// First byte of an item's key; its hash follows. Codes sort before nodes.
inline constexpr char kCodePrefix = 'c';
inline constexpr char kNodePrefix = 'n';
inline constexpr std::size_t kItemKeySize = 1 + Hash256::kSize;

/// Key of the record of what the database is, in the meta family: 4 bytes of schema version, 8 of
/// network id (both big-endian), 32 of genesis hash.
inline constexpr std::string_view kIdentityKey = "identity";
/// Before the name of every record given to save_meta(), so that none can collide with ours.
inline constexpr std::string_view kRecordPrefix = "record/";

[[nodiscard]] constexpr char prefix_of(ItemKind kind) noexcept {
    return kind == ItemKind::kCode ? kCodePrefix : kNodePrefix;
}

/// The key of an item, in place: no allocation.
class ItemKey {
  public:
    ItemKey(ItemKind kind, const Hash256& hash) noexcept;
    [[nodiscard]] std::string_view view() const noexcept { return {key_.data(), key_.size()}; }

  private:
    std::array<char, kItemKeySize> key_;
};

/// The hash in an item's key; kCorrupt when it is no such key.
[[nodiscard]] Result<Hash256> hash_of_key(std::string_view key);

[[nodiscard]] std::string record_key(std::string_view name);

}  // namespace fastsync::storage::schema

namespace fastsync::storage {

/// The chain whose state a database holds.
struct ChainIdentity {
    std::uint64_t network_id = 0;
    Hash256 genesis_hash;

    friend bool operator==(const ChainIdentity&, const ChainIdentity&) = default;
};

[[nodiscard]] Bytes encode_identity(const ChainIdentity& identity);
/// kIncompatible: another schema version, named; kCorrupt: not such a record.
[[nodiscard]] Result<ChainIdentity> decode_identity(ByteView record);

/// The identity a record says; none when it does not decode.
///
/// @return kIncompatible: another schema version, or a sound record that is not of `expected`
[[nodiscard]] Result<std::optional<ChainIdentity>> sound_identity(
    ByteView record, const std::optional<ChainIdentity>& expected);

/// "network 1, genesis 0x…"
[[nodiscard]] std::string describe(const ChainIdentity& identity);

}  // namespace fastsync::storage
