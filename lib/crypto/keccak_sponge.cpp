#include <algorithm>
#include <cstring>

#include <crypto/keccak_lanes.hpp>
#include <crypto/keccak_vector.hpp>

namespace fastsync::crypto::detail {

VectorSponge::~VectorSponge() {
    ::explicit_bzero(words_.data(), sizeof words_);
    ::explicit_bzero(block_.data(), sizeof block_);
}

void VectorSponge::update(ByteView bytes) {
    if (fill_ > 0) {
        const std::size_t size = std::min(bytes.size(), kRate - fill_);
        std::copy_n(bytes.data(), size, block_.data() + fill_);
        fill_ += size;
        bytes = bytes.subspan(size);
        if (fill_ < kRate) return;
        absorb_avx512(words_, block_.data(), 1);
    }
    const std::size_t whole = bytes.size() / kRate;
    if (whole > 0) absorb_avx512(words_, bytes.data(), whole);
    const ByteView rest = bytes.subspan(whole * kRate);
    std::copy(rest.begin(), rest.end(), block_.begin());
    fill_ = rest.size();
}

Hash256 VectorSponge::digest() const {
    std::array<std::uint64_t, kWords> words = words_;  // padding closes a sponge: close a copy
    absorb_avx512(words, padded(ByteView{block_}.first(fill_)).data(), 1);
    Hash256 out;
    std::memcpy(out.data.data(), words.data(), out.data.size());
    return out;
}

}  // namespace fastsync::crypto::detail
