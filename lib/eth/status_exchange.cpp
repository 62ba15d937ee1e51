#include <string>

#include <boost/asio/this_coro.hpp>

#include <async/gate.hpp>
#include <async/task_scope.hpp>
#include <common/assert.hpp>
#include <eth/status_exchange.hpp>

namespace fastsync::eth {
namespace {

/// The wait for the peer's Status.
struct Wait {
    explicit Wait(const async::Executor& executor) : over(executor) {}

    async::Gate over;
    bool timed_out = false;
    bool began = false;  ///< we said ours meanwhile
};

/// Ends the connection of a peer that does not say its Status in time.
async::Task<void> watch(rlpx::Connection& connection, async::Clock& clock, TimePoint deadline,
                        Wait& wait) {
    const bool over = co_await clock.sleep_until(deadline, &wait.over);
    if (over) co_return;
    wait.timed_out = true;
    connection.disconnect(rlpx::DisconnectReason::kReadTimeout);
}

Result<void> send_status(rlpx::Connection& connection, const Status& status) {
    constexpr auto kCode = static_cast<std::uint32_t>(MessageCode::kStatus);
    return connection.send(kProtocolName, kCode, encode_status(status));
}

/// Says our Status to a peer that does not begin.
async::Task<void> begin_at(rlpx::Connection& connection, async::Clock& clock, TimePoint when,
                           Status ours, Wait& wait) {
    const bool over = co_await clock.sleep_until(when, &wait.over);
    if (over) co_return;
    wait.began = send_status(connection, ours).has_value();
}

Status our_status(const Version& version, const ChainIdentity& identity) {
    Status ours{version.number, identity.network_id, identity.total_difficulty, identity.head_hash,
                identity.genesis_hash};
    if (!version.has_fork_id()) return ours;
    if (identity.forks != nullptr) {
        ours.fork_id = identity.forks->at(identity.head);
    } else {
        const auto none = chain::ForkLadder::make({identity.genesis_hash, 0, {}, {}});
        FASTSYNC_ASSERT(none.has_value());
        ours.fork_id = none->at({});
    }
    return ours;
}

std::string differ(const char* what, const std::string& theirs, const std::string& ours) {
    return std::string{what} + " " + theirs + ", ours is " + ours;
}

Result<Status> read_status(const rlpx::Message& message, const Version& version) {
    if (message.code != static_cast<std::uint32_t>(MessageCode::kStatus))
        return Error{Errc::kProtocol, "the first message has code " + std::to_string(message.code)};
    return decode_status(message.payload, version);
}

/// The next message of our protocol.
async::Task<Result<rlpx::Message>> receive_eth(rlpx::Connection& connection) {
    for (;;) {
        auto message = co_await connection.receive();
        if (!message || message->protocol == kProtocolName) co_return message;
    }
}

}  // namespace

async::Task<Result<Status>> exchange_status(rlpx::Connection& connection, const Version& version,
                                            ChainIdentity identity, async::Clock& clock) {
    const async::Executor executor = co_await boost::asio::this_coro::executor;
    Status ours = our_status(version, identity);
    const bool peer_begins = version.has_fork_id() && identity.forks == nullptr;
    if (!peer_begins) FASTSYNC_CO_CHECK(send_status(connection, ours));

    Wait wait{executor};
    async::TaskScope scope{executor};
    const TimePoint now = clock.now();
    scope.spawn(watch(connection, clock, now + kStatusTimeout, wait));
    if (peer_begins) scope.spawn(begin_at(connection, clock, now + kForkIdPatience, ours, wait));
    auto message = co_await receive_eth(connection);
    wait.over.open();
    co_await scope.join();

    if (wait.timed_out) co_return Error{Errc::kTimeout, "no Status"};
    if (!message) co_return message.error();
    FASTSYNC_CO_TRY(const Status theirs, read_status(*message, version));
    FASTSYNC_CO_CHECK(check_status(theirs, version, identity));
    if (peer_begins && !wait.began) {
        ours.fork_id = theirs.fork_id;
        FASTSYNC_CO_CHECK(send_status(connection, ours));
    }
    co_return theirs;
}

Result<void> check_status(const Status& status, const Version& version,
                          const ChainIdentity& identity) {
    if (status.version != version.number)
        return Error{Errc::kIncompatible, differ("eth version", std::to_string(status.version),
                                                 std::to_string(version.number))};
    if (status.network_id != identity.network_id)
        return Error{Errc::kIncompatible, differ("network id", std::to_string(status.network_id),
                                                 std::to_string(identity.network_id))};
    if (status.genesis_hash != identity.genesis_hash)
        return Error{Errc::kIncompatible, differ("genesis", to_hex0x(status.genesis_hash),
                                                 to_hex0x(identity.genesis_hash))};
    if (status.fork_id && identity.forks != nullptr)
        return identity.forks->check(*status.fork_id, identity.head);
    return {};
}

}  // namespace fastsync::eth
