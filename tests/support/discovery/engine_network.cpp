#include "support/discovery/engine_network.hpp"

#include <catch2/catch.hpp>

namespace fastsync::test {
namespace {

const TimePoint kStart{std::chrono::hours{1000}};
constexpr discovery::UnixTime kUnixStart = 1'700'000'000;

}  // namespace

Moment EngineNetwork::moment(TimePoint now) {
    const auto passed = std::chrono::duration_cast<std::chrono::seconds>(now - kStart);
    return {now, kUnixStart + static_cast<discovery::UnixTime>(passed.count())};
}

Moment at(Duration after) {
    const auto passed = std::chrono::duration_cast<std::chrono::seconds>(after);
    return {kStart + after, kUnixStart + static_cast<discovery::UnixTime>(passed.count())};
}

IpAddress ip(std::string_view text) {
    const auto address = IpAddress::parse(text);
    REQUIRE(address);
    return *address;
}

IpEndpoint endpoint(std::string_view address, std::uint16_t port) {
    return {ip(address), port};
}

discovery::Node seeded_node(std::uint64_t seed, const IpEndpoint& udp) {
    return discovery::make_node(seeded_key(seed).public_key(), udp, 30303);
}

IpAddress own_subnet(std::size_t index) {
    return *IpAddress::from(Bytes{static_cast<Byte>(20 + index / 65536),
                                  static_cast<Byte>(index / 256), static_cast<Byte>(index), 1});
}

EngineNetwork::EngineNetwork(std::uint64_t seed, Weather weather, Signatures signatures)
    : weather_(weather), signatures_(signatures), random_(seed), now_(kStart) {}

std::size_t EngineNetwork::add(const IpEndpoint& address, discovery::EngineOptions options) {
    const std::size_t index = nodes_.size();
    const crypto::SecretKey key = seeded_key(random_());
    Host host;
    if (signatures_ == Signatures::kPaper)
        host.identity = std::make_unique<PaperIdentity>(key);
    else
        host.identity = discovery::make_identity(key);
    host.entropy = std::make_unique<SeededEntropy>(random_());
    options.udp_port = address.port;
    options.tcp_port = address.port;
    host.self = discovery::make_node(host.identity->id(), address, address.port);
    auto engine = discovery::Engine::make(*host.identity, *host.entropy, std::move(options), now());
    REQUIRE(engine);
    host.engine = *std::move(engine);
    nodes_.push_back(std::move(host));
    by_address_[address] = index;
    with(index, [](discovery::Engine& made, const Moment& moment) { made.advance(moment); });
    return index;
}

void EngineNetwork::remove(std::size_t index) {
    nodes_[index].alive = false;
    by_address_.erase(nodes_[index].self.udp);
}

void EngineNetwork::flush(std::size_t index) {
    std::uniform_real_distribution<double> chance{0, 1};
    std::uniform_int_distribution<Duration::rep> delay{weather_.shortest.count(),
                                                       weather_.longest.count()};
    for (discovery::Outgoing& out : nodes_[index].engine->take_outgoing()) {
        const auto to = by_address_.find(out.to);
        if (to == by_address_.end() || chance(random_) < weather_.loss) continue;
        events_.push({now_ + Duration{delay(random_)}, serial_++, to->second,
                      nodes_[index].self.udp, std::move(out.bytes)});
    }
    schedule(index);
}

void EngineNetwork::schedule(std::size_t index) {
    Host& host = nodes_[index];
    const TimePoint next = std::max(now_, host.engine->next_event());
    if (next >= host.timer && host.timer > now_) return;
    host.timer = next;
    events_.push({next, serial_++, index, {}, {}});
}

void EngineNetwork::happen(const Event& event) {
    Host& host = nodes_[event.to];
    if (!host.alive) return;
    if (event.bytes.empty()) {
        if (host.timer != event.when) return;  // another one was set for an earlier time
        host.timer = TimePoint::max();
        host.engine->advance(now());
    } else {
        ++delivered_;
        host.engine->receive(event.from, event.bytes, now());
    }
    flush(event.to);
}

void EngineNetwork::run_for(Duration duration) {
    const TimePoint end = now_ + duration;
    while (!events_.empty() && events_.top().when <= end) {
        const Event event = events_.top();
        events_.pop();
        now_ = event.when;
        happen(event);
    }
    now_ = end;
}

}  // namespace fastsync::test
