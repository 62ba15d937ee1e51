#include <future>
#include <thread>

#include <daemon/loop_thread.hpp>
#include <daemon/session_peer.hpp>

#include "support/fake_peer.hpp"
#include "support/fake_session.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::daemon;
using namespace std::chrono_literals;
using async::Task;
using rlpx::DisconnectReason;
using sync::Misbehaviour;

namespace {

eth::PeerStatus said() {
    eth::PeerStatus status;
    status.head_hash = Hash256{{0x4e}};
    status.total_difficulty = 500;
    return status;
}

/// The peer and its session on one executor, in virtual time.
struct Rig {
    test::Simulation sim;
    std::vector<eth::Fault> faults;
    std::shared_ptr<test::FakeSession> session =
        std::make_shared<test::FakeSession>(sim.executor(), NodeId{{0x99}}, said());
    std::shared_ptr<SessionPeer> peer =
        std::make_shared<SessionPeer>(sync::PeerId{5}, "cafe", session, sim.executor(),
                                      [this](eth::Fault fault) { faults.push_back(fault); });

    void run(Task<void> (*main)(Rig&)) { sim.run(main(*this)); }
    /// Lets run what was posted.
    void settle() { sim.run(nothing(sim)); }

  private:
    static Task<void> nothing(test::Simulation& sim) {
        (void)co_await sim.sleep_until(sim.now() + 1ms, nullptr);
    }
};

}  // namespace

TEST_CASE("SessionPeer: tells what its session said and announced", "[daemon]") {
    Rig rig;
    CHECK(rig.peer->id() == sync::PeerId{5});
    CHECK(rig.peer->name() == "cafe");
    CHECK(rig.peer->heads() == std::vector{Hash256{{0x4e}}});
    CHECK(rig.peer->total_difficulty() == 500);
    rig.peer->announce(Hash256{{0x4f}});
    CHECK(rig.peer->heads() == std::vector{Hash256{{0x4f}}, Hash256{{0x4e}}});
    rig.peer->announce(Hash256{{0x4f}});
    for (Byte n = 0x50; n < 0x60; ++n)
        rig.peer->announce(Hash256{{n}});
    CHECK(rig.peer->heads() ==
          std::vector{Hash256{{0x5f}}, Hash256{{0x5e}}, Hash256{{0x5d}}, Hash256{{0x4e}}});
    CHECK(rig.peer->heads().size() == sync::kMostHeads);
    rig.peer.reset();
    rig.settle();
}

TEST_CASE("SessionPeer: node data comes with its views whole", "[daemon]") {
    Rig rig;
    rig.session->answer_nodes = [](const std::vector<Hash256>&) -> test::FakeSession::NodeAnswer {
        eth::NodeData data{{1, 2, 3, 4, 5}, {}, TimePoint{7s}};
        data.blobs = {ByteView{data.message}.first(2), ByteView{data.message}.subspan(3)};
        return data;
    };
    rig.run([](Rig& r) -> Task<void> {
        const std::vector<Hash256> hashes{{{1}}, {{2}}};
        auto answer = co_await r.peer->get_node_data(hashes, TimePoint{9s});
        REQUIRE(answer);
        const sync::NodeDataAnswer moved = *std::move(answer);
        REQUIRE(moved.blobs.size() == 2);
        CHECK(to_bytes(moved.blobs[0]) == Bytes{1, 2});
        CHECK(to_bytes(moved.blobs[1]) == Bytes{4, 5});
        CHECK(moved.arrived == TimePoint{7s});
        CHECK(r.session->node_requests.at(0) == hashes);
        CHECK(r.session->deadlines.at(0) == TimePoint{9s});
        r.session->answer_nodes = nullptr;
        const auto failed = co_await r.peer->get_node_data(hashes, TimePoint{9s});
        REQUIRE_FALSE(failed);
        CHECK(failed.error().code == Errc::kTimeout);
        r.peer.reset();
    });
    rig.settle();
}

