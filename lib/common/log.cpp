#include <array>
#include <atomic>
#include <mutex>
#include <utility>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <common/line_limiter.hpp>
#include <common/log.hpp>

namespace fastsync::log {
namespace {

// Off until setup(): tests and tools stay quiet.
std::atomic<Level> g_level{Level::kOff};

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::kTrace:
            return spdlog::level::trace;
        case Level::kDebug:
            return spdlog::level::debug;
        case Level::kInfo:
            return spdlog::level::info;
        case Level::kWarn:
            return spdlog::level::warn;
        case Level::kError:
            return spdlog::level::err;
        case Level::kOff:
            break;
    }
    return spdlog::level::off;
}

}  // namespace

void setup(Level level) {
    auto logger = std::make_shared<spdlog::logger>(
        "fastsyncd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %L %v");
    logger->set_level(to_spdlog(level));
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
    g_level = level;
}

std::optional<Level> parse_level(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, Level>, 6> kNames{{
        {"trace", Level::kTrace},
        {"debug", Level::kDebug},
        {"info", Level::kInfo},
        {"warn", Level::kWarn},
        {"error", Level::kError},
        {"off", Level::kOff},
    }};
    for (const auto& [name, level] : kNames) {
        if (name == text) return level;
    }
    return std::nullopt;
}

bool enabled(Level level) noexcept {
    return level >= g_level.load(std::memory_order_relaxed) && level != Level::kOff;
}

std::optional<std::uint64_t> admit(Level level, const void* kind) {
    static std::mutex mutex;
    static LineLimiter limiter;
    const bool debug = level == Level::kTrace || level == Level::kDebug;
    const std::lock_guard lock{mutex};
    return limiter.admit(kind, debug ? kDebugRate : kUsualRate, std::chrono::steady_clock::now());
}

void write(Level level, std::string_view component, std::string_view line, std::uint64_t left_out) {
    if (left_out == 0)
        spdlog::log(to_spdlog(level), "{}: {}", component, line);
    else
        spdlog::log(to_spdlog(level), "{}: {} (lines like this left out: {})", component, line,
                    left_out);
}

}  // namespace fastsync::log
