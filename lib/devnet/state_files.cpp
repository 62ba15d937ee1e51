#include <nlohmann/json.hpp>

#include <chain/genesis.hpp>
#include <devnet/file_reader.hpp>
#include <devnet/record_file.hpp>
#include <devnet/state_files.hpp>
#include <rlp/decode.hpp>

namespace fastsync::devnet {
namespace {

using nlohmann::json;

Result<HeaderChain> load_headers(const std::filesystem::path& path) {
    FASTSYNC_TRY(FileReader file, FileReader::open(path));
    FASTSYNC_TRY(const Bytes bytes, file.read_rest(kMaxHeadersFile));
    std::optional<HeaderChain> chain;
    ByteView rest = bytes;
    while (!rest.empty()) {
        const std::uint64_t offset = bytes.size() - rest.size();
        const auto item = rlp::take(rest);
        if (!item) return file.wrong(offset, item.error().detail);
        auto header = chain::decode_header(item->raw);
        if (!header) return file.wrong(offset, header.error().detail);
        if (!chain) {
            auto first = HeaderChain::from(*std::move(header));
            if (!first) return file.wrong(offset, first.error().detail);
            chain = *std::move(first);
        } else if (const auto added = chain->append(*std::move(header)); !added) {
            return file.wrong(offset, added.error().detail);
        }
    }
    if (!chain) return file.wrong(0, "holds no header");
    return *std::move(chain);
}

struct Meta {
    std::uint64_t network_id = 0;
    std::optional<std::string> genesis_hash;
};

/// JSON without exceptions: `offset` is where it ceases to be JSON.
json parse_json(const Bytes& text, std::uint64_t& offset) {
    try {
        return json::parse(text);
    } catch (const json::parse_error& error) {
        offset = error.byte;
        return json(json::value_t::discarded);
    }
}

Result<Meta> load_meta(const std::filesystem::path& path) {
    FASTSYNC_TRY(FileReader file, FileReader::open(path));
    FASTSYNC_TRY(const Bytes text, file.read_rest(kMaxMetaFile));
    std::uint64_t offset = 0;
    const json meta = parse_json(text, offset);
    if (meta.is_discarded()) return file.wrong(offset, "not JSON");
    if (!meta.is_object()) return file.wrong(0, "not a JSON object");
    Meta out;
    const auto id = meta.find("network_id");
    if (id == meta.end() || !id->is_number_unsigned()) {
        return file.wrong(0, "\"network_id\" must be a number");
    }
    out.network_id = id->get<std::uint64_t>();
    const auto hash = meta.find("genesis_hash");
    if (hash != meta.end() && hash->is_string()) out.genesis_hash = hash->get<std::string>();
    return out;
}

/// The file need not be there.
Result<void> load_forks(const std::filesystem::path& path, DevChain& chain) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return {};
    FASTSYNC_TRY(const chain::Genesis genesis, chain::load_genesis(path));
    const auto known =
        chain.know_forks(chain::fork_schedule(genesis, chain.header_chain().genesis().hash));
    if (!known) return Error{Errc::kConfig, path.string() + ": " + known.error().detail};
    return {};
}

}  // namespace

Result<DevChain> load_state_files(const std::filesystem::path& folder) {
    FASTSYNC_TRY(const Meta meta, load_meta(folder / "meta.json"));
    FASTSYNC_TRY(HeaderChain headers, load_headers(folder / "headers.rlp"));
    const std::string genesis_hash = to_hex0x(headers.genesis().hash);
    if (meta.genesis_hash && *meta.genesis_hash != genesis_hash) {
        return Error{Errc::kConfig, (folder / "headers.rlp").string() + " starts with block " +
                                        genesis_hash + ", but meta.json says " +
                                        *meta.genesis_hash};
    }
    ItemStore items;
    FASTSYNC_CHECK(load_records(folder / "nodes.bin", items));
    FASTSYNC_CHECK(load_records(folder / "codes.bin", items));
    DevChain chain{meta.network_id, std::move(headers), std::move(items)};
    FASTSYNC_CHECK(load_forks(folder / "genesis.json", chain));
    return chain;
}

}  // namespace fastsync::devnet
