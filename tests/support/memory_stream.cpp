#include "support/memory_stream.hpp"

#include <async/gate.hpp>

namespace fastsync::test {
namespace {

/// One direction.
struct Pipe {
    explicit Pipe(const async::Executor& executor) : readable(executor), writable(executor) {}

    void end() {
        ended = true;
        readable.open();
        writable.open();
    }

    Weather weather;
    Bytes bytes;
    std::size_t read = 0;  ///< of `bytes`
    std::uint64_t passed = 0;
    std::uint64_t given = 0;
    std::uint64_t writes = 0;
    bool ended = false;
    async::Gate readable;
    async::Gate writable;
};

Error closed() {
    return {Errc::kClosed, "the memory stream is closed"};
}

class End final : public MemoryStream {
  public:
    End(async::Executor executor, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out,
        std::string remote)
        : executor_(std::move(executor)),
          in_(std::move(in)),
          out_(std::move(out)),
          remote_(std::move(remote)) {}
    End(const End&) = delete;
    End& operator=(const End&) = delete;
    ~End() override { End::close(); }

    [[nodiscard]] async::Task<Result<std::size_t>> read_some(std::span<Byte> out) override {
        const std::shared_ptr<Pipe> pipe = in_;
        const std::shared_ptr<bool> open = open_;
        while (*open && pipe->read == pipe->bytes.size() && !pipe->ended) {
            pipe->readable.reset();
            co_await pipe->readable.wait();
        }
        if (!*open || pipe->read == pipe->bytes.size()) co_return closed();
        const std::size_t n =
            std::min({out.size(), pipe->bytes.size() - pipe->read, pipe->weather.read_at_most});
        std::copy_n(pipe->bytes.begin() + static_cast<std::ptrdiff_t>(pipe->read), n, out.begin());
        pipe->read += n;
        if (pipe->read == pipe->bytes.size()) {
            pipe->bytes.clear();
            pipe->read = 0;
        }
        pipe->writable.open();
        co_return n;
    }

    [[nodiscard]] async::Task<Result<void>> write(ByteView data) override {
        const std::shared_ptr<Pipe> pipe = out_;
        const std::shared_ptr<bool> open = open_;
        pipe->given += data.size();
        ++pipe->writes;
        while (!data.empty()) {
            if (!*open || pipe->ended) co_return closed();
            const std::size_t room = free_space(*pipe);
            if (room == 0) {
                pipe->writable.reset();
                co_await pipe->writable.wait();
                continue;
            }
            const std::size_t n = std::min(room, data.size());
            pass(*pipe, data.first(n));
            data = data.subspan(n);
        }
        co_return Result<void>{};
    }

    void close() noexcept override {
        *open_ = false;
        out_->end();
        in_->end();
    }

    [[nodiscard]] std::string remote() const override { return remote_; }
    [[nodiscard]] async::Executor executor() override { return executor_; }
    Weather& weather() noexcept override { return out_->weather; }
    [[nodiscard]] std::uint64_t written() const noexcept override { return out_->given; }
    [[nodiscard]] std::uint64_t writes() const noexcept override { return out_->writes; }

  private:
    static std::size_t free_space(const Pipe& pipe) {
        const std::size_t held = pipe.bytes.size() - pipe.read;
        return held < pipe.weather.capacity ? pipe.weather.capacity - held : 0;
    }

    static void pass(Pipe& pipe, ByteView data) {
        const Weather& weather = pipe.weather;
        const std::uint64_t left = weather.cut_after - std::min(weather.cut_after, pipe.passed);
        const ByteView taken = data.first(std::min<std::uint64_t>(left, data.size()));
        append(pipe.bytes, taken);
        if (weather.flip_at >= pipe.passed && weather.flip_at - pipe.passed < taken.size()) {
            const std::size_t back = taken.size() - (weather.flip_at - pipe.passed);
            pipe.bytes[pipe.bytes.size() - back] ^= weather.flip_mask;
        }
        pipe.passed += taken.size();
        if (pipe.passed == weather.cut_after) pipe.end();
        pipe.readable.open();
    }

    async::Executor executor_;
    std::shared_ptr<Pipe> in_;
    std::shared_ptr<Pipe> out_;
    std::string remote_;
    std::shared_ptr<bool> open_ = std::make_shared<bool>(true);
};

}  // namespace

MemoryPair make_memory_pair(const async::Executor& executor) {
    const auto forth = std::make_shared<Pipe>(executor);
    const auto back = std::make_shared<Pipe>(executor);
    return {std::make_unique<End>(executor, back, forth, "127.0.0.1:2"),
            std::make_unique<End>(executor, forth, back, "127.0.0.1:1")};
}

}  // namespace fastsync::test
