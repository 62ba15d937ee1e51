#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <status/snapshot.hpp>

namespace fastsync::status {

/// A duration as a person reads it: "42 s", "3m05s", "2h07m", "4d03h".
[[nodiscard]] std::string show_seconds(std::uint64_t seconds);
/// Bytes with a binary unit: "512 B", "3.5 MiB".
[[nodiscard]] std::string show_bytes(double bytes);
/// "1,234,567".
[[nodiscard]] std::string show_count(std::uint64_t count);

/// One line: bar, percentage, counts, rates, time left, peers, pivot; the phase and what it waits
/// for where there is no progress to show. At most `columns` characters; where they are
/// too few for all of that, the bar is short and what is there already left out. Fit for a
/// terminal: no control characters.
[[nodiscard]] std::string progress_line(const StatusSnapshot& snapshot, std::size_t columns);
/// The whole status in a few lines, each ended by a newline.
[[nodiscard]] std::string describe(const StatusSnapshot& snapshot);

}  // namespace fastsync::status
