#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include <chain/fork_id.hpp>
#include <chain/header.hpp>
#include <common/bytes.hpp>
#include <common/u256.hpp>
#include <trie/builder.hpp>

namespace fastsync::chain {

/// Longest genesis file we read, bytes. The largest of the family's public networks have a few MiB.
inline constexpr std::size_t kMaxGenesisFile = 256U * 1024 * 1024;
/// Longest code of a genesis account, bytes: far above the 24 KiB that a transaction can create.
inline constexpr std::size_t kMaxGenesisCode = 1024 * 1024;
/// Longest extra data of a genesis header, bytes: room for a proof-of-authority validator list.
inline constexpr std::size_t kMaxGenesisExtra = 32 * 1024;

struct GenesisAccount {
    std::uint64_t nonce = 0;
    U256 balance = 0;
    Bytes code;
    std::map<Hash256, U256> storage;  ///< by slot, not hashed; zero is no entry
};

/// What a chain starts from. The defaults of the header are those of the Ethereum main network.
struct Genesis {
    std::optional<std::uint64_t> chain_id;
    Hash256 parent_hash;
    Address coinbase;
    U256 difficulty = 0x400000000;
    std::uint64_t number = 0;
    std::uint64_t gas_limit = 5000;
    std::uint64_t gas_used = 0;
    std::uint64_t timestamp = 0;  ///< Unix seconds
    Bytes extra_data;
    Hash256 mix_hash;
    std::array<Byte, 8> nonce{0, 0, 0, 0, 0, 0, 0, 0x42};
    std::optional<U256> base_fee;           ///< appended to the header when there is one (EIP-1559)
    std::vector<BlockNumber> fork_blocks;   ///< the config's `…Block` keys, by key
    std::vector<std::uint64_t> fork_times;  ///< its `…Time` keys
    std::map<Address, GenesisAccount> alloc;

    /// What the file says must come out, if it says it.
    std::optional<Hash256> expected_state_root;
    std::optional<Hash256> expected_hash;

    Genesis();
};

/// Reads a go-ethereum genesis.json, or an allocation of the Ethereum main network: `{"accounts":
/// {address: balance}, "state_root", "genesis_hash"}`, the latter two optional. Numbers are
/// decimal or 0x-hex text, or JSON integers.
///
/// @param name  how errors call the file
/// @return kConfig naming file and key: not JSON, neither form, wrong hex, a number over its type,
/// a limit above passed, an address twice, a fork active at genesis whose header is unknown to us
[[nodiscard]] Result<Genesis> parse_genesis(std::string_view json, std::string_view name);
/// The same from a file; kStorage when it cannot be read, kConfig over `most` bytes.
[[nodiscard]] Result<Genesis> load_genesis(const std::filesystem::path& file,
                                           std::size_t most = kMaxGenesisFile);

/// Told each distinct code, before the account trie is built.
using CodeSink = std::function<void(const Hash256& hash, ByteView code)>;

/// Builds the state of the allocation and gives its nodes (storage tries first) and codes away;
/// either sink may be empty.
[[nodiscard]] Hash256 build_genesis_state(const Genesis& genesis,
                                          const trie::SortedTrieBuilder::NodeSink& nodes,
                                          const CodeSink& codes);

/// The header of block 0 over that state.
/// @return kConfig when root or hash are not those that the genesis expects
[[nodiscard]] Result<BlockHeader> make_genesis_header(const Genesis& genesis,
                                                      const Hash256& state_root);

/// When the rules of the chain change, `genesis_hash` being that of its header.
[[nodiscard]] ForkSchedule fork_schedule(const Genesis& genesis, const Hash256& genesis_hash);

}  // namespace fastsync::chain
