// What a devnet costs: making its state, and serving all of it over loopback TCP to a client that
// walks and forgets. The server has a thread of its own, whose CPU time is what counts: the client
// does more.
//
// usage: bench_devnet [accounts, default 200000] [contracts, default a tenth] [requests in flight,
//                     default 8]

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <async/task_scope.hpp>
#include <devnet/dev_node.hpp>
#include <devnet/item_references.hpp>
#include <devnet/origin.hpp>
#include <eth/version.hpp>
#include <net/tcp.hpp>

namespace {

using namespace fastsync;
using namespace std::chrono_literals;
using async::Task;
using devnet::DevChain;

constexpr std::size_t kRequest = 384;

double cpu_seconds(clockid_t clock) {
    timespec used{};
    ::clock_gettime(clock, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

std::vector<Hash256> all_hashes(const DevChain& chain) {
    std::vector<Hash256> hashes;
    boost::unordered_flat_set<Hash256, FixedHasher<Hash256>> seen;
    std::vector<devnet::ItemReference> todo{
        {chain.header_chain().genesis().state_root, devnet::ItemUse::kAccountNode}};
    while (!todo.empty()) {
        const auto [hash, use] = todo.back();
        todo.pop_back();
        if (!seen.insert(hash).second) continue;
        hashes.push_back(hash);
        const auto known = devnet::append_references(use, chain.items().find(hash)->bytes(), todo);
        if (!known) std::abort();
    }
    return hashes;
}

struct Client {
    boost::asio::io_context context;
    std::unique_ptr<async::Clock> clock = async::make_system_clock(context.get_executor());
    std::vector<Hash256> hashes;
    std::size_t next = 0;
    std::size_t got = 0;
    std::size_t bytes = 0;
};

Task<void> ask(Client& client, eth::Session& session) {
    while (client.next < client.hashes.size()) {
        const auto first = client.hashes.begin() + static_cast<std::ptrdiff_t>(client.next);
        const std::size_t count = std::min(kRequest, client.hashes.size() - client.next);
        client.next += count;
        std::vector<Hash256> asked(first, first + static_cast<std::ptrdiff_t>(count));
        const auto data =
            co_await session.get_node_data(std::move(asked), client.clock->now() + 60s);
        if (!data) std::abort();
        client.got += data->blobs.size();
        client.bytes += data->message.size();
    }
}

Task<void> run_session(std::shared_ptr<eth::Session> session) {
    (void)co_await session->run();
}

Task<void> download(Client& client, const Enode& to, DevChain& chain, int in_flight) {
    auto dialer = net::make_tcp_dialer(client.context.get_executor(), *client.clock);
    auto stream = co_await dialer->dial(to.host, to.tcp_port, client.clock->now() + 5s);
    if (!stream) std::abort();
    auto& entropy = crypto::system_entropy();
    const rlpx::LocalNode local{crypto::SecretKey::generate(entropy), "bench", 0,
                                eth::capability_offers()};
    auto connection = co_await rlpx::Connection::initiate(*std::move(stream), local, to.id,
                                                          *client.clock, entropy);
    if (!connection) std::abort();
    auto opened = co_await eth::Session::open(*std::move(connection), chain, *client.clock);
    if (!opened) std::abort();
    const std::shared_ptr<eth::Session> session = *opened;
    async::TaskScope running{client.context.get_executor()};
    running.spawn(run_session(session));
    async::TaskScope asking{client.context.get_executor()};
    for (int i = 0; i < in_flight; ++i)
        asking.spawn(ask(client, *session));
    co_await asking.join();
    session->disconnect(rlpx::DisconnectReason::kClientQuitting);
    co_await running.join();
}

}  // namespace

int main(int argc, char** argv) {
    const auto argument = [&](int index, std::uint64_t otherwise) {
        return argc > index ? std::strtoull(argv[index], nullptr, 10) : otherwise;
    };
    devnet::StateSize size{argument(1, 200'000), 0, 1};
    size.contracts = argument(2, size.accounts / 10);
    const int in_flight = static_cast<int>(argument(3, 8));

    const double before = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    auto chain = devnet::chain_from_size(size, 0);
    if (!chain) return 1;
    const double made = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - before;
    const auto items = static_cast<double>(chain->items().size());
    std::printf("made %.0f items, %.1f MiB: %.2f CPU s, %.2f us/item\n", items,
                static_cast<double>(chain->items().bytes()) / 1048576, made, made / items * 1e6);

    boost::asio::io_context context{1};
    auto& entropy = crypto::system_entropy();
    const auto node = devnet::DevNode::open(context.get_executor(), entropy, *chain,
                                            {.listen = {"127.0.0.1", 0},
                                             .key = crypto::SecretKey::generate(entropy),
                                             .client_name = "bench",
                                             .block_interval = {}});
    if (!node) return 1;
    Client client;
    client.hashes = all_hashes(*chain);
    double server_cpu = 0;
    std::thread server([&] {
        async::TaskScope scope{context.get_executor()};
        scope.spawn((*node)->run());
        context.run();
        server_cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    });
    const auto start = std::chrono::steady_clock::now();
    {
        async::TaskScope scope{client.context.get_executor()};
        scope.spawn(download(client, (*node)->enode(), *chain, in_flight));
        client.context.run();
    }
    const double wall = to_seconds(std::chrono::steady_clock::now() - start);
    boost::asio::post(context, [&] { (*node)->stop(); });
    server.join();
    const auto got = static_cast<double>(client.got);
    std::printf("served %.0f items, %.1f MiB: %.0f items/s wall, %.0f items per server CPU s\n",
                got, static_cast<double>(client.bytes) / 1048576, got / wall, got / server_cpu);
    return 0;
}
