#include <rpc/call.hpp>
#include <state/state_reader.hpp>

#include <crypto/keccak.hpp>
#include <trie/constants.hpp>

namespace fastsync::rpc {
namespace {

/// What an account that is not there counts as.
const trie::Account& no_account() {
    static const trie::Account account{0, 0, trie::kEmptyRoot, trie::kEmptyCodeHash};
    return account;
}

std::string describe(const CompleteState& state) {
    if (state.headers.empty()) return "the state of root " + to_hex0x(state.root) + " alone";
    const chain::BlockHeader& block = state.headers.front();
    return "the state of block " + std::to_string(block.number) + " (" + to_hex0x(block.hash) +
           ") alone";
}

bool is_block_of(const CompleteState& state, const BlockId& id) {
    if (const auto* tag = std::get_if<BlockTag>(&id)) {
        if (*tag == BlockTag::kLatest || *tag == BlockTag::kPending) return true;
        return *tag == BlockTag::kEarliest && !state.headers.empty() &&
               state.headers.front().number == 0;
    }
    if (state.headers.empty()) return false;
    const chain::BlockHeader& block = state.headers.front();
    if (const auto* number = std::get_if<chain::BlockNumber>(&id)) return block.number == *number;
    return block.hash == std::get<Hash256>(id);
}

/// The state that parameter `index` names; kNotFound saying what there is instead.
Result<state::StateReader> state_at(const Call& call, std::size_t index) {
    FASTSYNC_TRY(const BlockId id, block_id(call, index));
    if (!call.view.state) {
        return Error{Errc::kNotFound, "the state is not complete: " + call.view.missing};
    }
    if (!is_block_of(*call.view.state, id)) {
        return Error{Errc::kNotFound, "the state of " + rpc::describe(id) +
                                          " is not here: this node holds " +
                                          describe(*call.view.state)};
    }
    return state::StateReader{call.store, call.view.state->root};
}

/// In a state that is complete, an item that is not there is damage.
template <class T>
Result<T> sound(Result<T> result) {
    if (!result && result.error().code == Errc::kNotFound)
        return Error{Errc::kCorrupt, result.error().detail};
    return result;
}

Result<trie::Account> account_at(const Call& call, const state::StateReader& reader) {
    FASTSYNC_TRY(const Address address, call.address(0));
    FASTSYNC_CHECK(call.spend(1));
    FASTSYNC_TRY(const auto account, sound(reader.account(crypto::keccak256(address))));
    return account ? *account : no_account();
}

/// The 32 bytes that a storage key stands for.
Hash256 word_of(const U256& value) {
    Hash256 word;
    const Bytes bytes = u256_to_be(value);
    std::copy(bytes.begin(), bytes.end(),
              word.data.end() - static_cast<std::ptrdiff_t>(bytes.size()));
    return word;
}

MethodResult balance(const Call& call) {
    FASTSYNC_TRY(const auto reader, state_at(call, 1));
    FASTSYNC_TRY(const trie::Account account, account_at(call, reader));
    return ordered_json(to_quantity(account.balance));
}

MethodResult transaction_count(const Call& call) {
    FASTSYNC_TRY(const auto reader, state_at(call, 1));
    FASTSYNC_TRY(const trie::Account account, account_at(call, reader));
    return ordered_json(to_quantity(account.nonce));
}

MethodResult code(const Call& call) {
    FASTSYNC_TRY(const auto reader, state_at(call, 1));
    FASTSYNC_TRY(const trie::Account account, account_at(call, reader));
    FASTSYNC_CHECK(call.spend(1));
    FASTSYNC_TRY(const Bytes code, sound(reader.code(account.code_hash)));
    return ordered_json(to_hex0x(code));
}

MethodResult storage_at(const Call& call) {
    FASTSYNC_TRY(const auto reader, state_at(call, 2));
    const json* const key = call.param(1);
    if (key == nullptr) return Error{Errc::kMalformed, "parameter 1 must be a storage key"};
    FASTSYNC_TRY(const U256 slot, quantity_of(*key, 64, "parameter 1"));
    FASTSYNC_TRY(const trie::Account account, account_at(call, reader));
    FASTSYNC_CHECK(call.spend(1));
    FASTSYNC_TRY(const U256 value,
                 sound(reader.slot(account.storage_root, crypto::keccak256(word_of(slot)))));
    return ordered_json(to_hex0x(word_of(value)));
}

ordered_json to_json(const state::Proof& proof) {
    ordered_json out = ordered_json::array();
    for (const Bytes& node : proof)
        out.push_back(to_hex0x(node));
    return out;
}

/// @param key  as the caller wrote it: 32 bytes are told back as such, anything else as a quantity
MethodResult prove_slot(const Call& call, const state::StateReader& reader,
                        const trie::Account& account, const json& key) {
    FASTSYNC_TRY(const U256 slot, quantity_of(key, 64, "a storage key"));
    FASTSYNC_CHECK(call.spend(1));
    const Hash256 word = word_of(slot);
    FASTSYNC_TRY(const auto proven,
                 sound(reader.prove_slot(account.storage_root, crypto::keccak256(word))));
    const bool whole = key.get_ref<const std::string&>().size() == 2 + 2 * Hash256::kSize;
    ordered_json out;
    out["key"] = whole ? to_hex0x(word) : to_quantity(slot);
    out["value"] = to_quantity(proven.value);
    out["proof"] = to_json(proven.proof);
    return out;
}

/// EIP-1186.
MethodResult proof(const Call& call) {
    FASTSYNC_TRY(const auto reader, state_at(call, 2));
    FASTSYNC_TRY(const Address address, call.address(0));
    const json* const keys = call.param(1);
    if (keys == nullptr || !keys->is_array())
        return Error{Errc::kMalformed, "parameter 1 must be an array of storage keys"};
    if (keys->size() > kMaxProofKeys) {
        return Error{Errc::kOverloaded,
                     "parameter 1 has more than " + std::to_string(kMaxProofKeys) + " keys"};
    }
    FASTSYNC_CHECK(call.spend(1));
    FASTSYNC_TRY(const auto proven, sound(reader.prove_account(crypto::keccak256(address))));
    const trie::Account& account = proven.account ? *proven.account : no_account();
    ordered_json out;
    out["address"] = to_hex0x(address);
    out["accountProof"] = to_json(proven.proof);
    out["balance"] = to_quantity(account.balance);
    out["codeHash"] = to_hex0x(account.code_hash);
    out["nonce"] = to_quantity(account.nonce);
    out["storageHash"] = to_hex0x(account.storage_root);
    out["storageProof"] = ordered_json::array();
    for (const json& key : *keys) {
        FASTSYNC_TRY(ordered_json slot, prove_slot(call, reader, account, key));
        out["storageProof"].push_back(std::move(slot));
    }
    return out;
}

constexpr Method kMethods[] = {
    {"eth_getBalance", 1, 2, balance}, {"eth_getTransactionCount", 1, 2, transaction_count},
    {"eth_getCode", 1, 2, code},       {"eth_getStorageAt", 2, 3, storage_at},
    {"eth_getProof", 2, 3, proof},
};

}  // namespace

std::span<const Method> state_methods() {
    return kMethods;
}

}  // namespace fastsync::rpc
