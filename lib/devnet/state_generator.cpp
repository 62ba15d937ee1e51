#include <algorithm>

#include <crypto/keccak.hpp>
#include <devnet/generated_contracts.hpp>
#include <devnet/hashed_keys.hpp>
#include <devnet/seeded.hpp>
#include <devnet/state_generator.hpp>
#include <trie/account.hpp>
#include <trie/builder.hpp>
#include <trie/constants.hpp>

namespace fastsync::devnet {
namespace {

Result<void> check(const StateSize& size) {
    if (size.accounts == 0) return Error{Errc::kConfig, "a state needs an account"};
    if (size.accounts > kMaxAccounts) {
        return Error{Errc::kConfig,
                     "at most " + std::to_string(kMaxAccounts) + " accounts can be made"};
    }
    if (size.contracts > size.accounts) {
        return Error{Errc::kConfig, "more contracts than accounts"};
    }
    return {};
}

std::vector<HashedKey> account_keys(const StateSize& size) {
    std::vector<Address> addresses(size.accounts);
    for (std::size_t i = 0; i < addresses.size(); ++i)
        addresses[i] = Seeded{size.seed, Seeded::Purpose::kAddress, i}.draw<Address>();
    return hash_and_sort(addresses);
}

/// Nonce and balance; most accounts have done little and own little.
trie::Account plain_account(const StateSize& size, std::uint32_t index) {
    Seeded random{size.seed, Seeded::Purpose::kAccount, index};
    trie::Account account;
    account.nonce = random.below(4) == 0 ? random.below(100'000) : random.below(4);
    account.balance = random.next() >> random.below(64);
    if (random.below(2) == 0) account.balance *= 1'000'000'007;
    account.storage_root = trie::kEmptyRoot;
    account.code_hash = trie::kEmptyCodeHash;
    return account;
}

}  // namespace

Result<Hash256> generate_state(const StateSize& size, ItemStore& items) {
    FASTSYNC_CHECK(check(size));
    const std::vector<GeneratedContract> contracts =
        generate_contracts(size.seed, size.contracts, size.giant, items);
    trie::SortedTrieBuilder builder(
        [&items](const Hash256& hash, ByteView rlp) { items.add(hash, rlp); });
    for (const auto& [key, index] : account_keys(size)) {
        trie::Account account = plain_account(size, index);
        if (index < contracts.size()) {
            account.storage_root = contracts[index].storage_root;
            account.code_hash = contracts[index].code_hash;
        }
        FASTSYNC_CHECK(builder.add(key, trie::encode_account(account)));
    }
    return builder.finish();
}

}  // namespace fastsync::devnet
