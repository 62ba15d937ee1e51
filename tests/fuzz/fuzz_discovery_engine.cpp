// A discovery engine among strangers. The input is a sequence of steps, each of an opcode, a node,
// an address and what the step needs: a datagram as it comes, a signed packet of any content, a
// packet that fits what the engine asked, time that passes. After each step the engine is within
// its limits and owes nobody more than it may.

#include "discovery_model.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::discovery;
using namespace fastsync::fuzz;

/// More than any useful sequence; what follows is not read.
constexpr std::size_t kMaxSteps = 600;

Packet ping_of(Input& in, const EngineModel& model) {
    Ping ping;
    const Byte form = in.byte();
    if ((form & 1U) != 0) ping.from.ip = in.endpoint().address;
    ping.from.udp = ping.from.tcp = (form & 2U) != 0 ? 30303 : 0;
    ping.expiration = model.now().unix + kExpiration;
    if ((form & 4U) != 0) ping.record_sequence = form;
    return ping;
}

/// With the hash of one of the engine's pings to that address.
Packet pong_of(Input& in, const EngineModel& model, const IpAddress& address) {
    Pong pong;
    const Byte form = in.byte();
    if ((form & 1U) != 0) pong.to = {in.endpoint().address, 30303, 0};
    pong.ping_hash = model.last_ping(address);
    pong.expiration = model.now().unix + kExpiration;
    if ((form & 2U) != 0) pong.record_sequence = 1 + form;
    return pong;
}

Packet neighbours_of(Input& in, const EngineModel& model) {
    Neighbours told;
    told.expiration = model.now().unix + kExpiration;
    const std::size_t count = in.byte() % (kMaxNeighboursSent + 1);
    while (told.nodes.size() < count) {
        const Stranger& node = in.stranger();
        const IpEndpoint where = in.endpoint();
        told.nodes.push_back({{where.address, where.port, 30303}, node.id});
    }
    return told;
}

void step(Input& in, EngineModel& model) {
    enum class Op : Byte {
        kDatagram,
        kContent,
        kPing,
        kPong,
        kFind,
        kTell,
        kAsk,
        kRecord,
        kTime,
        kSuggest,
        kTake,
        kCount
    };
    const auto op = static_cast<Op>(in.byte() % static_cast<Byte>(Op::kCount));
    const Stranger& who = in.stranger();
    const IpEndpoint from = in.endpoint();
    const UnixTime expiration = model.now().unix + kExpiration;
    switch (op) {
        case Op::kDatagram:
            return model.receive(from, in.bytes());
        case Op::kContent:
            return model.receive(from, signed_by(who, in.bytes()));
        case Op::kPing:
            return model.receive_packet(who, from, ping_of(in, model));
        case Op::kPong:
            return model.receive_packet(who, from, pong_of(in, model, from.address));
        case Op::kFind:
            return model.receive_packet(who, from, FindNode{in.stranger().id, expiration});
        case Op::kTell:
            return model.receive_packet(who, from, neighbours_of(in, model));
        case Op::kAsk:
            return model.receive_packet(who, from, RecordRequest{expiration});
        case Op::kRecord:
            return model.receive_packet(who, from,
                                        RecordResponse{model.last_ask(from.address), who.record});
        case Op::kTime:
            return model.pass(std::chrono::milliseconds{1ULL << (in.byte() % 27U)});
        case Op::kSuggest:
            return model.suggest(make_node(who.id, from, 30303));
        default:
            return model.take_found(in.byte());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input in{{data, size}};
    EngineModel model{in.byte()};
    for (std::size_t steps = 0; !in.empty() && steps < kMaxSteps; ++steps)
        step(in, model);
    model.check_all();
    return 0;
}
