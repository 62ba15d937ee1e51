#include <random>
#include <unordered_map>

#include <catch2/catch.hpp>

#include <common/hash_index.hpp>

using fastsync::HashIndex;

namespace {

/// Keys whose digests crowd together: long runs of occupied slots, equal tags among them.
std::uint64_t crowded(std::uint64_t key) {
    return ((key % 7) << 61U) | ((key % 31) << 32U) | key;
}
std::uint64_t spread(std::uint64_t key) {
    return (key + 1) * 0x9e3779b97f4a7c15ULL;
}

}  // namespace

TEST_CASE("a hash index agrees with a plain table whatever is inserted and erased", "[common]") {
    const auto digest = GENERATE(&crowded, &spread);
    std::mt19937_64 random{7};
    HashIndex index;
    std::vector<std::uint64_t> keys;                            // place -> key
    std::unordered_map<std::uint64_t, HashIndex::Place> known;  // key -> place
    const auto find = [&](std::uint64_t key) {
        index.prefetch(digest(key));
        return index.find(digest(key), [&](HashIndex::Place at) { return keys[at] == key; });
    };
    const std::uint64_t range = digest == &crowded ? 300 : 5'000;
    for (int step = 0; step < 30'000; ++step) {
        const std::uint64_t key = random() % range;
        const auto there = known.find(key);
        const HashIndex::Place found = find(key);
        if (found != (there == known.end() ? HashIndex::kNone : there->second)) {
            FAIL("step " << step << " key " << key);
        }
        if (there == known.end()) {
            keys.push_back(key);
            const auto place = static_cast<HashIndex::Place>(keys.size() - 1);
            index.insert(digest(key), place);
            known.emplace(key, place);
        } else if (random() % 4 != 0) {
            index.erase(digest(key), there->second);
            known.erase(there);
        }
        if (index.size() != known.size()) FAIL("size at step " << step);
    }
    for (const auto& [key, place] : known)
        CHECK(find(key) == place);
    index.clear();
    CHECK(index.empty());
    for (const auto& [key, place] : known)
        CHECK(find(key) == HashIndex::kNone);
}

TEST_CASE("an empty hash index knows nothing", "[common]") {
    const HashIndex index;
    index.prefetch(1);
    CHECK(index.find(1, [](HashIndex::Place) { return true; }) == HashIndex::kNone);
    CHECK(index.memory_bytes() == 0);
}
