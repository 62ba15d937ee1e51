#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include <net/tcp.hpp>

namespace fastsync::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

std::string describe(const tcp::endpoint& endpoint) {
    return to_string(HostPort{endpoint.address().to_string(), endpoint.port()});
}

Error closed(const error_code& why) {
    if (why == boost::asio::error::eof) return {Errc::kClosed, "the peer closed the connection"};
    if (why == boost::asio::error::operation_aborted || why == boost::asio::error::bad_descriptor)
        return {Errc::kClosed, "we closed the connection"};
    return {Errc::kClosed, why.message()};
}

class TcpStream final : public ByteStream {
  public:
    explicit TcpStream(tcp::socket socket) : socket_(std::move(socket)) {
        error_code ignored;
        // A request and its answer are small: waiting to fill a segment costs a round trip.
        socket_.set_option(tcp::no_delay{true}, ignored);
        const tcp::endpoint remote = socket_.remote_endpoint(ignored);
        remote_ = ignored ? "unknown" : describe(remote);
    }

    [[nodiscard]] async::Task<Result<std::size_t>> read_some(std::span<Byte> out) override {
        error_code failed;
        const std::size_t n = co_await socket_.async_read_some(
            boost::asio::buffer(out.data(), out.size()),
            boost::asio::redirect_error(boost::asio::use_awaitable, failed));
        if (failed) co_return closed(failed);
        co_return n;
    }

    [[nodiscard]] async::Task<Result<void>> write(ByteView data) override {
        error_code failed;
        co_await boost::asio::async_write(
            socket_, boost::asio::buffer(data.data(), data.size()),
            boost::asio::redirect_error(boost::asio::use_awaitable, failed));
        if (failed) co_return closed(failed);
        co_return Result<void>{};
    }

    void close() noexcept override {
        error_code ignored;
        socket_.close(ignored);
    }

    [[nodiscard]] std::string remote() const override { return remote_; }
    [[nodiscard]] async::Executor executor() override { return socket_.get_executor(); }

  private:
    tcp::socket socket_;
    std::string remote_;
};

}  // namespace

std::unique_ptr<ByteStream> make_tcp_stream(tcp::socket socket) {
    return std::make_unique<TcpStream>(std::move(socket));
}

}  // namespace fastsync::net
