// A client that sends any bytes over a loopback connection and then nothing. The whole server reads
// them: requests one after the other, cut off, too long. It answers in HTTP or hangs up, and no
// connection is left.

#include <arpa/inet.h>
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <async/task_scope.hpp>
#include <status/http_server.hpp>

#include "fuzz_input.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;

/// Polls of the server without a byte for us, after which it should have hung up: what it waits for
/// is what we sent already.
constexpr int kPatience = 20'000;

struct World {
    World() {
        board.publish(std::make_shared<const status::StatusSnapshot>());
        auto opened = status::HttpServer::open(context.get_executor(), {}, board);
        FASTSYNC_ASSERT(opened.has_value());
        server = *std::move(opened);
        scope.spawn(server->run());
    }
    ~World() {
        server->stop();
        context.run();
    }

    boost::asio::io_context context{1};
    status::StatusBoard board;
    std::unique_ptr<status::HttpServer> server;
    async::TaskScope scope{context.get_executor()};
};

/// From an address of its own each time: a port that was used rests a minute.
int connect_to(std::uint16_t port) {
    static std::uint32_t count = 0;
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FASTSYNC_ASSERT(socket >= 0);
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(0x7f010001U + (++count % 60'000U));
    FASTSYNC_ASSERT(::bind(socket, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FASTSYNC_ASSERT(::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    FASTSYNC_ASSERT(::fcntl(socket, F_SETFL, O_NONBLOCK) == 0);
    return socket;
}

std::string exchange(World& world, ByteView request) {
    const int socket = connect_to(world.server->port());
    // What does not fit the socket's buffer at once would have been refused long before.
    const auto sent = ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    FASTSYNC_ASSERT(request.empty() || sent > 0);
    (void)::shutdown(socket, SHUT_WR);
    std::string answer;
    std::array<char, 65536> buffer;
    int idle = 0;
    while (true) {
        world.context.poll();
        const auto got = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (got > 0) {
            answer.append(buffer.data(), static_cast<std::size_t>(got));
            idle = 0;
            continue;
        }
        const bool waits = got < 0 && errno == EAGAIN;
        if (!waits) break;
        FASTSYNC_ASSERT(++idle < kPatience);
    }
    ::close(socket);
    return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    const ByteView in{data, std::min(size, std::size_t{64} * 1024)};
    const std::string answer = exchange(world, in);
    FASTSYNC_ASSERT(answer.empty() || answer.starts_with("HTTP/1."));
    return 0;
}
