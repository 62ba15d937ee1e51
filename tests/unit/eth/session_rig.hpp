#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <async/task_scope.hpp>
#include <crypto/keccak.hpp>
#include <eth/request_id.hpp>
#include <eth/session.hpp>
#include <rlp/encode.hpp>

#include "header_chain.hpp"
#include "support/fake_connection.hpp"
#include "support/scripted_backend.hpp"
#include "support/simulation.hpp"

namespace fastsync::eth::test {

using async::Task;
using fastsync::test::FakeConnection;
using fastsync::test::ScriptedBackend;
using fastsync::test::Simulation;
using rlpx::DisconnectReason;

inline std::uint32_t code_of(MessageCode code) {
    return static_cast<std::uint32_t>(code);
}

inline Bytes blob_of(std::uint32_t n) {
    return {0xb0, static_cast<Byte>(n >> 16U), static_cast<Byte>(n >> 8U), static_cast<Byte>(n)};
}
inline Hash256 hash_of(std::uint32_t n) {
    return crypto::keccak256(blob_of(n));
}
inline std::vector<Hash256> hashes_of(const std::vector<std::uint32_t>& numbers) {
    std::vector<Hash256> out;
    for (const std::uint32_t n : numbers)
        out.push_back(hash_of(n));
    return out;
}
/// GCC 12 takes no list in braces for an argument of what is awaited.
template <class... Numbers>
std::vector<std::uint32_t> numbers(Numbers... each) {
    return {static_cast<std::uint32_t>(each)...};
}
/// A NodeData message of these blobs.
inline Bytes node_data_of(const std::vector<std::uint32_t>& numbers) {
    rlp::Encoder items;
    for (const std::uint32_t n : numbers)
        items.string(blob_of(n));
    return encode_node_data(items.view());
}

/// What a session told its observer.
struct Told final : SessionObserver {
    void on_head(Hash256 hash, chain::BlockNumber number) override {
        heads.emplace_back(hash, number);
    }
    void on_stray_node_data(NodeData data) override { strays.push_back(std::move(data)); }

    std::vector<std::pair<Hash256, chain::BlockNumber>> heads;
    std::vector<NodeData> strays;
};

using Opened = Result<std::shared_ptr<Session>>;

/// What a session is spoken in.
struct Dialect {
    std::uint32_t number = 63;                 ///< version of eth
    std::optional<std::uint32_t> satellite{};  ///< version of nodedata
};
/// Every one that two sides may settle on.
inline std::vector<Dialect> dialects() {
    return {{63}, {64}, {65}, {66}, {67, 1}, {68, 1}};
}

/// A session of ours whose other end is the test.
struct Rig {
    explicit Rig(std::uint32_t number = 63) : version(*find_version(number)) {
        theirs = {number, backend.who.network_id, 500, {{0x4e}}, backend.who.genesis_hash};
        if (version.has_fork_id()) theirs.fork_id = chain::ForkId{{{0xaa, 0xbb, 0xcc, 0xdd}}, 99};
    }

    explicit Rig(const Dialect& dialect) : Rig(dialect.number) { satellite = dialect.satellite; }

    /// A request id of which we know nothing.
    static constexpr std::uint64_t kNobodys = 0xdead;

    /// A connection to the peer on which nothing was said yet.
    std::unique_ptr<FakeConnection> connect(std::optional<std::uint32_t> number) {
        auto connection =
            std::make_unique<FakeConnection>(sim.executor(), NodeId{{0x99}}, number, journal);
        connection->satellite = satellite;
        wire = connection.get();
        return connection;
    }
    /// Runs `main` with a session that stands and is run.
    void run(Task<void> (*main)(Rig&), Duration limit = std::chrono::minutes{10}) {
        sim.run(in_session(*this, main), limit);
    }
    /// Tries to open a session, which ends at once; the peer does what `peer` says once we wait for
    /// it.
    Opened open(std::function<void(FakeConnection&)> peer) {
        return open(std::move(peer), version.number);
    }
    /// The same over another version of eth, or none.
    Opened open(std::function<void(FakeConnection&)> peer, std::optional<std::uint32_t> number) {
        std::optional<Opened> out;
        sim.run(open_into(*this, number, std::move(peer), out), std::chrono::minutes{1});
        REQUIRE(out.has_value());
        return *std::move(out);
    }
    /// Lets everything run that can.
    Task<void> settle() {
        (void)co_await sim.sleep_until(sim.now() + std::chrono::milliseconds{1}, nullptr);
    }
    [[nodiscard]] const std::vector<FakeConnection::Sent>& sent() const { return journal->sent; }
    /// Messages of a kind that went out, without request ids.
    [[nodiscard]] std::vector<Bytes> sent_of(MessageCode code) const {
        std::vector<Bytes> out;
        for (Unpacked& message : unpacked(code))
            out.push_back(std::move(message.body));
        return out;
    }
    /// Bytes of all that went out after our Status.
    [[nodiscard]] std::size_t bytes_sent() const {
        std::size_t bytes = 0;
        for (std::size_t i = 1; i < sent().size(); ++i)
            bytes += sent()[i].payload.size();
        return bytes;
    }
    /// What those messages hold, and their request ids (0 where there are none).
    struct Unpacked {
        std::uint64_t id = 0;
        Bytes body;
    };
    [[nodiscard]] std::vector<Unpacked> unpacked(MessageCode code) const {
        std::vector<Unpacked> out;
        const Version& spoken = version_for(code);
        for (const auto& message : journal->sent) {
            if (message.protocol != spoken.protocol || message.code != spoken.wire_code(code))
                continue;
            const auto in = unseal(spoken, code, message.payload);
            REQUIRE(in);
            out.push_back(
                {static_cast<std::uint64_t>(in->id.value_or(RequestId{})), to_bytes(in->body)});
        }
        return out;
    }
    /// A message of the peer; `id` goes with it where the version names requests.
    void deliver(MessageCode code, Bytes payload, std::uint64_t id = 0) {
        wire->deliver(code_of(code), seal(version, code, RequestId{id}, std::move(payload)),
                      sim.now());
    }

