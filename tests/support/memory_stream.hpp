#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include <net/byte_stream.hpp>

namespace fastsync::test {

/// What befalls the bytes written at one end, counted from the first one ever written there. May be
/// changed at any time.
struct Weather {
    static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t cut_after = kNever;  ///< the connection ends when so many bytes have passed
    std::uint64_t flip_at = kNever;    ///< the byte at this offset arrives with ...
    Byte flip_mask = 0x01;             ///< ... these bits flipped
    std::size_t read_at_most = std::numeric_limits<std::size_t>::max();  ///< bytes a read gives
    std::size_t capacity = 1U << 20U;  ///< unread bytes after which a write waits; 0: for ever
};

/// One end of an in-memory connection, on the executor it was made with.
class MemoryStream : public net::ByteStream {
  public:
    /// What befalls the bytes this end writes.
    virtual Weather& weather() noexcept = 0;
    /// Bytes, and calls of write(), that this end was given.
    [[nodiscard]] virtual std::uint64_t written() const noexcept = 0;
    [[nodiscard]] virtual std::uint64_t writes() const noexcept = 0;
};

struct MemoryPair {
    std::unique_ptr<MemoryStream> first;
    std::unique_ptr<MemoryStream> second;
};

[[nodiscard]] MemoryPair make_memory_pair(const async::Executor& executor);

}  // namespace fastsync::test
