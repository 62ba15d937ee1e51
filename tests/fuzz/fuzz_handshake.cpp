// The first byte chooses what arrives: an auth or ack as raw bytes, or one that is truly encrypted
// to us and holds any content, in the plain or the EIP-8 form. What is accepted gives secrets.

#include <crypto/ecies.hpp>
#include <rlpx/handshake.hpp>

#include "fuzz_input.hpp"
#include "support/test_nodes.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;
using namespace fastsync::rlpx;
using test::ScriptedEntropy;

const crypto::SecretKey& our_key() {
    static const crypto::SecretKey key = test::key_of(1);
    return key;
}
const NodeId& our_id() {
    static const NodeId id = our_key().public_key();
    return id;
}

bool accepted(const Error& error) {
    FASTSYNC_ASSERT(error.code == Errc::kMalformed || error.code == Errc::kTooLarge ||
                    error.code == Errc::kUnauthenticated);
    FASTSYNC_ASSERT(!error.detail.empty());
    return false;
}

void take(HandshakeMessage kind, Unpacked message) {
    ScriptedEntropy entropy{7};
    if (kind == HandshakeMessage::kAuth) {
        const auto reply = answer(our_key(), std::move(message), entropy);
        FASTSYNC_ASSERT(reply ? !reply->ack.empty() : !accepted(reply.error()));
        return;
    }
    static const NodeId remote = test::key_of(2).public_key();
    static const auto initiator = Initiator::make(our_key(), remote, entropy);
    FASTSYNC_ASSERT(initiator.has_value());
    const auto secrets = initiator->finish(std::move(message));
    FASTSYNC_ASSERT(secrets || !accepted(secrets.error()));
}

/// As read_handshake() does it.
void receive(HandshakeMessage kind, ByteView wire) {
    if (wire.size() < plain_size(kind)) return;
    if (auto plain = unpack_plain(kind, our_key(), wire.first(plain_size(kind))))
        return take(kind, *std::move(plain));
    const auto size = eip8_size(kind, wire);
    if (!size) return (void)accepted(size.error());
    FASTSYNC_ASSERT(*size >= plain_size(kind) && *size <= kMaxHandshakeSize + 2);
    if (wire.size() < *size) return;
    auto unpacked = unpack_eip8(our_key(), to_bytes(wire.first(*size)));
    if (!unpacked) return (void)accepted(unpacked.error());
    take(kind, *std::move(unpacked));
}

void receive_plain(HandshakeMessage kind, ByteView body) {
    Bytes padded = to_bytes(body);
    padded.resize(plain_size(kind) - crypto::kEciesOverhead);
    ScriptedEntropy entropy{3};
    const auto sealed = crypto::ecies_encrypt(our_id(), padded, {}, entropy);
    FASTSYNC_ASSERT(sealed.has_value());
    receive(kind, *sealed);
}

void receive_eip8(HandshakeMessage kind, ByteView body) {
    const std::size_t least = plain_size(kind) - crypto::kEciesOverhead;
    Bytes padded = to_bytes(body.first(std::min(body.size(), std::size_t{kMaxHandshakeSize})));
    padded.resize(std::max(padded.size(), least));
    const std::size_t size = padded.size() + crypto::kEciesOverhead;
    const std::array<Byte, 2> prefix{static_cast<Byte>(size >> 8U), static_cast<Byte>(size)};
    ScriptedEntropy entropy{5};
    const auto sealed = crypto::ecies_encrypt(our_id(), padded, prefix, entropy);
    FASTSYNC_ASSERT(sealed.has_value());
    Bytes wire{prefix.begin(), prefix.end()};
    append(wire, *sealed);
    receive(kind, wire);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    const Byte form = script.byte();
    const auto kind = (form & 1U) != 0 ? HandshakeMessage::kAck : HandshakeMessage::kAuth;
    const ByteView in = script.rest();
    switch ((form / 2) % 3U) {
        case 0:
            receive_eip8(kind, in);
            break;
        case 1:
            receive_plain(kind, in);
            break;
        default:
            receive(kind, in);
    }
    return 0;
}
