#include "support/sim_network.hpp"

#include <deque>
#include <set>

#include <catch2/catch.hpp>

#include <net/address.hpp>

#include "support/lagging_stream.hpp"

namespace fastsync::test {

using async::Task;
using Stream = std::unique_ptr<net::ByteStream>;

namespace {

std::string name_of(const std::string& host, std::uint16_t port) {
    return to_string(net::HostPort{host, port});
}

}  // namespace

class SimNetwork::SimListener final : public net::Listener {
  public:
    SimListener(SimNetwork& network, std::string name, std::uint16_t port)
        : network_(network),
          name_(std::move(name)),
          port_(port),
          arrived_(network.sim_.executor()) {
        REQUIRE(network_.listeners_.emplace(name_, this).second);
    }
    SimListener(const SimListener&) = delete;
    SimListener& operator=(const SimListener&) = delete;
    ~SimListener() override { SimListener::close(); }

    [[nodiscard]] Task<Result<Stream>> accept() override {
        while (waiting_.empty()) {
            if (closed_) co_return Error{Errc::kClosed, "the listener was closed"};
            arrived_.reset();
            co_await arrived_.wait();
        }
        Stream stream = std::move(waiting_.front());
        waiting_.pop_front();
        co_return stream;
    }
    [[nodiscard]] std::uint16_t port() const override { return port_; }
    void close() noexcept override {
        if (closed_) return;
        closed_ = true;
        network_.listeners_.erase(name_);
        waiting_.clear();
        arrived_.open();
    }

    void arrive(Stream stream) {
        waiting_.push_back(std::move(stream));
        arrived_.open();
    }

  private:
    SimNetwork& network_;
    std::string name_;
    std::uint16_t port_;
    std::deque<Stream> waiting_;
    async::Gate arrived_;
    bool closed_ = false;
};

class SimNetwork::SimDialer final : public net::Dialer {
  public:
    explicit SimDialer(SimNetwork& network)
        : network_(network), closing_(network.sim_.executor()) {}

    [[nodiscard]] Task<Result<Stream>> dial(std::string host, std::uint16_t port,
                                            TimePoint deadline) override {
        if (closing_.is_open()) co_return Error{Errc::kClosed, "dialer closed"};
        Simulation& sim = network_.sim_;
        const std::string name = name_of(host, port);
        network_.dials_.push_back({sim.now(), name});
        const auto reach = network_.reach_.find(name);
        const bool lost = reach != network_.reach_.end() && reach->second == Reach::kBlackHole;
        const TimePoint done = lost ? deadline : std::min(deadline, sim.now() + network_.latency_);
        const bool closed = co_await sim.sleep_until(done, &closing_);
        if (closed) co_return Error{Errc::kClosed, "dialer closed"};
        if (lost) co_return Error{Errc::kTimeout, "no connection in time"};
        auto stream = network_.connect(host, port);
        if (!stream) co_return Error{Errc::kConnect, "connection refused"};
        co_return network_.lagging(std::move(stream));
    }
    void close() noexcept override { closing_.open(); }

  private:
    SimNetwork& network_;
    async::Gate closing_;
};

std::unique_ptr<net::Listener> SimNetwork::listen(const std::string& host, std::uint16_t port) {
    return std::make_unique<SimListener>(*this, name_of(host, port), port);
}

std::unique_ptr<net::Dialer> SimNetwork::dialer() {
    return std::make_unique<SimDialer>(*this);
}

std::unique_ptr<MemoryStream> SimNetwork::connect(const std::string& host, std::uint16_t port) {
    const auto listener = listeners_.find(name_of(host, port));
    if (listener == listeners_.end()) return nullptr;
    MemoryPair pair = make_memory_pair(sim_.executor());
    listener->second->arrive(lagging(std::move(pair.second)));
    return std::move(pair.first);
}

Stream SimNetwork::lagging(Stream stream) {
    if (!lag_) return stream;
    return std::make_unique<LaggingStream>(std::move(stream), sim_, lag_());
}

void SimNetwork::set_reach(const std::string& host, std::uint16_t port, Reach reach) {
    reach_[name_of(host, port)] = reach;
}

std::vector<TimePoint> SimNetwork::dials_to(const std::string& host, std::uint16_t port) const {
    std::vector<TimePoint> out;
    for (const Dial& dial : dials_)
        if (dial.address == name_of(host, port)) out.push_back(dial.at);
    return out;
}

}  // namespace fastsync::test
