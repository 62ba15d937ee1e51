#pragma once

#include <cstdint>

#include <common/bytes.hpp>
#include <common/u256.hpp>

namespace fastsync::trie {

/// The value of an account leaf: [nonce, balance, storage root, code hash].
struct Account {
    std::uint64_t nonce = 0;
    U256 balance = 0;
    Hash256 storage_root;
    Hash256 code_hash;

    friend bool operator==(const Account&, const Account&) = default;
};

/// kMalformed: not exactly four fields of the right form.
[[nodiscard]] Result<Account> decode_account(ByteView rlp);
/// What an account refers to.
struct AccountLinks {
    Hash256 storage_root;
    Hash256 code_hash;

    friend bool operator==(const AccountLinks&, const AccountLinks&) = default;
};
/// As decode_account(), as strict and with the same errors, for who wants no more than this of
/// millions of accounts.
[[nodiscard]] Result<AccountLinks> decode_account_links(ByteView rlp);
[[nodiscard]] Bytes encode_account(const Account& account);

/// The value of a storage leaf: the RLP string of 1 to 32 bytes without leading zeros. Checked
/// strictly: if a storage trie could hold account leaves, a forged root could make a real account
/// trie look complete without its storage and codes.
[[nodiscard]] Result<U256> decode_storage_value(ByteView rlp);
/// The same check without the value.
[[nodiscard]] Result<void> check_storage_value(ByteView rlp);

}  // namespace fastsync::trie
