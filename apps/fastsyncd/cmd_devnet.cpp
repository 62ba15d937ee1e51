#include <csignal>
#include <cstdlib>
#include <iostream>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <async/task_scope.hpp>
#include <common/log.hpp>
#include <daemon/node_key.hpp>
#include <daemon/version.hpp>
#include <devnet/dev_node.hpp>
#include <devnet/origin.hpp>
#include <devnet/state_files.hpp>

#include "command.hpp"
#include "devnet_options.hpp"

namespace fastsync::app {
namespace {

using devnet::DevChain;

constexpr chain::BlockNumber kBlocks = 128;

Result<DevChain> make_chain(const DevnetOptions& options) {
    if (const auto* const from = std::get_if<StateFolder>(&options.origin)) {
        return devnet::load_state_files(from->folder);
    }
    if (const auto* const from = std::get_if<GenesisFile>(&options.origin)) {
        if (from->blocks)
            return devnet::chain_from_export(from->file, *from->blocks,
                                             options.blocks.value_or(devnet::kMaxFirstBlocks));
        return devnet::chain_from_genesis(from->file, options.blocks.value_or(kBlocks));
    }
    return devnet::chain_from_size(std::get<devnet::StateSize>(options.origin),
                                   options.blocks.value_or(kBlocks));
}

Result<crypto::SecretKey> make_key(const DevnetOptions& options) {
    auto& entropy = crypto::system_entropy();
    if (!options.node_key) return crypto::SecretKey::generate(entropy);
    return daemon::load_or_create_node_key(*options.node_key, entropy);
}

void announce(const DevChain& chain, const Enode& enode) {
    std::cout << "network_id=" << chain.network_id() << "\n"
              << "genesis_hash=" << to_hex0x(chain.header_chain().genesis().hash) << "\n"
              << "state_root=" << to_hex0x(chain.head().state_root) << "\n"
              << "head=" << chain.head().number << "\n"
              << to_string(enode) << std::endl;
}

/// Making a large state takes a while, and there is nothing to tidy up before it stands.
void exit_on_signal() {
    for (const int signal : {SIGINT, SIGTERM})
        std::signal(signal, [](int) { std::_Exit(kDone); });
}

/// Serves until a signal comes.
Result<void> serve(const DevnetOptions& options) {
    FASTSYNC_TRY(crypto::SecretKey key, make_key(options));
    exit_on_signal();
    FASTSYNC_TRY(DevChain chain, make_chain(options));
    log::info("devnet", "chain ready head={} items={} bytes={}", chain.head().number,
              chain.items().size(), chain.items().bytes());
    if (options.network_id) chain.set_network_id(*options.network_id);
    boost::asio::io_context context{1};
    boost::asio::signal_set signals{context, SIGINT, SIGTERM};
    const eth::Version* const only = options.eth_version;
    const std::string client_name = "fastsyncd-devnet/v" + std::string{daemon::version()};
    FASTSYNC_TRY(
        const auto node,
        devnet::DevNode::open(context.get_executor(), crypto::system_entropy(), chain,
                              {.listen = options.listen,
                               .key = std::move(key),
                               .client_name = client_name,
                               .block_interval = options.block_interval,
                               .offers = only == nullptr ? eth::capability_offers()
                                                         : eth::capability_offers_of(*only)}));
    signals.async_wait([&node](const auto& failure, int) {
        if (!failure) node->stop();
    });
    announce(chain, node->enode());
    async::TaskScope scope{context.get_executor()};
    scope.spawn(node->run());
    context.run();
    return {};
}

int run(Arguments arguments) {
    const auto options = parse_devnet_options(arguments);
    if (!options) return fail("devnet", options.error());
    log::setup(log::Level::kInfo);
    const auto served = serve(*options);
    return served ? kDone : fail("devnet", served.error());
}

}  // namespace

Command devnet_command() {
    return {"devnet", "serve a chain of its own to others, for trials", devnet_help, run};
}

}  // namespace fastsync::app
