// A header of any bytes: the hash is that of the bytes, the fields are where they belong. A second
// one, behind a length, may claim to follow it.

#include <optional>

#include <chain/header.hpp>
#include <crypto/keccak.hpp>
#include <rlp/decode.hpp>

#include "fuzz_input.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;

std::optional<chain::BlockHeader> decode(ByteView in) {
    auto header = chain::decode_header(in);
    if (!header) {
        const Errc code = header.error().code;
        FASTSYNC_ASSERT(code == Errc::kMalformed || code == Errc::kTooLarge);
        FASTSYNC_ASSERT(!header.error().detail.empty());
        return std::nullopt;
    }
    FASTSYNC_ASSERT(in.size() <= chain::kMaxHeaderSize && equal(header->raw, in));
    FASTSYNC_ASSERT(crypto::keccak256(in) == header->hash);
    auto list = rlp::whole_list(in);
    FASTSYNC_ASSERT(list.has_value());
    const auto parent = rlp::take_fixed<Hash256>(*list);
    FASTSYNC_ASSERT(parent && *parent == header->parent_hash);
    return *std::move(header);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    const auto first = decode(script.bytes());
    const auto second = decode(script.rest());
    if (!first || !second) return 0;
    const bool linked = chain::links(*first, *second);
    FASTSYNC_ASSERT(!linked || second->parent_hash == first->hash);
    FASTSYNC_ASSERT(!linked || second->number == first->number + 1);
    FASTSYNC_ASSERT(!linked || second->number != 0);
    FASTSYNC_ASSERT(!linked || !chain::links(*second, *first));
    return 0;
}
