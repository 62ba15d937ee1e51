#include <chrono>

#include <common/log.hpp>
#include <discovery/service.hpp>

namespace fastsync::discovery {
namespace {

Result<std::unique_ptr<Engine>> make_engine(
    const Identity& identity, crypto::EntropySource& entropy, EngineOptions options,
    const std::vector<std::unique_ptr<net::DatagramSocket>>& sockets, const Moment& start) {
    const IpEndpoint first = sockets.front()->local();
    if (options.udp_port == 0) options.udp_port = first.port;
    // go-ethereum refuses a record without an address; votes replace this one where it is wrong.
    if (!options.announced_address && !first.address.is_unspecified())
        options.record_entries.merge(endpoint_entries(first.address, 0, 0));
    std::erase_if(options.record_entries, [](const auto& entry) { return entry.second.empty(); });
    options.uses_v4 = false;
    options.uses_v6 = false;
    for (const auto& socket : sockets)
        (socket->local().address.is_v4() ? options.uses_v4 : options.uses_v6) = true;
    return Engine::make(identity, entropy, std::move(options), start);
}

}  // namespace

WallClock system_wall_clock() {
    return [] {
        const auto passed = std::chrono::system_clock::now().time_since_epoch();
        return static_cast<UnixTime>(
            std::chrono::duration_cast<std::chrono::seconds>(passed).count());
    };
}

Result<Node> bootnode_of(const Enode& enode) {
    const auto address = IpAddress::parse(enode.host);
    if (!address)
        return Error{Errc::kConfig, "bootnode " + short_id(enode.id) + ": \"" + enode.host +
                                        "\" is no IP address"};
    if (enode.udp_port == 0)
        return Error{Errc::kConfig, "bootnode " + short_id(enode.id) + ": no UDP port"};
    return make_node(enode.id, {*address, enode.udp_port}, enode.tcp_port);
}

Result<std::unique_ptr<DiscoveryService>> DiscoveryService::make(
    async::Executor executor, async::Clock& clock, WallClock wall_clock,
    crypto::EntropySource& entropy, const crypto::SecretKey& key,
    std::vector<std::unique_ptr<net::DatagramSocket>> sockets, EngineOptions options) {
    FASTSYNC_ASSERT(!sockets.empty());
    auto identity = make_identity(key);
    FASTSYNC_TRY(auto engine, make_engine(*identity, entropy, std::move(options), sockets,
                                          {clock.now(), wall_clock()}));
    return std::unique_ptr<DiscoveryService>{
        new DiscoveryService(std::move(executor), clock, std::move(wall_clock), std::move(identity),
                             std::move(sockets), std::move(engine))};
}

DiscoveryService::DiscoveryService(async::Executor executor, async::Clock& clock,
                                   WallClock wall_clock, std::unique_ptr<Identity> identity,
                                   std::vector<std::unique_ptr<net::DatagramSocket>> sockets,
                                   std::unique_ptr<Engine> engine)
    : executor_(std::move(executor)),
      clock_(clock),
      wall_clock_(std::move(wall_clock)),
      identity_(std::move(identity)),
      sockets_(std::move(sockets)),
      engine_(std::move(engine)),
      earlier_(executor_),
      found_(executor_),
      scope_(executor_) {}

async::Task<void> DiscoveryService::run() {
    for (const auto& socket : sockets_)
        scope_.spawn(receive_from(*socket));
    scope_.spawn(keep_time());
    co_await scope_.join();
}

void DiscoveryService::stop() {
    if (std::exchange(stopped_, true)) return;
    for (const auto& socket : sockets_)
        socket->close();
    earlier_.open();
    found_.open();
}

async::Task<void> DiscoveryService::receive_from(net::DatagramSocket& socket) {
    // One byte more than a packet may have, so that a longer one shows.
    std::array<Byte, kMaxPacketSize + 1> buffer{};
    while (!stopped_) {
        const auto received = co_await socket.receive(buffer);
        if (!received) break;
        engine_->receive(received->from, ByteView{buffer}.first(received->size), moment());
        settle();
    }
}

async::Task<void> DiscoveryService::keep_time() {
    while (!stopped_) {
        engine_->advance(moment());
        wakes_at_ = engine_->next_event();
        settle();
        earlier_.reset();
        if (stopped_) break;
        (void)co_await clock_.sleep_until(wakes_at_, &earlier_);
    }
}

void DiscoveryService::settle() {
    for (const Outgoing& out : engine_->take_outgoing()) {
        for (const auto& socket : sockets_) {
            if (socket->local().address.is_v4() != out.to.address.is_v4()) continue;
            const auto sent = socket->send(out.bytes, out.to);
            if (!sent && !stopped_)
                log::debug("discovery", "not sent to={} reason=\"{}\"", to_string(out.to),
                           sent.error().detail);
            break;
        }
    }
    if (engine_->found() != 0) found_.open();
    if (engine_->next_event() < wakes_at_) earlier_.open();
}

async::Task<Result<std::vector<FoundNode>>> DiscoveryService::next_nodes(std::size_t max,
                                                                         TimePoint deadline) {
    while (!stopped_) {
        if (engine_->found() != 0) co_return engine_->take_found(max);
        if (waiting_++ == 0) engine_->set_appetite(Explorer::Appetite::kHungry);
        found_.reset();
        settle();
        const bool woken = co_await clock_.sleep_until(deadline, &found_);
        if (--waiting_ == 0) engine_->set_appetite(Explorer::Appetite::kFull);
        if (!woken) co_return Error{Errc::kTimeout, "no node found in time"};
    }
    co_return Error{Errc::kClosed, "discovery was stopped"};
}

void DiscoveryService::suggest(const std::vector<Node>& nodes) {
    engine_->suggest(nodes);
    earlier_.open();
}

void DiscoveryService::set_bootnodes(std::vector<Node> bootnodes) {
    engine_->set_bootnodes(std::move(bootnodes));
    earlier_.open();
}

Result<void> DiscoveryService::update_record(const RecordEntries& changes) {
    return engine_->update_record(changes);
}

Enode DiscoveryService::local_enode() const {
    const IpEndpoint bound = sockets_.front()->local();
    Enode out;
    out.id = identity_->id();
    const auto v4 = engine_->record().ip();
    const auto address = v4 ? v4 : engine_->record().ip6();
    out.host = to_string(address ? *address : bound.address);
    out.udp_port = engine_->record().udp().value_or(bound.port);
    out.tcp_port = engine_->record().tcp().value_or(0);
    return out;
}

}  // namespace fastsync::discovery
