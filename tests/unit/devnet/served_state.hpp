#pragma once

#include <devnet/item_store.hpp>
#include <storage/state_store.hpp>
#include <sync/verify.hpp>

namespace fastsync::test {

/// The items of a devnet as a store that verify_state() reads.
class ServedItems final : public storage::NodeReader {
  public:
    explicit ServedItems(const devnet::ItemStore& items) : items_(items) {}
    [[nodiscard]] Result<bool> has(storage::ItemKind kind, const Hash256& hash) const override;
    [[nodiscard]] Result<Bytes> get(storage::ItemKind kind, const Hash256& hash) const override;

  private:
    const devnet::ItemStore& items_;
};

/// Walks and hashes a whole state.
[[nodiscard]] sync::VerifyReport verify(const devnet::ItemStore& items, const Hash256& root);

}  // namespace fastsync::test
