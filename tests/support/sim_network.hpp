#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <net/byte_stream.hpp>

#include "support/memory_stream.hpp"
#include "support/simulation.hpp"

namespace fastsync::test {

/// Hosts that reach each other by "host:port" over memory streams, in virtual time. Outlives the
/// dialers and listeners it made.
class SimNetwork {
  public:
    /// What a dial to an address meets.
    enum class Reach : std::uint8_t {
        kOpen,       ///< the listener, or a refusal where nobody listens
        kBlackHole,  ///< nothing, until the dial's deadline
    };
    struct Dial {
        TimePoint at;
        std::string address;
    };

    explicit SimNetwork(Simulation& sim) : sim_(sim) {}
    SimNetwork(const SimNetwork&) = delete;
    SimNetwork& operator=(const SimNetwork&) = delete;

    /// The address must be free.
    [[nodiscard]] std::unique_ptr<net::Listener> listen(const std::string& host,
                                                        std::uint16_t port);
    [[nodiscard]] std::unique_ptr<net::Dialer> dialer();
    /// Connects as a stranger would; null when nobody listens there.
    [[nodiscard]] std::unique_ptr<MemoryStream> connect(const std::string& host,
                                                        std::uint16_t port);

    void set_reach(const std::string& host, std::uint16_t port, Reach reach);
    /// How long it takes until a connection stands, or is refused.
    void set_latency(Duration latency) { latency_ = latency; }

    /// How long bytes take, drawn for each end of each connection that is made from now on.
    void set_lag(std::function<Duration()> lag) { lag_ = std::move(lag); }

    /// Every dial, in order.
    [[nodiscard]] const std::vector<Dial>& dials() const noexcept { return dials_; }
    [[nodiscard]] std::vector<TimePoint> dials_to(const std::string& host,
                                                  std::uint16_t port) const;

  private:
    class SimListener;
    class SimDialer;

    [[nodiscard]] std::unique_ptr<net::ByteStream> lagging(std::unique_ptr<net::ByteStream> stream);

    Simulation& sim_;
    std::function<Duration()> lag_;
    Duration latency_ = std::chrono::milliseconds{1};
    std::map<std::string, SimListener*> listeners_;
    std::map<std::string, Reach> reach_;
    std::vector<Dial> dials_;
};

}  // namespace fastsync::test
