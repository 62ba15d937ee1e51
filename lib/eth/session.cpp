#include <utility>

#include <boost/asio/this_coro.hpp>

#include <async/task_scope.hpp>
#include <common/log.hpp>
#include <eth/request_server.hpp>
#include <eth/request_tracker.hpp>
#include <eth/session.hpp>
#include <eth/status_exchange.hpp>
#include <eth/waiting.hpp>

namespace fastsync::eth {
namespace {

using Headers = std::vector<chain::BlockHeader>;

class SessionImpl final : public Session, public std::enable_shared_from_this<SessionImpl> {
  public:
    SessionImpl(const async::Executor& executor, std::unique_ptr<rlpx::Connection> connection,
                const Version& version, Backend& backend, async::Clock& clock)
        : executor_(executor),
          connection_(std::move(connection)),
          version_(version),
          node_data_version_(version_),
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
    Result<void> on_node_data(const Unsealed& answer, rlpx::Message message);
    Result<void> on_headers(const Unsealed& answer);
    template <class Question>
    Result<void> serve(const Version& version, const Unsealed& request, Result<Question> question);
    void announce(const Hash256& hash, chain::BlockNumber number);
    Result<void> count_answer(const Match& match);

    Result<void> may_ask(std::size_t open, TimePoint deadline) const;
    Result<void> ask(const Version& version, MessageCode code, Bytes body);
    Result<void> send(const Version& version, MessageCode code, const Bytes& payload);
    template <class Answer>
    async::Task<Result<Answer>> wait_for(RequestId id, Waiting<Answer>& waiting,
                                         TimePoint deadline);

