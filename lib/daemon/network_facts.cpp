#include <daemon/network_facts.hpp>

// Facts as the clients of these chains compile them in: go-ethereum 1.17.5 (and 1.13.14, 1.10.26
// for chains that have left it), core-geth, XDPoSChain, Viction's tomochain.

namespace fastsync::daemon {
namespace {

constexpr std::uint64_t kMainnetBlocks[] = {1150000,  1920000,  2463000,  2675000,
                                            4370000,  7280000,  9069000,  9200000,
                                            12244000, 12965000, 13773000, 15050000};
constexpr std::uint64_t kMainnetTimes[] = {1681338455, 1710338135, 1746612311,
                                           1764798551, 1765290071, 1767747671};
constexpr RequiredBlockFact kMainnetRequired[] = {
    {1920000, "4985f5ca3d2afbec36529aa96f74de3cc10a2a4a6c44f2157a57d2c6059a11bb"},
};
constexpr std::uint64_t kClassicBlocks[] = {1150000,  2500000,  3000000,  5000000,
                                            5900000,  8772000,  9573000,  10500839,
                                            11700000, 13189133, 14525000, 19250000};
constexpr RequiredBlockFact kClassicRequired[] = {
    {1920000, "94365e3a8c0b35089c1d1195081fe7489b528a84b22199c916180db8b28ade7f"},
    {2500000, "ca12c63534f565899681965528d536c52cb05b7c48e269c2a6cb77ad864d878a"},
};
constexpr std::uint64_t kMordorBlocks[] = {301243, 999983, 2520000, 3985893, 5520000, 9957000};
constexpr RequiredBlockFact kMordorRequired[] = {
    {840013, "2ceada2b191879b71a5bcf2241dd9bc50d6d953f1640e62f9c2cee941dc61c9d"},
    {840014, "8ec29dd692c8985b82410817bac232fc82805b746538d17bc924624fe74a0fcf"},
};
constexpr std::uint64_t kMintmeBlocks[] = {252500, 8784700};
constexpr std::uint64_t kRopstenBlocks[] = {10,      1700000, 4230000, 4939394,
                                            6485846, 7117117, 9812189, 10499401};
constexpr std::uint64_t kRinkebyBlocks[] = {1,       2,       3,       1035301, 3660663,
                                            4321234, 5435345, 8290928, 8897988};
constexpr std::uint64_t kGoerliBlocks[] = {1561651, 4460644, 5062605};
constexpr std::uint64_t kGoerliTimes[] = {1678832736, 1705473120};
constexpr std::uint64_t kSepoliaBlocks[] = {1735371};
constexpr std::uint64_t kSepoliaTimes[] = {1677557088, 1706655072, 1741159776,
                                           1760427360, 1761017184, 1761607008};
constexpr std::uint64_t kHoleskyTimes[] = {1696000704, 1707305664, 1740434112,
                                           1759308480, 1759800000, 1760389824};
constexpr std::uint64_t kHoodiTimes[] = {1742999832, 1761677592, 1762365720, 1762955544};

constexpr NetworkFacts kFacts[] = {
    {.name = "mainnet",
     .network_id = 1,
     .genesis_hash = "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
     .schedule = Schedule::kKnown,
     .fork_blocks = kMainnetBlocks,
     .fork_times = kMainnetTimes,
     .required_blocks = kMainnetRequired,
     .dns_tree = "enrtree://"
                 "AKA3AM6LPBYEUDMVNU3BSVQJ5AD45Y7YPOHJLEF6W26QOE4VTUDPE@all.mainnet.ethdisco.net"},
    {.name = "classic",
     .network_id = 1,
     .chain_id = 61,
     .genesis_hash = "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
     .schedule = Schedule::kKnown,
     .fork_blocks = kClassicBlocks,
     .required_blocks = kClassicRequired,
     .dns_tree =
         "enrtree://AJE62Q4DUX4QMMXEHCSSCSC65TDHZYSMONSD64P3WULVLSF6MRQ3K@all.classic.blockd.info"},
    {.name = "mordor",
     .network_id = 7,
     .chain_id = 63,
     .genesis_hash = "a68ebde7932eccb177d38d55dcc6461a019dd795a681e59b5a3e4f3a7259a3f1",
     .genesis_time = 1570141915,
     .schedule = Schedule::kKnown,
     .fork_blocks = kMordorBlocks,
     .required_blocks = kMordorRequired,
     .dns_tree =
         "enrtree://AJE62Q4DUX4QMMXEHCSSCSC65TDHZYSMONSD64P3WULVLSF6MRQ3K@all.mordor.blockd.info"},
    {.name = "xdc",
     .network_id = 50,
     .genesis_hash = "4a9d748bd78a8d0385b67788c2435dcdb914f98a96250b68863a1f8b7642d6b1"},
    {.name = "apothem",
     .network_id = 51,
     .genesis_hash = "bdea512b4f12ff1135ec92c00dc047ffb93890c2ea1aa0eefe9b013d80640075"},
    {.name = "xdc-devnet",
     .network_id = 551,
     .genesis_hash = "3c636c841ebee9121374fa76bd5480d17a23e1ba61d425dde21d7b3caba864f4"},
    {.name = "viction",
     .network_id = 88,
     .genesis_hash = "9326145f8a2c8c00bbe13afc7d7f3d9c868b5ef39d89f2f4e9390e9720298624"},
    {.name = "viction-testnet",
     .network_id = 89,
     .genesis_hash = "296f14cfe39dd2ce9cd2dcf2bd5973c9b59531bc239e7d445c66268b172e52e3"},
    {.name = "mintme",
     .network_id = 37480,
     .chain_id = 24734,
     .genesis_hash = "13d1952f29df2a702b3beae629e5b8297c56e401c4c1094bccb3e5febae099c3",
     .genesis_time = 1623664673,
     .schedule = Schedule::kKnown,
     .fork_blocks = kMintmeBlocks},
    {.name = "ropsten",
     .network_id = 3,
     .genesis_hash = "41941023680923e0fe4d74a34bdac8141f2540e3ae90623718e47d66d1ca4a2d",
     .schedule = Schedule::kKnown,
     .fork_blocks = kRopstenBlocks,
     .dns_tree = "enrtree://"
                 "AKA3AM6LPBYEUDMVNU3BSVQJ5AD45Y7YPOHJLEF6W26QOE4VTUDPE@all.ropsten.ethdisco.net"},
    {.name = "rinkeby",
     .network_id = 4,
     .genesis_hash = "6341fd3daf94b748c72ced5a5b26028f2474f5f00d824504e4fa37a75767e177",
     .genesis_time = 1492009146,
     .schedule = Schedule::kKnown,
     .fork_blocks = kRinkebyBlocks,
     .dns_tree = "enrtree://"
                 "AKA3AM6LPBYEUDMVNU3BSVQJ5AD45Y7YPOHJLEF6W26QOE4VTUDPE@all.rinkeby.ethdisco.net"},
    {.name = "goerli",
     .network_id = 5,
     .genesis_hash = "bf7e331f7f7c1dd2e05159666b3bf8bc7a8a3a9eb1d518969eab529dd9b88c1a",
     .genesis_time = 1548854791,
     .schedule = Schedule::kKnown,
     .fork_blocks = kGoerliBlocks,
     .fork_times = kGoerliTimes,
     .dns_tree =
         "enrtree://AKA3AM6LPBYEUDMVNU3BSVQJ5AD45Y7YPOHJLEF6W26QOE4VTUDPE@all.goerli.ethdisco.net"},
    {.name = "sepolia",
     .network_id = 11155111,
     .genesis_hash = "25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9",
     .genesis_time = 1633267481,
     .schedule = Schedule::kKnown,
     .fork_blocks = kSepoliaBlocks,
     .fork_times = kSepoliaTimes,
     .dns_tree = "enrtree://"
                 "AKA3AM6LPBYEUDMVNU3BSVQJ5AD45Y7YPOHJLEF6W26QOE4VTUDPE@all.sepolia.ethdisco.net"},
    {.name = "holesky",
     .network_id = 17000,
     .genesis_hash = "b5f7f912443c940f21fd611f12828d75b534364ed9e95ca4e307729a4661bde4",
     .genesis_time = 1695902100,
     .schedule = Schedule::kKnown,
     .fork_times = kHoleskyTimes,
     .dns_tree = "enrtree://"
                 "AKA3AM6LPBYEUDMVNU3BSVQJ5AD45Y7YPOHJLEF6W26QOE4VTUDPE@all.holesky.ethdisco.net"},
    {.name = "hoodi",
     .network_id = 560048,
     .genesis_hash = "bbe312868b376a3001692a646dd2d7d1e4406380dfd86b98aa8a34d1557c971b",
     .genesis_time = 1742212800,
     .schedule = Schedule::kKnown,
     .fork_times = kHoodiTimes,
     .dns_tree =
         "enrtree://AKA3AM6LPBYEUDMVNU3BSVQJ5AD45Y7YPOHJLEF6W26QOE4VTUDPE@all.hoodi.ethdisco.net"},
};

}  // namespace

std::span<const NetworkFacts> network_facts() noexcept {
    return kFacts;
}

}  // namespace fastsync::daemon
