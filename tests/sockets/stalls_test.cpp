// A daemon that cannot move says why within 30 s, over its endpoint, while it goes on trying.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <catch2/catch.hpp>

#include <discovery/identity.hpp>
#include <discovery/wire.hpp>

#include "bad_peer.hpp"
#include "daemon_run.hpp"
#include "honest_peer.hpp"
#include "support/shared_files.hpp"
#include "support/test_nodes.hpp"

using namespace fastsync;
using namespace fastsync::test;
using namespace std::chrono_literals;

namespace {

constexpr Byte kPeerKey = 0x41;
constexpr Duration kSaidWithin = 30s;

bool says(const DaemonRun& daemon, const std::string& words) {
    std::string last;
    const bool said = await(
        [&] {
            const auto now = daemon.status();
            if (now) last = now->waiting_for;
            return last.find(words) != std::string::npos;
        },
        kSaidWithin);
    UNSCOPED_INFO("waiting_for: " << last);
    return said;
}

/// Sends Pings whose time is up at `expiration` to a node, as one whose clock is another would.
void ping_from_another_time(const Enode& node, discovery::UnixTime expiration, int count) {
    namespace ip = boost::asio::ip;
    boost::asio::io_context context;
    ip::udp::socket socket{context, ip::udp::endpoint{ip::address_v4::loopback(), 0}};
    const auto identity = discovery::make_identity(key_of(kPeerKey));
    for (int i = 0; i < count; ++i) {
        discovery::Ping ping;
        ping.from = {IpAddress{}, socket.local_endpoint().port(), 0};
        ping.expiration = expiration;
        const auto datagram = discovery::encode(ping, *identity);
        socket.send_to(boost::asio::buffer(datagram.bytes),
                       {ip::address_v4::loopback(), node.udp_port});
    }
}

}  // namespace

TEST_CASE("sockets: when all who serve are banned that is said, and for what", "[sockets]") {
    const World world;
    const TempDir folder;
    const BadPeer bad{world, Manner::kJunk, kPeerKey};
    DaemonRun daemon{run_config(world, folder.path(), {bad.enode()})};
    CHECK(says(daemon, "1 nodes are banned, one of them because it \""));
    CHECK(daemon.bans().contains(bad.enode().id));
    CHECK(daemon.status()->waiting_for.starts_with("no peer is connected: "));
    (void)daemon.stop();
}

TEST_CASE("sockets: a wrong network id is told as the end that all connections come to",
          "[sockets]") {
    const World world;
    const TempDir folder;
    const bool dialed = GENERATE(true, false);
    CAPTURE(dialed);
    daemon::RunConfig config = run_config(world, folder.path());
    config.network.network_id = World::kNetworkId + 1;
    std::optional<HonestPeer> peer;
    if (dialed) {
        peer.emplace(world, kPeerKey);
        config.static_peers = {peer->enode()};
    }
    DaemonRun daemon{std::move(config)};
    if (!dialed) peer.emplace(world, kPeerKey, std::vector<Enode>{daemon.enode()});
    CHECK(says(daemon, "network id"));
    CHECK(daemon.status()->waiting_for.starts_with("no peer is connected: "));
    (void)daemon.stop();
}

TEST_CASE("sockets: packets that had expired when they came are taken for a wrong clock",
          "[sockets]") {
    const World world;
    const TempDir folder;
    daemon::RunConfig config = run_config(world, folder.path());
    config.discovery = daemon::RunConfig::Discovery::kOn;
    DaemonRun daemon{std::move(config)};
    const auto now =
        static_cast<discovery::UnixTime>(std::chrono::duration_cast<std::chrono::seconds>(
                                             std::chrono::system_clock::now().time_since_epoch())
                                             .count());
    const bool behind = GENERATE(true, false);
    ping_from_another_time(daemon.enode(), behind ? now - 3600 : now + 3600, 12);
    CHECK(says(daemon,
               "the clock of this machine may be wrong: 12 of 12 discovery packets " +
                   std::string{behind ? "had expired when they came" : "come from the future"}));
    (void)daemon.stop();
}
