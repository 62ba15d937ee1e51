#pragma once

#include <optional>
#include <vector>

#include <common/bytes.hpp>
#include <common/u256.hpp>
#include <storage/state_store.hpp>
#include <trie/account.hpp>

namespace fastsync::state {

/// The nodes between a root and a key, root first, as they are stored: what EIP-1186 calls a proof.
/// Nodes of less than 32 bytes stand in their parents. Empty for an empty trie.
using Proof = std::vector<Bytes>;

struct ProvenAccount {
    std::optional<trie::Account> account;  ///< nothing: the proof shows that there is none
    Proof proof;
};

struct ProvenSlot {
    U256 value = 0;  ///< zero: the proof shows that the slot is empty
    Proof proof;
};

/// Reads one state: accounts, storage and codes by the hashes of their keys. Everything read is
/// hashed again before it is believed, so a damaged database is an error and never a wrong answer.
///
/// Errors of every function: kNotFound naming the node or code that is not in the database,
/// kCorrupt naming the one whose bytes are not what their hash says, kBadState for one that is no
/// state node, kStorage.
///
/// Holds nothing but its root: any number may read one store, from any thread that store allows.
class StateReader {
  public:
    StateReader(const storage::NodeReader& store, const Hash256& root)
        : store_(store), root_(root) {}

    [[nodiscard]] const Hash256& root() const noexcept { return root_; }

    /// @param address_hash  keccak256 of the 20 bytes
    [[nodiscard]] Result<std::optional<trie::Account>> account(const Hash256& address_hash) const;
    [[nodiscard]] Result<ProvenAccount> prove_account(const Hash256& address_hash) const;

    /// A word of the storage trie below `storage_root`; zero where there is none.
    /// @param slot_hash  keccak256 of the slot's 32 bytes
    [[nodiscard]] Result<U256> slot(const Hash256& storage_root, const Hash256& slot_hash) const;
    [[nodiscard]] Result<ProvenSlot> prove_slot(const Hash256& storage_root,
                                                const Hash256& slot_hash) const;

    /// Empty for kEmptyCodeHash.
    [[nodiscard]] Result<Bytes> code(const Hash256& code_hash) const;

  private:
    const storage::NodeReader& store_;
    Hash256 root_;
};

/// An item of a store, hashed again. The errors of StateReader.
[[nodiscard]] Result<Bytes> read_checked(const storage::NodeReader& store, storage::ItemKind kind,
                                         const Hash256& hash);
/// Judges what a store gave for `hash`.
[[nodiscard]] Result<Bytes> checked(storage::ItemKind kind, const Hash256& hash,
                                    Result<Bytes> found);

}  // namespace fastsync::state
