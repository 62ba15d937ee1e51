#include <async/task_scope.hpp>
#include <daemon/peer_hub.hpp>

#include "support/fake_peer.hpp"
#include "support/fake_session.hpp"
#include "support/simulation.hpp"
#include "support/state_model.hpp"

using namespace fastsync;
using namespace fastsync::daemon;
using namespace std::chrono_literals;
using async::Task;
using sync::SyncPhase;

namespace {

/// A downloader fed by a hub, all on one executor in virtual time; sessions that serve a small
/// state.
struct Rig {
    Rig() {
        test::StateGenerator generator{3};
        state = build(generator.make(20));
        chain = test::FakeChain::of(std::vector<Hash256>(100, state.root));
    }

    /// A session as the host tells of it; its head is the chain's unless said otherwise.
    eth::Peer peer(std::uint64_t number, const Hash256& head) {
        eth::PeerStatus status;
        status.eth_version = 63;
        status.head_hash = head;
        status.total_difficulty = 500;
        const NodeId id{{0xa0, static_cast<Byte>(number)}};
        auto session = std::make_shared<test::FakeSession>(sim.executor(), id, status);
        session->answer_headers = [this](const eth::HeaderQuery& q) { return headers(q); };
        session->answer_nodes = [this](const std::vector<Hash256>& h) { return nodes(h); };
        sessions[number] = session;
        return {number, {id, "10.0.0.1", 30303, 0}, eth::Direction::kInbound, sim.now(), session};
    }
    [[nodiscard]] test::FakeSession::HeaderAnswer headers(const eth::HeaderQuery& query) const {
        std::uint64_t at = chain.headers.size();
        if (const auto* number = std::get_if<chain::BlockNumber>(&query.origin)) at = *number;
        for (const auto& header : chain.headers)
            if (query.origin == decltype(query.origin){header.hash}) at = header.number;
        std::vector<chain::BlockHeader> out;
        for (; out.size() < query.amount && at < chain.headers.size(); ++at)
            out.push_back(chain.headers[at]);
        return out;
    }
    [[nodiscard]] test::FakeSession::NodeAnswer nodes(const std::vector<Hash256>& hashes) const {
        std::vector<Bytes> blobs;
        for (const Hash256& hash : hashes)
            if (const Bytes* blob = state.find(hash)) blobs.push_back(*blob);
        auto answer = test::answer_of(blobs, sim.now());
        return eth::NodeData{std::move(answer.message), std::move(answer.blobs), answer.arrived};
    }

    void run(Task<void> (*main)(Rig&)) { sim.run(run_all(*this, main), 1h); }
    Task<void> pass(Duration duration) {
        (void)co_await sim.sleep_until(sim.now() + duration, nullptr);
    }

    test::Simulation sim;
    test::BuiltState state;
    test::FakeChain chain;
    test::CheckingStore store;
    sync::Downloader downloader{store, sim, sim.executor(), {}};
    PeerHub hub{downloader, sim.executor(), sim.executor()};
    std::map<std::uint64_t, std::shared_ptr<test::FakeSession>> sessions;

  private:
    static Task<void> run_downloader(sync::Downloader& downloader) {
        const auto outcome = co_await downloader.run();
        CHECK(outcome);
    }
    static Task<void> run_all(Rig& rig, Task<void> (*main)(Rig&)) {
        async::TaskScope scope{rig.sim.executor()};
        scope.spawn(run_downloader(rig.downloader));
        co_await main(rig);
        rig.downloader.stop();
        co_await scope.join();
    }
};

}  // namespace

TEST_CASE("PeerHub: a session becomes a peer of the sync, and leaves it", "[daemon]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        co_await r.pass(1s);
        CHECK(r.downloader.progress().phase == SyncPhase::kFindingPeers);
        const eth::Peer peer = r.peer(7, r.chain.head().hash);
        r.hub.on_joined(peer);
        CHECK(r.sessions[7]->observer != nullptr);
        co_await r.pass(10s);
        CHECK(r.downloader.complete());
        CHECK(missing_from(r.store, r.state) == "");
        REQUIRE(r.downloader.progress().peers.size() == 1);
        CHECK(r.downloader.progress().peers[0].id == sync::PeerId{7});
        CHECK(r.downloader.progress().peers[0].delivered == r.state.size());
        // As the host does it.
        peer.session->observe(nullptr);
        r.hub.on_left(peer, {Errc::kClosed, "gone"});
        co_await r.pass(1s);
        CHECK(r.downloader.progress().peers.empty());
    });
    CHECK(rig.sessions[7].use_count() == 1);
}

TEST_CASE("PeerHub: what a session announces becomes the peer's head", "[daemon]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        // It joins with a head that nobody has a header of: a daemon that only begins itself.
        r.hub.on_joined(r.peer(1, Hash256{{0x67}}));
        co_await r.pass(20s);
        CHECK(r.downloader.progress().phase == SyncPhase::kChoosingPivot);
        CHECK(r.downloader.progress().waiting_for ==
              "1 peers connected, none tells its head header");
        r.sessions[1]->observer->on_head(r.chain.head().hash, r.chain.head().number);
        co_await r.pass(10s);
        CHECK(r.downloader.complete());
    });
}

TEST_CASE("PeerHub: node data outside of any request reaches the sync", "[daemon]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        const eth::Peer peer = r.peer(1, r.chain.head().hash);
        // Takes the question for the root and stays silent on it.
        r.sessions[1]->answer_nodes =
            [](const std::vector<Hash256>&) -> test::FakeSession::NodeAnswer {
            return Error{Errc::kOverloaded, "later"};
        };
        r.hub.on_joined(peer);
        co_await r.pass(2s);
        REQUIRE(r.downloader.progress().phase == SyncPhase::kSyncing);
        CHECK(r.downloader.progress().peers.at(0).delivered == 0);
        auto root = r.nodes(std::vector<Hash256>(1, r.state.root));
        REQUIRE(root);
        r.sessions[1]->observer->on_stray_node_data(*std::move(root));
        auto junk = test::answer_of(std::vector<Bytes>(1, Bytes(40, 9)), r.sim.now());
        r.sessions[1]->observer->on_stray_node_data(
            eth::NodeData{std::move(junk.message), std::move(junk.blobs), junk.arrived});
        co_await r.pass(10ms);
        CHECK(r.downloader.progress().peers.at(0).delivered == 1);
        CHECK(r.downloader.progress().counters.unexpected == 1);
        CHECK(r.sessions[1]->goodbyes.empty());
    });
}

TEST_CASE("PeerHub: words of a session that left do no harm", "[daemon]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        const eth::Peer peer = r.peer(1, Hash256{{0x67}});
        r.hub.on_joined(peer);
        // Posted to the sync thread, and overtaken by the departure.
        r.sessions[1]->observer->on_head(r.chain.head().hash, 99);
        auto root = r.nodes(std::vector<Hash256>(1, r.state.root));
        REQUIRE(root);
        r.sessions[1]->observer->on_stray_node_data(*std::move(root));
        peer.session->observe(nullptr);
        r.hub.on_left(peer, {Errc::kClosed, "gone"});
        r.hub.on_left(peer, {Errc::kClosed, "gone"});
        co_await r.pass(5s);
        CHECK(r.downloader.progress().peers.empty());
        CHECK(r.downloader.progress().phase == SyncPhase::kFindingPeers);
    });
}
