#pragma once

#include <memory>
#include <string>
#include <utility>

#include <async/clock.hpp>
#include <net/byte_stream.hpp>

namespace fastsync::test {

/// A stream whose bytes take a while to be read.
class LaggingStream final : public net::ByteStream {
  public:
    LaggingStream(std::unique_ptr<net::ByteStream> stream, async::Clock& clock, Duration lag)
        : stream_(std::move(stream)), clock_(clock), lag_(lag), closed_(stream_->executor()) {}

    [[nodiscard]] async::Task<Result<std::size_t>> read_some(std::span<Byte> out) override {
        const auto read = co_await stream_->read_some(out);
        if (!read) co_return read.error();
        const bool closed = co_await clock_.sleep_until(clock_.now() + lag_, &closed_);
        if (closed) co_return Error{Errc::kClosed, "the stream was closed"};
        co_return *read;
    }
    [[nodiscard]] async::Task<Result<void>> write(ByteView data) override {
        co_return co_await stream_->write(data);
    }
    void close() noexcept override {
        closed_.open();
        stream_->close();
    }
    [[nodiscard]] std::string remote() const override { return stream_->remote(); }
    [[nodiscard]] async::Executor executor() override { return stream_->executor(); }

  private:
    std::unique_ptr<net::ByteStream> stream_;
    async::Clock& clock_;
    Duration lag_;
    async::Gate closed_;
};

}  // namespace fastsync::test
