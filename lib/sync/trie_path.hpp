#pragma once

#include <cstdint>

#include <common/bytes.hpp>
#include <trie/nibble_path.hpp>

namespace fastsync::sync {

/// Which of the two kinds of trie a node belongs to.
enum class TrieKind : std::uint8_t { kAccounts, kStorage };

/// Where a node sits: the path in the account trie, or the account (by address hash) and the path
/// in its storage trie. A node shared by several places carries the first of them.
struct TriePath {
    TrieKind trie = TrieKind::kAccounts;
    Hash256 account;  ///< only for kStorage (and for codes): keccak256(address)
    trie::NibblePath path;
};

}  // namespace fastsync::sync
