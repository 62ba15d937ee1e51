#include <charconv>

#include <crypto/keccak.hpp>
#include <discovery/dns_tree.hpp>
#include <enode/base_text.hpp>

namespace fastsync::discovery {
namespace {

constexpr std::string_view kRootPrefix = "enrtree-root:v1";
constexpr std::string_view kBranchPrefix = "enrtree-branch:";
constexpr std::string_view kLinkPrefix = "enrtree://";
constexpr std::string_view kRecordPrefix = "enr:";
constexpr std::size_t kMaxDomain = 253;

Error malformed(const char* what) {
    return {Errc::kMalformed, std::string{"DNS list: "} + what};
}

/// The bytes of an abbreviated hash.
Result<Bytes> hash_of(std::string_view name) {
    auto bytes = enode::from_base32(name);
    if (!bytes || bytes->size() < kMinDnsHash || bytes->size() > kMaxDnsHash)
        return malformed("a hash that is none");
    return bytes;
}

/// Removes `<key>=<value>` from the front, and the space in front of it.
Result<std::string> take_field(std::string_view& text, std::string_view key) {
    if (!text.starts_with(' ')) return malformed("a field of the root is missing");
    text.remove_prefix(1);
    if (!text.starts_with(key) || !text.substr(key.size()).starts_with('='))
        return malformed("the fields of the root are not e, l, seq, sig");
    text.remove_prefix(key.size() + 1);
    const std::string_view value = text.substr(0, text.find(' '));
    text.remove_prefix(value.size());
    return std::string{value};
}

Result<std::uint64_t> parse_sequence(std::string_view digits) {
    std::uint64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stopped, failed] = std::from_chars(digits.data(), end, value);
    if (digits.empty() || failed != std::errc{} || stopped != end)
        return malformed("a sequence that is no number");
    return value;
}

Result<DnsBranch> parse_branch(std::string_view children) {
    DnsBranch out;
    while (!children.empty()) {
        if (out.children.size() >= kMaxDnsChildren)
            return Error{Errc::kTooLarge, "DNS list: a branch with too many children"};
        const std::size_t comma = children.find(',');
        const std::string_view child = children.substr(0, comma);
        FASTSYNC_CHECK(hash_of(child));
        out.children.emplace_back(child);
        if (comma == std::string_view::npos) break;
        children.remove_prefix(comma + 1);
        if (children.empty()) return malformed("a branch that ends in a comma");
    }
    return out;
}

bool is_domain(std::string_view text) {
    return !text.empty() && text.size() <= kMaxDomain && text.front() != '.' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '-' || c == '.' || c == '_';
           });
}

Result<void> check_length(std::string_view text) {
    if (text.size() > kMaxDnsText) return Error{Errc::kTooLarge, "DNS list: a text too long"};
    return {};
}

}  // namespace

Result<DnsLink> parse_dns_link(std::string_view text) {
    FASTSYNC_CHECK(check_length(text));
    if (!text.starts_with(kLinkPrefix)) return malformed("a link that is not enrtree://");
    text.remove_prefix(kLinkPrefix.size());
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos) return malformed("a link without a key");
    const auto bytes = enode::from_base32(text.substr(0, at));
    if (!bytes) return malformed("a link whose key is not base32");
    const auto compressed = crypto::CompressedKey::from(*bytes);
    if (!compressed) return malformed("a link whose key is not 33 bytes");
    const auto key = crypto::decompress(*compressed);
    if (!key) return malformed("a link whose key is not on the curve");
    if (!is_domain(text.substr(at + 1))) return malformed("a link without a domain");
    return DnsLink{*key, std::string{text.substr(at + 1)}};
}

bool is_dns_root(std::string_view text) noexcept {
    return text.starts_with(kRootPrefix);
}

Result<DnsRoot> parse_dns_root(std::string_view text, const crypto::PublicKey& key) {
    FASTSYNC_CHECK(check_length(text));
    if (!is_dns_root(text)) return malformed("no root of version 1");
    std::string_view rest = text.substr(kRootPrefix.size());
    DnsRoot out;
    FASTSYNC_TRY(out.nodes, take_field(rest, "e"));
    FASTSYNC_TRY(out.links, take_field(rest, "l"));
    FASTSYNC_TRY(const std::string sequence, take_field(rest, "seq"));
    const std::string_view content = text.substr(0, text.size() - rest.size());
    FASTSYNC_TRY(const std::string signature_text, take_field(rest, "sig"));
    if (!rest.empty()) return malformed("something behind the signature");
    FASTSYNC_CHECK(hash_of(out.nodes));
    FASTSYNC_CHECK(hash_of(out.links));
    FASTSYNC_TRY(out.sequence, parse_sequence(sequence));
    const auto bytes = enode::from_base64url(signature_text);
    if (!bytes || bytes->size() != crypto::Signature::kSize)
        return malformed("a signature that is not 65 bytes");
    const auto signature =
        crypto::PlainSignature::from(ByteView{*bytes}.first(crypto::PlainSignature::kSize));
    if (!crypto::verify(*signature, crypto::keccak256(as_bytes(content)), key))
        return Error{Errc::kUnauthenticated, "DNS list: a root that its owner has not signed"};
    return out;
}

Result<DnsEntry> parse_dns_entry(std::string_view text, std::string_view hash) {
    FASTSYNC_CHECK(check_length(text));
    FASTSYNC_TRY(const Bytes wanted, hash_of(hash));
    const Hash256 got = crypto::keccak256(as_bytes(text));
    if (!equal(got.view().first(wanted.size()), wanted))
        return Error{Errc::kUnauthenticated, "DNS list: an entry of another hash"};
    if (text.starts_with(kBranchPrefix)) {
        FASTSYNC_TRY(DnsBranch branch, parse_branch(text.substr(kBranchPrefix.size())));
        return DnsEntry{std::move(branch)};
    }
    if (text.starts_with(kLinkPrefix)) {
        FASTSYNC_TRY(DnsLink link, parse_dns_link(text));
        return DnsEntry{std::move(link)};
    }
    if (!text.starts_with(kRecordPrefix)) return malformed("an entry of unknown kind");
    FASTSYNC_TRY(NodeRecord record, NodeRecord::parse(text));
    return DnsEntry{std::move(record)};
}

}  // namespace fastsync::discovery
