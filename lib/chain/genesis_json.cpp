#include <charconv>
#include <limits>

#include <nlohmann/json.hpp>

#include <chain/genesis.hpp>
#include <common/regular_file.hpp>

namespace fastsync::chain {

namespace {

using nlohmann::json;

const U256 kDefaultBaseFee = 1'000'000'000;

/// A JSON value and where it stands: what every error has to say.
struct Field {
    const json* value;
    std::string where;  // "genesis.json: alloc.71562b71….balance"; of all of it, "genesis.json: "

    [[nodiscard]] bool is_top() const { return where.ends_with(": "); }
    [[nodiscard]] Error wrong(std::string_view what) const {
        return Error{Errc::kConfig, where + (is_top() ? "" : ": ") + std::string(what)};
    }
    [[nodiscard]] Field at(const std::string& key, const json& below) const {
        return {&below, where + (is_top() ? "" : ".") + key};
    }
    /// Nothing when there is no such key.
    [[nodiscard]] std::optional<Field> find(const std::string& key) const {
        const auto found = value->find(key);
        if (found == value->end() || found->is_null()) return std::nullopt;
        return at(key, *found);
    }
    [[nodiscard]] Result<Field> require(const std::string& key) const {
        auto found = find(key);
        if (!found) return wrong("no \"" + key + "\"");
        return *std::move(found);
    }
    [[nodiscard]] Result<void> is_object() const {
        return value->is_object() ? Result<void>{} : wrong("not a JSON object");
    }
};

Result<U256> number_of_hex(const Field& field, std::string_view digits) {
    if (digits.empty()) return field.wrong("a number without digits");
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos) {
        return field.wrong("a character that is not hex");
    }
    while (digits.size() > 1 && digits.front() == '0')
        digits.remove_prefix(1);
    if (digits.size() > 64) return field.wrong("a number of more than 256 bits");
    std::string even(digits.size() % 2, '0');
    FASTSYNC_TRY(const Bytes value, from_hex(even.append(digits)));
    return u256_from_be(value);
}

Result<U256> number_of_decimal(const Field& field, std::string_view digits) {
    if (digits.empty()) return field.wrong("a number without digits");
    const U256 limit = std::numeric_limits<U256>::max();
    U256 number = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return field.wrong("a number that is not decimal and not 0x-hex");
        const unsigned digit = static_cast<unsigned>(c - '0');
        if (number > (limit - digit) / 10) return field.wrong("a number of more than 256 bits");
        number = number * 10 + digit;
    }
    return number;
}

Result<U256> number(const Field& field) {
    if (field.value->is_number_unsigned()) return U256{field.value->get<std::uint64_t>()};
    if (!field.value->is_string()) return field.wrong("not a number or text of a number");
    const std::string_view text = field.value->get_ref<const std::string&>();
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    return is_hex ? number_of_hex(field, text.substr(2)) : number_of_decimal(field, text);
}

Result<std::uint64_t> uint64(const Field& field) {
    FASTSYNC_TRY(const U256 wide, number(field));
    if (wide > std::numeric_limits<std::uint64_t>::max()) {
        return field.wrong("a number of more than 64 bits");
    }
    return static_cast<std::uint64_t>(wide);
}

Result<Bytes> bytes(const Field& field, std::string_view text, std::size_t limit) {
    if (text.size() / 2 > limit + 1)
        return field.wrong("more than " + std::to_string(limit) + " bytes");
    auto decoded = from_hex(text);
    if (!decoded) return field.wrong(decoded.error().detail);
    if (decoded->size() > limit)
        return field.wrong("more than " + std::to_string(limit) + " bytes");
    return decoded;
}

Result<Bytes> bytes(const Field& field, std::size_t limit) {
    if (!field.value->is_string()) return field.wrong("not hex text");
    return bytes(field, field.value->get_ref<const std::string&>(), limit);
}

template <class Fixed>
Result<Fixed> fixed(const Field& field, std::string_view text) {
    FASTSYNC_TRY(const Bytes decoded, bytes(field, text, Fixed::kSize));
    auto value = Fixed::from(decoded);
    if (!value) return field.wrong("not " + std::to_string(Fixed::kSize) + " bytes");
    return value;
}

