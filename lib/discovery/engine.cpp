#include <discovery/engine.hpp>

namespace fastsync::discovery {
namespace {

std::uint16_t tcp_port_of(const NodeRecord& record, const IpAddress& address) {
    const auto tcp6 = record.tcp6();
    if (!address.is_v4() && tcp6) return *tcp6;
    return record.tcp().value_or(0);
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::make(const Identity& identity,
                                             crypto::EntropySource& entropy, EngineOptions options,
                                             const Moment& start) {
    RecordEntries entries = options.record_entries;
    for (auto& [key, value] :
         endpoint_entries(options.announced_address, options.udp_port, options.tcp_port))
        if (!value.empty()) entries.insert_or_assign(key, value);
    FASTSYNC_TRY(OwnRecord own,
                 OwnRecord::make(identity, options.record_sequence, std::move(entries)));
    return std::unique_ptr<Engine>{
        new Engine(identity, entropy, std::move(options), std::move(own), start)};
}

Engine::Engine(const Identity& identity, crypto::EntropySource& entropy, EngineOptions options,
               OwnRecord own, const Moment& start)
    : identity_(identity),
      entropy_(entropy),
      options_(std::move(options)),
      outbox_(identity),
      own_(std::move(own)),
      limiter_(start.now),
      contacts_(outbox_, [this](const Node& to, const Moment& at) { return make_ping(to, at); }),
      table_(key_of(identity.id())),
      explorer_(identity.id(), options_.round_interval, start.now),
      next_check_(start.now + kCheckInterval) {}

std::uint64_t Engine::random() {
    std::array<Byte, sizeof(std::uint64_t)> bytes{};
    entropy_.fill(bytes);
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

bool Engine::is_usable(const Node& node) const {
    return node.id != identity_.id() && can_be_one_host(node.udp) &&
           (node.udp.address.is_v4() ? options_.uses_v4 : options_.uses_v6);
}

void Engine::suggest(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
        if (suggested_.size() >= kMaxSuggested) return;
        if (is_usable(node)) suggested_.push_back(node);
    }
}

void Engine::set_bootnodes(std::vector<Node> bootnodes) {
    options_.bootnodes = std::move(bootnodes);
    if (table_.size() == 0) explorer_.hurry();
}

Result<void> Engine::update_record(const RecordEntries& changes) {
    return own_.update(changes);
}

void Engine::advance(const Moment& moment) {
    contacts_.advance(moment);
    if (moment.now >= next_check_) check_a_node(moment);
    pump(moment);
}

void Engine::pump(const Moment& moment) {
    digest_events(moment);
    try_suggested(moment);
    drive_lookup(moment);
    start_lookups(moment);
}

void Engine::digest_events(const Moment& moment) {
    using Kind = ContactEvent::Kind;
    for (const ContactEvent& event : contacts_.take_events()) {
        if (event.kind == Kind::kProven) {
            on_proven(event, moment);
        } else if (event.kind == Kind::kUnreachable) {
            on_unreachable(event);
        } else if (event.question == Question::kRecord) {
            on_record(event, moment);
        } else {
            on_neighbours(event);
        }
    }
}

void Engine::on_proven(const ContactEvent& event, const Moment& moment) {
    const Node& node = event.node;
    const NodeTable::Added added = table_.add(node, moment.now);
    if (added == NodeTable::Added::kEntry || added == NodeTable::Added::kReplacement)
        explorer_.found_one();
    const NodeTable::Entry* entry = table_.find(node.id);
    const NodeRecord* known = entry != nullptr && entry->record ? &*entry->record : nullptr;
    const bool newer = event.record_sequence.value_or(0) > (known ? known->sequence() : 0);
    if (newer && options_.records == EngineOptions::Records::kAsk &&
        contacts_.ask(node, Question::kRecord, node.id, moment))
        return;  // it is handed out with what comes of that
    hand_out(node, known, moment);
}

void Engine::on_unreachable(const ContactEvent& event) {
    // Only the endpoint we know it by: somebody may have told us of another one.
    const NodeTable::Entry* entry = table_.find(event.node.id);
    if (entry == nullptr || entry->node.udp != event.node.udp) return;
    table_.check_failed(event.node.id, random());
}

void Engine::on_neighbours(const ContactEvent& event) {
    Lookup* lookup = explorer_.lookup();
    if (event.kind == ContactEvent::Kind::kSilent) {
        table_.find_failed(event.node.id, random());
        if (lookup != nullptr) lookup->failed(event.node.id);
        return;
    }
    table_.find_answered(event.node.id);
    if (lookup == nullptr) return;
    std::vector<Node> told;
    for (const Node& node : event.told) {
        if (!is_usable(node)) continue;
        // Where we know better than whoever told us, we do.
        const NodeTable::Entry* known = table_.find(node.id);
        told.push_back(known != nullptr ? known->node : node);
    }
    lookup->answered(event.node.id, told);
}

void Engine::on_record(const ContactEvent& event, const Moment& moment) {
    if (event.record) table_.set_record(*event.record);
    hand_out(event.node, event.record ? &*event.record : nullptr, moment);
}

void Engine::hand_out(const Node& node, const NodeRecord* record, const Moment& moment) {
    FoundNode found{node, std::nullopt};
    if (record != nullptr) {
        found.record = *record;
        const std::uint16_t tcp = tcp_port_of(*record, found.node.udp.address);
        if (tcp != 0) found.node.tcp = tcp;
    }
    if (found_.push(std::move(found), moment.now)) ++stats_.found;
}

void Engine::drive_lookup(const Moment& moment) {
    Lookup* lookup = explorer_.lookup();
    if (lookup == nullptr) return;
    while (const auto node = lookup->next())
        if (!contacts_.ask(*node, Question::kNeighbours, lookup->target(), moment))
            lookup->failed(node->id);
    if (lookup->is_done()) explorer_.finished(lookup->asked(), table_.size(), moment.now);
}

void Engine::start_lookups(const Moment& moment) {
    while (const auto target = explorer_.next_target(moment.now, entropy_)) {
        std::vector<Node> seeds =
            table_.closest(key_of(*target), kBucketSize, NodeTable::Which::kAll);
        // The way in, as long as we know few others; and, for ourselves, the way out of a table
        // that somebody else has filled.
        if (seeds.size() < kBucketSize || *target == identity_.id())
            for (const Node& bootnode : options_.bootnodes)
                if (is_usable(bootnode)) seeds.push_back(bootnode);
        explorer_.started(Lookup{*target, seeds});
        drive_lookup(moment);
    }
}

void Engine::try_suggested(const Moment& moment) {
    while (!suggested_.empty() && contacts_.pings() < kSuggestedAtOnce) {
        if (!contacts_.ping(suggested_.front(), Contacts::Reason::kOurs, moment)) return;
        suggested_.pop_front();
    }
}

void Engine::check_a_node(const Moment& moment) {
    const std::uint64_t drawn = random();
    next_check_ = moment.now + kCheckInterval * static_cast<std::int64_t>(drawn % 1000 + 1) / 1000;
    const auto node = table_.to_check(drawn / 1000);
    if (node) contacts_.ping(*node, Contacts::Reason::kOurs, moment);
}

TimePoint Engine::next_event() const {
    return std::min({contacts_.next_deadline(), explorer_.next_due(), next_check_});
}

EngineStats Engine::stats() const {
    EngineStats out = stats_;
    out.sent = outbox_.sent();
    out.rounds = explorer_.rounds();
    out.known = table_.size();
    out.waiting = table_.waiting();
    out.proofs = contacts_.proofs().size();
    return out;
}

}  // namespace fastsync::discovery
