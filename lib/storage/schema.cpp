#include <storage/schema.hpp>

namespace fastsync::storage {
namespace {

constexpr std::size_t kVersionSize = 4;
constexpr std::size_t kNetworkSize = 8;

void put_be(Bytes& out, std::uint64_t value, std::size_t width) {
    for (std::size_t i = width; i > 0; --i)
        out.push_back(static_cast<Byte>(value >> (8 * (i - 1))));
}

std::uint64_t be(ByteView bytes) {
    std::uint64_t value = 0;
    for (const Byte b : bytes)
        value = (value << 8U) | b;
    return value;
}

}  // namespace

namespace schema {

ItemKey::ItemKey(ItemKind kind, const Hash256& hash) noexcept {
    key_[0] = prefix_of(kind);
    std::memcpy(key_.data() + 1, hash.data.data(), Hash256::kSize);
}

Result<Hash256> hash_of_key(std::string_view key) {
    if (key.size() != kItemKeySize) return Error{Errc::kCorrupt, "an item key of the wrong length"};
    return Hash256::from(as_bytes(key.substr(1)));
}

std::string record_key(std::string_view name) {
    return std::string{kRecordPrefix}.append(name);
}

}  // namespace schema

Bytes encode_identity(const ChainIdentity& identity) {
    Bytes out;
    put_be(out, schema::kVersion, kVersionSize);
    put_be(out, identity.network_id, kNetworkSize);
    append(out, identity.genesis_hash);
    return out;
}

Result<ChainIdentity> decode_identity(ByteView record) {
    if (record.size() < kVersionSize) return Error{Errc::kCorrupt, "the identity record is cut"};
    // The version comes first and alone decides what follows.
    const auto version = be(record.first(kVersionSize));
    if (version == 0) return Error{Errc::kCorrupt, "the identity record names no schema version"};
    if (version != schema::kVersion) {
        return Error{Errc::kIncompatible,
                     "the database has schema version " + std::to_string(version) +
                         ", this program reads version " + std::to_string(schema::kVersion)};
    }
    record = record.subspan(kVersionSize);
    if (record.size() != kNetworkSize + Hash256::kSize) {
        return Error{Errc::kCorrupt, "the identity record has the wrong length"};
    }
    ChainIdentity identity;
    identity.network_id = be(record.first(kNetworkSize));
    FASTSYNC_TRY(identity.genesis_hash, Hash256::from(record.subspan(kNetworkSize)));
    return identity;
}

Result<std::optional<ChainIdentity>> sound_identity(ByteView record,
                                                    const std::optional<ChainIdentity>& expected) {
    const auto identity = decode_identity(record);
    if (!identity) {
        if (identity.error().code == Errc::kIncompatible) return identity.error();
        return std::optional<ChainIdentity>{};
    }
    if (expected && *expected != *identity) {
        return Error{Errc::kIncompatible, "the database is of " + describe(*identity) +
                                              ", not of " + describe(*expected)};
    }
    return std::optional{*identity};
}

std::string describe(const ChainIdentity& identity) {
    return "network " + std::to_string(identity.network_id) + ", genesis " +
           to_hex0x(identity.genesis_hash);
}

}  // namespace fastsync::storage
