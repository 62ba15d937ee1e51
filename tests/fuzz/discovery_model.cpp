#include "discovery_model.hpp"

#include <algorithm>
#include <array>

#include <common/assert.hpp>
#include <crypto/keccak.hpp>
#include <enode/node_record.hpp>

#include "../support/discovery/paper_identity.hpp"

namespace fastsync::fuzz {

using namespace discovery;

namespace {

constexpr std::size_t kStrangers = 200;
constexpr std::size_t kHashSize = 32;
constexpr std::size_t kSignatureSize = 65;

crypto::SecretKey key_number(std::size_t number) {
    Bytes bytes(32, 1);
    bytes[0] = static_cast<Byte>(number + 1);
    const auto key = crypto::SecretKey::from(bytes);
    FASTSYNC_ASSERT(key.has_value());
    return *key;
}

IpAddress address_of(std::initializer_list<Byte> bytes) {
    const auto address = IpAddress::from(Bytes(bytes));
    FASTSYNC_ASSERT(address.has_value());
    return *address;
}

/// Like the engine's counters: addresses of local networks are not counted.
std::size_t most_of_one_network(const NodeTable& table) {
    std::map<IpAddress, std::size_t> counts;
    std::size_t most = 0;
    for (const NodeTable::Entry* entry : table.entries()) {
        const IpAddress& address = entry->node.udp.address;
        const bool counts_here = address.is_v4() && !address.is_local();
        if (counts_here) most = std::max(most, ++counts[address.masked(24)]);
    }
    return most;
}

}  // namespace

const std::vector<Stranger>& strangers() {
    static const std::vector<Stranger> all = [] {
        std::vector<Stranger> made;
        for (std::size_t i = 0; i < kStrangers; ++i) {
            const crypto::SecretKey key = key_number(i);
            const auto record = NodeRecord::sign(key, 1 + i % 3, {});
            FASTSYNC_ASSERT(record.has_value());
            made.push_back({key.public_key(), record->encoded()});
        }
        return made;
    }();
    return all;
}

Bytes signed_by(const Stranger& who, ByteView content) {
    Bytes datagram(kHashSize + kSignatureSize);
    std::copy(who.id.data.begin(), who.id.data.end(), datagram.begin() + kHashSize);
    append(datagram, content);
    const Hash256 hash = crypto::keccak256(ByteView{datagram}.subspan(kHashSize));
    std::copy(hash.data.begin(), hash.data.end(), datagram.begin());
    return datagram;
}

Byte Input::byte() {
    if (left_.empty()) return 0;
    const Byte value = left_.front();
    left_ = left_.subspan(1);
    return value;
}

ByteView Input::bytes() {
    const std::size_t high = byte() % 6U;
    const std::size_t low = byte();
    const std::size_t size = std::min(high * 256 + low, left_.size());
    const ByteView taken = left_.first(size);
    left_ = left_.subspan(size);
    return taken;
}

const Stranger& Input::stranger() {
    return strangers()[byte() % strangers().size()];
}

IpEndpoint Input::endpoint() {
    const Byte network = byte();
    const Byte host = byte();
    const Byte subnet = network / 8;
    const std::uint16_t port = (host & 1U) != 0 ? 30303 : 30304;
    switch (network % 8U) {
        case 0:
            return {address_of({10, 0, subnet, host}), port};
        case 1:
            return {address_of({127, 0, 0, host}), port};
        case 2:
            return {address_of({0x2a, 1, 0, subnet, 0, 0, 0, host, 0, 0, 0, 0, 0, 0, 0, 1}), port};
        case 3: {
            const std::array<IpEndpoint, 4> odd{IpEndpoint{address_of({0, 0, 0, 0}), port},
                                                {address_of({224, 0, 0, host}), port},
                                                {address_of({52, 1, 1, 1}), 0},
                                                {address_of({192, 0, 2, host}), port}};
            return odd[host % odd.size()];
        }
        default:
            return {address_of({52, network, host, 7}), port};
    }
}

EngineModel::EngineModel(Byte seed)
    : identity_(std::make_unique<test::PaperIdentity>(key_number(0))),
      entropy_(std::make_unique<test::SeededEntropy>(seed)),
      now_{TimePoint{std::chrono::hours{1}}, 1'700'000'000} {
    EngineOptions options;
    options.udp_port = 30303;
    options.tcp_port = (seed & 1U) != 0 ? 30303 : 0;
    options.uses_v6 = (seed & 2U) == 0;
    if ((seed & 4U) != 0) options.announced_address = address_of({52, 0, 0, 1});
    const IpEndpoint boot{address_of({52, 4, 0, 7}), 30304};
    if ((seed & 8U) != 0) {
        options.bootnodes = {make_node(strangers()[1].id, boot, 30304)};
        accounts_[boot.address].named = true;
    }
    auto made = Engine::make(*identity_, *entropy_, std::move(options), now_);
    FASTSYNC_ASSERT(made.has_value());
    engine_ = *std::move(made);
    engine_->set_appetite((seed & 16U) != 0 ? Explorer::Appetite::kHungry
                                            : Explorer::Appetite::kFull);
    engine_->advance(now_);
    settle();
}

void EngineModel::receive(const IpEndpoint& from, ByteView datagram) {
    accounts_[from.address].received += datagram.size();
    if (const auto packet = decode(datagram, *identity_, now_.unix))
        note_received(from.address, *packet);
    engine_->receive(from, datagram, now_);
    settle();
}

void EngineModel::receive_packet(const Stranger& who, const IpEndpoint& from,
                                 const Packet& packet) {
    // Encoded as if by the engine, then signed by the other.
    const Datagram datagram = encode(packet, *identity_);
    receive(from, signed_by(who, ByteView{datagram.bytes}.subspan(kHashSize + kSignatureSize)));
}

void EngineModel::note_received(const IpAddress& from, const SignedPacket& packet) {
    Account& account = accounts_[from];
    if (const auto* pong = std::get_if<Pong>(&packet.packet)) {
        const auto& pings = account.pings;
        if (std::find(pings.begin(), pings.end(), pong->ping_hash) != pings.end())
            account.proven[packet.sender] = now_.now;
    } else if (const auto* told = std::get_if<Neighbours>(&packet.packet)) {
        for (const Neighbour& node : told->nodes)
            if (node.endpoint.ip) accounts_[*node.endpoint.ip].named = true;
    }
}

void EngineModel::pass(Duration time) {
    // As the shell does it: not later than the engine wants, as long as that ends some time.
    const TimePoint until = now_.now + time;
    for (int calls = 0; calls < 64 && engine_->next_event() < until; ++calls) {
        const TimePoint next = std::max(engine_->next_event(), now_.now);
        now_.unix += static_cast<UnixTime>(to_seconds(next - now_.now));
        now_.now = next;
        engine_->advance(now_);
        // Else the shell would call it again and again.
        FASTSYNC_ASSERT(engine_->next_event() > now_.now);
        settle();
    }
    now_.unix += static_cast<UnixTime>(to_seconds(until - now_.now));
    now_.now = until;
    engine_->advance(now_);
    settle();
}

void EngineModel::suggest(const Node& node) {
    accounts_[node.udp.address].named = true;
    engine_->suggest({node});
    engine_->advance(now_);
    settle();
}

void EngineModel::take_found(std::size_t most) {
    FASTSYNC_ASSERT(engine_->take_found(most).size() <= most);
    settle();
}

void EngineModel::settle() {
    for (const Outgoing& out : engine_->take_outgoing())
        note_sent(out);
    check();
}

bool EngineModel::is_proven(const Account& account) const {
    return std::any_of(account.proven.begin(), account.proven.end(),
                       [this](const auto& proof) { return now_.now - proof.second < kProofValid; });
}

void EngineModel::note_sent(const Outgoing& out) {
    FASTSYNC_ASSERT(out.bytes.size() <= kMaxPacketSize && out.to.port != 0);
    FASTSYNC_ASSERT(!out.to.address.is_unspecified() && !out.to.address.is_multicast());
    const auto packet = decode(out.bytes, *identity_, now_.unix);
    FASTSYNC_ASSERT(packet && packet->sender == identity_->id());
    Account& account = accounts_[out.to.address];
    account.sent += out.bytes.size();
    if (std::holds_alternative<Ping>(packet->packet)) account.pings.push_back(packet->hash);
    const bool asks = std::holds_alternative<FindNode>(packet->packet) ||
                      std::holds_alternative<RecordRequest>(packet->packet);
    if (asks) account.last_ask = packet->hash;
    // Long answers, and questions, only go where somebody has shown to be.
    const bool is_short = std::holds_alternative<Ping>(packet->packet) ||
                          std::holds_alternative<Pong>(packet->packet);
    FASTSYNC_ASSERT(is_short || is_proven(account));
    const bool owes_nothing = account.named || !account.proven.empty();
    FASTSYNC_ASSERT(owes_nothing || account.sent <= kMostForOne * account.received);
}

Hash256 EngineModel::last_ping(const IpAddress& address) const {
    const auto account = accounts_.find(address);
    const bool none = account == accounts_.end() || account->second.pings.empty();
    return none ? Hash256{} : account->second.pings.back();
}

Hash256 EngineModel::last_ask(const IpAddress& address) const {
    const auto account = accounts_.find(address);
    return account == accounts_.end() ? Hash256{} : account->second.last_ask;
}

void EngineModel::check() const {
    const EngineStats stats = engine_->stats();
    FASTSYNC_ASSERT(stats.known <= kBuckets * kBucketSize);
    FASTSYNC_ASSERT(stats.waiting <= kBuckets * kMaxReplacements);
    FASTSYNC_ASSERT(stats.proofs <= kMaxProofs && engine_->found() <= kMaxFound);
    FASTSYNC_ASSERT(engine_->record().encoded().size() <= kMaxRecordSize);
}

void EngineModel::check_all() const {
    std::set<NodeId> seen;
    for (const NodeTable::Entry* entry : engine_->table().entries()) {
        FASTSYNC_ASSERT(entry->node.id != identity_->id());
        FASTSYNC_ASSERT(seen.insert(entry->node.id).second);
        const auto account = accounts_.find(entry->node.udp.address);
        FASTSYNC_ASSERT(account != accounts_.end());
        FASTSYNC_ASSERT(account->second.proven.contains(entry->node.id));
    }
    FASTSYNC_ASSERT(most_of_one_network(engine_->table()) <= kTableSubnetLimit.v4_24);
}

}  // namespace fastsync::fuzz
