#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <async/task.hpp>
#include <common/result.hpp>
#include <common/time.hpp>
#include <status/board.hpp>
#include <status/post_handler.hpp>

namespace fastsync::status {

/// Longest request line and header together, bytes: beyond it 414 or 431.
inline constexpr std::size_t kMaxHttpHeader = 8 * 1024;
/// Longest body of a request that needs none, bytes: beyond it 413. What is posted to "/" may be as
/// long as the handler takes.
inline constexpr std::size_t kMaxHttpBody = 1024;

/// Who may reach the server.
enum class Exposure : std::uint8_t { kLoopbackOnly, kPublic };

struct HttpServerOptions {
    std::string address = "127.0.0.1";  ///< an IP address
    std::uint16_t port = 0;             ///< 0: any free one
    Exposure exposure = Exposure::kLoopbackOnly;
    std::vector<std::string> host_names{};  ///< ours, besides IP addresses and localhost
    std::string version;                    ///< told in the Server header
    /// Beyond it others wait, and whoever keeps us waiting longest gives way to them.
    std::size_t max_connections = 32;
    PostHandler* handler = nullptr;  ///< of what is posted to "/"; null: nothing is taken there
    Duration request_timeout = std::chrono::seconds{5};  ///< first byte to last byte of a request
    Duration idle_timeout = std::chrono::seconds{30};    ///< silence before a request
    Duration write_timeout = std::chrono::seconds{5};    ///< for one answer
};

/// Tells the status board over HTTP/1.1, as http_routes.hpp has it. Lives on one executor, which
/// must run one thread at a time.
class HttpServer {
  public:
    /// Binds and listens.
    /// @return kConfig when the address is none, or not a loopback address without kPublic;
    /// kConnect
    ///         naming address and port when it cannot be bound
    [[nodiscard]] static Result<std::unique_ptr<HttpServer>> open(async::Executor executor,
                                                                  const HttpServerOptions& options,
                                                                  const StatusBoard& board);
    virtual ~HttpServer() = default;

    [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;
    /// Accepts and answers until stop(); when it returns, no connection is left. Run it once.
    [[nodiscard]] virtual async::Task<void> run() = 0;
    /// Closes the listener and every connection. Idempotent, returns at once; on the executor.
    virtual void stop() noexcept = 0;
};

}  // namespace fastsync::status
