#pragma once

#include <string>
#include <vector>

#include <async/task.hpp>
#include <common/result.hpp>
#include <common/time.hpp>

namespace fastsync::net {

/// Asks the Domain Name System for texts.
class TxtResolver {
  public:
    virtual ~TxtResolver() = default;
    /// The TXT records of `name`, the strings of each joined (RFC 7208, section 3.3).
    /// @return kNotFound when there is none, kTimeout at `deadline`, kClosed after close(),
    /// kConnect for every other failure
    [[nodiscard]] virtual async::Task<Result<std::vector<std::string>>> resolve_txt(
        std::string name, TimePoint deadline) = 0;
    /// Ends questions under way. Idempotent.
    virtual void close() noexcept = 0;
};

}  // namespace fastsync::net
