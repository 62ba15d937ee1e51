#include <eth/required_block.hpp>

namespace fastsync::eth {

async::Task<Result<void>> challenge(Session& session, std::span<const RequiredBlock> blocks,
                                    TimePoint deadline) {
    for (const RequiredBlock& block : blocks) {
        const HeaderQuery query{block.number, 1, 0, false};
        FASTSYNC_CO_TRY(const auto headers, co_await session.get_headers(query, deadline));
        if (headers.empty() || headers.front().hash == block.hash) continue;
        co_return Error{Errc::kIncompatible, "block " + std::to_string(block.number) + " is " +
                                                 to_hex0x(headers.front().hash) + ", ours is " +
                                                 to_hex0x(block.hash)};
    }
    co_return Result<void>{};
}

}  // namespace fastsync::eth
