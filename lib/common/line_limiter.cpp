#include <algorithm>
#include <utility>

#include <common/line_limiter.hpp>

namespace fastsync::log {

std::optional<std::uint64_t> LineLimiter::admit(const void* kind, const LineRate& rate,
                                                TimePoint now) {
    const auto [found, fresh] = kinds_.try_emplace(kind, Kind{rate.burst, now});
    Kind& known = found->second;
    known.tokens += rate.per_s * std::max(0.0, to_seconds(now - known.at));
    known.tokens = std::min(known.tokens, rate.burst);
    known.at = now;
    if (known.tokens < 1) {
        ++known.left_out;
        return std::nullopt;
    }
    known.tokens -= 1;
    return std::exchange(known.left_out, 0);
}

}  // namespace fastsync::log
