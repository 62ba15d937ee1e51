#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <rlpx/frame_codec.hpp>
#include <rlpx/limits.hpp>

#include "peers.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::test;
using rlpx::Compression;
using rlpx::DirectionSecrets;
using rlpx::Frame;
using rlpx::FrameOpener;
using rlpx::FrameSealer;

namespace {

DirectionSecrets secrets() {
    const Hash256 key = crypto::keccak256({});
    return {key, key, crypto::Keccak256{}};
}

/// Puts `bytes` in, at most `step` at a time, and gives every frame: code and payload.
Result<std::vector<std::pair<std::uint64_t, Bytes>>> open_all(FrameOpener& opener, ByteView bytes,
                                                              std::size_t step) {
    std::vector<std::pair<std::uint64_t, Bytes>> out;
    while (true) {
        FASTSYNC_TRY(const std::optional<Frame> frame, opener.next());
        if (frame) {
            out.emplace_back(frame->code, to_bytes(frame->payload));
            continue;
        }
        if (bytes.empty()) return out;
        const std::span<Byte> space = opener.space();
        const std::size_t n = std::min({step, bytes.size(), space.size()});
        std::copy_n(bytes.begin(), n, space.begin());
        opener.filled(n);
        bytes = bytes.subspan(n);
    }
}

Bytes sealed(std::uint32_t code, ByteView payload) {
    FrameSealer sealer{secrets()};
    REQUIRE(sealer.seal(code, payload, Compression::kNone));
    return sealer.take();
}

/// A frame whose header announces `size`, with good MACs; the body is as long as asked and filled
/// with `fill`.
Bytes frame_announcing(std::size_t size, std::size_t body, Byte fill) {
    const DirectionSecrets s = secrets();
    crypto::AesCtr cipher{s.aes_key, Bytes(16)};
    rlpx::FrameMac mac{s.mac_key, s.mac};
    Bytes out(16);
    out[0] = static_cast<Byte>(size >> 16U);
    out[1] = static_cast<Byte>((size >> 8U) & 0xffU);
    out[2] = static_cast<Byte>(size & 0xffU);
    cipher.apply(out);
    const auto tag = mac.header(std::span<const Byte, 16>{out.data(), 16});
    append(out, tag);
    Bytes content(body, fill);
    cipher.apply(content);
    append(out, content);
    append(out, mac.body(content));
    return out;
}

}  // namespace

TEST_CASE("FrameCodec: the frame of the vector", "[rlpx]") {
    const auto path = shared_file("vectors/rlpx.json");
    if (!path) return;
    const auto vector = nlohmann::json::parse(read_text(*path)).at("frame");
    const Bytes expected = hex(vector.at("frame").get<std::string>());
    const Bytes content = hex(vector.at("content").get<std::string>());
    const Bytes frame = sealed(content[0], ByteView{content}.subspan(1));
    REQUIRE(frame.size() == expected.size());
    // The vector fakes the MACs (16 bytes after the header and after the body); the rest is real.
    const auto part = [](const Bytes& bytes, std::size_t at) {
        return to_hex(ByteView{bytes}.subspan(at, 16));
    };
    CHECK(part(frame, 0) == part(expected, 0));
    CHECK(part(frame, 32) == part(expected, 32));
    CHECK(part(frame, 16) != part(frame, 48));
}

TEST_CASE("FrameCodec: what is sealed is opened, whatever pieces it comes in", "[rlpx]") {
    const std::size_t step = GENERATE(1U, 15U, 16U, 17U, 1000U, 1U << 24U);
    CAPTURE(step);
    FrameSealer sealer{secrets()};
    std::vector<std::pair<std::uint64_t, Bytes>> sent;
    for (const std::size_t size : {0U, 1U, 14U, 15U, 16U, 17U, 300U, 70000U, 200000U}) {
        const auto code = static_cast<std::uint32_t>(sent.size() * 40);  // 0x80 and above too
        sent.emplace_back(code, numbered(size));
        REQUIRE(sealer.seal(code, sent.back().second, Compression::kNone));
    }
    const Bytes wire = sealer.take();
    CHECK(wire.size() % 16 == 0);
    CHECK(sealer.size() == 0);
    FrameOpener opener{secrets()};
    const auto opened = open_all(opener, wire, step);
    REQUIRE(opened);
    CHECK((*opened == sent));
}

TEST_CASE("FrameCodec: the largest message goes through, a larger one is not sealed", "[rlpx]") {
    const auto compression = GENERATE(Compression::kNone, Compression::kSnappy);
    FrameSealer sealer{secrets()};
    // Noise: snappy makes it a little longer.
    Bytes noise(rlpx::kMaxMessageSize);
    ScriptedEntropy entropy;
    entropy.fill(noise);
    const auto refused = sealer.seal(16, Bytes(rlpx::kMaxMessageSize + 1), compression);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::kTooLarge);
    CHECK(sealer.size() == 0);
    REQUIRE(sealer.seal(16, noise, compression));
    const Bytes wire = sealer.take();
    FrameOpener opener{secrets()};
    const auto opened = open_all(opener, wire, 100'000);
    REQUIRE(opened);
    REQUIRE(opened->size() == 1);
    if (compression == Compression::kNone) {
        CHECK((opened->front().second == noise));
    } else {
        const auto plain = rlpx::decompress(opened->front().second);
        REQUIRE(plain);
        CHECK((*plain == noise));
    }
    // The room it took is given back once it is drained.
    CHECK(opener.space().size() < 1'000'000);
}

