#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>

#include <common/bytes.hpp>
#include <common/u256.hpp>

namespace fastsync::rlp {

/// Appends canonical RLP to one buffer. Lists are opened and closed; their header is put in front
/// when they close, so no length has to be known ahead.
class Encoder {
  public:
    Encoder& string(ByteView bytes);
    Encoder& uint(std::uint64_t value);
    Encoder& uint(const U256& value);
    /// Appends `encoded` as it is: an item that is RLP already.
    Encoder& raw(ByteView encoded);

    /// Returns the mark to hand to end_list().
    [[nodiscard]] std::size_t begin_list();
    Encoder& end_list(std::size_t mark);

    [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }
    [[nodiscard]] ByteView view() const noexcept { return out_; }
    [[nodiscard]] Bytes take() noexcept { return std::move(out_); }

  private:
    Bytes out_;
};

[[nodiscard]] Bytes encode_string(ByteView bytes);
[[nodiscard]] Bytes encode_uint(std::uint64_t value);
/// A list of items that are RLP already.
[[nodiscard]] Bytes encode_list(std::initializer_list<ByteView> encoded_items);

}  // namespace fastsync::rlp
