#include <algorithm>
#include <limits>

#include <rlp/decode.hpp>
#include <rlp/encode.hpp>
#include <rlpx/compression.hpp>
#include <rlpx/hello.hpp>

namespace fastsync::rlpx {
namespace {

std::string printable(ByteView text) {
    std::string out(text.size(), '?');
    std::transform(text.begin(), text.end(), out.begin(),
                   [](Byte b) { return b >= 0x20 && b < 0x7f ? static_cast<char>(b) : '?'; });
    return out;
}

template <class Unsigned>
Unsigned fitting(std::uint64_t value) {
    return value <= std::numeric_limits<Unsigned>::max() ? static_cast<Unsigned>(value)
                                                         : Unsigned{0};
}

Result<std::string> take_name(ByteView& in, std::size_t limit) {
    FASTSYNC_TRY(const ByteView text, rlp::take_string(in));
    if (text.size() > limit) return Error{Errc::kTooLarge, "a name in Hello is too long"};
    return printable(text);
}

Result<std::vector<Capability>> take_capabilities(ByteView& in) {
    FASTSYNC_TRY(ByteView list, rlp::take_list(in));
    std::vector<Capability> out;
    while (!list.empty()) {
        if (out.size() == kMaxCapabilities)
            return Error{Errc::kTooLarge, "too many capabilities in Hello"};
        FASTSYNC_TRY(ByteView fields, rlp::take_list(list));
        FASTSYNC_TRY(std::string name, take_name(fields, kMaxCapabilityName));
        FASTSYNC_TRY(const std::uint64_t version, rlp::take_uint64(fields));
        out.push_back({std::move(name), fitting<std::uint32_t>(version)});
    }
    return out;
}

/// The reason in a whole RLP item: a number, or a list that begins with one.
Result<DisconnectReason> reason_in(ByteView payload) {
    FASTSYNC_TRY(const rlp::Item item, rlp::whole_item(payload));
    ByteView in = item.is_list() ? item.payload : item.raw;
    if (in.empty()) return DisconnectReason::kRequested;
    FASTSYNC_TRY(const std::uint64_t number, rlp::take_uint64(in));
    if (number > 0xff) return Error{Errc::kMalformed, "a Disconnect reason over 255"};
    return static_cast<DisconnectReason>(number);
}

}  // namespace

Bytes encode_hello(const Hello& hello) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.uint(hello.p2p_version).string(as_bytes(hello.client_name));
    const std::size_t capabilities = out.begin_list();
    for (const Capability& c : hello.capabilities) {
        const std::size_t fields = out.begin_list();
        out.string(as_bytes(c.name)).uint(std::uint64_t{c.version});
        out.end_list(fields);
    }
    out.end_list(capabilities);
    out.uint(std::uint64_t{hello.listen_port}).string(hello.id);
    out.end_list(list);
    return out.take();
}

Result<Hello> decode_hello(ByteView payload) {
    if (payload.size() > kMaxHelloSize) return Error{Errc::kTooLarge, "a Hello over 2048 bytes"};
    FASTSYNC_TRY(ByteView list, rlp::whole_list(payload));
    Hello hello;
    FASTSYNC_TRY(hello.p2p_version, rlp::take_uint64(list));
    FASTSYNC_TRY(hello.client_name, take_name(list, kMaxClientName));
    FASTSYNC_TRY(hello.capabilities, take_capabilities(list));
    FASTSYNC_TRY(const std::uint64_t port, rlp::take_uint64(list));
    hello.listen_port = fitting<std::uint16_t>(port);
    FASTSYNC_TRY(hello.id, rlp::take_fixed<NodeId>(list));
    return hello;
}

std::string_view to_string(DisconnectReason reason) noexcept {
    switch (reason) {
        case DisconnectReason::kRequested:
            return "requested";
        case DisconnectReason::kTcpError:
            return "network error";
        case DisconnectReason::kBreachOfProtocol:
            return "breach of protocol";
        case DisconnectReason::kUselessPeer:
            return "useless peer";
        case DisconnectReason::kTooManyPeers:
            return "too many peers";
        case DisconnectReason::kAlreadyConnected:
            return "already connected";
        case DisconnectReason::kIncompatibleVersion:
            return "incompatible version";
        case DisconnectReason::kNullIdentity:
            return "no identity";
        case DisconnectReason::kClientQuitting:
            return "client quitting";
        case DisconnectReason::kUnexpectedIdentity:
            return "unexpected identity";
        case DisconnectReason::kSelf:
            return "connected to itself";
        case DisconnectReason::kReadTimeout:
            return "read timeout";
        case DisconnectReason::kSubprotocolError:
            return "subprotocol error";
    }
    return "a reason without a name";
}

Bytes encode_disconnect(DisconnectReason reason) {
    const Bytes number = rlp::encode_uint(static_cast<std::uint64_t>(reason));
    return rlp::encode_list({number});
}

Result<DisconnectReason> decode_disconnect(ByteView payload) {
    if (payload.empty()) return DisconnectReason::kRequested;
    // No payload is both: where plain RLP fills the whole, snappy would announce more than follows.
    auto plain = reason_in(payload);
    if (plain) return plain;
    FASTSYNC_TRY(const Bytes decompressed, decompress(payload));
    if (decompressed.empty()) return DisconnectReason::kRequested;
    return reason_in(decompressed);
}

}  // namespace fastsync::rlpx