TEST_CASE("FrameCodec: a flipped bit at any place closes the stream for good", "[rlpx]") {
    const Bytes wire = sealed(16, numbered(40));  // 16 + 16 + 48 + 16
    REQUIRE(wire.size() == 96);
    const std::size_t at = GENERATE(range(std::size_t{0}, std::size_t{96}));
    CAPTURE(at);
    Bytes damaged = wire;
    damaged[at] ^= static_cast<Byte>(1U << (at % 8));
    FrameOpener opener{secrets()};
    const auto opened = open_all(opener, damaged, 1000);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::kUnauthenticated);
    // Nothing behind it is looked at any more.
    const auto again = open_all(opener, wire, 1000);
    REQUIRE_FALSE(again);
    CHECK(again.error() == opened.error());
}

TEST_CASE("FrameCodec: frames in another order, twice or left out are refused", "[rlpx]") {
    FrameSealer sealer{secrets()};
    REQUIRE(sealer.seal(1, numbered(10), Compression::kNone));
    const Bytes first = sealer.take();
    REQUIRE(sealer.seal(2, numbered(10), Compression::kNone));
    const Bytes second = sealer.take();
    Bytes twice = first;
    append(twice, first);
    Bytes swapped = second;
    append(swapped, first);
    for (const Bytes& wire : {twice, swapped, second}) {
        FrameOpener opener{secrets()};
        const auto opened = open_all(opener, wire, 1000);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == Errc::kUnauthenticated);
    }
}

TEST_CASE("FrameCodec: a truncated frame is waited for, not opened", "[rlpx]") {
    const Bytes wire = sealed(16, numbered(40));
    for (std::size_t size = 0; size < wire.size(); ++size) {
        CAPTURE(size);
        FrameOpener opener{secrets()};
        const auto opened = open_all(opener, ByteView{wire}.first(size), 1000);
        REQUIRE(opened);
        CHECK(opened->empty());
    }
}

TEST_CASE("FrameCodec: a body over the limit is refused by its header alone", "[rlpx]") {
    const std::size_t limit = GENERATE(100U, 2049U);
    FrameOpener taking{secrets()};
    taking.limit_body(limit);
    const auto fits = open_all(taking, frame_announcing(limit, (limit + 15) / 16 * 16, 1), 1000);
    REQUIRE(fits);
    CHECK(fits->size() == 1);
    FrameOpener refusing{secrets()};
    refusing.limit_body(limit);
    const Bytes beyond = frame_announcing(limit + 1, 0, 0);
    const auto refused = open_all(refusing, ByteView{beyond}.first(32), 1000);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::kTooLarge);
}

TEST_CASE("FrameCodec: what a header announces takes no memory", "[rlpx]") {
    // Its three bytes cannot announce more than this, which is waited for.
    static_assert(rlpx::kMaxFrameSize == 0xffffff);
    FrameOpener opener{secrets()};
    const Bytes wire = frame_announcing(rlpx::kMaxFrameSize, 1000, 1);
    const auto opened = open_all(opener, wire, 1000);
    REQUIRE(opened);
    CHECK(opened->empty());
    CHECK(opener.space().size() <= 128U * 1024);
}

TEST_CASE("FrameCodec: an empty body and a code that is no integer are malformed", "[rlpx]") {
    FrameOpener empty{secrets()};
    const auto nothing = open_all(empty, frame_announcing(0, 0, 0), 1000);
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().code == Errc::kMalformed);
    FrameOpener zero{secrets()};  // an integer with a leading zero byte
    const auto leading_zero = open_all(zero, frame_announcing(16, 16, 0), 1000);
    REQUIRE(leading_zero.has_value() == false);
    CHECK(leading_zero.error().code == Errc::kMalformed);
}

TEST_CASE("Compression: what is compressed is decompressed", "[rlpx]") {
    for (const std::size_t size : {0U, 1U, 100U, 65536U, 1000000U}) {
        CAPTURE(size);
        const Bytes plain = numbered(size);
        Bytes packed(rlpx::max_compressed_size(size));
        packed.resize(rlpx::compress(plain, packed));
        const auto back = rlpx::decompress(packed);
        REQUIRE(back);
        CHECK((*back == plain));
    }
}

TEST_CASE("Compression: the announced length is checked before anything else", "[rlpx]") {
    // Varints of 10 MiB + 1, 10 MiB and 2^32 - 1, with nothing behind.
    CHECK(rlpx::decompress(hex("81808005")).error().code == Errc::kTooLarge);
    CHECK(rlpx::decompress(hex("80808005")).error().code == Errc::kMalformed);
    CHECK(rlpx::decompress(hex("ffffffff0f")).error().code == Errc::kTooLarge);
    CHECK(rlpx::decompress(hex("ffffffffff7f")).error().code == Errc::kMalformed);
    CHECK(rlpx::decompress({}).error().code == Errc::kMalformed);
    CHECK(rlpx::decompress(hex("05")).error().code == Errc::kMalformed);
    CHECK(rlpx::decompress(hex("00"))->empty());
}
