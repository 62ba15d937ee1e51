#include <map>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include <async/gate.hpp>
#include <async/task_scope.hpp>
#include <common/log.hpp>
#include <eth/request_server.hpp>
#include <eth/request_tracker.hpp>
#include <eth/session.hpp>
#include <eth/status_exchange.hpp>

namespace fastsync::eth {
namespace {

/// The coroutines that wait for an answer of one kind, by their request.
template <class Answer>
class Waiting {
  public:
    /// One of them: registered as long as it lives, on the waiting coroutine's frame.
    class Waiter {
      public:
        Waiter(Waiting& all, RequestId id, const async::Executor& executor)
            : all_(all), id_(id), gate_(executor) {
            all_.waiters_.emplace(id, this);
        }
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        ~Waiter() { all_.waiters_.erase(id_); }

        /// Nothing at the deadline.
        async::Task<std::optional<Result<Answer>>> wait(async::Clock& clock, TimePoint deadline) {
            (void)co_await clock.sleep_until(deadline, &gate_);
            co_return std::move(outcome_);
        }
        void resolve(Result<Answer> outcome) {
            if (outcome_) return;
            outcome_.emplace(std::move(outcome));
            gate_.open();
        }

      private:
        Waiting& all_;
        RequestId id_;
        async::Gate gate_;
        std::optional<Result<Answer>> outcome_;
    };

    void resolve(RequestId id, Result<Answer> outcome) {
        if (const auto found = waiters_.find(id); found != waiters_.end())
            found->second->resolve(std::move(outcome));
    }
    void fail_all(const Error& error) {
        for (const auto& [id, waiter] : waiters_)
            waiter->resolve(error);
    }

  private:
    std::map<RequestId, Waiter*> waiters_;
};

using Headers = std::vector<chain::BlockHeader>;

class SessionImpl final : public Session, public std::enable_shared_from_this<SessionImpl> {
  public:
    SessionImpl(const async::Executor& executor, std::unique_ptr<rlpx::Connection> connection,
                const Version& version, Backend& backend, async::Clock& clock)
        : executor_(executor),
          connection_(std::move(connection)),
          version_(version),
          clock_(clock),
          server_(executor, *connection_, backend, clock),
          scope_(executor) {}

    /// Starts to move bytes, agrees on Status. On error nothing runs any more.
    async::Task<Result<void>> handshake(ChainIdentity identity);

    const rlpx::Connection& connection() const noexcept override { return *connection_; }
    const PeerStatus& status() const noexcept override { return status_; }
    SessionStats stats() const noexcept override;
    void observe(SessionObserver* observer) noexcept override { observer_ = observer; }
    async::Task<Error> run() override;
    async::Task<Result<NodeData>> get_node_data(std::vector<Hash256> hashes,
                                                TimePoint deadline) override;
    async::Task<Result<Headers>> get_headers(HeaderQuery query, TimePoint deadline) override;
    Result<void> announce_block(const BlockAnnouncement& block) override;
    void disconnect(rlpx::DisconnectReason reason) override { connection_->disconnect(reason); }

  private:
    async::Task<void> pump() { (void)co_await connection_->run(); }
    async::Task<Error> read_all();
    Result<void> handle(rlpx::Message message);
    Result<void> on_new_block_hashes(ByteView payload);
    Result<void> on_new_block(ByteView payload);
    Result<void> on_node_data(rlpx::Message message);
    Result<void> on_headers(ByteView payload);
    template <class Request>
    Result<void> serve(Result<Request> request);
    void announce(const Hash256& hash, chain::BlockNumber number);
    Result<void> count_answer(const Match& match);

    Result<void> may_ask(std::size_t open, TimePoint deadline) const;
    Result<void> ask(MessageCode code, const Bytes& payload);
    Result<void> send(MessageCode code, const Bytes& payload);
    template <class Answer>
    async::Task<Result<Answer>> wait_for(RequestId id, Waiting<Answer>& waiting,
                                         TimePoint deadline);