template <class Fixed>
Result<Fixed> fixed(const Field& field) {
    if (!field.value->is_string()) return field.wrong("not hex text");
    return fixed<Fixed>(field, field.value->get_ref<const std::string&>());
}

/// go-ethereum takes slots and values of storage shorter than 32 bytes, as if led by zeros.
Result<Hash256> padded_word(const Field& field, std::string_view text) {
    FASTSYNC_TRY(const Bytes decoded, bytes(field, text, Hash256::kSize));
    Hash256 word;
    std::copy(decoded.rbegin(), decoded.rend(), word.data.rbegin());
    return word;
}

Result<std::map<Hash256, U256>> read_storage(const Field& field) {
    FASTSYNC_CHECK(field.is_object());
    std::map<Hash256, U256> slots;
    for (const auto& [key, below] : field.value->items()) {
        const Field at = field.at(key, below);
        if (!below.is_string()) return at.wrong("not hex text");
        FASTSYNC_TRY(const Hash256 slot, padded_word(at, key));
        FASTSYNC_TRY(const Hash256 word, padded_word(at, below.get_ref<const std::string&>()));
        FASTSYNC_TRY(const U256 value, u256_from_be(word));
        if (!slots.emplace(slot, value).second) return at.wrong("a slot that is there twice");
    }
    return slots;
}

Result<GenesisAccount> read_account(const Field& field) {
    FASTSYNC_CHECK(field.is_object());
    GenesisAccount account;
    FASTSYNC_TRY(const Field balance, field.require("balance"));
    FASTSYNC_TRY(account.balance, number(balance));
    if (const auto nonce = field.find("nonce")) {
        FASTSYNC_TRY(account.nonce, uint64(*nonce));
    }
    if (const auto code = field.find("code")) {
        FASTSYNC_TRY(account.code, bytes(*code, kMaxGenesisCode));
    }
    if (const auto slots = field.find("storage")) {
        FASTSYNC_TRY(account.storage, read_storage(*slots));
    }
    return account;
}

Result<GenesisAccount> read_balance(const Field& field) {
    GenesisAccount account;
    FASTSYNC_TRY(account.balance, number(field));
    return account;
}

template <class Read>
Result<std::map<Address, GenesisAccount>> read_alloc(const Field& field, Read read) {
    FASTSYNC_CHECK(field.is_object());
    std::map<Address, GenesisAccount> alloc;
    for (const auto& [key, below] : field.value->items()) {
        const Field at = field.at(key, below);
        FASTSYNC_TRY(const Address address, fixed<Address>(at, key));
        FASTSYNC_TRY(GenesisAccount entry, read(at));
        if (!alloc.emplace(address, std::move(entry)).second) {
            return at.wrong("an address that is there twice");
        }
    }
    return alloc;
}

/// Whether a fork has begun at block 0, or at its time.
bool active_at_genesis(const Field& config, const std::string& fork, std::uint64_t start) {
    const auto found = config.find(fork);
    if (!found) return false;
    const auto when = uint64(*found);
    return when && *when <= start;
}

/// The forks of the config as go-ethereum finds them: its keys that end in Block and in Time. null
/// is a fork that is not planned.
Result<void> read_forks(const Field& config, Genesis& genesis) {
    for (const auto& [key, below] : config.value->items()) {
        const bool is_block = key.ends_with("Block");
        if (!(is_block || key.ends_with("Time")) || below.is_null()) continue;
        FASTSYNC_TRY(const std::uint64_t when, uint64(config.at(key, below)));
        (is_block ? genesis.fork_blocks : genesis.fork_times).push_back(when);
    }
    return {};
}

/// Adds the chain id, the forks and what active forks append to the header.
Result<Genesis> with_config(const Field& root, Genesis genesis) {
    const auto config = root.find("config");
    if (!config) return genesis;
    FASTSYNC_CHECK(config->is_object());
    if (const auto id = config->find("chainId")) {
        FASTSYNC_TRY(genesis.chain_id, uint64(*id));
    }
    FASTSYNC_CHECK(read_forks(*config, genesis));
    for (const char* fork : {"shanghaiTime", "cancunTime", "pragueTime"}) {
        if (active_at_genesis(*config, fork, genesis.timestamp)) {
            return config->wrong(std::string(fork) +
                                 ": a genesis header of this fork is not known");
        }
    }
    if (!active_at_genesis(*config, "londonBlock", 0)) return genesis;
    genesis.base_fee = kDefaultBaseFee;
    if (const auto base_fee = root.find("baseFeePerGas")) {
        FASTSYNC_TRY(genesis.base_fee, number(*base_fee));
    }
    return genesis;
}

