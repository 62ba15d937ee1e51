#include <net/byte_stream.hpp>

namespace fastsync::net {

async::Task<Result<void>> read_exactly(ByteStream& stream, std::span<Byte> out) {
    while (!out.empty()) {
        FASTSYNC_CO_TRY(const std::size_t n, co_await stream.read_some(out));
        out = out.subspan(n);
    }
    co_return Result<void>{};
}

}  // namespace fastsync::net
