#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <common/error.hpp>
#include <common/time.hpp>

namespace fastsync::eth {

/// Pauses between dials to one peer. go-ethereum from 1.9.0 closes an address that connected within
/// the last 30 s, loopback and private networks exempt.
inline constexpr Duration kFirstPause = std::chrono::seconds{1};
inline constexpr Duration kPublicPause = std::chrono::seconds{35};
inline constexpr Duration kLongestPause = std::chrono::minutes{2};
/// A connection that stood so long was a good one: the pauses start over.
inline constexpr Duration kGoodConnection = std::chrono::seconds{60};

/// True for addresses that no throttle applies to: loopback, link-local and private ones. A name is
/// none.
[[nodiscard]] bool is_private_address(std::string_view host);

/// Dials to one peer: how the last one ended, and how long to wait before the next.
class DialState {
  public:
    explicit DialState(std::string_view host);

    void started() { ++attempts_; }
    /// The dial led to a session, which stands.
    void joined();
    /// A dial, or the session that came of it, ended.
    /// @param stood  how long the session stood; nothing when there was none
    /// @param chance  random, 0 ... 1: spreads the dials of many daemons by up to a quarter
    /// @return how long to wait
    [[nodiscard]] Duration ended(const Error& why, std::optional<Duration> stood, double chance);

    [[nodiscard]] std::uint64_t attempts() const noexcept { return attempts_; }
    /// Attempts that led to no session since the last one that did.
    [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }
    /// Why the last dial or session ended; empty before the first, and while a session stands.
    [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }

  private:
    Duration shortest_;
    Duration pause_;
    std::uint64_t attempts_ = 0;
    std::uint64_t failures_ = 0;
    std::string last_error_;
};

}  // namespace fastsync::eth
