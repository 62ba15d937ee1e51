#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <storage/node_batch.hpp>
#include <storage/state_store.hpp>

namespace fastsync::sync {

/// Some of all items that were committed, each as likely as any other: to be looked for in the
/// store later, when roots and pivots have come and gone. For debug builds.
class CommittedSample {
  public:
    static constexpr std::size_t kItems = 256;

    void note(const storage::NodeBatch& batch);
    /// @return what is wrong: an item that is not in the store any more; empty when nothing is
    [[nodiscard]] std::string check(const storage::NodeReader& store) const;

  private:
    struct Item {
        storage::ItemKind kind{};
        Hash256 hash;
    };
    std::vector<Item> items_;
    std::uint64_t seen_ = 0;
};

}  // namespace fastsync::sync