TEST_CASE("SessionPeer: header questions are passed on as they are", "[daemon]") {
    Rig rig;
    rig.run([](Rig& r) -> Task<void> {
        const auto chain = test::FakeChain::of(std::vector<Hash256>(3));
        r.session->answer_headers =
            [&chain](const eth::HeaderQuery&) -> test::FakeSession::HeaderAnswer {
            return chain.headers;
        };
        const sync::HeaderRequest request{Hash256{{3}}, 4, 5, true};
        const auto answer = co_await r.peer->get_headers(request, TimePoint{9s});
        REQUIRE(answer);
        CHECK(*answer == chain.headers);
        CHECK(r.session->header_requests.at(0) == eth::HeaderQuery{Hash256{{3}}, 4, 5, true});
        CHECK(r.session->deadlines.at(0) == TimePoint{9s});
        r.session->answer_headers = nullptr;
        const auto failed = co_await r.peer->get_headers(request, TimePoint{9s});
        REQUIRE_FALSE(failed);
        r.peer.reset();
    });
    rig.settle();
}

TEST_CASE("SessionPeer: misbehaviour is reported on the net thread, each by its own fault",
          "[daemon]") {
    const auto [what, fault] = GENERATE(table<Misbehaviour, eth::Fault>(
        {{Misbehaviour::kMalformedBlob, eth::Fault::kUnrequestedItems},
         {Misbehaviour::kForgedHeaders, eth::Fault::kForgedHeaders},
         {Misbehaviour::kStalling, eth::Fault::kStalling},
         {Misbehaviour::kContradictsPin, eth::Fault::kContradictsPin},
         {Misbehaviour::kRootUnserved, eth::Fault::kRootUnserved}}));
    Rig rig;
    rig.peer->report(what);
    CHECK(rig.faults.empty());  // not on this thread
    rig.settle();
    CHECK(rig.faults == std::vector{fault});
    rig.peer.reset();
    rig.settle();
}

TEST_CASE("SessionPeer: release says goodbye, even when the peer is gone by then", "[daemon]") {
    Rig rig;
    rig.peer->release();
    rig.peer.reset();
    rig.settle();
    CHECK(rig.session->goodbyes == std::vector{DisconnectReason::kClientQuitting});
    CHECK(rig.session.use_count() == 1);
}

TEST_CASE("SessionPeer: the session is used and let go of on the net thread alone", "[daemon]") {
    LoopThread net{"t-net"};
    LoopThread sync{"t-sync"};
    std::promise<std::thread::id> destroyed;
    std::promise<std::thread::id> asked;
    auto session = std::make_shared<test::FakeSession>(net.executor(), NodeId{{0x99}}, said());
    session->on_destroyed = [&] { destroyed.set_value(std::this_thread::get_id()); };
    session->answer_nodes = [&](const std::vector<Hash256>&) -> test::FakeSession::NodeAnswer {
        asked.set_value(std::this_thread::get_id());
        return eth::NodeData{};
    };
    struct Use {
        static Task<void> run(std::shared_ptr<SessionPeer> peer,
                              std::promise<std::thread::id>& resumed) {
            const std::vector<Hash256> hashes{{{1}}};
            const auto answer = co_await peer->get_node_data(hashes, TimePoint{9s});
            peer.reset();
            if (answer) resumed.set_value(std::this_thread::get_id());
        }
    };
    const auto thread_of = [](LoopThread& loop) {
        std::promise<std::thread::id> id;
        boost::asio::post(loop.executor(), [&id] { id.set_value(std::this_thread::get_id()); });
        return id.get_future().get();
    };
    auto peer = std::make_shared<SessionPeer>(sync::PeerId{1}, "cafe", std::move(session),
                                              net.executor(), [](eth::Fault) {});
    std::promise<std::thread::id> resumed;
    std::promise<bool> threw;  // checked here: Catch2 counts on one thread alone
    boost::asio::co_spawn(sync.executor(), Use::run(std::move(peer), resumed),
                          [&threw](std::exception_ptr escaped) { threw.set_value(!!escaped); });
    CHECK(asked.get_future().get() == thread_of(net));
    CHECK(resumed.get_future().get() == thread_of(sync));
    CHECK(destroyed.get_future().get() == thread_of(net));
    CHECK_FALSE(threw.get_future().get());
}
