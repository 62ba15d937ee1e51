#include <algorithm>
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
#include <common/log_json.hpp>

namespace fastsync::log {
namespace {

// Off until setup(): tests and tools stay quiet.
struct AtomicLevels {
    AtomicLevels() { put(Level::kOff); }
    void put(const Levels& levels) {
        for (std::size_t i = 0; i < of.size(); ++i)
            of[i].store(levels.of[i], std::memory_order_relaxed);
    }
    std::array<std::atomic<Level>, kComponents.size()> of;
};

AtomicLevels& levels_now() {
    static AtomicLevels levels;
    return levels;
}
std::atomic<bool> g_journal{false};
std::atomic<Format> g_format{Format::kText};

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

std::string_view line_start(Level level) {
    return g_journal ? priority(level) : std::string_view{};
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

bool is_control(char c) {
    return (c >= 0 && c < ' ') || c == 0x7f;
}

std::string text_line(Component component, fmt::string_view format, fmt::format_args args,
                      std::uint64_t left_out) {
    std::string text = fmt::format("{}: {}", component.name(), fmt::vformat(format, args));
    if (left_out > 0) text += fmt::format(" (lines like this left out: {})", left_out);
    std::replace_if(text.begin(), text.end(), is_control, '?');
    return text;
}

}  // namespace

void setup(const Levels& levels, Format format) {
    auto logger = std::make_shared<spdlog::logger>(
        "fastsyncd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    g_journal = is_journal(std::getenv("JOURNAL_STREAM"), STDERR_FILENO);
    g_format = format;
    const bool bare = g_journal || format == Format::kJson;
    logger->set_pattern(bare ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %L %v");
    // Who writes at which level is decided before.
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
    levels_now().put(levels);
}

void set_levels(const Levels& levels) {
    levels_now().put(levels);
}

std::optional<Format> parse_format(std::string_view text) {
    if (text == "text") return Format::kText;
    if (text == "json") return Format::kJson;
    return std::nullopt;
}

bool is_journal(const char* journal_stream, int file) {
    struct stat found {};
    if (journal_stream == nullptr || ::fstat(file, &found) != 0) return false;
    return std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino) == journal_stream;
}

std::string last_words(Level level, std::string_view sentence) {
    std::string line{line_start(level)};
    if (g_format == Format::kText) return line.append(sentence);
    return line.append(
        json_line({level, Component{"daemon"}.name(), std::chrono::system_clock::now(), "{}",
                   fmt::make_format_args(sentence)}));
}

bool enabled(Level level, Component component) noexcept {
    const Level least = levels_now().of[component.index()].load(std::memory_order_relaxed);
    return level >= least && level != Level::kOff;
}

std::optional<std::uint64_t> admit(Level level, const void* kind) {
    static std::mutex mutex;
    static LineLimiter limiter;
    const bool debug = level == Level::kTrace || level == Level::kDebug;
    const std::lock_guard lock{mutex};
    return limiter.admit(kind, debug ? kDebugRate : kUsualRate, std::chrono::steady_clock::now());
}

void write(Level level, Component component, fmt::string_view format, fmt::format_args args,
           std::uint64_t left_out) {
    const std::string line =
        g_format == Format::kText
            ? text_line(component, format, args, left_out)
            : json_line({level, component.name(), std::chrono::system_clock::now(), format, args,
                         left_out});
    spdlog::log(to_spdlog(level), "{}{}", line_start(level), line);
}

}  // namespace fastsync::log
