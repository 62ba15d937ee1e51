#pragma once

#include <array>
#include <memory>

#include <catch2/catch.hpp>

#include <sync/downloader.hpp>

#include "support/fake_peer.hpp"
#include "support/simulation.hpp"

namespace fastsync::test {

/// Three states in a row and a chain of 265 blocks over them: block n has state `n < 150 ? 0 : n <
/// 230 ? 1 : 2`.
struct DownloaderWorld {
    explicit DownloaderWorld(std::uint64_t seed = 5) : generator(seed) {
        StateModel model = generator.make(60);
        for (auto& state : states) {
            state = build(model);
            generator.mutate(model, 10);
        }
        std::vector<Hash256> roots;
        for (std::uint64_t n = 0; n < 265; ++n)
            roots.push_back(state_at(n).root);
        chain = FakeChain::of(roots);
    }

    [[nodiscard]] const BuiltState& state_at(std::uint64_t n) const {
        return states[n < 150 ? 0 : n < 230 ? 1 : 2];
    }
    std::shared_ptr<FakePeer> peer(std::uint64_t id,
                                   PeerManners::Kind kind = PeerManners::Kind::kHonest) {
        return std::make_shared<FakePeer>(
            id, simulation, simulation.executor(), chain,
            std::vector<const BuiltState*>{&states[0], &states[1], &states[2]},
            PeerManners{kind, std::chrono::milliseconds{50}});
    }
    std::unique_ptr<sync::Downloader> downloader(sync::PivotPolicy policy = {}) {
        sync::Downloader::Options options;
        options.policy = std::move(policy);
        options.when_complete = sync::Downloader::WhenComplete::kReturn;
        options.unix_time = [] { return std::uint64_t{1'700'000'000}; };
        return std::make_unique<sync::Downloader>(store, simulation, simulation.executor(),
                                                  options);
    }
    /// Runs until complete; fails the test when that takes more than 20 virtual minutes.
    void complete(sync::Downloader& d) {
        struct Main {
            static async::Task<void> run(sync::Downloader& d, Result<void>& out) {
                out = co_await d.run();
            }
        };
        Result<void> outcome;
        simulation.run(Main::run(d, outcome), std::chrono::minutes{20});
        INFO((outcome ? std::string{} : outcome.error().message()));
        REQUIRE(outcome);
        REQUIRE(d.complete());
        CHECK(d.progress().fraction == 1.0);
    }

    Simulation simulation;
    StateGenerator generator;
    std::array<BuiltState, 3> states;
    FakeChain chain;
    CheckingStore store;
};

}  // namespace fastsync::test
