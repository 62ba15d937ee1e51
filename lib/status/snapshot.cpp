#include <array>
#include <utility>

#include <fmt/core.h>

#include <status/snapshot.hpp>

namespace fastsync::status {
namespace {

constexpr std::array<std::pair<Phase, std::string_view>, 8> kPhaseNames{{
    {Phase::kStarting, "starting"},
    {Phase::kFindingPeers, "finding_peers"},
    {Phase::kChoosingPivot, "choosing_pivot"},
    {Phase::kSyncing, "syncing"},
    {Phase::kCompacting, "compacting"},
    {Phase::kComplete, "complete"},
    {Phase::kStopping, "stopping"},
    {Phase::kFailed, "failed"},
}};

/// The value of a text that is known to be decimal digits.
int digits(std::string_view text) noexcept {
    int value = 0;
    for (const char c : text)
        value = value * 10 + (c - '0');
    return value;
}

}  // namespace

std::string_view to_string(Phase phase) noexcept {
    for (const auto& [value, name] : kPhaseNames) {
        if (value == phase) return name;
    }
    return "unknown";
}

std::optional<Phase> parse_phase(std::string_view text) noexcept {
    for (const auto& [value, name] : kPhaseNames) {
        if (name == text) return value;
    }
    return std::nullopt;
}

std::string to_rfc3339(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

Result<WallTime> parse_rfc3339(std::string_view text) {
    constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
    const Error malformed{Errc::kMalformed, "not a time of the form 2026-02-03T04:05:06Z"};
    if (text.size() != kShape.size()) return malformed;
    for (std::size_t i = 0; i < kShape.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return malformed;
    }
    const std::chrono::year_month_day date{
        std::chrono::year{digits(text.substr(0, 4))},
        std::chrono::month{static_cast<unsigned>(digits(text.substr(5, 2)))},
        std::chrono::day{static_cast<unsigned>(digits(text.substr(8, 2)))}};
    const std::chrono::hours hours{digits(text.substr(11, 2))};
    const std::chrono::minutes minutes{digits(text.substr(14, 2))};
    const std::chrono::seconds seconds{digits(text.substr(17, 2))};
    if (!date.ok() || hours.count() > 23 || minutes.count() > 59 || seconds.count() > 59) {
        return malformed;
    }
    return std::chrono::sys_days{date} + hours + minutes + seconds;
}

}  // namespace fastsync::status
