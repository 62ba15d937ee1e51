#include "state_fixture.hpp"

#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <rlp/encode.hpp>

namespace fastsync::test {

Hash256 random_key(std::mt19937_64& random) {
    Hash256 key;
    for (Byte& byte : key.data)
        byte = static_cast<Byte>(random());
    return key;
}

std::size_t load_records(storage::StateStore& store, storage::ItemKind kind, ByteView file) {
    std::size_t records = 0;
    while (!file.empty()) {
        storage::NodeBatch batch;
        for (; !file.empty() && batch.size() < 1000; ++records) {
            REQUIRE(file.size() >= 36);
            const Hash256 hash = *Hash256::from(file.first(32));
            std::size_t size = 0;
            for (std::size_t i = 32; i < 36; ++i)
                size = size << 8U | file[i];
            REQUIRE(file.size() >= 36 + size);
            batch.add(kind, hash, file.subspan(36, size));
            file = file.subspan(36 + size);
        }
        REQUIRE(store.commit(std::move(batch)));
    }
    REQUIRE(store.flush());
    return records;
}

Hash256 StateMaker::storage(const std::vector<std::pair<Hash256, U256>>& slots) {
    std::vector<trie::TrieEntry> entries;
    for (const auto& [key, word] : slots) {
        rlp::Encoder value;
        value.string(u256_to_be(word));
        entries.emplace_back(to_bytes(key), to_bytes(value.view()));
    }
    return trie::build_trie(std::move(entries), [this](const Hash256& hash, ByteView node) {
        storage_nodes.insert(hash);
        put(storage::ItemKind::kNode, hash, node);
    });
}

Hash256 StateMaker::code(const Bytes& bytes) {
    const Hash256 hash = crypto::keccak256(bytes);
    codes.insert(hash);
    put(storage::ItemKind::kCode, hash, bytes);
    return hash;
}

void StateMaker::account(const Hash256& key, const Hash256& storage_root,
                         const Hash256& code_hash) {
    accounts_.emplace_back(to_bytes(key), trie::encode_account({1, 1000, storage_root, code_hash}));
}

Hash256 StateMaker::finish() {
    return trie::build_trie(accounts_, [this](const Hash256& hash, ByteView node) {
        account_nodes.insert(hash);
        put(storage::ItemKind::kNode, hash, node);
    });
}

void StateMaker::put(storage::ItemKind kind, const Hash256& hash, ByteView blob) {
    storage::NodeBatch batch;
    batch.add(kind, hash, blob);
    REQUIRE(store.commit(std::move(batch)));
}

}  // namespace fastsync::test
