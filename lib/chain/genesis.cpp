#include <chain/genesis.hpp>
#include <crypto/keccak.hpp>
#include <rlp/encode.hpp>
#include <trie/account.hpp>
#include <trie/constants.hpp>

namespace fastsync::chain {

namespace {

/// keccak256(rlp([])): the hash of a list without uncles.
constexpr Hash256 kEmptyUncles{{0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a, 0xab, 0x85, 0xb5,
                                0x67, 0xb6, 0xcc, 0xd4, 0x1a, 0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a,
                                0x74, 0x13, 0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47}};
/// The extra data of the main network's genesis.
constexpr Byte kMainnetExtra[] = {0x11, 0xbb, 0xe8, 0xdb, 0x4e, 0x34, 0x7b, 0x4e, 0x8c, 0x93, 0x7c,
                                  0x1c, 0x83, 0x70, 0xe4, 0xb5, 0xed, 0x33, 0xad, 0xb3, 0xdb, 0x69,
                                  0xcb, 0xdb, 0x7a, 0x38, 0xe1, 0xe5, 0x0b, 0x1b, 0x82, 0xfa};

Hash256 build_storage(const GenesisAccount& account,
                      const trie::SortedTrieBuilder::NodeSink& nodes) {
    std::vector<trie::TrieEntry> entries;
    for (const auto& [slot, value] : account.storage) {
        if (value == 0) continue;
        rlp::Encoder encoded;
        encoded.uint(value);
        entries.emplace_back(to_bytes(crypto::keccak256(slot)), encoded.take());
    }
    return trie::build_trie(std::move(entries), nodes);
}

Bytes encode_header(const Genesis& genesis, const Hash256& state_root) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.string(genesis.parent_hash).string(kEmptyUncles).string(genesis.coinbase);
    out.string(state_root).string(trie::kEmptyRoot).string(trie::kEmptyRoot);
    out.string(Bytes(256, 0)).uint(genesis.difficulty).uint(genesis.number);
    out.uint(genesis.gas_limit).uint(genesis.gas_used).uint(genesis.timestamp);
    out.string(genesis.extra_data).string(genesis.mix_hash).string(genesis.nonce);
    if (genesis.base_fee) out.uint(*genesis.base_fee);
    out.end_list(list);
    return out.take();
}

Error differs(std::string_view what, const Hash256& built, const Hash256& expected) {
    return Error{Errc::kConfig, "the genesis gives the " + std::string(what) + " " +
                                    to_hex0x(built) + ", but its file says " + to_hex0x(expected)};
}

}  // namespace

Genesis::Genesis() : extra_data(std::begin(kMainnetExtra), std::end(kMainnetExtra)) {}

Hash256 build_genesis_state(const Genesis& genesis, const trie::SortedTrieBuilder::NodeSink& nodes,
                            const CodeSink& codes) {
    std::vector<trie::TrieEntry> entries;
    entries.reserve(genesis.alloc.size());
    std::map<Hash256, ByteView> distinct;
    for (const auto& [address, account] : genesis.alloc) {
        trie::Account leaf{account.nonce, account.balance, build_storage(account, nodes),
                           trie::kEmptyCodeHash};
        if (!account.code.empty()) {
            leaf.code_hash = crypto::keccak256(account.code);
            distinct.emplace(leaf.code_hash, account.code);
        }
        entries.emplace_back(to_bytes(crypto::keccak256(address)), trie::encode_account(leaf));
    }
    if (codes) {
        for (const auto& [hash, code] : distinct)
            codes(hash, code);
    }
    return trie::build_trie(std::move(entries), nodes);
}

Result<BlockHeader> make_genesis_header(const Genesis& genesis, const Hash256& state_root) {
    if (genesis.expected_state_root && *genesis.expected_state_root != state_root) {
        return differs("state root", state_root, *genesis.expected_state_root);
    }
    FASTSYNC_TRY(BlockHeader header, decode_header(encode_header(genesis, state_root)));
    if (genesis.expected_hash && *genesis.expected_hash != header.hash) {
        return differs("block hash", header.hash, *genesis.expected_hash);
    }
    return header;
}

ForkSchedule fork_schedule(const Genesis& genesis, const Hash256& genesis_hash) {
    return {genesis_hash, genesis.timestamp, genesis.fork_blocks, genesis.fork_times};
}

}  // namespace fastsync::chain
