#pragma once

#include <cstdint>
#include <optional>

#include <boost/unordered/unordered_flat_map.hpp>

#include <common/bytes.hpp>
#include <common/time.hpp>
#include <enode/enode.hpp>
#include <eth/redial.hpp>

namespace fastsync::eth {

/// Found nodes whose dials are remembered; beyond, the one that may be dialed again soonest goes.
inline constexpr std::size_t kMaxDialBook = 4096;

/// When found nodes were dialed, and when each may be dialed again. A core: time is an argument.
class DialBook {
  public:
    [[nodiscard]] bool may_dial(const NodeId& id, TimePoint now) const;
    /// A dial begins: it is not dialed again before ended().
    void started(const Enode& node, TimePoint now);
    /// See DialState::ended().
    void ended(const NodeId& id, const Error& why, std::optional<Duration> stood, double chance,
               TimePoint now);
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  private:
    struct Entry {
        DialState state;
        TimePoint next;
    };

    void make_room();

    boost::unordered_flat_map<NodeId, Entry, FixedHasher<NodeId>> entries_;
};

}  // namespace fastsync::eth
