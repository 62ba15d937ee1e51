#include <cstring>

#include <rlp/decode.hpp>
#include <rlp/encode.hpp>
#include <trie/account.hpp>

namespace fastsync::trie {
namespace {

/// Passes over a canonical integer of at most `max` bytes. False: there is none.
bool skip_integer(ByteView& in, std::size_t max) noexcept {
    if (in.empty()) return false;
    const Byte first = in[0];
    if (first < 0x80) {
        in = in.subspan(1);
        return first != 0;
    }
    const std::size_t size = first - std::size_t{0x80};
    if (size > max || in.size() <= size) return false;
    if (size > 0 && in[1] == 0) return false;
    if (size == 1 && in[1] < 0x80) return false;
    in = in.subspan(1 + size);
    return true;
}

bool take_hash(ByteView& in, Hash256& hash) noexcept {
    if (in.size() <= Hash256::kSize || in[0] != 0x80 + Hash256::kSize) return false;
    std::memcpy(hash.data.data(), in.data() + 1, Hash256::kSize);
    in = in.subspan(1 + Hash256::kSize);
    return true;
}

}  // namespace

Result<Account> decode_account(ByteView rlp) {
    FASTSYNC_TRY(ByteView fields, rlp::whole_list(rlp));
    Account account;
    FASTSYNC_TRY(account.nonce, rlp::take_uint64(fields));
    FASTSYNC_TRY(account.balance, rlp::take_u256(fields));
    FASTSYNC_TRY(account.storage_root, rlp::take_fixed<Hash256>(fields));
    FASTSYNC_TRY(account.code_hash, rlp::take_fixed<Hash256>(fields));
    if (!fields.empty()) return Error{Errc::kMalformed, "account of more than four fields"};
    return account;
}

Result<AccountLinks> decode_account_links(ByteView rlp) {
    // Two hashes: the list has one byte of length, which would be too short a form below 56.
    if (rlp.size() > 57 && rlp[0] == 0xf8 && rlp[1] == rlp.size() - 2) {
        AccountLinks links;
        ByteView in = rlp.subspan(2);
        if (skip_integer(in, sizeof(Account::nonce)) && skip_integer(in, 32) &&
            take_hash(in, links.storage_root) && take_hash(in, links.code_hash) && in.empty())
            return links;
    }
    FASTSYNC_TRY(const Account account, decode_account(rlp));  // says what is wrong
    return AccountLinks{account.storage_root, account.code_hash};
}

Bytes encode_account(const Account& account) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.uint(account.nonce).uint(account.balance);
    out.string(account.storage_root).string(account.code_hash);
    out.end_list(list);
    return out.take();
}

Result<U256> decode_storage_value(ByteView rlp) {
    FASTSYNC_TRY(const ByteView value, rlp::whole_string(rlp));
    if (value.empty()) return Error{Errc::kMalformed, "storage value zero"};
    if (value.size() > 32) return Error{Errc::kMalformed, "storage value of more than 32 bytes"};
    if (value.front() == 0) return Error{Errc::kMalformed, "storage value with leading zeros"};
    return u256_from_be(value);
}

Result<void> check_storage_value(ByteView rlp) {
    ByteView rest = rlp;
    const bool zero = !rlp.empty() && rlp[0] == 0x80;
    if (!zero && skip_integer(rest, 32) && rest.empty()) return {};
    FASTSYNC_CHECK(decode_storage_value(rlp));  // says what is wrong
    return {};
}

}  // namespace fastsync::trie
