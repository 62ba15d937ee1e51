#include "bad_peer.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <crypto/entropy.hpp>
#include <eth/messages.hpp>
#include <net/tcp.hpp>
#include <rlp/encode.hpp>

#include "support/test_nodes.hpp"

namespace fastsync::test {

using namespace std::chrono_literals;
using async::Task;
using eth::MessageCode;
using rlpx::Compression;

namespace {

constexpr Duration kLateBy = 7s;
constexpr std::size_t kJunkBlobs = 1000;

std::uint32_t wire_code(MessageCode code) {
    return static_cast<std::uint32_t>(rlpx::kFirstProtocolCode) + static_cast<std::uint32_t>(code);
}

Bytes node_data(const std::vector<Bytes>& blobs) {
    rlp::Encoder items;
    for (const Bytes& blob : blobs)
        items.string(blob);
    return eth::encode_node_data(items.view());
}

Bytes header_list(const std::vector<Bytes>& raw) {
    return eth::encode_block_headers(raw);
}

/// Blobs that are no item of any state, never the same twice.
std::vector<Bytes> junk(std::size_t count, std::uint64_t& salt) {
    std::vector<Bytes> out;
    for (; count > 0; --count) {
        Bytes blob(40, 0x5a);
        ++salt;
        for (std::size_t i = 0; i < 8; ++i)
            blob[i] = static_cast<Byte>(salt >> (8 * i));
        out.push_back(std::move(blob));
    }
    return out;
}

}  // namespace

/// One connection, from Status to its end.
class BadPeer::Conversation {
  public:
    Conversation(BadPeer& peer, rlpx::Channel channel)
        : peer_(peer), channel_(std::move(channel)) {}

    Task<void> run() {
        auto greeting = co_await rlpx::greet(channel_, peer_.local_, *peer_.clock_);
        if (!greeting) co_return;
        compression_ = greeting->compression;
        peer_.note([](Record& r) { ++r.connections; });
        co_await say_status();
        while (open_) {
            const auto message = co_await receive();
            if (message) co_await handle(message->first, message->second);
        }
    }

  private:
    using Received = std::pair<std::uint64_t, Bytes>;

    /// The next message; nothing at the end of the connection.
    Task<std::optional<Received>> receive() {
        for (;;) {
            const auto frame = channel_.opener.next();
            if (!frame) break;
            if (*frame) {
                auto payload = (*frame)->code == 1 ? Result<Bytes>{to_bytes((*frame)->payload)}
                                                   : unpack((*frame)->payload);
                if (!payload) break;
                co_return Received{(*frame)->code, *std::move(payload)};
            }
            const auto read = co_await channel_.stream.read_some(channel_.opener.space());
            if (!read) break;
            channel_.opener.filled(*read);
        }
        end();
        co_return std::nullopt;
    }
    Result<Bytes> unpack(ByteView payload) const {
        if (compression_ == Compression::kSnappy) return rlpx::decompress(payload);
        return to_bytes(payload);
    }
    void end() {
        if (open_) peer_.note([](Record& r) { ++r.ended; });
        open_ = false;
    }

    Task<void> send(std::uint32_t code, const Bytes& payload) {
        co_await send_packed(code, payload, compression_);
    }
    Task<void> send_packed(std::uint32_t code, const Bytes& payload, Compression compression) {
        const auto sealed = channel_.sealer.seal(code, payload, compression);
        FASTSYNC_ASSERT(sealed.has_value());
        const Bytes frames = channel_.sealer.take();
        (void)co_await channel_.stream.write(frames);  // its end is met when reading
    }
    Task<void> answer(MessageCode code, const Bytes& payload) {
        co_await send(wire_code(code), payload);
    }

    Task<void> say_status() {
        const World& world = peer_.world_;
        const auto& head = world.chain.headers[World::kUsualHeaders - 1];
        eth::Status status{63, World::kNetworkId, 1000 + U256{head.number}, head.hash,
                           world.genesis_hash()};
        if (peer_.manner_ == Manner::kOtherGenesis) {
            status.genesis_hash.data[0] ^= 1U;
            show();
        }
        co_await answer(MessageCode::kStatus, eth::encode_status(status));
    }
    void show() {
        peer_.note([](Record& r) { ++r.shown; });
    }

