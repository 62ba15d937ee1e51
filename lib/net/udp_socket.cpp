#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>

#include <net/udp.hpp>

namespace fastsync::net {
namespace {

using boost::asio::ip::udp;
using boost::system::error_code;

/// Pause after an error of the socket itself, so that one which persists does not spin.
constexpr Duration kRest = std::chrono::milliseconds{50};
/// What the system may keep of datagrams that wait for us, bytes: a burst of answers.
constexpr int kReceiveBuffer = 1 << 20;

boost::asio::ip::address to_asio(const IpAddress& address) {
    const ByteView bytes = address.bytes();
    if (address.is_v4()) {
        boost::asio::ip::address_v4::bytes_type out{};
        std::copy(bytes.begin(), bytes.end(), out.begin());
        return boost::asio::ip::address_v4{out};
    }
    boost::asio::ip::address_v6::bytes_type out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return boost::asio::ip::address_v6{out};
}

IpEndpoint from_asio(const udp::endpoint& endpoint) {
    const auto address = endpoint.address();
    const auto made = address.is_v4() ? IpAddress::from(address.to_v4().to_bytes())
                                      : IpAddress::from(address.to_v6().to_bytes());
    FASTSYNC_ASSERT(made);
    return {*made, endpoint.port()};
}

class UdpSocket final : public DatagramSocket {
  public:
    UdpSocket(async::Clock& clock, udp::socket socket)
        : clock_(clock), socket_(std::move(socket)), closed_(socket_.get_executor()) {
        error_code ignored;
        local_ = from_asio(socket_.local_endpoint(ignored));
    }

    [[nodiscard]] async::Task<Result<Received>> receive(std::span<Byte> out) override {
        while (!closed_.is_open()) {
            error_code failed;
            udp::endpoint from;
            const std::size_t size = co_await socket_.async_receive_from(
                boost::asio::buffer(out.data(), out.size()), from,
                boost::asio::redirect_error(boost::asio::use_awaitable, failed));
            if (closed_.is_open()) break;
            if (!failed) co_return Received{size, from_asio(from)};
            // The answer of somebody's router to what we sent: of no concern to the others.
            if (failed == boost::asio::error::connection_refused) continue;
            (void)co_await clock_.sleep_until(clock_.now() + kRest, &closed_);
        }
        co_return Error{Errc::kClosed, "the socket was closed"};
    }

    Result<void> send(ByteView datagram, const IpEndpoint& to) override {
        if (closed_.is_open()) return Error{Errc::kClosed, "the socket was closed"};
        error_code failed;
        socket_.send_to(boost::asio::buffer(datagram.data(), datagram.size()),
                        udp::endpoint{to_asio(to.address), to.port}, 0, failed);
        if (failed) return Error{Errc::kConnect, failed.message()};
        return {};
    }

    void close() noexcept override {
        closed_.open();
        error_code ignored;
        socket_.close(ignored);
    }

    [[nodiscard]] IpEndpoint local() const override { return local_; }

  private:
    async::Clock& clock_;
    udp::socket socket_;
    async::Gate closed_;
    IpEndpoint local_;
};

}  // namespace

Result<std::unique_ptr<DatagramSocket>> make_udp_socket(const async::Executor& executor,
                                                        async::Clock& clock,
                                                        const IpEndpoint& address) {
    const udp::endpoint endpoint{to_asio(address.address), address.port};
    udp::socket socket{executor};
    error_code failed;
    error_code ignored;
    socket.open(endpoint.protocol(), failed);
    if (!failed && !address.address.is_v4())
        socket.set_option(boost::asio::ip::v6_only{true}, failed);
    // A full buffer must not stop the one thread that sends.
    if (!failed) socket.non_blocking(true, failed);
    if (!failed) socket.bind(endpoint, failed);
    if (failed)
        return Error{Errc::kConnect,
                     "cannot listen on UDP " + to_string(address) + ": " + failed.message()};
    socket.set_option(boost::asio::socket_base::receive_buffer_size{kReceiveBuffer}, ignored);
    return std::unique_ptr<DatagramSocket>{std::make_unique<UdpSocket>(clock, std::move(socket))};
}

}  // namespace fastsync::net
