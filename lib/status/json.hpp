#pragma once

#include <string>
#include <string_view>

#include <status/snapshot.hpp>

namespace fastsync::status {

/// The document of GET /status: one JSON object, snake_case keys with units, hashes as "0x…".
/// What is not known is absent (head, pivot, progress.eta_s, waiting_for, discovery), never null.
/// Text that is not UTF-8 is repaired, a rate that is no number is written as 0.
[[nodiscard]] std::string to_json(const StatusSnapshot& snapshot);
/// The document of GET /peers: {"peers": [...], "static_peers": [...], "bans": [...]}.
[[nodiscard]] std::string peers_to_json(const PeersReport& report);
/// {"error": sentence}, the body of every refused request.
[[nodiscard]] std::string error_to_json(std::string_view sentence);

/// Reads what to_json() wrote. Unknown keys are ignored and later ones may be absent: the daemon
/// may be newer or older than its reader.
/// @return kMalformed naming the key that is missing or of the wrong type
[[nodiscard]] Result<StatusSnapshot> status_from_json(std::string_view text);
[[nodiscard]] Result<PeersReport> peers_from_json(std::string_view text);

}  // namespace fastsync::status
