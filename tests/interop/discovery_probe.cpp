// Discovery alone, on a real socket: prints its own URL, then each node found, then what it
// counted.
//
// usage: discovery_probe ADDR:PORT SECONDS [BOOTNODE_URL ...]

#include <cstdio>
#include <cstdlib>

#include <boost/asio/io_context.hpp>
#include <fmt/core.h>

#include <async/task_scope.hpp>
#include <discovery/service.hpp>
#include <net/address.hpp>
#include <net/udp.hpp>
#include <rlp/encode.hpp>

namespace {

using namespace fastsync;
using namespace fastsync::discovery;

[[noreturn]] void fail(const std::string& why) {
    fmt::print(stderr, "{}\n", why);
    std::exit(1);
}

async::Task<void> print_found(DiscoveryService& service, TimePoint end) {
    while (true) {
        const auto nodes = co_await service.next_nodes(16, end);
        if (!nodes) break;
        for (const FoundNode& found : *nodes) {
            fmt::print("found id={} at={} tcp={} record={} eth={}\n", to_hex(found.node.id),
                       to_string(found.node.udp), found.node.tcp,
                       found.record ? found.record->text() : "none",
                       found.record && found.record->find("eth") ? "yes" : "no");
        }
        std::fflush(stdout);
    }
    const EngineStats stats = service.stats();
    fmt::print(
        "stats received={} sent={} malformed={} unexpected={} unproven={} known={} rounds={}\n",
        stats.received, stats.sent, stats.malformed, stats.unexpected, stats.unproven, stats.known,
        stats.rounds);
    service.stop();
}

std::vector<Node> bootnodes_of(int count, char** urls) {
    std::vector<Node> out;
    for (int i = 0; i < count; ++i) {
        const auto enode = parse_enode(urls[i]);
        if (!enode) fail(enode.error().message());
        const auto node = bootnode_of(*enode);
        if (!node) fail(node.error().message());
        out.push_back(*node);
    }
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) fail("usage: discovery_probe ADDR:PORT SECONDS [BOOTNODE_URL ...]");
    const auto place = net::parse_host_port(argv[1]);
    if (!place) fail(place.error().message());
    const auto address = IpAddress::parse(place->host);
    if (!address) fail(address.error().message());

    boost::asio::io_context context;
    const auto clock = async::make_system_clock(context.get_executor());
    std::vector<std::unique_ptr<net::DatagramSocket>> sockets;
    auto socket = net::make_udp_socket(context.get_executor(), *clock, {*address, place->port});
    if (!socket) fail(socket.error().message());
    sockets.push_back(*std::move(socket));

    EngineOptions options;
    options.announced_address = *address;
    options.tcp_port = place->port;
    options.bootnodes = bootnodes_of(argc - 3, argv + 3);
    options.record_entries["eth"] = rlp::encode_list({rlp::encode_list(
        {rlp::encode_string(Bytes{0xfc, 0x64, 0xec, 0x04}), rlp::encode_uint(1150000)})});
    crypto::EntropySource& entropy = crypto::system_entropy();
    auto service = DiscoveryService::make(context.get_executor(), *clock, system_wall_clock(),
                                          entropy, crypto::SecretKey::generate(entropy),
                                          std::move(sockets), std::move(options));
    if (!service) fail(service.error().message());
    fmt::print("self {}\n", to_string((*service)->local_enode()));
    std::fflush(stdout);

    async::TaskScope scope{context.get_executor()};
    scope.spawn((*service)->run());
    scope.spawn(print_found(**service, clock->now() + std::chrono::seconds{std::atoi(argv[2])}));
    context.run();
    return 0;
}