    Task<void> handle(std::uint64_t code, const Bytes& payload) {
        if (code == 1) {
            const auto reason = rlpx::decode_disconnect(payload);
            peer_.note([&](Record& r) {
                if (!r.goodbye && reason) r.goodbye = *reason;
            });
            channel_.stream.close();
        } else if (code == 2) {
            co_await send(3, eth::encode_empty_answer());
        } else if (peer_.manner_ == Manner::kMute) {
            if (code != wire_code(MessageCode::kStatus)) show();
        } else if (code == wire_code(MessageCode::kGetBlockHeaders)) {
            co_await answer_headers(payload);
        } else if (code == wire_code(MessageCode::kGetNodeData)) {
            co_await answer_nodes(payload);
        }
    }

    Task<void> answer_headers(const Bytes& payload) {
        const auto query = eth::decode_get_block_headers(payload);
        FASTSYNC_ASSERT(query.has_value());
        auto raw = peer_.world_.headers(query->origin, query->amount);
        if (peer_.manner_ == Manner::kUnlinkedHeaders && raw.size() > 10) {
            // The right number, another block.
            raw[5].back() ^= 1U;
            show();
        }
        co_await answer(MessageCode::kBlockHeaders, header_list(raw));
    }

    Task<void> answer_nodes(const Bytes& payload) {
        const auto hashes = eth::decode_get_node_data(payload);
        FASTSYNC_ASSERT(hashes.has_value());
        std::vector<Bytes> blobs;
        for (const Hash256& hash : *hashes)
            if (const Bytes* blob = peer_.world_.find(hash)) blobs.push_back(*blob);
        peer_.note([&](Record& r) { r.asked += hashes->size(); });
        switch (peer_.manner_) {
            case Manner::kCutInFrame:
            case Manner::kBadMac:
            case Manner::kBadSnappy:
            case Manner::kOversized:
            case Manner::kMalformed:
            case Manner::kUnknownCode:
                co_await break_off(blobs);
                break;
            case Manner::kSilent:
                show();
                break;
            case Manner::kStopsHalfway:
                co_await answer_up_to_half(blobs);
                break;
            case Manner::kLate:
                co_await answer_late(blobs);
                break;
            default:
                co_await answer_oddly(std::move(blobs), hashes->size());
        }
    }

    /// What a peer may do as often as it likes.
    Task<void> answer_oddly(std::vector<Bytes> blobs, std::size_t asked) {
        const Manner manner = peer_.manner_;
        if (manner != Manner::kNone) show();
        if (manner == Manner::kUnrequested) co_await send_unrequested();
        if (manner == Manner::kPartial && blobs.size() > 3) blobs.resize(3);
        if (manner == Manner::kEmpty) blobs.clear();
        if (manner == Manner::kPlaceholders) blobs.assign(asked, Bytes{});
        if (manner == Manner::kJunk) blobs = junk(kJunkBlobs, salt_);
        if (manner == Manner::kFewJunk) blobs = junk(asked, salt_);
        if (manner == Manner::kDuplicates) {
            const std::vector<Bytes> once = blobs;
            for (const Bytes& blob : once)
                blobs.push_back(blob);
        }
        co_await give(blobs);
    }
    Task<void> give(const std::vector<Bytes>& blobs) {
        peer_.note([&](Record& r) { r.served += blobs.size(); });
        co_await answer(MessageCode::kNodeData, node_data(blobs));
    }
    /// Items of the state from anywhere, and some that are no items.
    Task<void> send_unrequested() {
        std::vector<Bytes> blobs = junk(3, salt_);
        const auto& nodes = peer_.world_.state().nodes;
        auto at = nodes.begin();
        std::advance(at, static_cast<std::ptrdiff_t>((37 * salt_) % (nodes.size() - 5)));
        for (int i = 0; i < 5; ++i)
            blobs.push_back((at++)->second);
        co_await answer(MessageCode::kNodeData, node_data(blobs));
    }
    Task<void> answer_up_to_half(const std::vector<Bytes>& blobs) {
        if (peer_.record().served >= peer_.world_.state().size() / 2)
            show();
        else
            co_await give(blobs);
    }
    Task<void> answer_late(const std::vector<Bytes>& blobs) {
        if (blobs.size() > 2) {
            show();
            (void)co_await peer_.clock_->sleep_until(peer_.clock_->now() + kLateBy,
                                                     &peer_.stopping_);
        }
        co_await give(blobs);
    }

