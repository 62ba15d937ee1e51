#pragma once

#include <common/bytes.hpp>

namespace fastsync::trie {

/// keccak256(rlp("")): the root of a trie without entries.
extern const Hash256 kEmptyRoot;
/// keccak256(""): the code hash of an account without code.
extern const Hash256 kEmptyCodeHash;

}  // namespace fastsync::trie
