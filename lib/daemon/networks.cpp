#include <algorithm>
#include <vector>

#include <common/assert.hpp>
#include <daemon/networks.hpp>

namespace fastsync::daemon {
namespace {

struct Row {
    const char* name;
    std::uint64_t network_id;
    const char* genesis_hash;
};

// Network id and genesis hash as the clients of these chains compile them in.
constexpr Row kRows[] = {
    {"mainnet", 1, "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"},
    {"classic", 1, "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"},
    {"mordor", 7, "a68ebde7932eccb177d38d55dcc6461a019dd795a681e59b5a3e4f3a7259a3f1"},
    {"xdc", 50, "4a9d748bd78a8d0385b67788c2435dcdb914f98a96250b68863a1f8b7642d6b1"},
    {"apothem", 51, "bdea512b4f12ff1135ec92c00dc047ffb93890c2ea1aa0eefe9b013d80640075"},
    {"xdc-devnet", 551, "3c636c841ebee9121374fa76bd5480d17a23e1ba61d425dde21d7b3caba864f4"},
    {"viction", 88, "9326145f8a2c8c00bbe13afc7d7f3d9c868b5ef39d89f2f4e9390e9720298624"},
    {"viction-testnet", 89, "296f14cfe39dd2ce9cd2dcf2bd5973c9b59531bc239e7d445c66268b172e52e3"},
    {"mintme", 37480, "13d1952f29df2a702b3beae629e5b8297c56e401c4c1094bccb3e5febae099c3"},
    {"ropsten", 3, "41941023680923e0fe4d74a34bdac8141f2540e3ae90623718e47d66d1ca4a2d"},
    {"rinkeby", 4, "6341fd3daf94b748c72ced5a5b26028f2474f5f00d824504e4fa37a75767e177"},
    {"goerli", 5, "bf7e331f7f7c1dd2e05159666b3bf8bc7a8a3a9eb1d518969eab529dd9b88c1a"},
    {"sepolia", 11155111, "25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9"},
    {"holesky", 17000, "b5f7f912443c940f21fd611f12828d75b534364ed9e95ca4e307729a4661bde4"},
    {"hoodi", 560048, "bbe312868b376a3001692a646dd2d7d1e4406380dfd86b98aa8a34d1557c971b"},
};

std::vector<Network> make_networks() {
    std::vector<Network> out;
    for (const Row& row : kRows) {
        const auto genesis = fixed_from_hex<Hash256>(row.genesis_hash);
        FASTSYNC_ASSERT(genesis.has_value());
        out.push_back({row.name, row.network_id, *genesis});
    }
    return out;
}

}  // namespace

std::span<const Network> known_networks() {
    static const std::vector<Network> networks = make_networks();
    return networks;
}

const Network* find_network(std::string_view name) {
    const auto all = known_networks();
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const Network& n) { return n.name == name; });
    return at == all.end() ? nullptr : &*at;
}

}  // namespace fastsync::daemon
