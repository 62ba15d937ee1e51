#pragma once

#include <memory>
#include <string>

#include <async/task.hpp>
#include <common/bytes.hpp>
#include <common/time.hpp>

namespace fastsync::net {

/// A connected, ordered, reliable stream of bytes: TCP, or a simulated one in tests. Lives on one
/// executor.
class ByteStream {
  public:
    virtual ~ByteStream() = default;
    /// Reads at least 1 byte into `out`; kClosed at the end of the stream or after close().
    [[nodiscard]] virtual async::Task<Result<std::size_t>> read_some(std::span<Byte> out) = 0;
    /// Writes all of `data`, which must stay valid until it returns. One write at a time.
    [[nodiscard]] virtual async::Task<Result<void>> write(ByteView data) = 0;
    /// Ends pending reads and writes with kClosed. Idempotent.
    virtual void close() noexcept = 0;
    /// "127.0.0.1:30303", for logs and per-address limits.
    [[nodiscard]] virtual std::string remote() const = 0;
    [[nodiscard]] virtual async::Executor executor() = 0;
};

/// Reads exactly out.size() bytes.
[[nodiscard]] async::Task<Result<void>> read_exactly(ByteStream& stream, std::span<Byte> out);

/// Opens outgoing streams.
class Dialer {
  public:
    virtual ~Dialer() = default;
    /// kConnect (resolve, refused, unreachable), kTimeout at `deadline` or kClosed after close().
    [[nodiscard]] virtual async::Task<Result<std::unique_ptr<ByteStream>>> dial(
        std::string host, std::uint16_t port, TimePoint deadline) = 0;
    /// Ends the dials under way; later ones fail at once. Idempotent.
    virtual void close() noexcept = 0;
};

/// Accepts incoming streams.
class Listener {
  public:
    virtual ~Listener() = default;
    /// kClosed after close(). Everything else that can go wrong (no file handle left, a connection
    /// that was gone at once) is waited out inside.
    [[nodiscard]] virtual async::Task<Result<std::unique_ptr<ByteStream>>> accept() = 0;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    virtual void close() noexcept = 0;
};

}  // namespace fastsync::net
