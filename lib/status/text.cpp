#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/core.h>

#include <status/text.hpp>

namespace fastsync::status {
namespace {

enum class Width { kWide, kNarrow };

constexpr std::size_t kBarWidth = 24;
constexpr std::size_t kShortBarWidth = 6;

/// The server chose these bytes, peers some of them: none may move the cursor.
std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out.push_back(byte >= 0x20 && byte < 0x7f ? c : '?');
    }
    return out;
}

std::uint64_t to_count(double value) noexcept {
    constexpr double kMost = 1e18;
    return value > 0 ? static_cast<std::uint64_t>(std::min(value, kMost)) : 0;
}

double clamped(double fraction) noexcept {
    return std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
}

std::string bar(double fraction, std::size_t cells = kBarWidth) {
    const auto full = static_cast<std::size_t>(clamped(fraction) * static_cast<double>(cells));
    return fmt::format("[{:.<{}}]", std::string(full, '#'), cells);
}

/// Rounded down: 100 % is shown for a complete state only.
double percent(double fraction) noexcept {
    return std::floor(clamped(fraction) * 10000.0) / 100.0;
}

std::string counts(const ProgressStatus& p) {
    return fmt::format("{} items, {}", show_count(p.items_committed),
                       show_bytes(static_cast<double>(p.bytes_committed)));
}

std::string rates(const ProgressStatus& p, Width width = Width::kWide) {
    std::string out = fmt::format("{} items/s", show_count(to_count(p.items_per_s)));
    if (width == Width::kWide) out += fmt::format(", {}/s", show_bytes(p.bytes_per_s));
    if (p.eta_s) out += fmt::format(", {} left", show_seconds(*p.eta_s));
    return out;
}

/// From so many points on, the range is told beside the percentage.
constexpr double kTellRange = 0.01;

/// " (39 to 45 %)", or nothing when that is as good as the percentage itself.
std::string range(const ProgressStatus& p) {
    if (!p.estimate || p.estimate->fraction_high - p.estimate->fraction_low < kTellRange) return {};
    std::string out = fmt::format(" ({:.0f} to {:.0f} %", 100 * clamped(p.estimate->fraction_low),
                                  100 * clamped(p.estimate->fraction_high));
    if (p.estimate->eta_low_s && p.estimate->eta_high_s)
        out += fmt::format(", {} to {} left", show_seconds(*p.estimate->eta_low_s),
                           show_seconds(*p.estimate->eta_high_s));
    return out + ")";
}

/// The pivot, and how far it is below the head: from 128 blocks on peers drop its state.
std::string pivot_words(const StatusSnapshot& s, Width width) {
    if (!s.pivot || !s.pivot->number) return {};
    std::string out = fmt::format("  pivot #{}", *s.pivot->number);
    if (!s.head || s.head->number < *s.pivot->number) return out;
    const std::uint64_t below = s.head->number - *s.pivot->number;
    return out + (width == Width::kNarrow ? fmt::format(", -{}", below)
                                          : fmt::format(", {} behind head", below));
}

/// What a line says before what is waited for. A narrow one has room for what matters on a terminal
/// of 80 columns: a short bar, and not what is there already.
std::string line_of(const StatusSnapshot& s, Width width) {
    std::string line{to_string(s.phase)};
    const bool whole = s.phase == Phase::kComplete || s.phase == Phase::kCompacting;
    if (s.phase == Phase::kSyncing || whole) {
        const ProgressStatus& p = s.progress;
        const std::string now = whole ? line : rates(p, width);
        line = width == Width::kNarrow
                   ? fmt::format("{} {:.2f} %  {}", bar(p.fraction, kShortBarWidth),
                                 percent(p.fraction), now)
                   : fmt::format("{} {:6.2f} %  {}  {}", bar(p.fraction), percent(p.fraction),
                                 counts(p), now);
    }
    return line + fmt::format("  {}/{} peers", s.peers.serving, s.peers.connected) +
           pivot_words(s, width);
}

}  // namespace

