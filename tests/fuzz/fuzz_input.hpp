#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <common/bytes.hpp>

namespace fastsync::fuzz {

/// A fuzzer's input, read from the front; zeros once it is at its end.
class Script {
  public:
    explicit Script(ByteView bytes) : left_(bytes) {}
    Script(const std::uint8_t* data, std::size_t size) : left_(data, size) {}

    [[nodiscard]] bool empty() const noexcept { return left_.empty(); }
    [[nodiscard]] Byte byte() {
        if (left_.empty()) return 0;
        const Byte value = left_.front();
        left_ = left_.subspan(1);
        return value;
    }
    [[nodiscard]] std::size_t below(std::size_t bound) {
        const std::size_t high = byte();
        return (bound > 256 ? high * 256 + byte() : high) % bound;
    }
    /// As many as the next two bytes say, and as there are.
    [[nodiscard]] ByteView bytes() {
        const std::size_t high = byte();
        const std::size_t size = high * 256 + byte();
        return take(size);
    }
    [[nodiscard]] ByteView take(std::size_t size) {
        const ByteView taken = left_.first(std::min(size, left_.size()));
        left_ = left_.subspan(taken.size());
        return taken;
    }
    [[nodiscard]] ByteView rest() { return take(left_.size()); }

  private:
    ByteView left_;
};

[[nodiscard]] inline std::string_view text_of(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// True when `inner` lies in `outer`.
[[nodiscard]] inline bool inside(ByteView outer, ByteView inner) {
    return inner.empty() || (inner.data() >= outer.data() &&
                             inner.data() + inner.size() <= outer.data() + outer.size());
}

}  // namespace fastsync::fuzz