    async::Executor executor_;
    std::unique_ptr<rlpx::Connection> connection_;
    Version version_;
    Version node_data_version_;  ///< what node data goes over: version_, or the satellite
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

/// Whether the versions in common are of use to us.
Result<void> check_versions(const Version& eth, const Version& node_data) {
    if (eth.number == 0) return Error{Errc::kIncompatible, "no version of eth in common"};
    if (!node_data.knows(MessageCode::kGetNodeData))
        return Error{Errc::kIncompatible, "no node data over eth/" + std::to_string(eth.number)};
    return {};
}

async::Task<Result<void>> SessionImpl::handshake(ChainIdentity identity) {
    scope_.spawn(pump());
    told_head_ = identity.head_hash;
    const bool has_satellite = connection_->version_of(kNodeDataProtocol).has_value();
    if (has_satellite && !version_.knows(MessageCode::kGetNodeData))
        node_data_version_ = node_data_satellite();
    const auto useful = check_versions(version_, node_data_version_);
    Result<Status> status = useful ? Result<Status>{Status{}} : Result<Status>{useful.error()};
    if (useful)
        status = co_await exchange_status(*connection_, version_, std::move(identity), clock_);
    if (!status) {
        connection_->disconnect(rlpx::DisconnectReason::kSubprotocolError);
        co_await scope_.join();
        co_return status.error();
    }
    status_ = {status->version, status->network_id,       status->genesis_hash, status->head_hash,
               std::nullopt,    status->total_difficulty, status->fork_id};
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
        const std::uint32_t code = message->code;
        auto handled = handle(*std::move(message));
        if (handled) continue;
        log::debug("eth", "peer broke the protocol peer={} code={} error={}",
                   short_id(connection_->remote_id()), code, handled.error().message());
        connection_->disconnect(goodbye_for(handled.error()));
        co_return handled.error();
    }
}

/// Gossip, and answers to what we never ask: not even decoded.
constexpr std::uint32_t kUnread =
    code_set({MessageCode::kTransactions, MessageCode::kNewPooledTransactionHashes,
              MessageCode::kPooledTransactions, MessageCode::kBlockBodies, MessageCode::kReceipts});

Result<void> SessionImpl::handle(rlpx::Message message) {
    stats_.bytes_in += message.payload.size();
    const bool is_eth = message.protocol == kProtocolName;
    const Version& version = is_eth ? version_ : node_data_satellite();
    const auto known = version.message_of(message.code);
    if (!known) return Error{Errc::kProtocol, "unknown code " + std::to_string(message.code)};
    const MessageCode code = *known;
    if (holds(kUnread, code)) return {};
    FASTSYNC_TRY(const Unsealed in, unseal(version, code, message.payload));
    switch (code) {
        case MessageCode::kNewBlockHashes:
            return on_new_block_hashes(in.body);
        case MessageCode::kNewBlock:
            return on_new_block(in.body);
        case MessageCode::kGetBlockHeaders:
            return serve(version, in, decode_get_block_headers(in.body));
        case MessageCode::kGetNodeData:
            return serve(version, in, decode_get_node_data(in.body));
        case MessageCode::kGetBlockBodies:
        case MessageCode::kGetReceipts:
        case MessageCode::kGetPooledTransactions:
            return serve(version, in, decode_empty_request(code, in.body));
        case MessageCode::kBlockHeaders:
            return on_headers(in);
        case MessageCode::kNodeData:
            return on_node_data(in, std::move(message));
        default:
            return Error{Errc::kProtocol, "a second Status"};
    }
}

/// `version` lives as long as the session.
template <class Question>
Result<void> SessionImpl::serve(const Version& version, const Unsealed& request,
                                Result<Question> question) {
    if (!question) return question.error();
    return server_.add({&version, request.id.value_or(RequestId{}), *std::move(question)});
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

Result<void> SessionImpl::on_node_data(const Unsealed& answer, rlpx::Message message) {
    FASTSYNC_TRY(NodeData data,
                 decode_node_data(std::move(message.payload), answer.body, message.arrived));
    const TimePoint now = clock_.now();
    const Match match = answer.id ? tracker_.match_named_node_data(*answer.id, now)
                                  : tracker_.match_node_data(data.blobs, now);
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

Result<void> SessionImpl::on_headers(const Unsealed& answer) {
    FASTSYNC_TRY(Headers headers, decode_block_headers(answer.body));
    const TimePoint now = clock_.now();
    const Match match = answer.id ? tracker_.match_named_headers(*answer.id, now)
                                  : tracker_.match_headers(headers, now);
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

/// Asks what the tracker will know by its next id.
Result<void> SessionImpl::ask(const Version& version, MessageCode code, Bytes body) {
    FASTSYNC_CHECK(send(version, code, seal(version, code, tracker_.next_id(), std::move(body))));
    ++stats_.requests_sent;
    return {};
}

Result<void> SessionImpl::send(const Version& version, MessageCode code, const Bytes& payload) {
    FASTSYNC_CHECK(connection_->send(version.protocol, version.wire_code(code), payload));
    stats_.bytes_out += payload.size();
    return {};
}

Result<void> SessionImpl::announce_block(const BlockAnnouncement& block) {
    if (closed_) return Error{Errc::kClosed, "session ended"};
    if (block.hash == told_head_) return {};
    FASTSYNC_CHECK(
        send(version_, MessageCode::kNewBlockHashes, encode_new_block_hashes({&block, 1})));
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
    FASTSYNC_CO_CHECK(
        ask(node_data_version_, MessageCode::kGetNodeData, encode_get_node_data(hashes)));
    const RequestId id = tracker_.sent_node_data(std::move(hashes));
    co_return co_await wait_for(id, waiting_for_node_data_, deadline);
}

async::Task<Result<Headers>> SessionImpl::get_headers(HeaderQuery query, TimePoint deadline) {
    const auto self = shared_from_this();
    if (query.amount > kMaxHeadersAccepted) co_return Error{Errc::kTooLarge, "too many headers"};
    FASTSYNC_CO_CHECK(may_ask(tracker_.open_headers(), deadline));
    if (query.amount == 0) co_return Headers{};
    FASTSYNC_CO_CHECK(
        ask(version_, MessageCode::kGetBlockHeaders, encode_get_block_headers(query)));
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
