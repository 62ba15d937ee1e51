// A sequence of frames whose MACs fit, with any header and body, cut into any pieces, and then
// bytes that are no frames. Frames come out whole and in order; after the first error nothing comes
// any more.

#include <crypto/aes.hpp>
#include <rlp/decode.hpp>
#include <rlpx/frame_codec.hpp>

#include "fuzz_input.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;
using namespace fastsync::rlpx;

constexpr std::size_t kBlock = 16;
constexpr std::size_t kMaxFrames = 64;

DirectionSecrets secrets() {
    crypto::Keccak256 state;
    state.update(Bytes(32, 3));
    return {Hash256{{1}}, Hash256{{2}}, std::move(state)};
}

/// Writes frames that no honest peer writes.
class HostileSealer {
  public:
    HostileSealer() : HostileSealer(secrets()) {}

    void frame(std::size_t claimed, ByteView body) {
        Bytes header(kBlock);
        header[0] = static_cast<Byte>(claimed >> 16U);
        header[1] = static_cast<Byte>(claimed >> 8U);
        header[2] = static_cast<Byte>(claimed);
        part(std::move(header), &FrameMac::header);
        Bytes padded = to_bytes(body);
        padded.resize((body.size() + kBlock - 1) / kBlock * kBlock);
        cipher_.apply(padded);
        const FrameMac::Tag tag = mac_.body(padded);
        append(wire_, padded);
        append(wire_, tag);
    }
    void raw(ByteView bytes) { append(wire_, bytes); }
    [[nodiscard]] const Bytes& wire() const { return wire_; }

  private:
    explicit HostileSealer(DirectionSecrets s)
        : cipher_(s.aes_key, std::array<Byte, kBlock>{}), mac_(s.mac_key, std::move(s.mac)) {}

    void part(Bytes header, FrameMac::Tag (FrameMac::*sign)(std::span<const Byte, 16>)) {
        cipher_.apply(header);
        const FrameMac::Tag tag = (mac_.*sign)(std::span<const Byte, 16>{header.data(), kBlock});
        append(wire_, header);
        append(wire_, tag);
    }

    crypto::AesCtr cipher_;
    FrameMac mac_;
    Bytes wire_;
};

/// What the opener gave: a digest of each frame's code and payload.
struct Outcome {
    std::vector<std::pair<std::uint64_t, Bytes>> frames;
    std::optional<Error> error;
};

/// Everything there is now; false when the stream is dead.
bool drain(FrameOpener& opener, std::size_t limit, Outcome& out) {
    while (true) {
        const auto frame = opener.next();
        if (!frame) {
            const auto again = opener.next();
            FASTSYNC_ASSERT(!again && again.error() == frame.error());
            out.error = frame.error();
            return false;
        }
        if (!*frame) return true;
        FASTSYNC_ASSERT((*frame)->payload.size() < limit);
        out.frames.emplace_back((*frame)->code, to_bytes((*frame)->payload));
    }
}

Outcome open(ByteView wire, std::size_t limit, std::size_t piece) {
    FrameOpener opener{secrets()};
    opener.limit_body(limit);
    Outcome out;
    while (!wire.empty()) {
        const std::span<Byte> space = opener.space();
        FASTSYNC_ASSERT(space.size() >= FrameOpener::kMinRead);
        const std::size_t n = std::min({piece, space.size(), wire.size()});
        std::copy_n(wire.begin(), n, space.begin());
        wire = wire.subspan(n);
        opener.filled(n);
        if (!drain(opener, limit, out)) break;
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    const std::size_t piece = 1 + script.below(4096);
    const std::size_t limit = script.byte() % 2U == 0 ? kMaxFrameSize : 2049;
    HostileSealer sealer;
    for (std::size_t i = 0; i < kMaxFrames && !script.empty(); ++i) {
        const Byte op = script.byte();
        if (op == 'r') {
            sealer.raw(script.bytes());
            continue;
        }
        // Mostly what the body is; else any size.
        const std::size_t claimed = (op == 'c' ? script.below(65536) * 256 + script.byte() : 0);
        const ByteView body = script.bytes();
        sealer.frame(op == 'c' ? claimed : body.size(), body);
    }
    // However the stream is cut, the same comes out.
    const Outcome whole = open(sealer.wire(), limit, 1U << 20U);
    const Outcome pieces = open(sealer.wire(), limit, piece);
    FASTSYNC_ASSERT(whole.frames == pieces.frames && whole.error == pieces.error);
    return 0;
}
