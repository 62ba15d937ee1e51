#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <sync/key_space.hpp>
#include <sync/trie_path.hpp>

namespace fastsync::sync {

/// What was seen of states of this chain: kept over moves of the pivot and restarts.
struct SeenState {
    /// Units of `share`: 2^40 are the whole key space.
    static constexpr unsigned kShareBits = 40;
    std::uint64_t items = 0;           ///< of what was seen whole
    std::uint64_t share = 0;           ///< the key space they were seen in, more than once too
    std::uint64_t largest_trie = 0;    ///< items of the largest storage trie among them
    std::uint64_t second_largest = 0;  ///< and of the one after it

    friend bool operator==(const SeenState&, const SeenState&) = default;
};

/// How many items a state has, told from the part that is known of it.
///
/// Keys are hashes, so a part of the key space is a fair sample of the whole, with one exception:
/// storage tries. Their sizes differ by millions, and the largest may hold a third of all items at
/// a single point of the key space. Hence two kinds of books: the items that were met per share of
/// the key space, and for each storage trie that is being fetched how many nodes of each depth were
/// decoded and how many children they have, which tells how much hangs on those that are wanted.
/// What is left is the untouched key space at the mean density, and the rest of the open tries. The
/// largest storage trie seen so far is held to be the only one of its size, and a trie that several
/// accounts had is expected to be had by more, rather than another one like it.
///
/// What no sample can tell is a giant that was not met yet; the range says what is likely.
class WorkEstimate {
  public:
    /// A storage trie that is being fetched.
    using TrieId = std::uint32_t;
    static constexpr TrieId kNoTrie = UINT32_MAX;

    /// Items. `least` and `most` hold what is left most of the time.
    struct Work {
        bool known = false;  ///< false while next to nothing was seen: nothing else here counts
        double done = 0;
        double left = 0;
        double least = 0;
        double most = 0;
    };

    explicit WorkEstimate(const SeenState& earlier);

    /// A storage trie begins, whose keys have `share` of the key space.
    [[nodiscard]] TrieId open(const TriePath& root, KeyShare share);
    /// All of it is complete, its root among its items.
    void close(TrieId trie);
    /// Another account has this very trie.
    void meet(TrieId trie) noexcept { ++tries_[trie].met; }
    /// A node of `trie` is wanted; here and below the depth is that of its path in the trie.
    void want(TrieId trie, std::size_t depth) noexcept;
    /// It is there, and `wanted` more are wanted for it.
    void decoded(TrieId trie, std::size_t depth, std::size_t wanted) noexcept;
    /// A node was left by an earlier root or run, with a share of the key space. Without a trie: of
    /// the account trie.
    void skip(TrieId trie, std::size_t depth, KeyShare share) noexcept;
    /// An item is complete.
    void item(const TriePath& where, TrieId trie) noexcept;
    /// A share of the key space is finished, with all items that belong to it.
    void finish(const TriePath& where, TrieId trie, KeyShare share) noexcept;
    /// A share of `from` is waited for in `to`: one subtrie in two storage tries.
    void move(TrieId from, TrieId to, KeyShare share) noexcept;

    /// @param unfinished  of the whole key space
    [[nodiscard]] Work work(KeyShare unfinished) const;
    [[nodiscard]] SeenState seen() const;
    /// Tries that are being fetched.
    [[nodiscard]] std::size_t open_tries() const noexcept { return tries_.size() - free_.size(); }
    /// Children of a node of that depth on the average, once `sample` of them were decoded.
    [[nodiscard]] std::optional<double> children_at(TrieId trie, std::size_t depth,
                                                    std::size_t sample) const noexcept {
        const Level& level = tries_[trie].levels[std::min(depth, kDepths - 1)];
        if (level.decoded < sample) return std::nullopt;
        return static_cast<double>(level.children) / level.decoded;
    }
    /// Items that are probably left of an open trie.
    [[nodiscard]] double left_in(TrieId trie) const noexcept { return size_of(tries_[trie]).left; }
    /// Share of `trie` that is not finished; for tests and audits.
    [[nodiscard]] KeyShare left_of(TrieId trie) const { return tries_[trie].left; }

  private:
    static constexpr std::size_t kCells = 256;

    static constexpr std::size_t kDepths = 16;  ///< what lies deeper counts as the last

    /// Nodes of one depth of a storage trie.
    struct Level {
        std::uint32_t wanted = 0;  ///< not there
        std::uint32_t decoded = 0;
        std::uint32_t children = 0;  ///< that were missing, of those decoded
        std::uint32_t skipped = 0;
    };
    struct OpenTrie {
        std::size_t cell = 0;
        std::uint32_t met = 1;    ///< accounts that have it
        std::uint64_t items = 0;  ///< complete
        KeyShare left = 0;        ///< not finished
        KeyShare finished = 0;
        bool open = false;
        std::array<Level, kDepths> levels{};
    };
    /// Items.
    struct TrieSize {
        double earlier = 0;  ///< left by earlier roots or runs
        double left = 0;
        double all = 0;
        double sample = 0;  ///< nodes that this was told from
    };
    /// A 256th of the key space, by the first two nibbles.
    struct Cell {
        std::uint64_t items = 0;
        KeyShare share = 0;
    };
    struct Density {
        double per_share = 0;  ///< items for each unit of KeyShare
        double error = 1;      ///< relative, one standard deviation
    };
    struct OpenWork;

    [[nodiscard]] static TrieSize size_of(const OpenTrie& trie) noexcept;
    [[nodiscard]] static std::size_t cell_of(const TriePath& where) noexcept;
    void add(std::size_t cell, std::uint64_t items, KeyShare share) noexcept;
    [[nodiscard]] Density density(const OpenWork& open) const;
    [[nodiscard]] OpenWork open_work() const;
    [[nodiscard]] double unseen_giants(double second) const;

    SeenState earlier_;
    std::uint64_t items_now_ = 0;  ///< of this root, those of open tries too
    KeyShare skipped_now_ = 0;     ///< outside storage tries
    std::uint64_t items_ = 0;      ///< seen whole under this root
    double share_ = 0;             ///< where, in units of KeyShare
    double twice_ = 0;             ///< items of tries that two accounts had; no part of items_
    std::uint64_t largest_ = 0;
    std::uint64_t second_ = 0;
    std::size_t largest_cell_ = kCells;  ///< kCells: seen by an earlier root or run
    std::array<Cell, kCells> cells_{};
    std::vector<OpenTrie> tries_;
    std::vector<TrieId> free_;
};

/// The share of the work that is done, 0 ... 1.
[[nodiscard]] inline double share_done(double done, double left) noexcept {
    return done + left > 0 ? done / (done + left) : 0;
}

/// What is told of it: never falls, but where the estimate was wrong by more than a little, which
/// is a correction and is counted.
class ShownFraction {
  public:
    /// Differences up to this are waited out.
    static constexpr double kTolerance = 0.02;

    void update(double estimated) noexcept {
        if (estimated < shown_ - kTolerance) {
            ++corrections_;
        } else if (estimated < shown_) {
            return;
        }
        shown_ = estimated;
    }
    /// Another root: begins anew.
    void restart() noexcept { shown_ = 0; }
    [[nodiscard]] double value() const noexcept { return shown_; }
    /// How often it fell since the start.
    [[nodiscard]] std::uint64_t corrections() const noexcept { return corrections_; }

  private:
    double shown_ = 0;
    std::uint64_t corrections_ = 0;
};

}  // namespace fastsync::sync
