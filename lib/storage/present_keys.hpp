#pragma once

#include <cstddef>
#include <cstring>

#include <common/bytes.hpp>
#include <common/huge_pages.hpp>
#include <storage/node_batch.hpp>

namespace fastsync::storage {

/// Keys that were looked for in table files and found, the latest for each place: storage tries of
/// many contracts share nodes, so a third of what is asked and there was asked before. Holds whole
/// keys: it is never wrong, it only forgets. 2 MiB.
class PresentKeys {
  public:
    void note(ItemKind kind, const Hash256& hash) { place(kind, hash) = hash; }
    [[nodiscard]] bool holds(ItemKind kind, const Hash256& hash) const {
        // Empty places hold zeros, which a forged node may refer to.
        return place(kind, hash) == hash && hash != Hash256{};
    }
    void clear() { places_.assign(places_.size(), Hash256{}); }

  private:
    static constexpr std::size_t kNodes = std::size_t{1} << 16U;
    static constexpr std::size_t kCodes = std::size_t{1} << 12U;

    // A kind has places of its own: the same bytes are one key as a node and another as a code.
    [[nodiscard]] static std::size_t index_of(ItemKind kind, const Hash256& hash) noexcept {
        std::size_t digest = 0;
        std::memcpy(&digest, hash.data.data(), sizeof digest);
        return kind == ItemKind::kCode ? kNodes + digest % kCodes : digest % kNodes;
    }
    [[nodiscard]] Hash256& place(ItemKind kind, const Hash256& hash) {
        return places_[index_of(kind, hash)];
    }
    [[nodiscard]] const Hash256& place(ItemKind kind, const Hash256& hash) const {
        return places_[index_of(kind, hash)];
    }

    HugeVector<Hash256> places_ = HugeVector<Hash256>(kNodes + kCodes);
};

}  // namespace fastsync::storage
