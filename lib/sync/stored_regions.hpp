#pragma once

#include <bitset>
#include <cstddef>

#include <sync/trie_path.hpp>

namespace fastsync::sync {

/// Where in the account trie the store may hold nodes of earlier roots: one bit for each prefix of
/// four nibbles.
///
/// The hash of a node of the account trie covers the paths of the accounts below it, so it is found
/// at one path alone. Within one root every path is visited once. So a node can be in the store
/// already only where an earlier root, or an earlier run, has left something, and asking the store
/// elsewhere is in vain: for a first sync that is nearly every question. Storage tries and codes
/// are shared between accounts and always asked for.
///
/// A bit too few costs a download of what is there, never a wrong state.
class StoredRegions {
  public:
    /// Of a store that may hold anything.
    void mark_all() noexcept { before_.set(); }
    /// A node of the current root is committed at `path`, and with it all below.
    void note(const TriePath& path) noexcept {
        if (path.trie != TrieKind::kAccounts) return;
        const auto [first, count] = range_of(path.path);
        for (std::size_t i = 0; i < count; ++i)
            now_.set(first + i);
    }
    /// Another root begins: what the one before has left is what may be there.
    void next_root() noexcept { before_ |= now_; }
    /// False: a node at `path` is surely not in the store.
    [[nodiscard]] bool may_hold(const TriePath& path) const noexcept {
        if (path.trie != TrieKind::kAccounts || path.path.size() < kNibbles) return true;
        return before_.test(range_of(path.path).first);
    }

  private:
    static constexpr std::size_t kNibbles = 4;

    struct Range {
        std::size_t first = 0;
        std::size_t count = 0;
    };
    [[nodiscard]] static Range range_of(const trie::NibblePath& path) noexcept {
        Range range{0, 1};
        for (std::size_t i = 0; i < kNibbles; ++i) {
            range.first = range.first * 16 + (i < path.size() ? path[i] : 0);
            if (i >= path.size()) range.count *= 16;
        }
        return range;
    }

    std::bitset<65536> before_;
    std::bitset<65536> now_;
};

}  // namespace fastsync::sync