std::array<Byte, 8> big_endian(std::uint64_t value) {
    std::array<Byte, 8> out{};
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<Byte>(value >> (56 - 8 * i));
    return out;
}

Result<Genesis> read_numbers(const Field& root) {
    Genesis genesis;
    FASTSYNC_TRY(const Field difficulty, root.require("difficulty"));
    FASTSYNC_TRY(genesis.difficulty, number(difficulty));
    FASTSYNC_TRY(const Field gas_limit, root.require("gasLimit"));
    FASTSYNC_TRY(genesis.gas_limit, uint64(gas_limit));
    std::uint64_t nonce = 0;
    using Number = std::pair<const char*, std::uint64_t*>;
    for (const auto& [key, target] :
         {Number{"number", &genesis.number}, Number{"gasUsed", &genesis.gas_used},
          Number{"timestamp", &genesis.timestamp}, Number{"nonce", &nonce}}) {
        if (const auto field = root.find(key)) {
            FASTSYNC_TRY(*target, uint64(*field));
        }
    }
    genesis.nonce = big_endian(nonce);
    return genesis;
}

Result<Genesis> read_genesis(const Field& root) {
    FASTSYNC_TRY(Genesis genesis, read_numbers(root));
    genesis.extra_data.clear();
    if (const auto field = root.find("extraData")) {
        FASTSYNC_TRY(genesis.extra_data, bytes(*field, kMaxGenesisExtra));
    }
    if (const auto field = root.find("parentHash")) {
        FASTSYNC_TRY(genesis.parent_hash, fixed<Hash256>(*field));
    }
    if (const auto field = root.find("mixHash")) {
        FASTSYNC_TRY(genesis.mix_hash, fixed<Hash256>(*field));
    }
    if (const auto field = root.find("coinbase")) {
        FASTSYNC_TRY(genesis.coinbase, fixed<Address>(*field));
    }
    FASTSYNC_TRY(const Field alloc, root.require("alloc"));
    FASTSYNC_TRY(genesis.alloc, read_alloc(alloc, read_account));
    return with_config(root, std::move(genesis));
}

Result<Genesis> read_mainnet_allocation(const Field& root) {
    Genesis genesis;
    genesis.chain_id = 1;
    FASTSYNC_TRY(const Field alloc, root.require("accounts"));
    FASTSYNC_TRY(genesis.alloc, read_alloc(alloc, read_balance));
    if (const auto field = root.find("state_root")) {
        FASTSYNC_TRY(genesis.expected_state_root, fixed<Hash256>(*field));
    }
    if (const auto field = root.find("genesis_hash")) {
        FASTSYNC_TRY(genesis.expected_hash, fixed<Hash256>(*field));
    }
    return genesis;
}

}  // namespace

Result<Genesis> parse_genesis(std::string_view text, std::string_view name) {
    const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
    const Field root{&document, std::string(name) + ": "};
    if (document.is_discarded()) return root.wrong("not JSON");
    FASTSYNC_CHECK(root.is_object());
    if (document.contains("alloc")) return read_genesis(root);
    if (document.contains("accounts")) return read_mainnet_allocation(root);
    return root.wrong("neither a genesis (\"alloc\") nor an allocation (\"accounts\")");
}

Result<Genesis> load_genesis(const std::filesystem::path& file, std::size_t most) {
    const auto text = read_regular_file(file, most);
    if (text) return parse_genesis(*text, file.string());
    if (text.error().code == Errc::kTooLarge) {
        return Error{Errc::kConfig,
                     file.string() + ": a genesis of more than " + std::to_string(most) + " bytes"};
    }
    return Error{Errc::kStorage, "cannot read " + file.string() + ": " + text.error().detail};
}

}  // namespace fastsync::chain
