// Any bytes: what the decoder accepts is exactly what the encoder writes for the same value, and
// every view lies inside the input.

#include <rlp/decode.hpp>
#include <rlp/encode.hpp>

namespace {

using namespace fastsync;

bool inside(ByteView outer, ByteView inner) {
    return inner.data() >= outer.data() &&
           inner.data() + inner.size() <= outer.data() + outer.size();
}

/// The sequence of items `in`, written anew. It must be well formed all the way down.
Bytes encode_again(ByteView in) {
    rlp::Encoder out;
    const ByteView whole = in;
    while (!in.empty()) {
        const auto item = rlp::take(in);
        FASTSYNC_ASSERT(item && inside(whole, item->raw) && inside(item->raw, item->payload));
        if (item->is_list()) {
            const Bytes inner = encode_again(item->payload);
            out.raw(rlp::encode_list({inner}));
        } else {
            out.string(item->payload);
        }
    }
    return out.take();
}

/// take() and the general path behind it must agree on everything.
void check_paths_agree(const ByteView in) {
    ByteView left = in;
    ByteView left_too = in;
    const auto item = rlp::take(left);
    const auto item_too = rlp::detail::take_any(left_too);
    FASTSYNC_ASSERT(item.has_value() == item_too.has_value());
    FASTSYNC_ASSERT(left.data() == left_too.data() && left.size() == left_too.size());
    if (!item) {
        FASTSYNC_ASSERT(left.size() == in.size() && item.error() == item_too.error());
        return;
    }
    FASTSYNC_ASSERT(item->kind == item_too->kind && left.size() < in.size());
    FASTSYNC_ASSERT(item->raw.data() == item_too->raw.data() && equal(item->raw, item_too->raw));
    FASTSYNC_ASSERT(equal(item->payload, item_too->payload));
}

template <class Take>
void check_integer(ByteView in, Take take) {
    const ByteView whole = in;
    const auto value = take(in);
    const std::size_t taken = whole.size() - in.size();
    FASTSYNC_ASSERT(value.has_value() == (taken != 0));
    if (value) FASTSYNC_ASSERT(equal(rlp::Encoder{}.uint(*value).view(), whole.first(taken)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView in{data, size};
    check_paths_agree(in);
    check_integer(in, rlp::take_uint64);
    check_integer(in, rlp::take_u256);
    const auto count = rlp::count_items(in, 16);
    FASTSYNC_ASSERT(!count || *count <= 16);
    if (rlp::check_nested(in)) FASTSYNC_ASSERT(equal(encode_again(in), in));
    const auto item = rlp::whole_item(in);
    FASTSYNC_ASSERT(item.has_value() == (rlp::whole_list(in) || rlp::whole_string(in)));
    return 0;
}
