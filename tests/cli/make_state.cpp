// Makes a database with a small state, whole or with one fault, for tests of the program.
//
// usage: make_state DIR sound|missing|corrupt|unrecorded     prints the state root

#include <iostream>
#include <string>

#include <crypto/keccak.hpp>
#include <storage/rocks_store.hpp>
#include <sync/checkpoint.hpp>
#include <trie/account.hpp>
#include <trie/builder.hpp>
#include <trie/constants.hpp>

using namespace fastsync;

namespace {

constexpr int kAccounts = 200;

struct Node {
    Hash256 hash;
    Bytes rlp;
};

/// A state of accounts without storage; one code, held by every tenth account.
struct State {
    Hash256 root;
    std::vector<Node> nodes;
    Bytes code = to_bytes(as_bytes("a contract"));
    Hash256 code_hash = crypto::keccak256(code);
};

State make_state() {
    State state;
    std::vector<trie::TrieEntry> entries;
    for (int i = 0; i < kAccounts; ++i) {
        trie::Account account{static_cast<std::uint64_t>(i), 1000 + i, trie::kEmptyRoot,
                              i % 10 == 0 ? state.code_hash : trie::kEmptyCodeHash};
        const Hash256 key = crypto::keccak256(as_bytes("account " + std::to_string(i)));
        entries.emplace_back(to_bytes(key), trie::encode_account(account));
    }
    state.root = trie::build_trie(std::move(entries), [&](const Hash256& hash, ByteView rlp) {
        state.nodes.push_back({hash, to_bytes(rlp)});
    });
    return state;
}

Result<void> store(const State& state, const std::string& folder, const std::string& fault) {
    FASTSYNC_TRY(const auto store, storage::RocksStore::open_or_create(folder, {1, state.root}));
    storage::NodeBatch batch;
    batch.add(storage::ItemKind::kCode, state.code_hash, state.code);
    for (std::size_t i = 0; i < state.nodes.size(); ++i) {
        const Node& node = state.nodes[i];
        Bytes rlp = node.rlp;
        if (i == 0 && fault == "missing") continue;
        if (i == 0 && fault == "corrupt") rlp.back() ^= 1U;
        batch.add(storage::ItemKind::kNode, node.hash, rlp);
    }
    FASTSYNC_CHECK(store->commit(std::move(batch)));
    FASTSYNC_CHECK(store->flush());
    if (fault == "unrecorded") return {};
    sync::CompletedPivot record;
    record.state_root = state.root;
    return sync::save_completed(*store, record);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 1;
    const State state = make_state();
    if (const auto done = store(state, argv[1], argv[2]); !done) {
        std::cerr << done.error().message() << "\n";
        return 1;
    }
    std::cout << to_hex0x(state.root) << "\n";
}
