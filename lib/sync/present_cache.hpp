#pragma once

#include <cstddef>
#include <vector>

#include <common/bytes.hpp>
#include <storage/node_batch.hpp>
#include <sync/trie_path.hpp>

namespace fastsync::sync {

/// Codes and whole storage tries that are complete, the latest for each place: a few of them are
/// shared by thousands of accounts, and asking the store for what is there costs a read. Holds
/// whole hashes: it is never wrong, it only forgets. 6 MiB.
class PresentCache {
  public:
    /// True for what accounts share.
    [[nodiscard]] static bool covers(storage::ItemKind kind, const TriePath& path) noexcept {
        return kind == storage::ItemKind::kCode ||
               (path.trie == TrieKind::kStorage && path.path.empty());
    }
    void note(storage::ItemKind kind, std::uint64_t digest, const Hash256& hash) noexcept {
        place(kind, digest) = hash;
    }
    [[nodiscard]] bool holds(storage::ItemKind kind, std::uint64_t digest,
                             const Hash256& hash) const noexcept {
        // Empty places hold zeros, which a forged node may refer to.
        return place(kind, digest) == hash && hash != Hash256{};
    }

  private:
    static constexpr std::size_t kCodes = std::size_t{1} << 16U;
    static constexpr std::size_t kTries = std::size_t{1} << 17U;

    template <class Self>
    [[nodiscard]] static auto& place_in(Self& self, storage::ItemKind kind,
                                        std::uint64_t digest) noexcept {
        return kind == storage::ItemKind::kCode ? self.codes_[digest % kCodes]
                                                : self.tries_[digest % kTries];
    }
    [[nodiscard]] Hash256& place(storage::ItemKind kind, std::uint64_t digest) noexcept {
        return place_in(*this, kind, digest);
    }
    [[nodiscard]] const Hash256& place(storage::ItemKind kind,
                                       std::uint64_t digest) const noexcept {
        return place_in(*this, kind, digest);
    }

    std::vector<Hash256> codes_ = std::vector<Hash256>(kCodes);
    std::vector<Hash256> tries_ = std::vector<Hash256>(kTries);
};

}  // namespace fastsync::sync
