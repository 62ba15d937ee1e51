#include <snappy.h>

#include <rlpx/compression.hpp>
#include <rlpx/limits.hpp>

namespace fastsync::rlpx {

std::size_t max_compressed_size(std::size_t size) noexcept {
    return snappy::MaxCompressedLength(size);
}

std::size_t compress(ByteView payload, std::span<Byte> out) noexcept {
    FASTSYNC_ASSERT(out.size() >= max_compressed_size(payload.size()));
    std::size_t used = 0;
    snappy::RawCompress(reinterpret_cast<const char*>(payload.data()), payload.size(),
                        reinterpret_cast<char*>(out.data()), &used);
    return used;
}

Result<Bytes> decompress(ByteView compressed) {
    const char* in = reinterpret_cast<const char*>(compressed.data());
    std::size_t size = 0;
    if (!snappy::GetUncompressedLength(in, compressed.size(), &size))
        return Error{Errc::kMalformed, "snappy without a length"};
    if (size > kMaxMessageSize)
        return Error{Errc::kTooLarge, "a message that decompresses to more than 10 MiB"};
    // No element of the format gives more than 64 bytes for 3: a few bytes cannot ask for
    // megabytes.
    if (size / 22 > compressed.size())
        return Error{Errc::kMalformed, "snappy that is too short for its length"};
    Bytes out(size);
    if (!snappy::RawUncompress(in, compressed.size(), reinterpret_cast<char*>(out.data())))
        return Error{Errc::kMalformed, "damaged snappy"};
    return out;
}

}  // namespace fastsync::rlpx
