#include <algorithm>
#include <utility>

#include <async/task_scope.hpp>
#include <common/log.hpp>
#include <eth/request_server.hpp>
#include <rlp/decode.hpp>

namespace fastsync::eth {
namespace {

std::size_t hashes_in(const PeerQuestion& question) {
    const auto* const hashes = std::get_if<std::vector<Hash256>>(&question);
    return hashes == nullptr ? 0 : hashes->size();
}

MessageCode answer_to(MessageCode asked) {
    if (asked == MessageCode::kGetBlockBodies) return MessageCode::kBlockBodies;
    if (asked == MessageCode::kGetReceipts) return MessageCode::kReceipts;
    return MessageCode::kPooledTransactions;
}

}  // namespace

Result<EmptyRequest> decode_empty_request(MessageCode asked, ByteView payload) {
    FASTSYNC_TRY([[maybe_unused]] const ByteView hashes, rlp::whole_list(payload));
    return EmptyRequest{answer_to(asked)};
}

RequestServer::RequestServer(async::Executor executor, rlpx::Connection& connection,
                             Backend& backend, async::Clock& clock)
    : executor_(executor),
      connection_(connection),
      backend_(backend),
      clock_(clock),
      node_data_(executor),
      others_(executor),
      stop_(std::move(executor)) {}

Result<void> RequestServer::add(PeerRequest request) {
    const bool wants_nodes = std::holds_alternative<std::vector<Hash256>>(request.question);
    Lane& lane = wants_nodes ? node_data_ : others_;
    const std::size_t hashes = hashes_in(request.question);
    if (lane.queue.size() >= kMaxQueuedRequests || queued_hashes_ + hashes > kMaxQueuedHashes)
        return Error{Errc::kOverloaded, "too many requests wait for an answer"};
    queued_hashes_ += hashes;
    lane.queue.push_back(std::move(request));
    lane.work.open();
    return {};
}

async::Task<void> RequestServer::run() {
    async::TaskScope scope{executor_};
    scope.spawn(run_lane(node_data_));
    scope.spawn(run_lane(others_));
    co_await scope.join();
}

async::Task<void> RequestServer::run_lane(Lane& lane) {
    while (!stop_.is_open()) {
        if (lane.queue.empty()) {
            lane.work.reset();
            co_await lane.work.wait();
            continue;
        }
        PeerRequest request = std::move(lane.queue.front());
        lane.queue.pop_front();
        queued_hashes_ -= hashes_in(request.question);
        Answer made = co_await answer(std::move(request.question));
        const auto sent = co_await send(*request.version, request.id, std::move(made));
        if (!sent) co_return;
        ++served_;
    }
}

void RequestServer::stop() {
    stop_.open();
    node_data_.work.open();
    others_.work.open();
}

async::Task<RequestServer::Answer> RequestServer::answer(PeerQuestion question) {
    if (auto* const query = std::get_if<HeaderQuery>(&question)) {
        query->amount = std::min<std::uint64_t>(query->amount, kMaxHeadersServed);
        std::vector<Bytes> headers;
        if (query->amount > 0) headers = co_await backend_.headers(*query);
        co_return Answer{MessageCode::kBlockHeaders, encode_block_headers(headers)};
    }
    if (auto* const hashes = std::get_if<std::vector<Hash256>>(&question)) {
        Bytes items;
        if (!hashes->empty()) items = co_await backend_.node_data(std::move(*hashes));
        co_return Answer{MessageCode::kNodeData, encode_node_data(items)};
    }
    co_return Answer{std::get<EmptyRequest>(question).answer, encode_empty_answer()};
}

async::Task<Result<void>> RequestServer::send(const Version& version, RequestId id, Answer answer) {
    const std::uint32_t code = version.wire_code(answer.code);
    Bytes payload = seal(version, answer.code, id, std::move(answer.body));
    for (;;) {
        if (stop_.is_open()) co_return Error{Errc::kClosed, "session ended"};
        auto sent = connection_.send(version.protocol, code, payload);
        if (sent) {
            bytes_out_ += payload.size();
            co_return sent;
        }
        if (sent.error().code == Errc::kTooLarge) {
            log::warn("eth", "answer too large code={} bytes={}", code, payload.size());
            payload = seal(version, answer.code, id, encode_empty_answer());
        } else if (sent.error().code == Errc::kOverloaded) {
            // The peer reads slowly. If it stops, the connection's write deadline ends this.
            (void)co_await clock_.sleep_until(clock_.now() + kFullQueuePause, &stop_);
        } else {
            co_return sent;
        }
    }
}

}  // namespace fastsync::eth