    /// What a connection does not survive.
    Task<void> break_off(const std::vector<Bytes>& blobs) {
        show();
        const std::uint32_t code = wire_code(MessageCode::kNodeData);
        const Bytes bad_snappy{0x20, 0xff, 0xff, 0xff};
        const Bytes huge_snappy{0x80, 0x80, 0x80, 0x08, 0x00, 0xc0};  // 16 MiB, then a literal
        const Bytes bad_rlp{0xc2, 0x80};
        switch (peer_.manner_) {
            case Manner::kBadSnappy:
                co_await send_packed(code, bad_snappy, Compression::kNone);
                break;
            case Manner::kOversized:
                co_await send_packed(code, huge_snappy, Compression::kNone);
                break;
            case Manner::kMalformed:
                co_await send(code, bad_rlp);
                break;
            case Manner::kUnknownCode:
                co_await send(static_cast<std::uint32_t>(rlpx::kFirstProtocolCode) + 8,
                              eth::encode_empty_answer());
                break;
            default:
                co_await send_damaged(node_data(blobs));
        }
    }
    Task<void> send_damaged(const Bytes& payload) {
        const auto sealed =
            channel_.sealer.seal(wire_code(MessageCode::kNodeData), payload, compression_);
        FASTSYNC_ASSERT(sealed.has_value());
        Bytes frames = channel_.sealer.take();
        const bool cut = peer_.manner_ == Manner::kCutInFrame;
        if (cut)
            frames.resize(frames.size() / 2);
        else
            frames[frames.size() / 2] ^= 1U;
        (void)co_await channel_.stream.write(frames);
        if (!cut) co_return;
        channel_.stream.close();
        open_ = false;
    }

    BadPeer& peer_;
    rlpx::Channel channel_;
    Compression compression_ = Compression::kNone;
    bool open_ = true;
    std::uint64_t salt_ = 0;
};

BadPeer::BadPeer(const World& world, Manner manner, Byte key)
    : world_(world),
      manner_(manner),
      clock_(async::make_system_clock(loop_.executor())),
      local_(node_of(key)),
      stopping_(loop_.executor()),
      scope_(loop_.executor()) {
    auto listener = net::make_tcp_listener(loop_.executor(), *clock_, {"127.0.0.1", 0});
    REQUIRE(listener);
    listener_ = *std::move(listener);
    enode_ = {local_.key.public_key(), "127.0.0.1", listener_->port(), listener_->port()};
    boost::asio::post(loop_.executor(), [this] { scope_.spawn(accept_all()); });
}

BadPeer::~BadPeer() {
    boost::asio::post(loop_.executor(), [this] {
        stopping_.open();
        listener_->close();
        for (net::ByteStream* stream : streams_)
            stream->close();
    });
    loop_.finish();
}

BadPeer::Record BadPeer::record() const {
    const std::lock_guard lock{mutex_};
    return record_;
}

Task<void> BadPeer::accept_all() {
    for (;;) {
        auto stream = co_await listener_->accept();
        if (!stream) co_return;
        scope_.spawn(converse(*std::move(stream)));
    }
}

Task<void> BadPeer::converse(std::unique_ptr<net::ByteStream> stream) {
    streams_.insert(stream.get());
    auto channel = co_await rlpx::accept_channel(*stream, local_, crypto::system_entropy());
    if (channel) {
        Conversation conversation{*this, *std::move(channel)};
        co_await conversation.run();
    }
    streams_.erase(stream.get());
}

}  // namespace fastsync::test
