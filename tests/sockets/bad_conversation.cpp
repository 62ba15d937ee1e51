#include "bad_conversation.hpp"

#include <chain/fork_id.hpp>
#include <common/assert.hpp>
#include <rlp/encode.hpp>

namespace fastsync::test {

using namespace std::chrono_literals;
using async::Task;
using eth::MessageCode;
using rlpx::Compression;

namespace {

constexpr Duration kLateBy = 7s;
constexpr Duration kBetweenBytes = 50ms;
constexpr std::size_t kJunkBlobs = 1000;
/// Little less than what we take of a message; compressed it is a twentieth of that.
constexpr std::size_t kBombSize = 9U * 1024 * 1024;
constexpr std::size_t kGarbageSize = 4096;
/// Requests written at once; more than wait for an answer anywhere.
constexpr std::size_t kFloodedAtOnce = 3000;

Bytes node_data(const std::vector<Bytes>& blobs) {
    rlp::Encoder items;
    for (const Bytes& blob : blobs)
        items.string(blob);
    return eth::encode_node_data(items.view());
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

chain::ForkId forks_of(const Hash256& genesis) {
    const auto ladder = chain::ForkLadder::make({genesis, 0, {}, {}});
    FASTSYNC_ASSERT(ladder.has_value());
    return ladder->at({});
}

}  // namespace

Task<void> BadPeer::Conversation::run() {
    auto greeting = co_await rlpx::greet(channel_, peer_.local_, *peer_.clock_);
    if (!greeting) co_return;
    const auto* spoken = greeting->protocols.find(eth::kProtocolName);
    if (spoken == nullptr) co_return;
    version_ = eth::find_version(spoken->capability.version);
    compression_ = greeting->compression;
    peer_.note([](Record& r) { ++r.connections; });
    co_await say_status();
    co_await after_status();
    while (open_) {
        auto message = co_await receive();
        if (message) co_await handle(message->first, std::move(message->second));
    }
}

/// The next message; nothing at the end of the connection.
Task<std::optional<BadPeer::Conversation::Received>> BadPeer::Conversation::receive() {
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

Result<Bytes> BadPeer::Conversation::unpack(ByteView payload) const {
    if (compression_ == Compression::kSnappy) return rlpx::decompress(payload);
    return to_bytes(payload);
}

void BadPeer::Conversation::end() {
    if (open_) peer_.note([](Record& r) { ++r.ended; });
    open_ = false;
}

void BadPeer::Conversation::show() {
    peer_.note([](Record& r) { ++r.shown; });
}

std::uint32_t BadPeer::Conversation::wire_code(MessageCode code) const {
    return static_cast<std::uint32_t>(rlpx::kFirstProtocolCode) + version_->wire_code(code);
}

Task<void> BadPeer::Conversation::send(std::uint32_t code, Bytes payload) {
    co_await send_packed(code, std::move(payload), compression_);
}

Task<void> BadPeer::Conversation::send_packed(std::uint32_t code, Bytes payload,
                                              Compression compression) {
    const auto sealed = channel_.sealer.seal(code, payload, compression);
    FASTSYNC_ASSERT(sealed.has_value());
    (void)co_await write(channel_.sealer.take());  // its end is met when reading
}

Task<void> BadPeer::Conversation::answer(MessageCode code, Bytes payload) {
    co_await send(wire_code(code), eth::seal(*version_, code, answering_, std::move(payload)));
}

Task<bool> BadPeer::Conversation::write(Bytes bytes) {
    const auto written = co_await channel_.stream.write(bytes);
    co_return written.has_value();
}

eth::Status BadPeer::Conversation::status() const {
    const World& world = peer_.world_;
    const auto& head = world.chain.headers[World::kUsualHeaders - 1];
    eth::Status status{version_->number, World::kNetworkId, 1000 + U256{head.number}, head.hash,
                       world.genesis_hash()};
    if (version_->has_fork_id()) status.fork_id = forks_of(world.genesis_hash());
    switch (peer_.manner_) {
        case Manner::kOtherGenesis:
            status.genesis_hash.data[0] ^= 1U;
            break;
        case Manner::kOtherForks:
            FASTSYNC_ASSERT(status.fork_id.has_value());
            status.fork_id->hash.data[0] ^= 1U;
            break;
        case Manner::kFalseHead:
            status.total_difficulty = U256{1} << 80U;
            status.head_hash.data[0] ^= 1U;
            break;
        case Manner::kForgedChain:
            status.total_difficulty = U256{1} << 80U;
            status.head_hash = world.forged.headers[World::kUsualHeaders - 1].hash;
            break;
        default:
            break;
    }
    return status;
}

Task<void> BadPeer::Conversation::say_status() {
    const Manner manner = peer_.manner_;
    const bool shows = manner == Manner::kOtherGenesis || manner == Manner::kOtherForks;
    if (shows) show();
    co_await answer(MessageCode::kStatus, eth::encode_status(status()));
}

/// What does not wait for a question.
Task<void> BadPeer::Conversation::after_status() {
    if (peer_.manner_ == Manner::kTrickle) co_await trickle();
    if (peer_.manner_ == Manner::kFlood) co_await flood();
    if (peer_.manner_ == Manner::kChatter) co_await chatter();
    if (peer_.manner_ == Manner::kGarbage) {
        show();
        Bytes garbage;
        while (garbage.size() < kGarbageSize)
            for (const Bytes& blob : junk(1, salt_))
                append(garbage, blob);
        (void)co_await write(std::move(garbage));
    }
    if (peer_.manner_ == Manner::kComesAndGoes) {
        show();
        channel_.stream.close();
        open_ = false;
    }
}

/// An answer to nothing, a byte at a time.
Task<void> BadPeer::Conversation::trickle() {
    show();
    const Bytes payload = node_data(junk(10, salt_));
    const auto sealed =
        channel_.sealer.seal(wire_code(MessageCode::kNodeData), payload, Compression::kNone);
    FASTSYNC_ASSERT(sealed.has_value());
    const Bytes frames = channel_.sealer.take();
    for (const Byte byte : frames) {
        Bytes one(1, byte);
        const bool written = co_await write(std::move(one));
        if (!written) break;
        const TimePoint next = peer_.clock_->now() + kBetweenBytes;
        const bool stopped = co_await peer_.clock_->sleep_until(next, &peer_.stopping_);
        if (stopped) break;
    }
    end();
}

/// Requests without end, and no eye for the answers.
Task<void> BadPeer::Conversation::flood() {
    const Bytes request = eth::encode_get_block_headers({chain::BlockNumber{1}, 192, 0, false});
    while (open_) {
        for (std::size_t i = 0; i < kFloodedAtOnce; ++i) {
            const auto sealed = channel_.sealer.seal(
                wire_code(MessageCode::kGetBlockHeaders),
                eth::seal(*version_, MessageCode::kGetBlockHeaders, eth::RequestId{i}, request),
                compression_);
            FASTSYNC_ASSERT(sealed.has_value());
        }
        const bool written = co_await write(channel_.sealer.take());
        if (!written) end();
        show();
    }
}

/// Pings, and announcements of nothing.
Task<void> BadPeer::Conversation::chatter() {
    constexpr std::uint32_t kPing = 2;
    const Bytes nothing = eth::encode_empty_answer();
    while (open_) {
        for (std::size_t i = 0; i < kFloodedAtOnce; ++i) {
            const std::uint32_t code = i % 2 == 0 ? kPing : wire_code(MessageCode::kNewBlockHashes);
            FASTSYNC_ASSERT(channel_.sealer.seal(code, nothing, compression_).has_value());
        }
        const bool written = co_await write(channel_.sealer.take());
        if (!written) end();
        show();
    }
}

Task<void> BadPeer::Conversation::handle(std::uint64_t code, Bytes payload) {
    const Manner manner = peer_.manner_;
    if (code == 1) {
        const auto reason = rlpx::decode_disconnect(payload);
        peer_.note([&](Record& r) {
            if (!r.goodbye && reason) r.goodbye = *reason;
        });
        channel_.stream.close();
        co_return;
    }
    if (code == 2) {
        co_await send(3, eth::encode_empty_answer());
        co_return;
    }
    if (manner == Manner::kMute) {
        if (code != wire_code(MessageCode::kStatus)) show();
        co_return;
    }
    const auto asked = version_->message_of(static_cast<std::uint32_t>(code - 16));
    if (!asked) co_return;
    const auto request = eth::unseal(*version_, *asked, payload);
    FASTSYNC_ASSERT(request.has_value());
    answering_ = request->id.value_or(eth::RequestId{});
    if (*asked == MessageCode::kGetBlockHeaders) co_await answer_headers(*request);
    if (*asked == MessageCode::kGetNodeData) co_await answer_nodes(*request);
}

Task<void> BadPeer::Conversation::answer_headers(eth::Unsealed request) {
    const auto query = eth::decode_get_block_headers(request.body);
    FASTSYNC_ASSERT(query.has_value());
    const bool forged = peer_.manner_ == Manner::kForgedChain;
    const World& world = peer_.world_;
    auto raw = World::headers_of(forged ? world.forged : world.chain, query->origin, query->amount);
    if (peer_.manner_ == Manner::kUnlinkedHeaders && raw.size() > 10) {
        // The right number, another block.
        raw[5].back() ^= 1U;
        show();
    }
    const bool shows = forged || peer_.manner_ == Manner::kFalseHead;
    if (shows) show();
    co_await answer(MessageCode::kBlockHeaders, eth::encode_block_headers(raw));
}

Task<void> BadPeer::Conversation::answer_nodes(eth::Unsealed request) {
    const auto hashes = eth::decode_get_node_data(request.body);
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
Task<void> BadPeer::Conversation::answer_oddly(std::vector<Bytes> blobs, std::size_t asked) {
    const Manner manner = peer_.manner_;
    if (manner != Manner::kNone) show();
    if (manner == Manner::kUnrequested) co_await send_unrequested();
    if (manner == Manner::kPartial && blobs.size() > 3) blobs.resize(3);
    const bool lacks = manner == Manner::kEmpty || manner == Manner::kFalseHead ||
                       manner == Manner::kForgedChain || manner == Manner::kUnlinkedHeaders;
    if (lacks) blobs.clear();
    if (manner == Manner::kBomb) blobs.assign(1, Bytes(kBombSize));
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

Task<void> BadPeer::Conversation::give(const std::vector<Bytes>& blobs) {
    peer_.note([&](Record& r) { r.served += blobs.size(); });
    co_await answer(MessageCode::kNodeData, node_data(blobs));
}

/// Items of the state from anywhere, and some that are no items.
Task<void> BadPeer::Conversation::send_unrequested() {
    std::vector<Bytes> blobs = junk(3, salt_);
    const auto& nodes = peer_.world_.state().nodes;
    auto at = nodes.begin();
    std::advance(at, static_cast<std::ptrdiff_t>((37 * salt_) % (nodes.size() - 5)));
    for (int i = 0; i < 5; ++i)
        blobs.push_back((at++)->second);
    co_await answer(MessageCode::kNodeData, node_data(blobs));
}

Task<void> BadPeer::Conversation::answer_up_to_half(const std::vector<Bytes>& blobs) {
    if (peer_.record().served >= peer_.world_.state().size() / 2)
        show();
    else
        co_await give(blobs);
}

Task<void> BadPeer::Conversation::answer_late(const std::vector<Bytes>& blobs) {
    if (blobs.size() > 2) {
        show();
        (void)co_await peer_.clock_->sleep_until(peer_.clock_->now() + kLateBy, &peer_.stopping_);
    }
    co_await give(blobs);
}

/// What a connection does not survive.
Task<void> BadPeer::Conversation::break_off(const std::vector<Bytes>& blobs) {
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

Task<void> BadPeer::Conversation::send_damaged(Bytes payload) {
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

}  // namespace fastsync::test