    /// A message of the peer as its dialect has it: an answer goes to the oldest of our requests
    /// that has none yet, where requests are named.
    void say(MessageCode code, Bytes payload) { say_at(sim.now(), code, std::move(payload)); }
    void say_at(TimePoint arrived, MessageCode code, Bytes payload) {
        deliver_as(RequestId{next_id(code)}, arrived, code, std::move(payload));
    }
    /// The same, in answer to nothing.
    void say_unasked(MessageCode code, Bytes payload) {
        deliver_as(RequestId{kNobodys}, sim.now(), code, std::move(payload));
    }
    void deliver_as(RequestId id, TimePoint arrived, MessageCode code, Bytes payload) {
        const Version& spoken = version_for(code);
        wire->deliver(spoken.wire_code(code), seal(spoken, code, id, std::move(payload)), arrived,
                      spoken.protocol);
    }
    /// Whose message it is.
    [[nodiscard]] const Version& version_for(MessageCode code) const {
        const bool of_satellite =
            satellite && !version.knows(code) && node_data_satellite().knows(code);
        return of_satellite ? node_data_satellite() : version;
    }

    Version version;                         ///< of eth, in common
    std::optional<std::uint32_t> satellite;  ///< version of nodedata in common
    Simulation sim;
    ScriptedBackend backend{sim.executor()};
    Status theirs;
    std::shared_ptr<FakeConnection::Journal> journal = std::make_shared<FakeConnection::Journal>();
    FakeConnection* wire = nullptr;  ///< gone with the session
    std::shared_ptr<Session> session;
    Told told;
    std::optional<Error> ended;  ///< why the session ended

  private:
    std::uint64_t next_id(MessageCode code) {
        const std::map<MessageCode, MessageCode> asked_by{
            {MessageCode::kNodeData, MessageCode::kGetNodeData},
            {MessageCode::kBlockHeaders, MessageCode::kGetBlockHeaders}};
        const auto question = asked_by.find(code);
        if (question == asked_by.end()) return kNobodys;
        const auto asked = unpacked(question->second);
        const std::size_t next = answered_[code]++;
        return next < asked.size() ? asked[next].id : kNobodys;
    }

    std::map<MessageCode, std::size_t> answered_;

    static Task<void> open_into(Rig& rig, std::optional<std::uint32_t> number,
                                std::function<void(FakeConnection&)> peer,
                                std::optional<Opened>& out) {
        auto connection = rig.connect(number);
        peer(*connection);
        auto opened = co_await Session::open(std::move(connection), rig.backend, rig.sim);
        if (opened) {
            (*opened)->disconnect(DisconnectReason::kRequested);
            (void)co_await (*opened)->run();
        }
        out.emplace(std::move(opened));
    }
    static Task<void> keep_running(Rig& rig) {
        Error why = co_await rig.session->run();
        rig.ended = std::move(why);
    }
    static Task<void> in_session(Rig& rig, Task<void> (*main)(Rig&)) {
        auto connection = rig.connect(rig.version.number);
        connection->deliver(code_of(MessageCode::kStatus), encode_status(rig.theirs));
        auto opened = co_await Session::open(std::move(connection), rig.backend, rig.sim);
        REQUIRE(opened);
        rig.session = *std::move(opened);
        rig.session->observe(&rig.told);
        async::TaskScope scope{rig.sim.executor()};
        scope.spawn(keep_running(rig));
        co_await main(rig);
        rig.session->disconnect(DisconnectReason::kRequested);
        co_await scope.join();
    }
};

/// A request that goes on beside the test.
template <class Answer>
struct Asked {
    std::optional<Result<Answer>> answer;
};

inline Task<void> ask_nodes(Rig& rig, std::vector<std::uint32_t> numbers, Duration patience,
                            Asked<NodeData>& out) {
    auto answer = co_await rig.session->get_node_data(hashes_of(numbers), rig.sim.now() + patience);
    out.answer.emplace(std::move(answer));
}

inline Task<void> ask_headers(Rig& rig, HeaderQuery query, Duration patience,
                              Asked<std::vector<chain::BlockHeader>>& out) {
    auto answer = co_await rig.session->get_headers(query, rig.sim.now() + patience);
    out.answer.emplace(std::move(answer));
}

/// True when the answer is these blobs, in this order.
inline bool holds(const Asked<NodeData>& asked, const std::vector<std::uint32_t>& numbers) {
    if (!asked.answer || !*asked.answer) return false;
    const auto& blobs = (*asked.answer)->blobs;
    if (blobs.size() != numbers.size()) return false;
    for (std::size_t i = 0; i < numbers.size(); ++i)
        if (!equal(blobs[i], blob_of(numbers[i]))) return false;
    return true;
}

template <class Answer>
std::optional<Errc> failure_of(const Asked<Answer>& asked) {
    if (!asked.answer || *asked.answer) return std::nullopt;
    return asked.answer->error().code;
}

inline bool names(const Error& error, const std::string& what) {
    UNSCOPED_INFO(error.message());
    return error.detail.find(what) != std::string::npos;
}

inline std::vector<Bytes> raws(const std::vector<chain::BlockHeader>& headers,
                               std::initializer_list<std::size_t> which) {
    std::vector<Bytes> out;
    for (const std::size_t n : which)
        out.push_back(headers.at(n).raw);
    return out;
}

}  // namespace fastsync::eth::test
