#pragma once

#include <vector>

#include <catch2/catch.hpp>

#include <chain/header.hpp>
#include <rlp/encode.hpp>

namespace fastsync::test {

/// A header of the 15 fields every chain has.
inline Bytes raw_header(chain::BlockNumber number, const Hash256& parent) {
    const Hash256 filler{{0x11}};
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.string(parent).string(filler).string(Bytes(20, 2)).string(filler).string(filler);
    out.string(filler).string(Bytes(256, 0)).uint(131072).uint(number).uint(8000000).uint(0);
    out.uint(1500000000 + number).string({}).string(filler).string(Bytes(8, 1));
    return out.end_list(list).take();
}

/// Headers 0 to `count` - 1, each the parent of the next.
inline std::vector<chain::BlockHeader> header_chain(std::size_t count) {
    std::vector<chain::BlockHeader> chain;
    for (chain::BlockNumber number = 0; number < count; ++number) {
        auto header =
            chain::decode_header(raw_header(number, chain.empty() ? Hash256{} : chain.back().hash));
        REQUIRE(header);
        chain.push_back(*std::move(header));
    }
    return chain;
}

}  // namespace fastsync::test