    async::Executor executor_;
    std::unique_ptr<rlpx::Connection> connection_;
    Version version_;
    async::Clock& clock_;
    PeerStatus status_;
    Hash256 told_head_;  ///< what we said last that our head is
    SessionObserver* observer_ = nullptr;
    RequestTracker tracker_;
    Waiting<NodeData> waiting_for_node_data_;
    Waiting<Headers> waiting_for_headers_;
    RequestServer server_;
    SessionStats stats_;
    bool closed_ = false;
    async::TaskScope scope_;
};

/// What a peer is told whose message we could not accept.
rlpx::DisconnectReason goodbye_for(const Error& error) {
    const bool breach = error.code == Errc::kProtocol || error.code == Errc::kOverloaded;
    return breach ? rlpx::DisconnectReason::kBreachOfProtocol
                  : rlpx::DisconnectReason::kSubprotocolError;
}

async::Task<Result<void>> SessionImpl::handshake(ChainIdentity identity) {
    scope_.spawn(pump());
    told_head_ = identity.head_hash;
    Result<Status> status = Error{Errc::kIncompatible, "no version of eth in common"};
    if (version_.number != 0)
        status = co_await exchange_status(*connection_, version_, std::move(identity), clock_);
    if (!status) {
        connection_->disconnect(rlpx::DisconnectReason::kSubprotocolError);
        co_await scope_.join();
        co_return status.error();
    }
    status_ = {status->version,   status->network_id, status->genesis_hash,
               status->head_hash, std::nullopt,       status->total_difficulty};
    co_return Result<void>{};
}

SessionStats SessionImpl::stats() const noexcept {
    SessionStats all = stats_;
    all.served = server_.served();
    all.bytes_out += server_.bytes_out();
    return all;
}

async::Task<Error> SessionImpl::run() {
    const auto self = shared_from_this();
    scope_.spawn(server_.run());
    Error why = co_await read_all();
    closed_ = true;
    const Error closed{Errc::kClosed, "session ended: " + why.message()};
    waiting_for_node_data_.fail_all(closed);
    waiting_for_headers_.fail_all(closed);
    server_.stop();
    co_await scope_.join();
    co_return why;
}

async::Task<Error> SessionImpl::read_all() {
    for (;;) {
        auto message = co_await connection_->receive();
        if (!message) co_return message.error();
        if (message->protocol != kProtocolName) continue;
        const std::uint32_t code = message->code;
        auto handled = handle(*std::move(message));
        if (handled) continue;
        log::debug("eth", "peer broke the protocol peer={} code={} error={}",
                   short_id(connection_->remote_id()), code, handled.error().message());
        connection_->disconnect(goodbye_for(handled.error()));
        co_return handled.error();
    }
}

Result<void> SessionImpl::handle(rlpx::Message message) {
    stats_.bytes_in += message.payload.size();
    if (!version_.knows(message.code))
        return Error{Errc::kProtocol, "unknown code " + std::to_string(message.code)};
    const auto code = static_cast<MessageCode>(message.code);
    switch (code) {
        case MessageCode::kStatus:
            return Error{Errc::kProtocol, "a second Status"};
        case MessageCode::kNewBlockHashes:
            return on_new_block_hashes(message.payload);
        case MessageCode::kNewBlock:
            return on_new_block(message.payload);
        case MessageCode::kGetBlockHeaders:
            return serve(decode_get_block_headers(message.payload));
        case MessageCode::kGetNodeData:
            return serve(decode_get_node_data(message.payload));
        case MessageCode::kGetBlockBodies:
        case MessageCode::kGetReceipts:
            return serve(decode_empty_request(code, message.payload));
        case MessageCode::kBlockHeaders:
            return on_headers(message.payload);
        case MessageCode::kNodeData:
            return on_node_data(std::move(message));
        case MessageCode::kTransactions:
        case MessageCode::kBlockBodies:
        case MessageCode::kReceipts:
            return {};  // gossip, and answers to what we never ask: not even decoded
    }
    return {};
}

template <class Request>
Result<void> SessionImpl::serve(Result<Request> request) {
    if (!request) return request.error();
    return server_.add(*std::move(request));
}

Result<void> SessionImpl::on_new_block_hashes(ByteView payload) {
    FASTSYNC_TRY(const std::optional<BlockAnnouncement> highest, decode_new_block_hashes(payload));
    if (highest) announce(highest->hash, highest->number);
    return {};
}

Result<void> SessionImpl::on_new_block(ByteView payload) {
    FASTSYNC_TRY(const NewBlock block, decode_new_block(payload));
    if (block.total_difficulty > status_.total_difficulty)
        status_.total_difficulty = block.total_difficulty;
    announce(block.header.hash, block.header.number);
    return {};
}

void SessionImpl::announce(const Hash256& hash, chain::BlockNumber number) {
    // Peers relay blocks of side chains and old ones too: the head only moves up.
    if (status_.head_number && number < *status_.head_number) return;
    status_.head_hash = hash;
    status_.head_number = number;
    if (observer_ != nullptr) observer_->on_head(hash, number);
}

Result<void> SessionImpl::on_node_data(rlpx::Message message) {
    FASTSYNC_TRY(NodeData data, decode_node_data(std::move(message.payload), message.arrived));
    const Match match = tracker_.match_node_data(data.blobs, clock_.now());
    FASTSYNC_CHECK(count_answer(match));
    if (match.kind == Match::Kind::kOpen) {
        if (data.blobs.empty()) ++stats_.empty;
        stats_.items += data.blobs.size();
        waiting_for_node_data_.resolve(match.id, std::move(data));
    } else if (observer_ != nullptr) {
        observer_->on_stray_node_data(std::move(data));
    }
    return {};
}

Result<void> SessionImpl::on_headers(ByteView payload) {
    FASTSYNC_TRY(Headers headers, decode_block_headers(payload));
    const Match match = tracker_.match_headers(headers, clock_.now());
    FASTSYNC_CHECK(count_answer(match));
    if (match.kind != Match::Kind::kOpen) return {};
    if (headers.empty()) ++stats_.empty;
    waiting_for_headers_.resolve(match.id, std::move(headers));
    return {};
}

Result<void> SessionImpl::count_answer(const Match& match) {
    switch (match.kind) {
        case Match::Kind::kOpen:
            ++stats_.answered;
            return {};
        case Match::Kind::kLate:
            ++stats_.late;
            return {};
        case Match::Kind::kStray:
            break;
    }
    // Each costs us hashing. A peer of good will sends one answer a request.
    if (++stats_.stray > 2 * stats_.requests_sent + kMaxUnaskedAnswers)
        return Error{Errc::kProtocol, "answers nobody asked for"};
    return {};
}

Result<void> SessionImpl::may_ask(std::size_t open, TimePoint deadline) const {
    if (closed_) return Error{Errc::kClosed, "session ended"};
    if (deadline <= clock_.now()) return Error{Errc::kTimeout, "deadline passed before asking"};
    if (open >= kMaxOpenRequests) return Error{Errc::kOverloaded, "too many requests open"};
    return {};
}

Result<void> SessionImpl::ask(MessageCode code, const Bytes& payload) {
    FASTSYNC_CHECK(send(code, payload));
    ++stats_.requests_sent;
    return {};
}

Result<void> SessionImpl::send(MessageCode code, const Bytes& payload) {
    FASTSYNC_CHECK(connection_->send(kProtocolName, static_cast<std::uint32_t>(code), payload));
    stats_.bytes_out += payload.size();
    return {};
}

Result<void> SessionImpl::announce_block(const BlockAnnouncement& block) {
    if (closed_) return Error{Errc::kClosed, "session ended"};
    if (block.hash == told_head_) return {};
    FASTSYNC_CHECK(send(MessageCode::kNewBlockHashes, encode_new_block_hashes({&block, 1})));
    told_head_ = block.hash;
    return {};
}

template <class Answer>
async::Task<Result<Answer>> SessionImpl::wait_for(RequestId id, Waiting<Answer>& waiting,
                                                  TimePoint deadline) {
    typename Waiting<Answer>::Waiter waiter{waiting, id, executor_};
    auto outcome = co_await waiter.wait(clock_, deadline);
    if (outcome) co_return *std::move(outcome);
    tracker_.time_out(id, clock_.now());
    ++stats_.timed_out;
    co_return Error{Errc::kTimeout, "no answer"};
}

async::Task<Result<NodeData>> SessionImpl::get_node_data(std::vector<Hash256> hashes,
                                                         TimePoint deadline) {
    const auto self = shared_from_this();
    if (hashes.size() > kMaxNodeDataAsked) co_return Error{Errc::kTooLarge, "too many hashes"};
    FASTSYNC_CO_CHECK(may_ask(tracker_.open_node_data(), deadline));
    // aleth does not answer a request for nothing.
    if (hashes.empty()) co_return NodeData{encode_empty_answer(), {}, clock_.now()};
    FASTSYNC_CO_CHECK(ask(MessageCode::kGetNodeData, encode_get_node_data(hashes)));
    const RequestId id = tracker_.sent_node_data(std::move(hashes));
    co_return co_await wait_for(id, waiting_for_node_data_, deadline);
}

async::Task<Result<Headers>> SessionImpl::get_headers(HeaderQuery query, TimePoint deadline) {
    const auto self = shared_from_this();
    if (query.amount > kMaxHeadersAccepted) co_return Error{Errc::kTooLarge, "too many headers"};
    FASTSYNC_CO_CHECK(may_ask(tracker_.open_headers(), deadline));
    if (query.amount == 0) co_return Headers{};
    FASTSYNC_CO_CHECK(ask(MessageCode::kGetBlockHeaders, encode_get_block_headers(query)));
    const RequestId id = tracker_.sent_headers(query);
    auto headers = co_await wait_for(id, waiting_for_headers_, deadline);
    if (headers) FASTSYNC_CO_CHECK(check_answer(query, *headers));
    co_return headers;
}

}  // namespace

async::Task<Result<std::shared_ptr<Session>>> Session::open(
    std::unique_ptr<rlpx::Connection> connection, Backend& backend, async::Clock& clock) {
    const async::Executor executor = co_await boost::asio::this_coro::executor;
    const auto number = connection->version_of(kProtocolName);
    const Version* const version = number ? find_version(*number) : nullptr;
    // We offer only versions we speak: without one this is a connection without eth.
    const auto session = std::make_shared<SessionImpl>(
        executor, std::move(connection), version == nullptr ? Version{} : *version, backend, clock);
    FASTSYNC_CO_CHECK(co_await session->handshake(backend.identity()));
    co_return std::static_pointer_cast<Session>(session);
}

}  // namespace fastsync::eth
