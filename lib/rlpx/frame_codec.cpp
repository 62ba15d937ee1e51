#include <algorithm>

#include <rlp/decode.hpp>
#include <rlp/encode.hpp>
#include <rlpx/frame_codec.hpp>

namespace fastsync::rlpx {
namespace {

constexpr std::size_t kBlock = 16;
constexpr std::size_t kTag = 16;
constexpr std::size_t kHeader = kBlock + kTag;
/// What a fresh read buffer holds: an answer of usual size or two, in one system call.
constexpr std::size_t kReadBuffer = 128U * 1024;
/// A buffer that grew beyond this for one large message is given back after it.
constexpr std::size_t kKeptBuffer = 1024U * 1024;

constexpr std::size_t padded(std::size_t size) {
    return (size + kBlock - 1) / kBlock * kBlock;
}

Byte low_byte(std::size_t value) {
    return static_cast<Byte>(value & 0xffU);
}

/// In constant time.
bool same_tag(const FrameMac::Tag& expected, const Byte* got) {
    unsigned difference = 0;
    for (std::size_t i = 0; i < kTag; ++i)
        difference |= static_cast<unsigned>(expected[i] ^ got[i]);
    return difference == 0;
}

std::span<const Byte, kBlock> block_at(const Byte* at) {
    return std::span<const Byte, kBlock>{at, kBlock};
}

}  // namespace

FrameMac::Tag FrameMac::mix(std::span<const Byte, 16> seed) {
    const Hash256 before = state_.digest();
    Tag mixed = cipher_.encrypt(block_at(before.data.data()));
    for (std::size_t i = 0; i < mixed.size(); ++i)
        mixed[i] ^= seed[i];
    state_.update(mixed);
    const Hash256 after = state_.digest();
    Tag tag;
    std::copy_n(after.data.begin(), tag.size(), tag.begin());
    return tag;
}

FrameMac::Tag FrameMac::header(std::span<const Byte, 16> header) {
    return mix(header);
}

FrameMac::Tag FrameMac::body(ByteView body) {
    state_.update(body);
    const Hash256 seed = state_.digest();
    return mix(block_at(seed.data.data()));
}

FrameSealer::FrameSealer(DirectionSecrets secrets)
    : cipher_(secrets.aes_key, std::array<Byte, kBlock>{}),
      mac_(secrets.mac_key, std::move(secrets.mac)) {}

Result<void> FrameSealer::seal(std::uint32_t code, ByteView payload, Compression compression) {
    if (payload.size() > kMaxMessageSize)
        return Error{Errc::kTooLarge, "a message of more than 10 MiB to send"};
    const Bytes code_rlp = rlp::encode_uint(code);
    const bool snappy = compression == Compression::kSnappy;
    const std::size_t most = snappy ? max_compressed_size(payload.size()) : payload.size();
    const std::size_t start = out_.size();
    // Compressed straight into its place in the frame.
    out_.resize(start + kHeader + padded(code_rlp.size() + most) + kTag);
    Byte* body = out_.data() + start + kHeader;
    Byte* content = std::copy(code_rlp.begin(), code_rlp.end(), body);
    const std::size_t used =
        snappy ? compress(payload, std::span<Byte>{content, most})
               : static_cast<std::size_t>(std::copy(payload.begin(), payload.end(), content) -
                                          content);
    const std::size_t size = code_rlp.size() + used;
    FASTSYNC_ASSERT(size <= kMaxFrameSize);
    std::fill(body + size, body + padded(size), Byte{0});
    out_.resize(start + kHeader + padded(size) + kTag);

    Byte* header = out_.data() + start;
    body = header + kHeader;
    const std::array<Byte, kBlock> plain_header{
        low_byte(size >> 16U), low_byte(size >> 8U), low_byte(size), 0xc2, 0x80, 0x80};
    std::copy(plain_header.begin(), plain_header.end(), header);
    cipher_.apply({header, kBlock});
    const FrameMac::Tag header_tag = mac_.header(block_at(header));
    std::copy(header_tag.begin(), header_tag.end(), header + kBlock);
    cipher_.apply({body, padded(size)});
    const FrameMac::Tag body_tag = mac_.body({body, padded(size)});
    std::copy(body_tag.begin(), body_tag.end(), body + padded(size));
    return {};
}

Bytes FrameSealer::take(Bytes spent) noexcept {
    spent.clear();
    return std::exchange(out_, std::move(spent));
}

FrameOpener::FrameOpener(DirectionSecrets secrets)
    : cipher_(secrets.aes_key, std::array<Byte, kBlock>{}),
      mac_(secrets.mac_key, std::move(secrets.mac)) {}

std::span<Byte> FrameOpener::space() {
    const std::size_t held = end_ - begin_;
    if (held == 0) {
        begin_ = end_ = 0;
        if (buffer_.size() > kKeptBuffer) buffer_ = Bytes(kReadBuffer);
    }
    if (buffer_.size() - end_ < kMinRead) {
        // Only what has arrived decides how large the buffer gets, never what a header announces.
        const bool outgrown = buffer_.size() > kKeptBuffer && held < kReadBuffer / 2;
        const bool crowded = held > buffer_.size() / 2;
        if (outgrown || crowded || buffer_.empty()) {
            Bytes fresh(outgrown ? kReadBuffer : std::max(kReadBuffer, 2 * buffer_.size()));
            std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), held, fresh.begin());
            buffer_ = std::move(fresh);
        } else {
            std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), held,
                        buffer_.begin());
        }
        begin_ = 0;
        end_ = held;
    }
    return std::span<Byte>{buffer_}.subspan(end_);
}

