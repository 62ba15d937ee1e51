#pragma once

#include <memory>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include <discovery/engine.hpp>
#include <rlp/encode.hpp>

#include "support/discovery/engine_network.hpp"

namespace fastsync::discovery {

using namespace std::chrono_literals;
using test::at;
using test::endpoint;
using test::ip;

/// An engine, and a stranger who talks to it by hand.
struct Talk {
    std::unique_ptr<Identity> ours = make_identity(test::seeded_key(1));
    std::unique_ptr<Identity> theirs = make_identity(test::seeded_key(2));
    IpEndpoint their_place = endpoint("8.8.8.8", 40000);
    test::SeededEntropy entropy{1};
    std::unique_ptr<Engine> engine;

    explicit Talk(EngineOptions options = {}) {
        options.udp_port = 30303;
        options.tcp_port = 30304;
        auto made = Engine::make(*ours, entropy, std::move(options), at(0s));
        REQUIRE(made);
        engine = *std::move(made);
        engine->advance(at(0s));
    }

    Hash256 say(const Packet& packet, Duration when = 0s) {
        const Datagram datagram = encode(packet, *theirs);
        engine->receive(their_place, datagram.bytes, at(when));
        return datagram.hash;
    }
    /// What the engine sends; all of it must go to the stranger.
    std::vector<SignedPacket> heard() {
        std::vector<SignedPacket> out;
        for (const Outgoing& outgoing : engine->take_outgoing()) {
            CHECK(outgoing.to == their_place);
            auto packet = decode(outgoing.bytes, *theirs, 0);
            REQUIRE(packet);
            CHECK(packet->sender == ours->id());
            out.push_back(*std::move(packet));
        }
        return out;
    }
    Ping ping(Duration when = 0s) const {
        return {kVersion, {ip("8.8.8.8"), 40000, 40001}, {}, at(when).unix + 20, std::nullopt};
    }
    Pong pong(const Hash256& hash, Duration when = 0s) const {
        return {{ip("9.9.9.9"), 30303, 30304}, hash, at(when).unix + 20, std::nullopt};
    }
    /// Ping, pong, and both the other way.
    void bond(Duration when = 0s) {
        say(ping(when), when);
        for (const SignedPacket& packet : heard())
            if (std::holds_alternative<Ping>(packet.packet)) say(pong(packet.hash, when), when);
        (void)engine->take_outgoing();
    }
    FindNode find(Duration when = 0s) const { return {theirs->id(), at(when).unix + 20}; }
};

template <class T>
std::vector<T> only(const std::vector<SignedPacket>& packets) {
    std::vector<T> out;
    for (const SignedPacket& packet : packets)
        if (const T* found = std::get_if<T>(&packet.packet)) out.push_back(*found);
    return out;
}

}  // namespace fastsync::discovery
