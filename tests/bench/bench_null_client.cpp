// The least a client can do with a state: ask, hash, decode, forget. What it gets from a peer is
// what that peer can give; a sync that gets as much is not the bottleneck.
//
// usage: bench_null_client ENODE NETWORK_ID GENESIS_HASH STATE_ROOT [requests in flight, default 8]
//
// Prints one line of JSON: items, bytes, wall and CPU seconds.

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <boost/asio/io_context.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <async/task_scope.hpp>
#include <crypto/keccak.hpp>
#include <devnet/item_references.hpp>
#include <eth/session.hpp>
#include <eth/version.hpp>
#include <net/tcp.hpp>

#include "parts.hpp"

namespace {

using namespace fastsync;
using namespace std::chrono_literals;
using async::Task;
using devnet::ItemReference;

constexpr std::size_t kAsked = 384;

/// Has nothing to give, and says of itself what it must.
class Nobody final : public eth::Backend {
  public:
    Nobody(std::uint64_t network_id, const Hash256& genesis)
        : identity_{network_id, genesis, genesis, 1} {}
    [[nodiscard]] eth::ChainIdentity identity() const override { return identity_; }
    [[nodiscard]] Task<std::vector<Bytes>> headers(eth::HeaderQuery) override {
        co_return std::vector<Bytes>{};
    }
    [[nodiscard]] Task<Bytes> node_data(std::vector<Hash256>) override { co_return Bytes{}; }

  private:
    eth::ChainIdentity identity_;
};

struct Walk {
    std::vector<ItemReference> todo;
    /// What was asked for and not forgotten: everything once, as a sync does.
    boost::unordered_flat_map<Hash256, devnet::ItemUse, FixedHasher<Hash256>> open;
    boost::unordered_flat_set<std::uint64_t> seen;  // by 8 bytes of hash
    std::size_t in_flight = 0;
    std::size_t items = 0;
    std::size_t bytes = 0;
};

[[noreturn]] void fail(const Error& error) {
    std::fprintf(stderr, "%s\n", error.message().c_str());
    std::exit(1);
}

std::vector<Hash256> next_hashes(Walk& walk) {
    std::vector<Hash256> hashes;
    while (hashes.size() < kAsked && !walk.todo.empty()) {
        const ItemReference item = walk.todo.back();
        walk.todo.pop_back();
        std::uint64_t prefix = 0;
        std::memcpy(&prefix, item.hash.data.data(), sizeof prefix);
        if (!walk.seen.insert(prefix).second) continue;
        walk.open.emplace(item.hash, item.use);
        hashes.push_back(item.hash);
    }
    return hashes;
}

void take(Walk& walk, const eth::NodeData& data) {
    std::vector<Hash256> hashes(data.blobs.size());
    crypto::keccak256_batch(data.blobs, hashes);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        const auto open = walk.open.find(hashes[i]);
        if (open == walk.open.end()) continue;
        const devnet::ItemUse use = open->second;
        walk.open.erase(open);
        ++walk.items;
        walk.bytes += data.blobs[i].size();
        if (auto found = devnet::append_references(use, data.blobs[i], walk.todo); !found)
            fail(found.error());
    }
}

Task<void> ask(Walk& walk, eth::Session& session, async::Clock& clock) {
    for (;;) {
        std::vector<Hash256> hashes = next_hashes(walk);
        if (hashes.empty()) {
            if (walk.in_flight == 0) co_return;
            (void)co_await clock.sleep_until(clock.now() + 1ms, nullptr);
            continue;
        }
        ++walk.in_flight;
        const std::vector<Hash256> asked = hashes;
        const auto data = co_await session.get_node_data(std::move(hashes), clock.now() + 60s);
        --walk.in_flight;
        if (!data) fail(data.error());
        take(walk, *data);
        for (const Hash256& hash : asked) {
            // Answers may be cut short: what is left is asked for again.
            const auto left = walk.open.find(hash);
            if (left == walk.open.end()) continue;
            std::uint64_t prefix = 0;
            std::memcpy(&prefix, hash.data.data(), sizeof prefix);
            walk.seen.erase(prefix);
            walk.todo.push_back({hash, left->second});
            walk.open.erase(left);
        }
    }
}

Task<void> run_session(std::shared_ptr<eth::Session> session) {
    (void)co_await session->run();
}

struct Measured {
    double wall = 0;
};

Task<void> download(Walk& walk, Enode to, Nobody& nobody, async::Executor executor,
                    async::Clock& clock, std::size_t in_flight, Measured& out) {
    auto dialer = net::make_tcp_dialer(executor, clock);
    auto stream = co_await dialer->dial(to.host, to.tcp_port, clock.now() + 5s);
    if (!stream) fail(stream.error());
    auto& entropy = crypto::system_entropy();
    const rlpx::LocalNode local{crypto::SecretKey::generate(entropy), "null client", 0,
                                eth::capability_offers()};
    auto connection =
        co_await rlpx::Connection::initiate(*std::move(stream), local, to.id, clock, entropy);
    if (!connection) fail(connection.error());
    auto opened = co_await eth::Session::open(*std::move(connection), nobody, clock);
    if (!opened) fail(opened.error());
    const std::shared_ptr<eth::Session> session = *opened;
    async::TaskScope running{executor};
    running.spawn(run_session(session));
    const auto start = std::chrono::steady_clock::now();
    async::TaskScope asking{executor};
    for (std::size_t i = 0; i < in_flight; ++i)
        asking.spawn(ask(walk, *session, clock));
    co_await asking.join();
    out.wall = to_seconds(std::chrono::steady_clock::now() - start);
    session->disconnect(rlpx::DisconnectReason::kClientQuitting);
    co_await running.join();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) {
        std::fprintf(stderr,
                     "usage: bench_null_client ENODE NETWORK_ID GENESIS ROOT [IN_FLIGHT]\n");
        return 1;
    }
    const auto enode = parse_enode(argv[1]);
    const auto genesis = fixed_from_hex<Hash256>(argv[3]);
    const auto root = fixed_from_hex<Hash256>(argv[4]);
    if (!enode || !genesis || !root) return 1;
    const std::size_t in_flight = argc > 5 ? std::strtoull(argv[5], nullptr, 10) : 8;
    Nobody nobody{std::strtoull(argv[2], nullptr, 10), *genesis};
    Walk walk;
    walk.todo.push_back({*root, devnet::ItemUse::kAccountNode});
    boost::asio::io_context context{1};
    const auto clock = async::make_system_clock(context.get_executor());
    Measured measured;
    {
        async::TaskScope scope{context.get_executor()};
        scope.spawn(
            download(walk, *enode, nobody, context.get_executor(), *clock, in_flight, measured));
        context.run();
    }
    std::printf("{\"items\": %zu, \"bytes\": %zu, \"wall_s\": %.4f, \"cpu_s\": %.4f}\n", walk.items,
                walk.bytes, measured.wall, bench::process_seconds());
    return 0;
}