std::string show_seconds(std::uint64_t s) {
    if (s < 60) return fmt::format("{} s", s);
    if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
    if (s < 86400) return fmt::format("{}h{:02}m", s / 3600, s % 3600 / 60);
    return fmt::format("{}d{:02}h", s / 86400, s % 86400 / 3600);
}

std::string show_bytes(double bytes) {
    static constexpr std::array<std::string_view, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
    if (!std::isfinite(bytes) || bytes < 0) bytes = 0;
    std::size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < kUnits.size()) {
        bytes /= 1024;
        ++unit;
    }
    return unit == 0 ? fmt::format("{:.0f} B", bytes)
                     : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string show_count(std::uint64_t count) {
    std::string out = std::to_string(count);
    for (std::size_t at = out.size(); at > 3;) {
        at -= 3;
        out.insert(at, 1, ',');
    }
    return out;
}

std::string progress_line(const StatusSnapshot& s, std::size_t columns) {
    std::string line = line_of(s, Width::kWide);
    if (line.size() > columns) line = line_of(s, Width::kNarrow);
    if (!s.waiting_for.empty()) line += "  waiting: " + printable(s.waiting_for);
    if (line.size() > columns) line.resize(columns);
    return line;
}

std::string describe(const StatusSnapshot& s) {
    std::string out =
        fmt::format("fastsyncd {}  network {} ({})  up {}\n", printable(s.version),
                    printable(s.network.name), s.network.network_id, show_seconds(s.uptime_s));
    out += fmt::format("genesis   {}\n", to_hex0x(s.network.genesis_hash));
    out += fmt::format("phase     {} since {}\n", to_string(s.phase), to_rfc3339(s.phase_since));
    if (!s.waiting_for.empty()) out += "waiting   " + printable(s.waiting_for) + "\n";
    if (s.head) out += fmt::format("head      #{} {}\n", s.head->number, to_hex0x(s.head->hash));
    if (s.pivot) {
        out += "pivot     ";
        if (s.pivot->number) out += fmt::format("#{} ", *s.pivot->number);
        if (s.pivot->hash) out += to_hex0x(*s.pivot->hash) + " ";
        out += fmt::format("moved {} times\n", s.pivot->moves);
        out += fmt::format("root      {}\n", to_hex0x(s.pivot->state_root));
    }
    const ProgressStatus& p = s.progress;
    out += fmt::format("progress  {} {:.2f} %{}  {}\n", bar(p.fraction), percent(p.fraction),
                       range(p), counts(p));
    out += fmt::format("rate      {}\n", rates(p));
    out += fmt::format("queue     {} pending, {} in flight\n", show_count(p.pending),
                       show_count(p.in_flight));
    out += fmt::format("answers   {} retries, {} duplicates, {} unexpected\n",
                       show_count(p.retries), show_count(p.duplicates), show_count(p.unexpected));
    if (p.lost_tasks > 0) out += fmt::format("lost      {} tasks\n", show_count(p.lost_tasks));
    out += fmt::format("peers     {} connected, {} serving, {} banned\n", s.peers.connected,
                       s.peers.serving, s.peers.banned);
    out += fmt::format("dials     {} begun, {} came to us, {} led to a session\n",
                       show_count(s.dials.begun), show_count(s.dials.inbound),
                       show_count(s.dials.sessions));
    if (s.discovery) {
        out += fmt::format("discovery {} nodes known, {} found, {} packets in, {} out\n",
                           show_count(s.discovery->known), show_count(s.discovery->found),
                           show_count(s.discovery->received), show_count(s.discovery->sent));
        for (const auto& [name, reason] : s.discovery->unresolved)
            out += fmt::format("bootnode  {}\n", printable(reason));
    }
    return out;
}

}  // namespace fastsync::status
