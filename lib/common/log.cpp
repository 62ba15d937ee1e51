#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <utility>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <common/line_limiter.hpp>
#include <common/log.hpp>

namespace fastsync::log {
namespace {

// Off until setup(): tests and tools stay quiet.
std::atomic<Level> g_level{Level::kOff};
std::atomic<bool> g_journal{false};

/// Priorities of syslog(3), as sd-daemon(3) has them.
std::string_view priority(Level level) {
    switch (level) {
        case Level::kTrace:
        case Level::kDebug:
            return "<7>";
        case Level::kWarn:
            return "<4>";
        case Level::kError:
            return "<3>";
        default:
            return "<6>";
    }
}

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
    g_journal = is_journal(std::getenv("JOURNAL_STREAM"), STDERR_FILENO);
    logger->set_pattern(g_journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %L %v");
    logger->set_level(to_spdlog(level));
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
    g_level = level;
}

void set_level(Level level) {
    spdlog::set_level(to_spdlog(level));
    g_level = level;
}

bool is_journal(const char* journal_stream, int file) {
    struct stat found {};
    if (journal_stream == nullptr || ::fstat(file, &found) != 0) return false;
    return std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino) == journal_stream;
}

std::string_view line_start(Level level) {
    return g_journal ? priority(level) : std::string_view{};
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
    const std::string_view start = line_start(level);
    if (left_out == 0)
        spdlog::log(to_spdlog(level), "{}{}: {}", start, component, line);
    else
        spdlog::log(to_spdlog(level), "{}{}: {} (lines like this left out: {})", start, component,
                    line, left_out);
}

}  // namespace fastsync::log