void FrameOpener::filled(std::size_t size) noexcept {
    FASTSYNC_ASSERT(size <= buffer_.size() - end_);
    end_ += size;
}

Result<std::optional<Frame>> FrameOpener::next() {
    if (dead_) return *dead_;
    auto frame = step();
    if (!frame) dead_ = frame.error();
    return frame;
}

Result<std::optional<Frame>> FrameOpener::step() {
    if (!body_size_) {
        if (end_ - begin_ < kHeader) return std::optional<Frame>{};
        FASTSYNC_CHECK(open_header());
    }
    if (end_ - begin_ < padded(*body_size_) + kTag) return std::optional<Frame>{};
    FASTSYNC_TRY(const Frame frame, open_body());
    return std::optional<Frame>{frame};
}

Result<void> FrameOpener::open_header() {
    Byte* header = buffer_.data() + begin_;
    if (!same_tag(mac_.header(block_at(header)), header + kBlock))
        return Error{Errc::kUnauthenticated, "a frame header with a false MAC"};
    cipher_.apply({header, kBlock});
    // The header data behind the size (capability and context ids) is used by nobody: not read.
    const std::size_t size =
        (std::size_t{header[0]} << 16U) | (std::size_t{header[1]} << 8U) | header[2];
    if (size > limit_) return Error{Errc::kTooLarge, "a frame over the limit"};
    if (size == 0) return Error{Errc::kMalformed, "a frame without a message"};
    begin_ += kHeader;
    body_size_ = size;
    return {};
}

Result<Frame> FrameOpener::open_body() {
    Byte* body = buffer_.data() + begin_;
    const std::size_t size = *body_size_;
    if (!same_tag(mac_.body({body, padded(size)}), body + padded(size)))
        return Error{Errc::kUnauthenticated, "a frame body with a false MAC"};
    cipher_.apply({body, padded(size)});
    begin_ += padded(size) + kTag;
    body_size_.reset();
    ByteView content{body, size};
    FASTSYNC_TRY(const std::uint64_t code, rlp::take_uint64(content));
    return Frame{code, content};
}

}  // namespace fastsync::rlpx
