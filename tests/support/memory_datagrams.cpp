#include "support/memory_datagrams.hpp"

#include <catch2/catch.hpp>

namespace fastsync::test {

class MemoryDatagrams::Socket final : public net::DatagramSocket {
  public:
    Socket(MemoryDatagrams& network, const IpEndpoint& local)
        : network_(network), local_(local), ready_(network.executor_) {
        REQUIRE(network_.sockets_.emplace(local_, this).second);
    }
    ~Socket() override { network_.sockets_.erase(local_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    [[nodiscard]] async::Task<Result<net::Received>> receive(std::span<Byte> out) override {
        while (waiting_.empty() && !closed_) {
            ready_.reset();
            co_await ready_.wait();
        }
        if (closed_) co_return Error{Errc::kClosed, "the memory socket is closed"};
        const auto [from, bytes] = std::move(waiting_.front());
        waiting_.pop_front();
        const std::size_t size = std::min(out.size(), bytes.size());
        std::copy_n(bytes.begin(), size, out.begin());
        co_return net::Received{size, from};
    }

    Result<void> send(ByteView datagram, const IpEndpoint& to) override {
        if (closed_) return Error{Errc::kClosed, "the memory socket is closed"};
        const auto target = network_.sockets_.find(to);
        const bool lost = network_.lose_every_ != 0 && ++network_.sent_ % network_.lose_every_ == 0;
        if (target == network_.sockets_.end() || lost) return {};
        target->second->waiting_.emplace_back(local_, to_bytes(datagram));
        target->second->ready_.open();
        return {};
    }

    void close() noexcept override {
        closed_ = true;
        ready_.open();
    }
    [[nodiscard]] IpEndpoint local() const override { return local_; }

  private:
    MemoryDatagrams& network_;
    IpEndpoint local_;
    async::Gate ready_;
    std::deque<std::pair<IpEndpoint, Bytes>> waiting_;
    bool closed_ = false;
};

std::unique_ptr<net::DatagramSocket> MemoryDatagrams::open(const IpEndpoint& address) {
    return std::make_unique<Socket>(*this, address);
}

}  // namespace fastsync::test
