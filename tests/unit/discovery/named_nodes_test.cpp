#include <async/task_scope.hpp>
#include <discovery/named_nodes.hpp>

#include "support/host_names.hpp"
#include "support/simulation.hpp"

using namespace fastsync;
using namespace fastsync::discovery;
using namespace std::chrono_literals;
using async::Task;

namespace {

constexpr const char* kOne = "one.example.org";
constexpr const char* kTwo = "two.example.org";

struct Rig {
    test::Simulation sim;
    test::HostNames names;
    bool lost = false;
    std::map<std::string, std::vector<IpAddress>> taken;
    std::optional<Error> refusal;
    NamedNodes nodes{sim.executor(),
                     sim,
                     names.resolver(),
                     {{NodeId{{1}}, kOne, 30303, 30301}, {NodeId{{2}}, kTwo, 30303, 30303}},
                     [this](const Enode& node, const auto& found) { return take(node, found); },
                     [this] { return lost; }};

    Result<void> take(const Enode& node, const std::vector<IpAddress>& found) {
        if (refusal) return *refusal;
        taken[node.host] = found;
        return {};
    }
    /// Looks for so long; `check` sees how things are then.
    void after(Duration time, const std::function<void()>& check) {
        struct Main {
            static Task<void> run(Rig& rig, Duration time, const std::function<void()>& check) {
                async::TaskScope scope{rig.sim.executor()};
                scope.spawn(rig.nodes.run());
                (void)co_await rig.sim.sleep_until(rig.sim.now() + time, nullptr);
                check();
                rig.nodes.close();
                co_await scope.join();
            }
        };
        sim.run(Main::run(*this, time, check));
    }
};

}  // namespace

TEST_CASE("NamedNodes: names are resolved at the start and again, for their hosts move",
          "[discovery]") {
    Rig rig;
    rig.names.set(kOne, {"192.0.2.1", "2001:db8::1"});
    rig.names.set(kTwo, {"192.0.2.2"});
    rig.after(kNameRefresh + 1s, [&] {
        CHECK(rig.taken == rig.names.addresses);
        CHECK(rig.nodes.unresolved().empty());
        CHECK(rig.names.asked[kOne] == 2);
        CHECK(rig.names.asked[kTwo] == 2);
    });
    CHECK(rig.names.closed);
}

TEST_CASE("NamedNodes: a name that fails is tried again, ever more rarely, and told of",
          "[discovery]") {
    Rig rig;
    rig.names.set(kTwo, {"192.0.2.2"});
    rig.after(kNameRetry * 7 + 1s, [&] {  // after 0, 1, 3 and 7 times that pause
        CHECK(rig.names.asked[kOne] == 4);
        CHECK(rig.names.asked[kTwo] == 1);
        CHECK(rig.taken.size() == 1);
        CHECK(rig.nodes.unresolved() ==
              std::map<std::string, std::string>{
                  {kOne, "cannot resolve one.example.org: no such name"}});
    });
}

TEST_CASE("NamedNodes: a name is no longer told of once it leads somewhere", "[discovery]") {
    Rig rig;
    rig.names.set(kTwo, {"192.0.2.2"});
    auto late = [](Rig& r) -> Task<void> {
        async::TaskScope scope{r.sim.executor()};
        scope.spawn(r.nodes.run());
        (void)co_await r.sim.sleep_until(r.sim.now() + 1s, nullptr);
        CHECK(r.nodes.unresolved().size() == 1);
        r.names.set(kOne, {"192.0.2.1"});
        (void)co_await r.sim.sleep_until(r.sim.now() + kNameRetry, nullptr);
        CHECK(r.nodes.unresolved().empty());
        CHECK(r.taken.size() == 2);
        r.nodes.close();
        co_await scope.join();
    };
    rig.sim.run(late(rig));
}

TEST_CASE("NamedNodes: while nobody answers, names are looked up sooner", "[discovery]") {
    Rig rig;
    rig.lost = true;
    rig.names.set(kOne, {"192.0.2.1"});
    rig.names.set(kTwo, {"192.0.2.2"});
    rig.after(kNameRetry * 7 + 1s, [&] { CHECK(rig.names.asked[kOne] == 4); });
}

TEST_CASE("NamedNodes: addresses that are of no use are told as the name's failure",
          "[discovery]") {
    Rig rig;
    rig.names.set(kOne, {"192.0.2.1"});
    rig.refusal = Error{Errc::kNotFound, "no IPv6 address"};
    rig.after(1s, [&] { CHECK(rig.nodes.unresolved().at(kOne) == "no IPv6 address"); });
}
