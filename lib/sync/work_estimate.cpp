#include <algorithm>
#include <cmath>

#include <common/assert.hpp>
#include <sync/work_estimate.hpp>

namespace fastsync::sync {
namespace {

constexpr double kWhole = static_cast<double>(kWholeKeySpace);
/// Less of the key space says nothing.
constexpr double kLeastShare = kWhole / 65'536;
/// Cells with less than this of their share say little about how cells differ.
constexpr KeyShare kFairCell = kWholeKeySpace / 256 / 4;
/// Fewer such cells than this: how they differ is unknown.
constexpr std::size_t kFairCells = 4;
constexpr double kUnknownError = 0.5;
/// Standard deviations on either side: the books are not as independent as the sums take them for.
constexpr double kDeviations = 3;

double to_double(std::uint64_t value) noexcept {
    return static_cast<double>(value);
}

/// Sorts `items` into the two largest; true when it is the largest.
template <class Number>
bool rank(Number items, Number& largest, Number& second) noexcept {
    if (items > largest) {
        second = largest;
        largest = items;
        return true;
    }
    second = std::max(second, items);
    return false;
}

}  // namespace

/// The part of the work that lies in storage tries being fetched.
struct WorkEstimate::OpenWork {
    double earlier = 0;  ///< done by earlier roots or runs
    double left = 0;
    double square = 0;                   ///< of its standard deviation
    KeyShare share = 0;                  ///< of the key space, not finished
    double items = 0;                    ///< that those met once will have
    double twice = 0;                    ///< that those met twice will have
    double seen = 0;                     ///< of the key space, by now
    std::array<double, kCells> cells{};  ///< items by cell
    double largest = 0;                  ///< of all tries, these and those that are whole
    double second = 0;
    std::size_t largest_cell = kCells;
};

WorkEstimate::WorkEstimate(const SeenState& earlier)
    : earlier_(earlier), largest_(earlier.largest_trie), second_(earlier.second_largest) {}

std::size_t WorkEstimate::cell_of(const TriePath& where) noexcept {
    if (where.trie == TrieKind::kStorage) return where.account.data[0];
    if (where.path.size() < 2) return kCells;
    return where.path[0] * std::size_t{16} + where.path[1];
}

void WorkEstimate::add(std::size_t cell, std::uint64_t items, KeyShare share) noexcept {
    items_ += items;
    share_ += static_cast<double>(share);
    if (cell == kCells) return;
    cells_[cell].items += items;
    cells_[cell].share += share;
}

WorkEstimate::TrieId WorkEstimate::open(const TriePath& root, KeyShare share) {
    TrieId trie = 0;
    if (free_.empty()) {
        trie = static_cast<TrieId>(tries_.size());
        tries_.emplace_back();
    } else {
        trie = free_.back();
        free_.pop_back();
    }
    OpenTrie& opened = tries_[trie];
    opened = {};
    opened.cell = cell_of(root);
    opened.left = share;
    opened.open = true;
    return trie;
}

void WorkEstimate::close(TrieId trie) {
    OpenTrie& closed = tries_[trie];
    FASTSYNC_ASSERT(closed.open);
    add(closed.cell, closed.met == 1 ? closed.items : 0, closed.finished);
    if (closed.met == 2) twice_ += to_double(closed.items);
    if (closed.met == 1 && rank(closed.items, largest_, second_)) largest_cell_ = closed.cell;
    closed.open = false;
    free_.push_back(trie);
}

void WorkEstimate::want(TrieId trie, std::size_t depth) noexcept {
    ++tries_[trie].levels[std::min(depth, kDepths - 1)].wanted;
}

void WorkEstimate::decoded(TrieId trie, std::size_t depth, std::size_t wanted) noexcept {
    Level& level = tries_[trie].levels[std::min(depth, kDepths - 1)];
    --level.wanted;
    ++level.decoded;
    level.children += static_cast<std::uint32_t>(wanted);
}

void WorkEstimate::skip(TrieId trie, std::size_t depth, KeyShare share) noexcept {
    if (trie == kNoTrie) {
        skipped_now_ += share;
        return;
    }
    OpenTrie& part = tries_[trie];
    part.left -= std::min(part.left, share);
    part.finished += share;
    ++part.levels[std::min(depth, kDepths - 1)].skipped;
}

void WorkEstimate::item(const TriePath& where, TrieId trie) noexcept {
    ++items_now_;
    if (trie != kNoTrie) {
        ++tries_[trie].items;
    } else {
        add(cell_of(where), 1, 0);
    }
}

void WorkEstimate::finish(const TriePath& where, TrieId trie, KeyShare share) noexcept {
    if (trie == kNoTrie) {
        add(cell_of(where), 0, share);
        return;
    }
    OpenTrie& part = tries_[trie];
    part.left -= std::min(part.left, share);
    part.finished += share;
}

void WorkEstimate::move(TrieId from, TrieId to, KeyShare share) noexcept {
    if (from == to) return;
    if (from != kNoTrie) tries_[from].left -= std::min(tries_[from].left, share);
    if (to != kNoTrie) tries_[to].left += share;
}

/// What hangs on a node of a depth is what hung on those decoded there, on the average; told from
/// the deepest level up.
WorkEstimate::TrieSize WorkEstimate::size_of(const OpenTrie& trie) noexcept {
    TrieSize out;
    double below = 1;  // items of a subtrie whose root is of the next depth
    for (std::size_t depth = kDepths; depth-- > 0;) {
        const Level& level = trie.levels[depth];
        if (level.decoded > 0)
            below = 1 + below * static_cast<double>(level.children) / level.decoded;
        else
            below = 1;
        out.left += level.wanted * below;
        out.earlier += level.skipped * below;
        out.sample += level.decoded;
    }
    // Decoded, and waiting for what is below.
    const double waiting = out.sample - static_cast<double>(trie.items);
    out.left += std::max(0.0, waiting);
    out.all = static_cast<double>(trie.items) + out.earlier + out.left;
    return out;
}

SeenState WorkEstimate::seen() const {
    const double seen = std::ldexp(share_ / kWhole, SeenState::kShareBits);
    return {earlier_.items + items_, earlier_.share + static_cast<std::uint64_t>(seen), largest_,
            second_};
}

/// What the largest trie has more than the next one counts once and is no part of the density.
WorkEstimate::Density WorkEstimate::density(const OpenWork& open) const {
    const double outlier = open.largest - open.second;
    const double earlier =
        std::ldexp(to_double(earlier_.share), -static_cast<int>(SeenState::kShareBits));
    const double share = share_ + earlier * kWhole + open.seen;
    if (share < kLeastShare) return {};
    const double items = to_double(earlier_.items + items_) + open.items - outlier;
    Density out{std::max(0.0, items) / share, kUnknownError};
    double squares = 0;
    double seen = earlier * kWhole;
    std::size_t fair = 0;
    for (std::size_t i = 0; i < kCells; ++i) {
        if (cells_[i].share < kFairCell) continue;
        const double of_cell =
            to_double(cells_[i].items) + open.cells[i] - (i == open.largest_cell ? outlier : 0);
        const double off = of_cell - out.per_share * to_double(cells_[i].share);
        squares += off * off;
        seen += to_double(cells_[i].share);
        ++fair;
    }
    if (fair >= kFairCells && out.per_share > 0) {
        const double n = to_double(fair);
        out.error = std::sqrt(squares * n / (n - 1)) / (out.per_share * seen);
    }
    return out;
}

WorkEstimate::OpenWork WorkEstimate::open_work() const {
    OpenWork out;
    out.largest = to_double(largest_);
    out.second = to_double(second_);
    out.largest_cell = largest_cell_;
    for (const OpenTrie& trie : tries_) {
        if (!trie.open) continue;
        const TrieSize size = size_of(trie);
        out.earlier += size.earlier;
        out.left += size.left;
        if (size.sample > 0) out.square += size.left * size.left / size.sample;
        out.share += trie.left;
        out.seen += to_double(trie.left + trie.finished);
        if (trie.met == 2) out.twice += size.all;
        if (trie.met > 1) continue;
        out.items += size.all;
        out.cells[trie.cell] += size.all;
        if (rank(size.all, out.largest, out.second)) out.largest_cell = trie.cell;
    }
    return out;
}

/// Items that may hide in storage tries larger than any that was met. If the n-th largest trie has
/// 1/n of the largest one's size (Zipf's law, roughly what chains have), a sample that holds a
/// share x of all tries has those above its second, 2/x times as large as that one at most, still
/// to come.
double WorkEstimate::unseen_giants(double second) const {
    const double earlier =
        std::ldexp(to_double(earlier_.share), -static_cast<int>(SeenState::kShareBits));
    const double seen = std::clamp(share_ / kWhole + earlier, 1e-3, 1.0);
    return std::log(1 / seen) * 2 * second / seen;
}

WorkEstimate::Work WorkEstimate::work(KeyShare unfinished) const {
    const OpenWork open = open_work();
    const Density mean = density(open);
    Work out;
    if (mean.per_share <= 0) return out;
    out.known = true;
    const double untouched = to_double(unfinished - std::min(unfinished, open.share));
    double rest = untouched * mean.per_share;
    // Of those that were met twice, the like are still to be met once: the second term of Good and
    // Toulmin's series for species not seen. Beyond half of the first it says little.
    const double twice = twice_ + open.twice;
    if (twice > 0 && untouched < kWhole) {
        const double times = untouched / (kWhole - untouched);
        rest -= std::min(times * times * twice, rest / 2);
    }
    out.left = rest + open.left;
    out.done = to_double(items_now_) + to_double(skipped_now_) * mean.per_share + open.earlier;
    // A giant of an earlier run is done, unless it is being gone through again.
    const double outlier = to_double(largest_ - second_);
    if (open.largest_cell == kCells && open.earlier < outlier / 2) out.done += outlier;
    const double off = kDeviations * std::sqrt(mean.error * rest * mean.error * rest + open.square);
    out.least = std::max(0.0, out.left - off);
    out.most = out.left + off + untouched / kWhole * unseen_giants(open.second);
    return out;
}

}  // namespace fastsync::sync
