#include <catch2/catch.hpp>

#include <sync/downloader.hpp>

#include "log_capture.hpp"
#include "support/fake_peer.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::sync;
using namespace std::chrono_literals;
using async::Task;

namespace {

/// Serves what it has for a while, then everything.
Task<void> mend(test::Simulation& sim, test::FakePeer& peer, const test::BuiltState& whole) {
    (void)co_await sim.sleep_until(sim.now() + 60s, nullptr);
    peer.serve({&whole});
}

Task<void> run(Downloader& downloader, Result<void>& out) {
    out = co_await downloader.run();
}

}  // namespace

TEST_CASE("Downloader: peers that serve a root in part do not fill the log", "[sync]") {
    test::Simulation sim;
    test::StateGenerator generator{11};
    const test::BuiltState whole = build(generator.make(600));
    test::BuiltState part = whole;
    std::size_t n = 0;
    std::erase_if(part.nodes,
                  [&](const auto& node) { return node.first != whole.root && ++n % 2 == 0; });
    const auto chain = test::FakeChain::of(std::vector<Hash256>(200, whole.root));
    // Three items an answer: useful ones and useless ones come in turns.
    const auto peer = std::make_shared<test::FakePeer>(
        1, sim, sim.executor(), chain, std::vector<const test::BuiltState*>{&part},
        test::PeerManners{test::PeerManners::Kind::kPartial, 50ms});
    test::CheckingStore store;
    Downloader::Options options;
    options.policy.pin = PinnedNumber{100};
    options.when_complete = Downloader::WhenComplete::kReturn;
    Downloader downloader{store, sim, sim.executor(), options};
    downloader.peer_joined(peer);

    const test::LogCapture log;
    async::TaskScope scope{sim.executor()};
    scope.spawn(mend(sim, *peer, whole));
    Result<void> outcome;
    sim.run(run(downloader, outcome), 20min);
    REQUIRE(outcome);
    CHECK(downloader.complete());
    CHECK(peer->requests() > 20);
    CHECK(log.lines_with("unserved:") == 1);
}
