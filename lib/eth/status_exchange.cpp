#include <string>

#include <boost/asio/this_coro.hpp>

#include <async/gate.hpp>
#include <async/task_scope.hpp>
#include <eth/status_exchange.hpp>

namespace fastsync::eth {
namespace {

/// Ends the connection of a peer that does not say its Status in time.
struct Watchdog {
    explicit Watchdog(const async::Executor& executor) : done(executor) {}

    async::Gate done;
    bool barked = false;
};

async::Task<void> watch(rlpx::Connection& connection, async::Clock& clock, TimePoint deadline,
                        Watchdog& dog) {
    const bool done = co_await clock.sleep_until(deadline, &dog.done);
    if (done) co_return;
    dog.barked = true;
    connection.disconnect(rlpx::DisconnectReason::kReadTimeout);
}

std::string differ(const char* what, const std::string& theirs, const std::string& ours) {
    return std::string{what} + " " + theirs + ", ours is " + ours;
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
    const Status ours{version.number, identity.network_id, identity.total_difficulty,
                      identity.head_hash, identity.genesis_hash};
    constexpr auto kCode = static_cast<std::uint32_t>(MessageCode::kStatus);
    FASTSYNC_CO_CHECK(connection.send(kProtocolName, kCode, encode_status(ours)));

    Watchdog dog{executor};
    async::TaskScope scope{executor};
    scope.spawn(watch(connection, clock, clock.now() + kStatusTimeout, dog));
    const auto message = co_await receive_eth(connection);
    dog.done.open();
    co_await scope.join();

    if (dog.barked) co_return Error{Errc::kTimeout, "no Status"};
    if (!message) co_return message.error();
    if (message->code != kCode)
        co_return Error{Errc::kProtocol,
                        "the first message has code " + std::to_string(message->code)};
    FASTSYNC_CO_TRY(const Status status, decode_status(message->payload, version));
    FASTSYNC_CO_CHECK(check_status(status, version, identity));
    co_return status;
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
    return {};
}

}  // namespace fastsync::eth
