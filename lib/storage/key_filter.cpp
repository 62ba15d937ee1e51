#include <cstring>

#include <common/huge_pages.hpp>
#include <storage/key_filter.hpp>

namespace fastsync::storage {
namespace {

// A block is a cache line: one miss per segment and question. Seven bits in it per key, twelve bits
// of room per key.
constexpr std::size_t kWordsPerBlock = 8;
constexpr std::size_t kBlockBytes = kWordsPerBlock * sizeof(std::uint64_t);
constexpr unsigned kProbes = 7;
constexpr unsigned kProbeBits = 9;  // 512 bits in a block
constexpr std::size_t kKeysPerBlock = 42;
constexpr std::size_t kLookahead = 8;
constexpr std::size_t kFirstBlocks = std::size_t{1} << 17U;  // 5.5 million keys, 8 MiB

// The key is a hash, so its bytes serve as the filter's hash functions.
struct Probe {
    std::uint64_t place;
    std::uint64_t bits;

    Probe(ItemKind kind, const Hash256& hash) noexcept {
        std::memcpy(&place, hash.data.data() + 8, sizeof place);
        std::memcpy(&bits, hash.data.data() + 16, sizeof bits);
        if (kind == ItemKind::kCode) bits = ~bits;
    }
};

}  // namespace

struct KeyFilter::Segment {
    explicit Segment(std::size_t blocks) : blocks_{blocks}, words_(blocks * kWordsPerBlock) {}

    [[nodiscard]] std::atomic<std::uint64_t>* block(std::uint64_t place) noexcept {
        // The upper half of place * blocks: a block for every place, without a division.
        const auto index = static_cast<std::size_t>(((place >> 32U) * blocks_) >> 32U);
        return &words_[index * kWordsPerBlock];
    }

    void prefetch(Probe probe) noexcept { __builtin_prefetch(block(probe.place)); }

    void add(Probe probe) noexcept {
        std::atomic<std::uint64_t>* words = block(probe.place);
        for (unsigned i = 0; i < kProbes; ++i, probe.bits >>= kProbeBits) {
            std::atomic<std::uint64_t>& word = words[(probe.bits >> 6U) % kWordsPerBlock];
            // One thread adds, so no read-modify-write is needed.
            word.store(
                word.load(std::memory_order_relaxed) | (std::uint64_t{1} << (probe.bits % 64)),
                std::memory_order_relaxed);
        }
        ++keys_;
    }

    [[nodiscard]] bool may_contain(Probe probe) noexcept {
        std::atomic<std::uint64_t>* words = block(probe.place);
        for (unsigned i = 0; i < kProbes; ++i, probe.bits >>= kProbeBits) {
            const std::uint64_t word =
                words[(probe.bits >> 6U) % kWordsPerBlock].load(std::memory_order_relaxed);
            if ((word >> (probe.bits % 64) & 1U) == 0) return false;
        }
        return true;
    }

    [[nodiscard]] bool full() const noexcept { return keys_ >= blocks_ * kKeysPerBlock; }
    [[nodiscard]] std::size_t blocks() const noexcept { return blocks_; }

  private:
    std::size_t blocks_;
    std::size_t keys_ = 0;
    HugeVector<std::atomic<std::uint64_t>> words_;
};

KeyFilter::KeyFilter(std::size_t max_bytes) : max_bytes_{max_bytes} {}
KeyFilter::~KeyFilter() = default;

void KeyFilter::add(ItemKind kind, const Hash256& hash) {
    if (exhausted_.load(std::memory_order_relaxed)) return;
    const std::size_t count = count_.load(std::memory_order_relaxed);
    if ((count == 0 || segments_[count - 1]->full()) && !grow()) {
        exhausted_.store(true, std::memory_order_release);
        return;
    }
    segments_[count_.load(std::memory_order_relaxed) - 1]->add(Probe{kind, hash});
}

void KeyFilter::add(const NodeBatch& batch) {
    const auto& entries = batch.entries();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const std::size_t count = count_.load(std::memory_order_relaxed);
        if (i + kLookahead < entries.size() && count > 0) {
            const NodeBatch::Entry& ahead = entries[i + kLookahead];
            segments_[count - 1]->prefetch(Probe{ahead.kind, ahead.hash});
        }
        add(entries[i].kind, entries[i].hash);
    }
}

void KeyFilter::prefetch(ItemKind kind, const Hash256& hash) const noexcept {
    const Probe probe{kind, hash};
    const std::size_t count = count_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i)
        segments_[i]->prefetch(probe);
}

bool KeyFilter::may_contain(ItemKind kind, const Hash256& hash) const noexcept {
    if (exhausted_.load(std::memory_order_acquire)) return true;
    const Probe probe{kind, hash};
    const std::size_t count = count_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        if (segments_[i]->may_contain(probe)) return true;
    }
    return false;
}

std::size_t KeyFilter::memory_bytes() const noexcept {
    std::size_t blocks = 0;
    for (std::size_t i = 0; i < count_.load(std::memory_order_acquire); ++i)
        blocks += segments_[i]->blocks();
    return blocks * kBlockBytes;
}

bool KeyFilter::grow() {
    const std::size_t count = count_.load(std::memory_order_relaxed);
    const std::size_t blocks = kFirstBlocks << count;
    if (count == kMaxSegments || memory_bytes() + blocks * kBlockBytes > max_bytes_) return false;
    segments_[count] = std::make_unique<Segment>(blocks);
    count_.store(count + 1, std::memory_order_release);
    return true;
}

}  // namespace fastsync::storage
