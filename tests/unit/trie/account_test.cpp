#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <rlp/encode.hpp>
#include <trie/account.hpp>
#include <trie/constants.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::trie;
using fastsync::test::hex;

namespace {

Account sample() {
    Account account;
    account.nonce = 5;
    account.balance = U256{"0xc9f2c9cd04674edea40000000"};
    account.storage_root = kEmptyRoot;
    account.code_hash = kEmptyCodeHash;
    return account;
}

Bytes account_of(std::initializer_list<ByteView> fields) {
    return rlp::encode_list(fields);
}

}  // namespace

TEST_CASE("Constants: the empty root and the empty code hash are what they say", "[trie]") {
    CHECK(kEmptyRoot == crypto::keccak256(Bytes{0x80}));
    CHECK(kEmptyCodeHash == crypto::keccak256({}));
}

TEST_CASE("Account: what is encoded comes back", "[trie]") {
    const Account account = sample();
    const Bytes encoded = encode_account(account);
    CHECK(decode_account(encoded).value() == account);

    Account largest = account;
    largest.nonce = ~std::uint64_t{0};
    largest.balance = std::numeric_limits<U256>::max();
    CHECK(decode_account(encode_account(largest)).value() == largest);
    Account zero;
    CHECK(decode_account(encode_account(zero)).value() == zero);
}

TEST_CASE("Account: an account of ethereum/tests decodes", "[trie]") {
    // hex_encoded_securetrie_test.json, test1
    const auto account = decode_account(
        hex("f848018405f446a7a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a0"
            "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"));
    REQUIRE(account);
    CHECK(account->nonce == 1);
    CHECK(account->balance == 0x05f446a7);
    CHECK(account->storage_root == kEmptyRoot);
    CHECK(account->code_hash == kEmptyCodeHash);
}

TEST_CASE("Account: anything but four fields of the right form is refused", "[trie]") {
    const Bytes nonce = rlp::encode_uint(1);
    const Bytes hash = rlp::encode_string(Bytes(32, 7));
    const Bytes short_hash = rlp::encode_string(Bytes(31, 7));
    const Bytes long_hash = rlp::encode_string(Bytes(33, 7));
    const Bytes list = rlp::encode_list({});
    const Bytes padded = rlp::encode_string(Bytes{0, 1});
    const Bytes wide_nonce = rlp::encode_string(Bytes(9, 1));
    const Bytes wide_balance = rlp::encode_string(Bytes(33, 1));

    REQUIRE(decode_account(account_of({nonce, nonce, hash, hash})));
    CHECK_FALSE(decode_account(account_of({nonce, nonce, hash})));
    CHECK_FALSE(decode_account(account_of({nonce, nonce, hash, hash, nonce})));
    CHECK_FALSE(decode_account(account_of({nonce, nonce, short_hash, hash})));
    CHECK_FALSE(decode_account(account_of({nonce, nonce, hash, long_hash})));
    CHECK_FALSE(decode_account(account_of({nonce, nonce, list, hash})));
    CHECK_FALSE(decode_account(account_of({list, nonce, hash, hash})));
    CHECK_FALSE(decode_account(account_of({padded, nonce, hash, hash})));
    CHECK_FALSE(decode_account(account_of({nonce, padded, hash, hash})));
    CHECK_FALSE(decode_account(account_of({wide_nonce, nonce, hash, hash})));
    CHECK_FALSE(decode_account(account_of({nonce, wide_balance, hash, hash})));
    CHECK_FALSE(decode_account(account_of({})));
    CHECK_FALSE(decode_account({}));
    CHECK_FALSE(decode_account(hash));

    Bytes trailing = encode_account(sample());
    trailing.push_back(0x80);
    CHECK(decode_account(trailing).error().code == Errc::kMalformed);
    Bytes cut = encode_account(sample());
    cut.pop_back();
    CHECK(decode_account(cut).error().code == Errc::kMalformed);
}

TEST_CASE("Storage value: 1 to 32 bytes without leading zeros", "[trie]") {
    CHECK(decode_storage_value(hex("01")).value() == 1);
    CHECK(decode_storage_value(hex("7f")).value() == 0x7f);
    CHECK(decode_storage_value(hex("8180")).value() == 0x80);
    CHECK(decode_storage_value(rlp::encode_string(Bytes(32, 0xff))).value() ==
          std::numeric_limits<U256>::max());
}

TEST_CASE("Storage value: zero, leading zeros, 33 bytes, lists and rests are refused", "[trie]") {
    for (const std::string_view bad :
         {"", "80", "00", "820001", "8101", "c0", "c101", "0101", "818000", "b80180", "820100ff"}) {
        CAPTURE(bad);
        const auto value = decode_storage_value(hex(bad));
        REQUIRE_FALSE(value);
        CHECK(value.error().code == Errc::kMalformed);
    }
    CHECK_FALSE(decode_storage_value(rlp::encode_string(Bytes(33, 0xff))));
    // An account must never pass as a slot: a forged root could hide its storage behind one.
    CHECK_FALSE(decode_storage_value(encode_account(sample())));
}
