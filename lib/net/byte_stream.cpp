#include <net/byte_stream.hpp>
#include <net/deadline.hpp>

namespace fastsync::net {

async::Task<Result<void>> read_exactly(ByteStream& stream, std::span<Byte> out) {
    while (!out.empty()) {
        FASTSYNC_CO_TRY(const std::size_t n, co_await stream.read_some(out));
        out = out.subspan(n);
    }
    co_return Result<void>{};
}

namespace detail {

async::Task<void> close_at(async::Clock& clock, TimePoint deadline, ByteStream& stream,
                           Watch& watch) {
    const bool done = co_await clock.sleep_until(deadline, &watch.done);
    if (done) co_return;
    watch.expired = true;
    stream.close();
}

}  // namespace detail

}  // namespace fastsync::net
