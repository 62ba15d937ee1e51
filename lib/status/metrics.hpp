#pragma once

#include <string>

#include <status/snapshot.hpp>

namespace fastsync::status {

/// Content-Type of what to_metrics() writes.
inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

/// The snapshot in the text format of Prometheus: what GET /metrics answers. Every family and its
/// meaning are listed in lib/status/README.md. What is not known has no sample.
[[nodiscard]] std::string to_metrics(const StatusSnapshot& snapshot);

}  // namespace fastsync::status
