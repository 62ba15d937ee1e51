#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <async/task_scope.hpp>
#include <devnet/dev_node.hpp>
#include <devnet/origin.hpp>
#include <eth/version.hpp>
#include <net/tcp.hpp>

using namespace fastsync;
using namespace std::chrono_literals;
using async::Task;
using async::TaskScope;
using devnet::DevChain;
using devnet::DevNode;

namespace {

DevChain small_chain() {
    auto chain = devnet::chain_from_size({50, 10, 1}, 20);
    REQUIRE(chain);
    return *std::move(chain);
}

/// A node on loopback and what a client of it needs.
struct Network {
    boost::asio::io_context context;
    std::unique_ptr<async::Clock> clock = async::make_system_clock(context.get_executor());
    std::unique_ptr<net::Dialer> dialer = net::make_tcp_dialer(context.get_executor(), *clock);
    DevChain served = small_chain();
    DevChain ours = small_chain();  // what a client says of itself
    std::unique_ptr<DevNode> node;

    explicit Network(std::optional<Duration> block_interval) {
        auto& entropy = crypto::system_entropy();
        auto opened = DevNode::open(context.get_executor(), entropy, served,
                                    {.listen = {"127.0.0.1", 0},
                                     .key = crypto::SecretKey::generate(entropy),
                                     .client_name = "served",
                                     .block_interval = block_interval});
        REQUIRE(opened);
        node = *std::move(opened);
    }
    void run(Task<void> client) {
        TaskScope scope{context.get_executor()};
        scope.spawn(node->run());
        scope.spawn(std::move(client));
        context.run();
    }
};

Task<std::shared_ptr<eth::Session>> dial(Network& n) {
    auto& entropy = crypto::system_entropy();
    const Enode& to = n.node->enode();
    auto stream = co_await n.dialer->dial(to.host, to.tcp_port, n.clock->now() + 5s);
    REQUIRE(stream);
    const rlpx::LocalNode local{crypto::SecretKey::generate(entropy), "client", 0,
                                eth::capability_offers()};
    auto connection =
        co_await rlpx::Connection::initiate(*std::move(stream), local, to.id, *n.clock, entropy);
    REQUIRE(connection);
    auto session = co_await eth::Session::open(*std::move(connection), n.ours, *n.clock);
    REQUIRE(session);
    co_return *session;
}

Task<void> run_session(std::shared_ptr<eth::Session> session) {
    (void)co_await session->run();
}

/// Counts announced blocks; opens its gate at the third.
struct Heads final : eth::SessionObserver {
    explicit Heads(const async::Executor& executor) : enough(executor) {}

    void on_head(Hash256 hash, chain::BlockNumber number) override {
        seen.emplace_back(hash, number);
        if (seen.size() == 3) enough.open();
    }
    void on_stray_node_data(eth::NodeData /*data*/) override {}

    std::vector<std::pair<Hash256, chain::BlockNumber>> seen;
    async::Gate enough;
};

Task<void> ask_for_items(Network& n) {
    TaskScope scope{n.context.get_executor()};
    const auto session = co_await dial(n);
    scope.spawn(run_session(session));
    CHECK(session->status().head_hash == n.served.head().hash);
    CHECK(session->status().total_difficulty == n.served.header_chain().total_difficulty());

    const auto headers = co_await session->get_headers({session->status().head_hash, 5, 0, true},
                                                       n.clock->now() + 5s);
    REQUIRE(headers);
    REQUIRE(headers->size() == 5);
    CHECK(headers->front() == n.served.head());
    const Hash256 root = headers->back().state_root;
    const std::vector<Hash256> asked(1, root);
    const auto data = co_await session->get_node_data(asked, n.clock->now() + 5s);
    REQUIRE(data);
    REQUIRE(data->blobs.size() == 1);
    CHECK(equal(data->blobs[0], n.served.items().find(root)->bytes()));

    n.node->stop();  // says goodbye
    co_await scope.join();
}

Task<void> wait_for_blocks(Network& n) {
    TaskScope scope{n.context.get_executor()};
    Heads heads{n.context.get_executor()};
    const auto session = co_await dial(n);
    session->observe(&heads);
    scope.spawn(run_session(session));
    const bool enough = co_await heads.enough.wait_until(n.clock->now() + 20s);
    CHECK(enough);
    for (const auto& [hash, number] : heads.seen) {
        const auto* const block = n.served.header_chain().find(number);
        REQUIRE(block != nullptr);
        CHECK(block->hash == hash);
    }
    session->observe(nullptr);
    n.node->stop();  // says goodbye
    co_await scope.join();
}

}  // namespace

TEST_CASE("DevNode: serves headers and items over TCP", "[devnet]") {
    Network network{std::nullopt};
    network.run(ask_for_items(network));
}

TEST_CASE("DevNode: announces the blocks it makes", "[devnet]") {
    Network network{10ms};
    network.run(wait_for_blocks(network));
}

TEST_CASE("DevNode: an address that is taken is no place to listen", "[devnet]") {
    Network network{std::nullopt};
    auto& entropy = crypto::system_entropy();
    const auto second = DevNode::open(network.context.get_executor(), entropy, network.ours,
                                      {.listen = {"127.0.0.1", network.node->enode().tcp_port},
                                       .key = crypto::SecretKey::generate(entropy),
                                       .client_name = "second"});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::kConnect);
}
