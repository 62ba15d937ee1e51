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

TEST_CASE("Account links: as strict as the whole account, whatever byte is wrong", "[trie]") {
    Account account = sample();
    account.storage_root.data[3] = 9;
    const auto check = [](ByteView rlp) {
        const auto whole = decode_account(rlp);
        const auto links = decode_account_links(rlp);
        REQUIRE(links.has_value() == whole.has_value());
        if (!whole) {
            REQUIRE(links.error().code == whole.error().code);
            REQUIRE(links.error().detail == whole.error().detail);
        } else {
            REQUIRE(*links == AccountLinks{whole->storage_root, whole->code_hash});
        }
    };
    std::size_t sound = 0;
    for (const std::uint64_t nonce : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x7f},
                                      std::uint64_t{0x80}, ~std::uint64_t{0}}) {
        for (const unsigned bits : {0U, 1U, 7U, 8U, 9U, 100U, 255U, 256U}) {
            account.nonce = nonce;
            account.balance =
                bits == 0 ? U256{0} : std::numeric_limits<U256>::max() >> (256 - bits);
            const Bytes encoded = encode_account(account);
            check(encoded);
            // Every byte before the hashes, and the header of the second, takes every value.
            for (std::size_t at = 0; at < encoded.size(); ++at) {
                if (at + 65 > encoded.size() && at + 33 != encoded.size()) continue;
                Bytes changed = encoded;
                for (unsigned value = 0; value < 256; ++value) {
                    changed[at] = static_cast<Byte>(value);
                    check(changed);
                    sound += decode_account_links(changed) ? 1U : 0U;
                }
            }
            for (std::size_t size = 0; size < encoded.size(); ++size)
                check(ByteView{encoded}.first(size));
            Bytes longer = encoded;
            longer.push_back(0x80);
            check(longer);
            ++longer[1];
            check(longer);
        }
    }
    CHECK(sound > 1000);
}

TEST_CASE("Storage value: the check agrees with the value", "[trie]") {
    const auto check = [](ByteView rlp) {
        const auto value = decode_storage_value(rlp);
        const auto sound = check_storage_value(rlp);
        REQUIRE(sound.has_value() == value.has_value());
        if (!value) REQUIRE(sound.error().detail == value.error().detail);
    };
    check({});
    for (unsigned first = 0; first < 256; ++first) {
        for (unsigned second : {0U, 1U, 0x7fU, 0x80U, 0xffU}) {
            for (std::size_t size = 1; size < 40; ++size) {
                Bytes value(size, 5);
                value[0] = static_cast<Byte>(first);
                if (size > 1) value[1] = static_cast<Byte>(second);
                check(value);
            }
        }
    }
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
