#pragma once

#include <random>
#include <set>
#include <vector>

#include <storage/memory_store.hpp>
#include <trie/account.hpp>
#include <trie/builder.hpp>

namespace fastsync::test {

[[nodiscard]] Hash256 random_key(std::mt19937_64& random);

/// Commits every record of a file of 32-byte hash, 4-byte big-endian length, bytes; in batches.
/// @return how many there were
std::size_t load_records(storage::StateStore& store, storage::ItemKind kind, ByteView file);

/// Builds a state in a store, and keeps the distinct items of each sort beside it.
class StateMaker {
  public:
    /// A storage trie of these slots (key, word); its root.
    Hash256 storage(const std::vector<std::pair<Hash256, U256>>& slots);
    /// A code; its hash.
    Hash256 code(const Bytes& bytes);
    void account(const Hash256& key, const Hash256& storage_root, const Hash256& code_hash);
    /// The account trie of all accounts; its root.
    Hash256 finish();

    storage::MemoryStore store;
    std::set<Hash256> storage_nodes;
    std::set<Hash256> account_nodes;
    std::set<Hash256> codes;

  private:
    void put(storage::ItemKind kind, const Hash256& hash, ByteView blob);

    std::vector<trie::TrieEntry> accounts_;
};

}  // namespace fastsync::test
