#pragma once

#include <functional>
#include <map>
#include <random>
#include <string>

#include <common/bytes.hpp>
#include <common/u256.hpp>
#include <storage/node_batch.hpp>
#include <storage/state_store.hpp>

namespace fastsync::test {

/// A whole state as plain maps, small enough to change at will and to rebuild from nothing: the
/// oracle of the property tests.
struct StateModel {
    struct ModelAccount {
        std::uint64_t nonce = 0;
        U256 balance = 0;
        std::map<Hash256, U256> storage;  ///< hashed slot -> word, never zero
        Bytes code;
    };
    std::map<Hash256, ModelAccount> accounts;  ///< hashed address -> account
};

/// The tries of a state: its root and every item by kind and hash.
struct BuiltState {
    using Items = std::map<Hash256, Bytes>;

    Hash256 root;
    Items nodes;
    Items codes;

    [[nodiscard]] std::size_t size() const noexcept { return nodes.size() + codes.size(); }
    /// The blob of a hash, node or code; null when it is neither.
    [[nodiscard]] const Bytes* find(const Hash256& hash) const;
};

[[nodiscard]] BuiltState build(const StateModel& model);

/// Random states with what hurts: shared storage tries, shared codes, empty storage, keys with long
/// common prefixes, tries so small that nodes are inlined.
class StateGenerator {
  public:
    explicit StateGenerator(std::uint64_t seed) : random_(seed) {}

    [[nodiscard]] StateModel make(std::size_t accounts);
    /// Changes some of everything: new, changed and destroyed accounts, slots and codes.
    void mutate(StateModel& model, std::size_t changes);

    [[nodiscard]] std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_);
    }

  private:
    [[nodiscard]] Hash256 key();
    [[nodiscard]] StateModel::ModelAccount account(const StateModel& model);

    std::mt19937_64 random_;
};

/// Accounts whose keys are spread evenly, as those of a real state are; one in 50 has slots and
/// code.
[[nodiscard]] StateModel spread_model(std::size_t accounts);

/// Checks that `store` holds every item of `state`, byte for byte; names the first that it does
/// not.
[[nodiscard]] std::string missing_from(const storage::NodeReader& store, const BuiltState& state);

/// A store in plain maps that checks the invariant on every commit: whatever a stored node refers
/// to was stored before it.
class CheckingStore final : public storage::StateStore {
  public:
    using Key = std::pair<storage::ItemKind, Hash256>;

    [[nodiscard]] Result<bool> has(storage::ItemKind kind, const Hash256& hash) const override;
    [[nodiscard]] Result<Bytes> get(storage::ItemKind kind, const Hash256& hash) const override;
    [[nodiscard]] Result<void> commit(storage::NodeBatch batch) override;
    [[nodiscard]] std::size_t unflushed_items() const noexcept override { return unflushed_; }
    [[nodiscard]] std::size_t unflushed_bytes() const noexcept override { return 0; }
    [[nodiscard]] Result<void> flush() override;
    [[nodiscard]] Result<void> for_each(storage::ItemKind kind,
                                        const storage::ItemVisitor& visit) const override;
    [[nodiscard]] Result<void> remove(storage::ItemKind kind,
                                      std::span<const Hash256> hashes) override;
    [[nodiscard]] Result<void> remove_meta(std::string_view key) override;
    [[nodiscard]] Result<void> save_meta(std::string_view key, ByteView value) override;
    [[nodiscard]] Result<std::optional<Bytes>> load_meta(std::string_view key) const override;

    [[nodiscard]] Result<void> settle() override {
        return settling_ ? settling_() : Result<void>{};
    }
    void interrupt_settling() noexcept override { ++interruptions_; }
    /// What happens in settle().
    void settle_with(std::function<Result<void>()> settling) { settling_ = std::move(settling); }
    [[nodiscard]] int interruptions() const noexcept { return interruptions_; }

    /// Forgets what was committed since the last flush, as a kill would.
    void crash();
    void fail_with(std::optional<Error> error) { failure_ = std::move(error); }
    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
    /// Commits of an item that was there already.
    [[nodiscard]] std::size_t repeated() const noexcept { return repeated_; }

  private:
    void check_closed(const storage::NodeBatch::Entry& entry, ByteView blob) const;
    void check_node_closed(ByteView rlp) const;

    std::map<Key, Bytes> items_;
    std::vector<Key> order_;
    std::map<std::string, Bytes, std::less<>> meta_;
    std::optional<Error> failure_;
    std::function<Result<void>()> settling_;
    int interruptions_ = 0;
    std::size_t unflushed_ = 0;
    std::size_t repeated_ = 0;
};

}  // namespace fastsync::test
