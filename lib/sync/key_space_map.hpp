#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>

#include <sync/key_space.hpp>
#include <sync/trie_path.hpp>

namespace fastsync::sync {

/// How much is finished of each 256th of the key space: by the first two nibbles of the accounts'
/// keys. For a person to look at: what several accounts share counts where it was met first, and a
/// share near the root is spread over all that lies below it.
class KeySpaceMap {
  public:
    static constexpr std::size_t kCells = 256;
    /// Percent of each cell; 100 only where every account with all that belongs to it is there.
    using Percents = std::array<std::uint8_t, kCells>;

    /// A share at `where` is finished.
    void add(const TriePath& where, KeyShare share) noexcept {
        const Range range = range_of(where);
        const KeyShare part = share / range.count;
        for (std::size_t i = 0; i < range.count; ++i)
            finished_[range.first + i] += part;
    }
    /// The node at `where` is there with all below it.
    void complete(const TriePath& where) noexcept {
        if (where.trie != TrieKind::kAccounts || where.path.size() > kNibbles) return;
        const Range range = range_of(where);
        for (std::size_t i = 0; i < range.count; ++i)
            complete_.set(range.first + i);
    }
    void complete_all() noexcept { complete_.set(); }

    [[nodiscard]] Percents percents() const noexcept {
        Percents out{};
        for (std::size_t i = 0; i < kCells; ++i) {
            const KeyShare percent = finished_[i] / (kWholeKeySpace / kCells / 100);
            const KeyShare shown = complete_.test(i) ? 100 : std::min<KeyShare>(percent, 99);
            out[i] = static_cast<std::uint8_t>(shown);
        }
        return out;
    }

  private:
    static constexpr std::size_t kNibbles = 2;

    struct Range {
        std::size_t first = 0;
        std::size_t count = 1;
    };
    [[nodiscard]] static Range range_of(const TriePath& where) noexcept {
        if (where.trie == TrieKind::kStorage) return {where.account.data[0], 1};
        switch (where.path.size()) {
            case 0:
                return {0, kCells};
            case 1:
                return {where.path[0] * std::size_t{16}, 16};
            default:
                return {where.path[0] * std::size_t{16} + where.path[1], 1};
        }
    }

    std::array<KeyShare, kCells> finished_{};
    std::bitset<kCells> complete_;
};

}  // namespace fastsync::sync
