#include <algorithm>

#include <async/task_scope.hpp>
#include <net/deadline.hpp>
#include <rlpx/connection.hpp>
#include <rlpx/message_meter.hpp>
#include <rlpx/opening.hpp>

namespace fastsync::rlpx {
namespace {

using async::Task;

constexpr Byte kEmptyList = 0xc0;

class PeerConnection final : public Connection {
  public:
    PeerConnection(std::unique_ptr<net::ByteStream> stream, Channel channel, Greeting greeting,
                   async::Clock& clock, BufferPool* buffers)
        : stream_(std::move(stream)),
          clock_(clock),
          sealer_(std::move(channel.sealer)),
          opener_(std::move(channel.opener)),
          remote_(channel.remote),
          greeting_(std::move(greeting)),
          work_(stream_->executor()),
          changed_(stream_->executor()),
          ended_(stream_->executor()),
          alive_at_(clock.now()),
          arrived_(clock.now()),
          meter_(clock.now()),
          share_(buffers, [this] {
              end({Errc::kClosed, "the peer held the most of all buffers, which were full"});
          }) {}

    [[nodiscard]] const NodeId& remote_id() const noexcept override { return remote_; }
    [[nodiscard]] const Hello& remote_hello() const noexcept override { return greeting_.hello; }
    [[nodiscard]] std::string remote_address() const override { return stream_->remote(); }
    [[nodiscard]] std::optional<std::uint32_t> version_of(
        std::string_view protocol) const override {
        const auto* found = greeting_.protocols.find(protocol);
        if (found == nullptr) return std::nullopt;
        return found->capability.version;
    }
    [[nodiscard]] std::optional<DisconnectReason> peer_reason() const noexcept override {
        return peer_reason_;
    }
    [[nodiscard]] bool was_left() const noexcept override { return leave_by_.has_value(); }

    [[nodiscard]] Task<Error> run() override;
    [[nodiscard]] Task<Result<Message>> receive() override;
    [[nodiscard]] Result<void> send(std::string_view protocol, std::uint32_t code,
                                    ByteView payload) override;
    void disconnect(DisconnectReason reason) override;
    void close() noexcept override { end({Errc::kClosed, "we closed the connection"}); }

  private:
    void end(Error why) noexcept;
    void tell_share() { share_.hold(opener_.held() + sealer_.size() + in_flight_); }
    void queue(BaseCode code, ByteView payload);
    [[nodiscard]] Task<void> read_more();
    void sign_of_life() noexcept;
    [[nodiscard]] Result<std::optional<Message>> handle(const Frame& frame);
    [[nodiscard]] Result<void> handle_base(const Frame& frame);
    [[nodiscard]] Task<void> write_queued();
    [[nodiscard]] Task<Result<void>> write_sliced(ByteView batch);
    [[nodiscard]] Task<void> await_farewell();
    [[nodiscard]] Result<bool> hears_farewell();
    [[nodiscard]] Task<void> watch();
    [[nodiscard]] std::optional<Error> overdue(TimePoint now) const;

    std::unique_ptr<net::ByteStream> stream_;
    async::Clock& clock_;
    FrameSealer sealer_;
    FrameOpener opener_;
    NodeId remote_;
    Greeting greeting_;

    async::Gate work_;     ///< there is something to write
    async::Gate changed_;  ///< the watch must look again
    async::Gate ended_;
    std::optional<Error> end_;
    std::optional<DisconnectReason> peer_reason_;

