#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <common/bytes.hpp>
#include <crypto/secp256k1.hpp>
#include <enode/node_record.hpp>

/// The texts of which a list of nodes in the Domain Name System consists (EIP-1459).
namespace fastsync::discovery {

/// Longest text that is read, characters: 13 children of a branch are 370, a record at most 404.
inline constexpr std::size_t kMaxDnsText = 1024;
/// Children of one branch.
inline constexpr std::size_t kMaxDnsChildren = 32;
/// Bytes of an abbreviated hash.
inline constexpr std::size_t kMinDnsHash = 12;
inline constexpr std::size_t kMaxDnsHash = 32;

/// Where a list is, and whose: `enrtree://<base32 key>@<domain>`.
struct DnsLink {
    crypto::PublicKey key;
    std::string domain;

    friend bool operator==(const DnsLink&, const DnsLink&) = default;
};

/// The signed top of a list. The hashes are names below the domain.
struct DnsRoot {
    std::string nodes;  ///< of the subtree that holds records
    std::string links;  ///< of the one that holds links to other lists
    std::uint64_t sequence = 0;

    friend bool operator==(const DnsRoot&, const DnsRoot&) = default;
};

/// Names of further entries.
struct DnsBranch {
    std::vector<std::string> children;

    friend bool operator==(const DnsBranch&, const DnsBranch&) = default;
};

using DnsEntry = std::variant<DnsBranch, DnsLink, NodeRecord>;

/// kMalformed, naming the part that is wrong.
[[nodiscard]] Result<DnsLink> parse_dns_link(std::string_view text);
/// True for a text that wants to be a root: the name has others too, of no concern to us.
[[nodiscard]] bool is_dns_root(std::string_view text) noexcept;
/// @return kMalformed, kTooLarge, kUnauthenticated unless it is signed by `key`
[[nodiscard]] Result<DnsRoot> parse_dns_root(std::string_view text, const crypto::PublicKey& key);
/// Reads the entry that is to be found below the name `hash`.
/// @return kMalformed, kTooLarge, kUnauthenticated (another hash); of a record as
/// NodeRecord::parse()
[[nodiscard]] Result<DnsEntry> parse_dns_entry(std::string_view text, std::string_view hash);

}  // namespace fastsync::discovery
