#include "store_items.hpp"

#include <algorithm>

namespace fastsync::test {
namespace {

constexpr std::int64_t kWrong = -1'000'000;

std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31U);
}

}  // namespace

TestItem item_of(std::uint64_t batch, std::uint64_t index) {
    TestItem item;
    std::uint64_t state = mix(batch * 1009 + index + 1);
    item.kind = state % 11 == 0 ? storage::ItemKind::kCode : storage::ItemKind::kNode;
    for (std::size_t i = 0; i < 4; ++i) {
        state = mix(state + 0x9e3779b97f4a7c15ULL);
        std::memcpy(item.hash.data.data() + 8 * i, &state, 8);
    }
    item.blob.assign(32 + state % 500, static_cast<Byte>(batch));
    std::copy(item.hash.data.begin(), item.hash.data.end(), item.blob.begin());
    return item;
}

std::uint64_t size_of_batch(std::uint64_t batch) {
    return 1 + mix(batch) % 40;
}

storage::NodeBatch batch_of(std::uint64_t batch) {
    storage::NodeBatch out;
    for (std::uint64_t i = 0; i < size_of_batch(batch); ++i) {
        const TestItem item = item_of(batch, i);
        out.add(item.kind, item.hash, item.blob);
    }
    return out;
}

std::int64_t present_of(const storage::NodeReader& store, std::uint64_t batch) {
    std::int64_t present = 0;
    for (std::uint64_t i = 0; i < size_of_batch(batch); ++i) {
        const TestItem item = item_of(batch, i);
        const auto found = store.has(item.kind, item.hash);
        const auto blob = store.get(item.kind, item.hash);
        if (!found || *found != blob.has_value()) return kWrong;
        if (blob && *blob != item.blob) return kWrong;
        if (!blob && blob.error().code != Errc::kNotFound) return kWrong;
        if (*found) ++present;
    }
    return present;
}

Bytes encode_count(std::uint64_t count) {
    const std::string text = std::to_string(count);
    return to_bytes(as_bytes(text));
}

std::uint64_t decode_count(ByteView bytes) {
    return std::stoull(std::string{bytes.begin(), bytes.end()});
}

}  // namespace fastsync::test
