#pragma once

#include <cstdint>
#include <deque>
#include <variant>
#include <vector>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <async/task.hpp>
#include <eth/backend.hpp>
#include <eth/messages.hpp>
#include <rlpx/connection.hpp>

namespace fastsync::eth {

/// Requests of one peer that wait for our answer, and the node hashes in them; more is a flood.
/// Clients were seen to pipeline 400 requests.
inline constexpr std::size_t kMaxQueuedRequests = 1024;
inline constexpr std::size_t kMaxQueuedHashes = 512 * 1024;
/// Pause after which an answer is offered again to a connection whose send queue is full.
inline constexpr Duration kFullQueuePause = std::chrono::milliseconds{20};

/// A request we have nothing for, whatever it asks: block bodies, receipts.
struct EmptyRequest {
    MessageCode answer;
};

/// `asked`: kGetBlockBodies or kGetReceipts. kMalformed unless the payload is a list.
[[nodiscard]] Result<EmptyRequest> decode_empty_request(MessageCode asked, ByteView payload);

using PeerRequest = std::variant<HeaderQuery, std::vector<Hash256>, EmptyRequest>;

/// Answers the requests of one peer: one after another, in order, each with what the backend has
/// or with an empty list, never with silence.
class RequestServer {
  public:
    RequestServer(async::Executor executor, rlpx::Connection& connection, Backend& backend,
                  async::Clock& clock);

    /// kOverloaded when the peer asks faster than it is answered.
    [[nodiscard]] Result<void> add(PeerRequest request);
    /// Answers until stop(), or until the connection is gone.
    [[nodiscard]] async::Task<void> run();
    /// The answer in the making is still made, and dropped. Idempotent.
    void stop();

    [[nodiscard]] std::uint64_t served() const noexcept { return served_; }
    /// Payload bytes of the answers.
    [[nodiscard]] std::uint64_t bytes_out() const noexcept { return bytes_out_; }

  private:
    struct Answer {
        MessageCode code;
        Bytes payload;
    };

    [[nodiscard]] async::Task<Answer> answer(PeerRequest request);
    [[nodiscard]] async::Task<Result<void>> send(Answer answer);

    rlpx::Connection& connection_;
    Backend& backend_;
    async::Clock& clock_;
    std::deque<PeerRequest> queue_;
    std::size_t queued_hashes_ = 0;
    async::Gate work_;  ///< something is queued, or we stop
    async::Gate stop_;
    std::uint64_t served_ = 0;
    std::uint64_t bytes_out_ = 0;
};

}  // namespace fastsync::eth
