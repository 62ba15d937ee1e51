#include <crypto/keccak.hpp>
#include <enode/base_text.hpp>
#include <enode/node_record.hpp>
#include <rlp/decode.hpp>
#include <rlp/encode.hpp>

namespace fastsync {
namespace {

constexpr std::string_view kScheme = "enr:";
constexpr std::string_view kIdentity = "v4";
constexpr std::string_view kIdentityKey = "id";
constexpr std::string_view kPublicKeyKey = "secp256k1";

Error malformed(const char* what) {
    return {Errc::kMalformed, std::string{"node record: "} + what};
}

Result<RecordEntries> take_entries(ByteView in) {
    RecordEntries out;
    while (!in.empty()) {
        const auto key = rlp::take_string(in);
        if (!key) return malformed("a key that is no string");
        const std::string name(key->begin(), key->end());
        // std::string compares as unsigned bytes: the order the specification asks for.
        if (!out.empty() && name <= out.rbegin()->first)
            return malformed("keys that are not sorted or not unique");
        const auto value = rlp::take(in);
        if (!value) return malformed("a key without a value");
        FASTSYNC_CHECK(rlp::check_nested(value->raw));
        out.emplace_hint(out.end(), name, to_bytes(value->raw));
    }
    return out;
}

std::optional<ByteView> string_of(const RecordEntries& entries, std::string_view key) {
    const auto entry = entries.find(key);
    if (entry == entries.end()) return std::nullopt;
    const auto value = rlp::whole_string(entry->second);
    if (!value) return std::nullopt;
    return *value;
}

Result<NodeId> identity_of(const RecordEntries& entries) {
    const auto scheme = string_of(entries, kIdentityKey);
    if (!scheme) return malformed("no identity scheme");
    if (!equal(*scheme, as_bytes(kIdentity)))
        return Error{Errc::kIncompatible, "node record: an identity scheme other than v4"};
    const auto key = string_of(entries, kPublicKeyKey);
    if (!key) return malformed("no public key");
    const auto compressed = crypto::CompressedKey::from(*key);
    if (!compressed) return malformed("a public key of the wrong length");
    const auto id = crypto::decompress(*compressed);
    if (!id) return malformed("a public key that is not on the curve");
    return *id;
}

/// What is signed: the list without the signature.
Bytes content_of(std::uint64_t sequence, const RecordEntries& entries) {
    rlp::Encoder out;
    const std::size_t mark = out.begin_list();
    out.uint(sequence);
    for (const auto& [key, value] : entries)
        out.string(as_bytes(key)).raw(value);
    return out.end_list(mark).take();
}

std::optional<IpAddress> address_of(const RecordEntries& entries, std::string_view key,
                                    std::size_t size) {
    const auto bytes = string_of(entries, key);
    if (!bytes || bytes->size() != size) return std::nullopt;
    const auto address = IpAddress::from(*bytes);
    if (!address) return std::nullopt;
    return *address;
}

}  // namespace

Result<NodeRecord> NodeRecord::decode(ByteView encoded) {
    if (encoded.size() > kMaxRecordSize)
        return Error{Errc::kTooLarge, "node record: longer than 300 bytes"};
    auto items = rlp::whole_list(encoded);
    if (!items) return malformed("not one RLP list");
    ByteView in = *items;
    const auto signature = rlp::take_fixed<crypto::PlainSignature>(in);
    if (!signature) return malformed("no signature of 64 bytes");
    const auto sequence = rlp::take_uint64(in);
    if (!sequence) return malformed("no sequence number");
    NodeRecord out;
    out.sequence_ = *sequence;
    FASTSYNC_TRY(out.entries_, take_entries(in));
    FASTSYNC_TRY(out.id_, identity_of(out.entries_));
    const Hash256 digest = crypto::keccak256(content_of(out.sequence_, out.entries_));
    if (!crypto::verify(*signature, digest, out.id_))
        return Error{Errc::kUnauthenticated, "node record: a signature that does not fit"};
    out.encoded_ = to_bytes(encoded);
    return out;
}

Result<NodeRecord> NodeRecord::parse(std::string_view text) {
    if (text.size() > kMaxRecordText)
        return Error{Errc::kTooLarge, "node record: text longer than any can be"};
    if (!text.starts_with(kScheme)) return malformed("the text does not start with enr:");
    const auto encoded = enode::from_base64url(text.substr(kScheme.size()));
    if (!encoded) return malformed("the text is not base64url");
    return decode(*encoded);
}

Result<NodeRecord> NodeRecord::sign(const crypto::SecretKey& key, std::uint64_t sequence,
                                    RecordEntries entries) {
    NodeRecord out;
    out.id_ = key.public_key();
    out.sequence_ = sequence;
    out.entries_ = std::move(entries);
    out.entries_.insert_or_assign(std::string{kIdentityKey},
                                  rlp::encode_string(as_bytes(kIdentity)));
    out.entries_.insert_or_assign(std::string{kPublicKeyKey},
                                  rlp::encode_string(crypto::compress(out.id_)));
    const Bytes content = content_of(sequence, out.entries_);
    const crypto::Signature signature = crypto::sign(key, crypto::keccak256(content));
    rlp::Encoder list;
    const std::size_t mark = list.begin_list();
    list.string(signature.view().first(crypto::PlainSignature::kSize));
    list.raw(*rlp::whole_list(content)).end_list(mark);
    out.encoded_ = list.take();
    if (out.encoded_.size() > kMaxRecordSize)
        return Error{Errc::kTooLarge, "node record: longer than 300 bytes"};
    return out;
}

std::optional<ByteView> NodeRecord::find(std::string_view key) const {
    const auto entry = entries_.find(key);
    if (entry == entries_.end()) return std::nullopt;
    return ByteView{entry->second};
}

std::optional<IpAddress> NodeRecord::ip() const {
    return address_of(entries_, "ip", 4);
}

std::optional<IpAddress> NodeRecord::ip6() const {
    return address_of(entries_, "ip6", 16);
}

std::optional<std::uint16_t> NodeRecord::port(std::string_view key) const {
    const auto entry = entries_.find(key);
    if (entry == entries_.end()) return std::nullopt;
    ByteView in = entry->second;
    const auto value = rlp::take_uint64(in);
    if (!value || *value > 0xffff) return std::nullopt;
    return static_cast<std::uint16_t>(*value);
}

std::string NodeRecord::text() const {
    return std::string{kScheme} + enode::to_base64url(encoded_);
}

std::optional<Enode> enode_of(const NodeRecord& record) {
    Enode out;
    out.id = record.id();
    const auto v4 = record.ip();
    const auto address = v4 ? v4 : record.ip6();
    if (!address) return std::nullopt;
    out.host = to_string(*address);
    out.tcp_port = record.tcp().value_or(0);
    out.udp_port = record.udp().value_or(0);
    if (!v4) {
        out.tcp_port = record.tcp6().value_or(out.tcp_port);
        out.udp_port = record.udp6().value_or(out.udp_port);
    }
    if (out.tcp_port == 0 && out.udp_port == 0) return std::nullopt;
    return out;
}

}  // namespace fastsync
