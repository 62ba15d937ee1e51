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
#include <eth/request_id.hpp>
#include <rlpx/connection.hpp>

namespace fastsync::eth {

/// Requests of one peer that wait for our answer, and the node hashes in them; more is a flood.
/// Clients were seen to pipeline 400 requests.
inline constexpr std::size_t kMaxQueuedRequests = 1024;
inline constexpr std::size_t kMaxQueuedHashes = 512 * 1024;
/// Pause after which an answer is offered again to a connection whose send queue is full.
inline constexpr Duration kFullQueuePause = std::chrono::milliseconds{20};

/// A request we have nothing for, whatever it asks: block bodies, receipts, pooled transactions.
struct EmptyRequest {
    MessageCode answer;
};

/// `asked`: kGetBlockBodies, kGetReceipts or kGetPooledTransactions. kMalformed unless the payload
/// is a list.
[[nodiscard]] Result<EmptyRequest> decode_empty_request(MessageCode asked, ByteView payload);

using PeerQuestion = std::variant<HeaderQuery, std::vector<Hash256>, EmptyRequest>;

/// What a peer asks, and how the answer goes back.
struct PeerRequest {
    const Version* version = nullptr;  ///< it came over
    RequestId id{};                    ///< to be named again, where the version names requests
    PeerQuestion question;
};

/// Answers the requests of one peer, each with what the backend has or with an empty list, never
/// with silence. Node data is looked up one request after another; what needs no disk does not wait
/// for it: a peer that asks for a header to tell chains apart gives little time. Requests of one
/// kind are answered in their order.
class RequestServer {
  public:
    RequestServer(async::Executor executor, rlpx::Connection& connection, Backend& backend,
                  async::Clock& clock);

    /// kOverloaded when the peer asks faster than it is answered.
    [[nodiscard]] Result<void> add(PeerRequest request);
    /// Answers until stop(), or until the connection is gone.
    [[nodiscard]] async::Task<void> run();
    /// The answers in the making are still made, and dropped. Idempotent.
    void stop();

    [[nodiscard]] std::uint64_t served() const noexcept { return served_; }
    /// Payload bytes of the answers.
    [[nodiscard]] std::uint64_t bytes_out() const noexcept { return bytes_out_; }

  private:
    struct Answer {
        MessageCode code;
        Bytes body;
    };
    /// Requests that wait for each other.
    struct Lane {
        explicit Lane(const async::Executor& executor) : work(executor) {}

        std::deque<PeerRequest> queue;
        async::Gate work;  ///< something is queued, or we stop
    };

    [[nodiscard]] async::Task<void> run_lane(Lane& lane);
    [[nodiscard]] async::Task<Answer> answer(PeerQuestion question);
    [[nodiscard]] async::Task<Result<void>> send(const Version& version, RequestId id,
                                                 Answer answer);

    async::Executor executor_;
    rlpx::Connection& connection_;
    Backend& backend_;
    async::Clock& clock_;
    Lane node_data_;
    Lane others_;
    std::size_t queued_hashes_ = 0;
    async::Gate stop_;
    std::uint64_t served_ = 0;
    std::uint64_t bytes_out_ = 0;
};

}  // namespace fastsync::eth
