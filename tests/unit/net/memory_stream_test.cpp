#include "support/memory_stream.hpp"

#include <catch2/catch.hpp>

#include <async/task_scope.hpp>
#include <net/byte_stream.hpp>

#include "support/simulation.hpp"

using namespace fastsync;
using async::Task;
using test::make_memory_pair;
using test::MemoryPair;
using test::Simulation;

namespace {

Bytes numbered(std::size_t size) {
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<Byte>(i * 7);
    return out;
}

Task<void> write_all(net::ByteStream& stream, const Bytes& data, bool& ok) {
    const auto written = co_await stream.write(data);
    ok = written.has_value();
}

}  // namespace

TEST_CASE("MemoryStream: bytes arrive in order through a narrow pipe", "[net]") {
    Simulation sim;
    MemoryPair pair = make_memory_pair(sim.executor());
    pair.first->weather().capacity = 10;
    pair.first->weather().read_at_most = 3;
    auto main = [](Simulation& s, MemoryPair& p) -> Task<void> {
        async::TaskScope scope{s.executor()};
        const Bytes sent = numbered(1000);
        bool ok = false;
        scope.spawn(write_all(*p.first, sent, ok));
        Bytes got(1000);
        const auto read = co_await net::read_exactly(*p.second, got);
        CHECK(read);
        co_await scope.join();
        CHECK(ok);
        CHECK(got == sent);
    };
    sim.run(main(sim, pair));
}

TEST_CASE("MemoryStream: a cut ends both sides after what was sent before it", "[net]") {
    Simulation sim;
    MemoryPair pair = make_memory_pair(sim.executor());
    pair.first->weather().cut_after = 5;
    auto main = [](MemoryPair& p) -> Task<void> {
        const auto written = co_await p.first->write(numbered(8));
        CHECK(written);
        Bytes got(5);
        const auto before_cut = co_await net::read_exactly(*p.second, got);
        CHECK(before_cut);
        CHECK(got == numbered(5));
        const auto end = co_await p.second->read_some(got);
        REQUIRE_FALSE(end);
        CHECK(end.error().code == Errc::kClosed);
        const auto after_cut = co_await p.first->write(numbered(1));
        CHECK_FALSE(after_cut);
    };
    sim.run(main(pair));
}

TEST_CASE("MemoryStream: one byte is flipped, the others are not", "[net]") {
    Simulation sim;
    MemoryPair pair = make_memory_pair(sim.executor());
    pair.first->weather().flip_at = 6;
    pair.first->weather().flip_mask = 0x80;
    auto main = [](MemoryPair& p) -> Task<void> {
        const auto first_half = co_await p.first->write(numbered(4));
        CHECK(first_half);
        const auto second_half = co_await p.first->write(numbered(4));
        CHECK(second_half);
        Bytes got(8);
        const auto read = co_await net::read_exactly(*p.second, got);
        CHECK(read);
        Bytes expected = numbered(4);
        append(expected, numbered(4));
        expected[6] ^= 0x80;
        CHECK(got == expected);
    };
    sim.run(main(pair));
}

TEST_CASE("MemoryStream: close ends a pending read and a pending write", "[net]") {
    Simulation sim;
    MemoryPair pair = make_memory_pair(sim.executor());
    pair.first->weather().capacity = 0;
    auto main = [](Simulation& s, MemoryPair& p) -> Task<void> {
        async::TaskScope scope{s.executor()};
        const Bytes sent = numbered(4);
        bool ok = true;
        scope.spawn(write_all(*p.first, sent, ok));
        (void)co_await s.sleep_until(s.now() + std::chrono::seconds{1}, nullptr);
        p.first->close();
        co_await scope.join();
        CHECK_FALSE(ok);
        Bytes got(1);
        const auto there = co_await p.second->read_some(got);
        CHECK_FALSE(there);
        const auto here = co_await p.first->read_some(got);
        CHECK_FALSE(here);
    };
    sim.run(main(sim, pair));
}