    TimePoint alive_at_;  ///< the peer's last sign of life, or when we began to listen for one
    TimePoint arrived_;   ///< when the bytes in the opener came
    MessageMeter meter_;
    std::size_t unrewarded_ = 0;  ///< bytes since the last sign of life
    bool reading_ = false;
    bool pong_queued_ = false;
    std::size_t in_flight_ = 0;  ///< bytes taken from the sealer and not yet written
    std::optional<TimePoint> write_started_;
    std::optional<TimePoint> leave_by_;  ///< we sent Disconnect and close by then
    BufferPool::Share share_;
};

void PeerConnection::end(Error why) noexcept {
    if (end_) return;
    end_ = std::move(why);
    stream_->close();
    work_.open();
    changed_.open();
    ended_.open();
}

// ---- sending

Result<void> PeerConnection::send(std::string_view protocol, std::uint32_t code, ByteView payload) {
    if (end_ || leave_by_) return Error{Errc::kClosed, "the connection has ended"};
    const auto* found = greeting_.protocols.find(protocol);
    if (found == nullptr || code >= found->message_count)
        return Error{Errc::kIncompatible, "a message of a protocol that was not negotiated"};
    if (sealer_.size() + in_flight_ + payload.size() > kMaxSendQueue)
        return Error{Errc::kOverloaded, "the peer does not take what we send"};
    const auto wire_code = static_cast<std::uint32_t>(found->first_code + code);
    FASTSYNC_CHECK(sealer_.seal(wire_code, payload, greeting_.compression));
    tell_share();
    work_.open();
    return {};
}

void PeerConnection::queue(BaseCode code, ByteView payload) {
    const auto sealed =
        sealer_.seal(static_cast<std::uint32_t>(code), payload, greeting_.compression);
    FASTSYNC_ASSERT(sealed.has_value());
    work_.open();
}

void PeerConnection::disconnect(DisconnectReason reason) {
    if (end_ || leave_by_) return;
    queue(BaseCode::kDisconnect, encode_disconnect(reason));
    leave_by_ = clock_.now() + kDisconnectTimeout;
    changed_.open();
}

Task<void> PeerConnection::write_queued() {
    Bytes batch;
    while (!end_) {
        if (sealer_.size() == 0) {
            if (leave_by_) co_return co_await await_farewell();
            work_.reset();
            co_await work_.wait();
            continue;
        }
        // Everything queued meanwhile goes out in one write.
        batch = sealer_.take(std::move(batch));
        pong_queued_ = false;
        const auto written = co_await write_sliced(batch);
        if (!written) end(written.error());
        if (batch.capacity() > 4 * kWriteSlice) batch = {};
    }
}

Task<Result<void>> PeerConnection::write_sliced(ByteView batch) {
    in_flight_ = batch.size();
    while (in_flight_ > 0) {
        const ByteView slice = batch.last(in_flight_).first(std::min(in_flight_, kWriteSlice));
        write_started_ = clock_.now();
        FASTSYNC_CO_CHECK(co_await stream_->write(slice));
        in_flight_ -= slice.size();
    }
    tell_share();
    write_started_.reset();
    co_return Result<void>{};
}

/// Our Disconnect is written: the peer closes, or says goodbye itself, or the watch ends it. Until
/// then what it sends is read away, since closing over unread bytes would reset the connection
/// under our last message.
Task<void> PeerConnection::await_farewell() {
    Bytes discarded(FrameOpener::kMinRead);
    while (!end_) {
        if (reading_) {  // a receive() that was pending; read_more() tells when it is over
            work_.reset();
            co_await work_.wait();
            continue;
        }
        const auto heard = hears_farewell();
        if (heard && *heard) {
            end({Errc::kClosed, "we disconnected"});
            break;
        }
        // What cannot be read any more is not kept.
        std::span<Byte> space = discarded;
        if (heard) space = opener_.space();
        const auto read = co_await stream_->read_some(space);
        if (!read) end({Errc::kClosed, "we disconnected"});
        if (read && heard) opener_.filled(*read);
    }
}

/// Whether a Disconnect is among the frames that came.
Result<bool> PeerConnection::hears_farewell() {
    while (true) {
        FASTSYNC_TRY(const auto frame, opener_.next());
        if (!frame) return false;
        if (frame->code == static_cast<std::uint64_t>(BaseCode::kDisconnect)) return true;
    }
}

// ---- receiving

Task<Result<Message>> PeerConnection::receive() {
    // Silence is the peer's only while we listen.
    alive_at_ = std::max(alive_at_, clock_.now());
    while (!end_ && !leave_by_) {
        const auto frame = opener_.next();
        if (!frame) {
            end(frame.error());
        } else if (*frame) {
            auto message = handle(**frame);
            if (!message) end(message.error());
            if (message && *message) co_return **std::move(message);
        } else {
            co_await read_more();
        }
    }
    co_await ended_.wait();
    co_return *end_;
}

Task<void> PeerConnection::read_more() {
    reading_ = true;
    const auto read = co_await stream_->read_some(opener_.space());
    reading_ = false;
    if (leave_by_) work_.open();
    if (!read) {
        end(leave_by_ ? Error{Errc::kClosed, "we disconnected"} : read.error());
        co_return;
    }
    opener_.filled(*read);
    tell_share();
    arrived_ = clock_.now();
    unrewarded_ += *read;
    if (unrewarded_ >= kSignOfLife) sign_of_life();
}

void PeerConnection::sign_of_life() noexcept {
    alive_at_ = arrived_;
    unrewarded_ = 0;
}

Result<std::optional<Message>> PeerConnection::handle(const Frame& frame) {
    sign_of_life();
    if (!meter_.admit(arrived_))
        return Error{Errc::kOverloaded, "the peer sends more messages than anyone needs"};
    if (frame.code < kFirstProtocolCode) {
        FASTSYNC_CHECK(handle_base(frame));
        return std::optional<Message>{};
    }
    const auto place = greeting_.protocols.place_of(frame.code);
    if (!place) return Error{Errc::kMalformed, "a message code outside the negotiated range"};
    Message message{place->protocol, place->code, {}, arrived_};
    if (greeting_.compression == Compression::kSnappy) {
        FASTSYNC_TRY(message.payload, decompress(frame.payload));
    } else {
        if (frame.payload.size() > kMaxMessageSize)
            return Error{Errc::kTooLarge, "a message of more than 10 MiB"};
        message.payload = to_bytes(frame.payload);
    }
    return std::optional<Message>{std::move(message)};
}

Result<void> PeerConnection::handle_base(const Frame& frame) {
    if (frame.code == static_cast<std::uint64_t>(BaseCode::kDisconnect)) {
        const auto reason = decode_disconnect(frame.payload);
        if (reason) peer_reason_ = *reason;
        return Error{Errc::kDisconnected, std::string{reason ? to_string(*reason) : "?"}};
    }
    // One Pong for all the Pings of one write of ours: a flood of them cannot fill the queue.
    if (frame.code == static_cast<std::uint64_t>(BaseCode::kPing) && !pong_queued_) {
        queue(BaseCode::kPong, ByteView{&kEmptyList, 1});
        pong_queued_ = true;
    }
    return {};  // Pong was its own sign of life; whatever else there is, is ignored
}

// ---- time

std::optional<Error> PeerConnection::overdue(TimePoint now) const {
    if (leave_by_ && now >= *leave_by_) return Error{Errc::kClosed, "we disconnected"};
    if (write_started_ && now >= *write_started_ + kWriteTimeout)
        return Error{Errc::kTimeout, "the peer took nothing for 20 s"};
    if (reading_ && now >= alive_at_ + kSilenceTimeout)
        return Error{Errc::kTimeout, "the peer was silent for 30 s"};
    return std::nullopt;
}

/// Pings, and ends what is overdue. No deadline is nearer than the next ping but the one of our
/// leaving, which is announced by `changed_`: so one sleeper sees to all of them.
Task<void> PeerConnection::watch() {
    static_assert(kPingInterval <= kWriteTimeout && kPingInterval <= kSilenceTimeout);
    TimePoint next_ping = clock_.now() + kPingInterval;
    while (!end_) {
        const TimePoint now = clock_.now();
        if (auto error = overdue(now)) {
            end(std::move(*error));
            break;
        }
        if (now >= next_ping) {
            if (!leave_by_) queue(BaseCode::kPing, ByteView{&kEmptyList, 1});
            next_ping = now + kPingInterval;
        }
        TimePoint when = next_ping;
        if (leave_by_) when = std::min(when, *leave_by_);
        if (write_started_) when = std::min(when, *write_started_ + kWriteTimeout);
        if (reading_) when = std::min(when, alive_at_ + kSilenceTimeout);
        changed_.reset();
        (void)co_await clock_.sleep_until(when, &changed_);
    }
}

Task<Error> PeerConnection::run() {
    async::TaskScope scope{stream_->executor()};
    scope.spawn(write_queued());
    scope.spawn(watch());
    co_await ended_.wait();
    co_await scope.join();
    co_return *end_;
}

// ---- opening

using Made = Result<std::unique_ptr<Connection>>;

struct Opening {
    Channel channel;
    Greeting greeting;
};

Task<Result<Opening>> open(Task<Result<Channel>> exchange, const LocalNode& local,
                           async::Clock& clock) {
    FASTSYNC_CO_TRY(Channel channel, co_await std::move(exchange));
    FASTSYNC_CO_TRY(Greeting greeting, co_await greet(channel, local, clock));
    co_return Opening{std::move(channel), std::move(greeting)};
}

Task<Made> finish(std::unique_ptr<net::ByteStream> stream, Task<Result<Channel>> exchange,
                  const LocalNode& local, async::Clock& clock) {
    FASTSYNC_CO_TRY(Opening opening,
                    co_await net::with_deadline(clock, clock.now() + kHandshakeTimeout, *stream,
                                                open(std::move(exchange), local, clock)));
    co_return std::unique_ptr<Connection>{
        std::make_unique<PeerConnection>(std::move(stream), std::move(opening.channel),
                                         std::move(opening.greeting), clock, local.buffers)};
}

}  // namespace

Task<Made> Connection::initiate(std::unique_ptr<net::ByteStream> stream, const LocalNode& local,
                                NodeId remote, async::Clock& clock,
                                crypto::EntropySource& entropy) {
    net::ByteStream& ends = *stream;
    co_return co_await finish(std::move(stream), initiate_channel(ends, local, remote, entropy),
                              local, clock);
}

Task<Made> Connection::accept(std::unique_ptr<net::ByteStream> stream, const LocalNode& local,
                              async::Clock& clock, crypto::EntropySource& entropy) {
    net::ByteStream& ends = *stream;
    co_return co_await finish(std::move(stream), accept_channel(ends, local, entropy), local,
                              clock);
}

}  // namespace fastsync::rlpx
