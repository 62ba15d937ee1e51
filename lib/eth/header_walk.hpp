#pragma once

#include <functional>
#include <vector>

#include <common/bytes.hpp>
#include <eth/backend.hpp>

namespace fastsync::eth {

/// Finds the raw RLP of the header of a number; null when it is not there. The pointer must stay
/// valid until the next call.
using RawHeaderSource = std::function<const Bytes*(chain::BlockNumber number)>;

/// Answers `query`, whose origin is block `first`: a header for each of its steps, up to the first
/// that the source lacks, within kMaxHeadersServed and kSoftResponseLimit. A step over either end
/// of the numbers ends the answer; it does not wrap around.
[[nodiscard]] std::vector<Bytes> walk_headers(const HeaderQuery& query, chain::BlockNumber first,
                                              const RawHeaderSource& source);

}  // namespace fastsync::eth
