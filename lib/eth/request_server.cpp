#include <algorithm>
#include <utility>

#include <common/log.hpp>
#include <eth/request_server.hpp>
#include <rlp/decode.hpp>

namespace fastsync::eth {
namespace {

std::size_t hashes_in(const PeerRequest& request) {
    const auto* const hashes = std::get_if<std::vector<Hash256>>(&request);
    return hashes == nullptr ? 0 : hashes->size();
}

}  // namespace

Result<EmptyRequest> decode_empty_request(MessageCode asked, ByteView payload) {
    FASTSYNC_TRY([[maybe_unused]] const ByteView hashes, rlp::whole_list(payload));
    const bool bodies = asked == MessageCode::kGetBlockBodies;
    return EmptyRequest{bodies ? MessageCode::kBlockBodies : MessageCode::kReceipts};
}

RequestServer::RequestServer(async::Executor executor, rlpx::Connection& connection,
                             Backend& backend, async::Clock& clock)
    : connection_(connection),
      backend_(backend),
      clock_(clock),
      work_(executor),
      stop_(std::move(executor)) {}

Result<void> RequestServer::add(PeerRequest request) {
    const std::size_t hashes = hashes_in(request);
    if (queue_.size() >= kMaxQueuedRequests || queued_hashes_ + hashes > kMaxQueuedHashes)
        return Error{Errc::kOverloaded, "too many requests wait for an answer"};
    queued_hashes_ += hashes;
    queue_.push_back(std::move(request));
    work_.open();
    return {};
}

async::Task<void> RequestServer::run() {
    while (!stop_.is_open()) {
        if (queue_.empty()) {
            work_.reset();
            co_await work_.wait();
            continue;
        }
        PeerRequest request = std::move(queue_.front());
        queue_.pop_front();
        queued_hashes_ -= hashes_in(request);
        Answer made = co_await answer(std::move(request));
        const auto sent = co_await send(std::move(made));
        if (!sent) co_return;
        ++served_;
    }
}

void RequestServer::stop() {
    stop_.open();
    work_.open();
}

async::Task<RequestServer::Answer> RequestServer::answer(PeerRequest request) {
    if (auto* const query = std::get_if<HeaderQuery>(&request)) {
        query->amount = std::min<std::uint64_t>(query->amount, kMaxHeadersServed);
        std::vector<Bytes> headers;
        if (query->amount > 0) headers = co_await backend_.headers(*query);
        co_return Answer{MessageCode::kBlockHeaders, encode_block_headers(headers)};
    }
    if (auto* const hashes = std::get_if<std::vector<Hash256>>(&request)) {
        Bytes items;
        if (!hashes->empty()) items = co_await backend_.node_data(std::move(*hashes));
        co_return Answer{MessageCode::kNodeData, encode_node_data(items)};
    }
    co_return Answer{std::get<EmptyRequest>(request).answer, encode_empty_answer()};
}

async::Task<Result<void>> RequestServer::send(Answer answer) {
    const auto code = static_cast<std::uint32_t>(answer.code);
    for (;;) {
        if (stop_.is_open()) co_return Error{Errc::kClosed, "session ended"};
        auto sent = connection_.send(kProtocolName, code, answer.payload);
        if (sent) {
            bytes_out_ += answer.payload.size();
            co_return sent;
        }
        if (sent.error().code == Errc::kTooLarge) {
            log::warn("eth", "answer too large code={} bytes={}", code, answer.payload.size());
            answer.payload = encode_empty_answer();
        } else if (sent.error().code == Errc::kOverloaded) {
            // The peer reads slowly. If it stops, the connection's write deadline ends this.
            (void)co_await clock_.sleep_until(clock_.now() + kFullQueuePause, &stop_);
        } else {
            co_return sent;
        }
    }
}

}  // namespace fastsync::eth
