#pragma once

#include <cstddef>
#include <map>

#include <boost/asio/ip/address.hpp>

#include <common/time.hpp>

namespace fastsync::status {

/// Documents that are answered at once, from the first look at one to the last byte of its answer.
/// Far fewer than there are connections, so that they can neither take all of those nor much
/// memory: an answer may be some MiB long.
inline constexpr std::size_t kMaxPosts = 4;
/// Of those, from one address. Whoever asks from this machine shares one address with all others
/// here, and has only the other limit.
inline constexpr std::size_t kMaxPostsOfAddress = 2;
/// How long one more waits for a place before it is told to ask again.
inline constexpr Duration kMaxPostWait = std::chrono::seconds{2};

/// Counts who is being answered.
class PostPlaces {
  public:
    /// False when there is no place for a document of this address.
    [[nodiscard]] bool enter(const boost::asio::ip::address& from);
    /// Once for each enter() that was true.
    void leave(const boost::asio::ip::address& from);

  private:
    std::map<boost::asio::ip::address, std::size_t> held_;
    std::size_t taken_ = 0;
};

}  // namespace fastsync::status
