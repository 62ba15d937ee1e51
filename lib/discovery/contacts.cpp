#include <discovery/contacts.hpp>

namespace fastsync::discovery {
namespace {

Whereabouts where_of(const Node& node) {
    return {node.id, node.udp.address};
}

bool contains(const std::vector<Hash256>& hashes, const Hash256& hash) {
    return std::find(hashes.begin(), hashes.end(), hash) != hashes.end();
}

}  // namespace

Contacts::PendingPing* Contacts::find_ping(const Whereabouts& where) {
    for (PendingPing& ping : pings_)
        if (where_of(ping.node) == where) return &ping;
    return nullptr;
}

void Contacts::send_ping(PendingPing& ping, const Moment& moment) {
    ping.hashes.push_back(outbox_.send(ping.node.udp, make_ping_(ping.node, moment)));
    ping.deadline = moment.now + kReplyTimeout;
}

bool Contacts::ping(const Node& node, Reason reason, const Moment& moment) {
    if (find_ping(where_of(node)) != nullptr) return true;
    if (pings_.size() >= kMaxPings) return false;
    if (reason == Reason::kStranger) {
        const auto strangers = std::count_if(pings_.begin(), pings_.end(), [](const auto& ping) {
            return ping.reason == Reason::kStranger;
        });
        if (static_cast<std::size_t>(strangers) >= kMaxStrangerPings) return false;
    }
    pings_.push_back({node, reason, {}, {}, std::nullopt});
    send_ping(pings_.back(), moment);
    return true;
}

bool Contacts::ask(const Node& node, Question question, const NodeId& target,
                   const Moment& moment) {
    if (asks_.size() >= kMaxAsks) return false;
    PendingAsk ask;
    ask.node = node;
    ask.question = question;
    ask.target = target;
    if (proofs_.knows_us(where_of(node), moment.now)) {
        send_ask(ask, moment);
    } else if (!ping(node, Reason::kOurs, moment)) {
        return false;
    }
    asks_.push_back(std::move(ask));
    return true;
}

void Contacts::send_ask(PendingAsk& ask, const Moment& moment) {
    const UnixTime expiration = moment.unix + kExpiration;
    const Packet packet = ask.question == Question::kNeighbours
                              ? Packet{FindNode{ask.target, expiration}}
                              : Packet{RecordRequest{expiration}};
    ask.hashes.push_back(outbox_.send(ask.node.udp, packet));
    ask.stage = Stage::kAsked;
    ask.deadline = moment.now + kReplyTimeout;
}

void Contacts::release_asks(const Whereabouts& where, const Moment& moment) {
    const bool knows_us = proofs_.knows_us(where, moment.now);
    for (PendingAsk& ask : asks_) {
        if (ask.stage == Stage::kAsked || where_of(ask.node) != where) continue;
        if (knows_us) {
            send_ask(ask, moment);
        } else if (ask.stage == Stage::kProving) {
            ask.stage = Stage::kWaitingForPing;
            ask.deadline = moment.now + kPingBackWait;
        }
    }
}

void Contacts::fail_asks(const Whereabouts& where) {
    std::erase_if(asks_, [&](const PendingAsk& ask) {
        if (ask.stage != Stage::kProving || where_of(ask.node) != where) return false;
        tell({ContactEvent::Kind::kSilent, ask.node, ask.question, {}, {}, {}});
        return true;
    });
}

void Contacts::on_ping(const Node& node, const Moment& moment) {
    const Whereabouts where = where_of(node);
    proofs_.pinged_us(where, moment.now);
    if (!proofs_.is_fresh(where, moment.now)) ping(node, Reason::kStranger, moment);
    if (PendingPing* ours = find_ping(where)) {
        ours->their_ping = moment.now;
        // What it says of itself counts more than what others said.
        ours->node.tcp = node.tcp;
    }
    if (proofs_.is_proven(where, moment.now)) release_asks(where, moment);
}

bool Contacts::on_pong(const NodeId& sender, const IpEndpoint& from, const Pong& pong,
                       const Moment& moment) {
    const Whereabouts where{sender, from.address};
    PendingPing* ping = find_ping(where);
    if (ping == nullptr || !contains(ping->hashes, pong.ping_hash)) return false;
    proofs_.add(where, moment.now, ping->their_ping);
    tell({ContactEvent::Kind::kProven, ping->node, {}, {}, {}, pong.record_sequence});
    pings_.erase(pings_.begin() + (ping - pings_.data()));
    release_asks(where, moment);
    return true;
}

bool Contacts::on_neighbours(const NodeId& sender, const IpEndpoint& from,
                             const Neighbours& neighbours) {
    const auto ask = std::find_if(asks_.begin(), asks_.end(), [&](const PendingAsk& a) {
        return a.stage == Stage::kAsked && a.question == Question::kNeighbours &&
               where_of(a.node) == Whereabouts{sender, from.address};
    });
    if (ask == asks_.end()) return false;
    ask->heard = true;
    for (const Neighbour& told : neighbours.nodes) {
        if (ask->counted >= kBucketSize) break;
        ++ask->counted;
        if (auto node = node_from(told, from.address)) ask->told.push_back(*std::move(node));
    }
    // Less than a full answer may be all there is: then only time tells.
    if (ask->counted < kBucketSize) return true;
    tell({ContactEvent::Kind::kAnswered, ask->node, ask->question, std::move(ask->told), {}, {}});
    asks_.erase(ask);
    return true;
}

bool Contacts::on_record(const NodeId& sender, const IpEndpoint& from,
                         const RecordResponse& response) {
    const auto ask = std::find_if(asks_.begin(), asks_.end(), [&](const PendingAsk& a) {
        return a.question == Question::kRecord &&
               where_of(a.node) == Whereabouts{sender, from.address} &&
               contains(a.hashes, response.request_hash);
    });
    if (ask == asks_.end()) return false;
    ContactEvent event{ContactEvent::Kind::kSilent, ask->node, ask->question, {}, {}, {}};
    if (auto record = NodeRecord::decode(response.record); record && record->id() == sender) {
        event.kind = ContactEvent::Kind::kAnswered;
        event.record = *std::move(record);
    }
    asks_.erase(ask);
    tell(std::move(event));
    return true;
}

void Contacts::advance(const Moment& moment) {
    repeat_pings(moment);
    repeat_asks(moment);
}

void Contacts::repeat_pings(const Moment& moment) {
    std::vector<Node> lost;
    std::erase_if(pings_, [&](PendingPing& ping) {
        if (ping.deadline > moment.now) return false;
        // A stranger is pinged once: it is up to it to try again.
        if (ping.reason == Reason::kOurs && ping.hashes.size() < kPingAttempts) {
            send_ping(ping, moment);
            return false;
        }
        lost.push_back(ping.node);
        return true;
    });
    for (const Node& node : lost) {
        tell({ContactEvent::Kind::kUnreachable, node, {}, {}, {}, {}});
        fail_asks(where_of(node));
    }
}

bool Contacts::finish_or_repeat(PendingAsk& ask, const Moment& moment) {
    if (ask.heard) {
        tell({ContactEvent::Kind::kAnswered, ask.node, ask.question, std::move(ask.told), {}, {}});
        return true;
    }
    if (ask.hashes.size() < kAskAttempts) {
        // Lost, or the node was started anew and knows nothing of us: prove it all again.
        proofs_.forgot_us(where_of(ask.node));
        ask.stage = Stage::kProving;
        ask.deadline = TimePoint::max();
        if (ping(ask.node, Reason::kOurs, moment)) return false;
    }
    tell({ContactEvent::Kind::kSilent, ask.node, ask.question, {}, {}, {}});
    return true;
}

void Contacts::repeat_asks(const Moment& moment) {
    std::erase_if(asks_, [&](PendingAsk& ask) {
        if (ask.deadline > moment.now) return false;
        if (ask.stage == Stage::kAsked) return finish_or_repeat(ask, moment);
        send_ask(ask, moment);
        return false;
    });
}

TimePoint Contacts::next_deadline() const {
    TimePoint next = TimePoint::max();
    for (const PendingPing& ping : pings_)
        next = std::min(next, ping.deadline);
    for (const PendingAsk& ask : asks_)
        next = std::min(next, ask.deadline);
    return next;
}

bool Contacts::expects(const IpAddress& address) const {
    return std::any_of(pings_.begin(), pings_.end(),
                       [&](const auto& ping) { return ping.node.udp.address == address; }) ||
           std::any_of(asks_.begin(), asks_.end(),
                       [&](const auto& ask) { return ask.node.udp.address == address; });
}

}  // namespace fastsync::discovery
