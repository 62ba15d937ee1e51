#include <crypto/keccak.hpp>
#include <devnet/seeded.hpp>
#include <devnet/state_changer.hpp>
#include <devnet/trie_pick.hpp>
#include <rlp/encode.hpp>
#include <trie/account.hpp>
#include <trie/constants.hpp>
#include <trie/mutable_trie.hpp>

namespace fastsync::devnet {
namespace {

using trie::Account;

constexpr std::size_t kTransfers = 12;
constexpr std::size_t kNewAccounts = 3;
constexpr std::size_t kChangedStorages = 3;
/// Accounts looked at for one that has storage.
constexpr std::size_t kStorageTries = 12;
constexpr chain::BlockNumber kBlocksPerDestruction = 4;
constexpr std::uint64_t kClockSlots = 8;
constexpr std::size_t kNewCodeSize = 200;

struct PickedAccount {
    Hash256 key;
    Account account;
};

/// One block in the making.
class BlockChange {
  public:
    BlockChange(ItemStore& items, std::uint64_t seed, chain::BlockNumber number,
                const Hash256& root)
        : items_(items),
          number_(number),
          before_(root),
          random_(seed, Seeded::Purpose::kBlock, number),
          source_([&items](const Hash256& hash) -> std::optional<ByteView> {
              const StoredItem* const item = items.find(hash);
              return item == nullptr ? std::nullopt : std::optional{item->bytes()};
          }),
          accounts_(root, source_) {}

    Result<ChangedState> make() {
        FASTSYNC_CHECK(tick());
        for (std::size_t i = 0; i < kTransfers; ++i)
            FASTSYNC_CHECK(transfer());
        for (std::size_t i = 0; i < kNewAccounts; ++i)
            FASTSYNC_CHECK(put(random_key(), plain_account()));
        for (std::size_t i = 0; i < kChangedStorages; ++i)
            FASTSYNC_CHECK(change_storage());
        FASTSYNC_CHECK(create_contract());
        FASTSYNC_CHECK(clone_contract());
        if (number_ % kBlocksPerDestruction == 0) FASTSYNC_CHECK(destroy());
        const Hash256 root = accounts_.commit(sink());
        return ChangedState{root, std::move(added_)};
    }

  private:
    trie::SortedTrieBuilder::NodeSink sink() {
        return [this](const Hash256& hash, ByteView rlp) {
            items_.add(hash, rlp);
            added_.push_back(hash);
        };
    }
    Hash256 random_key() { return crypto::keccak256(random_.draw<Address>()); }

    Account plain_account() { return {0, random_.next(), trie::kEmptyRoot, trie::kEmptyCodeHash}; }
    Result<void> put(const Hash256& key, const Account& account) {
        return accounts_.put(key, trie::encode_account(account));
    }

    /// One of the accounts before this block, as it is by now; nothing when it is gone.
    Result<std::optional<PickedAccount>> pick_account() {
        using Picked = std::optional<PickedAccount>;
        FASTSYNC_TRY(const auto entry, pick_entry(before_, source_, random_.draw<Hash256>()));
        if (!entry) return Picked{};
        FASTSYNC_TRY(const auto value, accounts_.get(entry->key));
        if (!value) return Picked{};
        FASTSYNC_TRY(const Account account, trie::decode_account(*value));
        return Picked{PickedAccount{entry->key, account}};
    }
    /// One with storage, if one is soon found.
    Result<std::optional<PickedAccount>> pick_contract() {
        for (std::size_t i = 0; i < kStorageTries; ++i) {
            FASTSYNC_TRY(auto picked, pick_account());
            if (picked && picked->account.storage_root != trie::kEmptyRoot) return picked;
        }
        return std::optional<PickedAccount>{};
    }

    /// An account every block changes, with slots that come back to what they were.
    Result<void> tick() {
        const Hash256 key = crypto::keccak256(as_bytes("fastsyncd devnet clock"));
        Account account = plain_account();
        FASTSYNC_TRY(const auto known, accounts_.get(key));
        if (known) {
            FASTSYNC_TRY(account, trie::decode_account(*known));
        }
        account.nonce = number_;
        trie::MutableTrie storage(account.storage_root, source_);
        for (std::uint64_t slot = 0; slot < kClockSlots; ++slot) {
            const std::uint64_t hand = number_ % (slot + 2);
            const Bytes value = hand == 0 ? Bytes{} : rlp::encode_uint(hand);  // zero: no slot
            FASTSYNC_CHECK(storage.put(slot_key(slot), value));
        }
        account.storage_root = storage.commit(sink());
        return put(key, account);
    }

    Result<void> transfer() {
        FASTSYNC_TRY(auto picked, pick_account());
        if (!picked) return {};
        ++picked->account.nonce;
        picked->account.balance += random_.below(1'000'000) + 1;
        return put(picked->key, picked->account);
    }

    Result<void> change_storage() {
        FASTSYNC_TRY(auto picked, pick_contract());
        if (!picked) return {};
        const Hash256 before = picked->account.storage_root;
        trie::MutableTrie storage(before, source_);
        FASTSYNC_TRY(const auto changed, pick_entry(before, source_, random_.draw<Hash256>()));
        if (changed) FASTSYNC_CHECK(storage.put(changed->key, slot_value()));
        FASTSYNC_TRY(const auto deleted, pick_entry(before, source_, random_.draw<Hash256>()));
        if (deleted) FASTSYNC_CHECK(storage.erase(deleted->key));
        if (random_.below(4) != 0) FASTSYNC_CHECK(storage.put(random_key(), slot_value()));
        picked->account.storage_root = storage.commit(sink());
        return put(picked->key, picked->account);
    }

    Result<void> create_contract() {
        Account account = plain_account();
        Bytes code(kNewCodeSize);
        random_.fill(code);
        account.code_hash = crypto::keccak256(code);
        items_.add(account.code_hash, code);
        added_.push_back(account.code_hash);
        trie::MutableTrie storage(trie::kEmptyRoot, source_);
        for (std::uint64_t slot = random_.below(8); slot > 0; --slot)
            FASTSYNC_CHECK(storage.put(slot_key(slot), slot_value()));
        account.storage_root = storage.commit(sink());
        return put(random_key(), account);
    }

    Result<void> clone_contract() {
        FASTSYNC_TRY(auto picked, pick_contract());
        if (!picked) return {};
        return put(random_key(), picked->account);
    }

    Result<void> destroy() {
        FASTSYNC_TRY(const auto picked, pick_account());
        if (!picked) return {};
        return accounts_.erase(picked->key);
    }

    static Hash256 slot_key(std::uint64_t slot) {
        Hash256 position;
        position.data.back() = static_cast<Byte>(slot);
        return crypto::keccak256(position);
    }
    Bytes slot_value() { return rlp::encode_uint((random_.next() >> random_.below(60)) | 1U); }

    ItemStore& items_;
    chain::BlockNumber number_;
    Hash256 before_;
    Seeded random_;
    trie::NodeSource source_;
    trie::MutableTrie accounts_;
    std::vector<Hash256> added_;
};

}  // namespace

Result<ChangedState> change_state(ItemStore& items, std::uint64_t seed, chain::BlockNumber number,
                                  const Hash256& root) {
    return BlockChange{items, seed, number, root}.make();
}

}  // namespace fastsync::devnet
