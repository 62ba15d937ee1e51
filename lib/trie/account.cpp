#include <rlp/decode.hpp>
#include <rlp/encode.hpp>
#include <trie/account.hpp>

namespace fastsync::trie {

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

}  // namespace fastsync::trie
