#include <fstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <crypto/keccak.hpp>
#include <devnet/state_files.hpp>

#include "served_state.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using devnet::DevChain;
using devnet::load_state_files;
using fastsync::test::shared_file;

namespace {

void write(const std::filesystem::path& file, ByteView bytes) {
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    REQUIRE(out.good());
}

Bytes record(ByteView item) {
    Bytes out = to_bytes(crypto::keccak256(item));
    append(out, Bytes{0, 0, static_cast<Byte>(item.size() >> 8U), static_cast<Byte>(item.size())});
    append(out, item);
    return out;
}

Bytes joined(std::initializer_list<Bytes> parts) {
    Bytes all;
    for (const Bytes& part : parts)
        append(all, part);
    return all;
}

/// A folder of three blocks and three items, to be spoilt.
struct Folder {
    test::TempDir dir;
    std::vector<chain::BlockHeader> headers{devnet::make_first(Hash256{{1}})};

    Folder() {
        while (headers.size() < 3)
            headers.push_back(devnet::make_child(headers.back(), Hash256{{2}}));
        write(path("headers.rlp"), joined({headers[0].raw, headers[1].raw, headers[2].raw}));
        write(path("nodes.bin"), joined({record(as_bytes("one")), record(as_bytes("two"))}));
        write(path("codes.bin"), record(as_bytes("code")));
        write(path("meta.json"), as_bytes(R"({"network_id": 99})"));
    }
    [[nodiscard]] std::filesystem::path path(std::string_view name) const {
        return dir.path() / name;
    }
    /// Loading fails and says that it is because of this byte of this file.
    void check_refused(std::string_view file, std::size_t offset, std::string_view reason) const {
        const auto loaded = load_state_files(dir.path());
        REQUIRE_FALSE(loaded);
        CHECK(loaded.error().code == Errc::kConfig);
        CAPTURE(loaded.error().detail);
        CHECK(loaded.error().detail.starts_with(path(file).string() + ", byte " +
                                                std::to_string(offset) + ": "));
        CHECK(loaded.error().detail.find(reason) != std::string::npos);
    }
};

}  // namespace

TEST_CASE("load_state_files: a chain of go-ethereum, its states as counted elsewhere", "[devnet]") {
    const auto file = shared_file("fixtures/geth-small/meta.json");
    if (!file) return;
    const auto meta = nlohmann::json::parse(test::read_text(*file));
    const auto chain = load_state_files(file->parent_path());
    REQUIRE(chain);
    CHECK(chain->network_id() == meta["network_id"]);
    CHECK(chain->items().size() == 42'153 + 441);
    CHECK(to_hex0x(chain->header_chain().genesis().hash) == meta["genesis_hash"]);
    CHECK(chain->head().number == meta["head"]["number"]);
    const eth::ChainIdentity identity = chain->identity();
    CHECK(to_hex0x(identity.head_hash) == meta["head"]["hash"]);
    CHECK(identity.total_difficulty.str() == meta["head_total_difficulty"]);
    CHECK(identity.network_id == 99001);

    const auto& expected = meta["state_at_200"];
    const auto report = test::verify(chain->items(), chain->header_chain().find(200)->state_root);
    CHECK(report.complete);
    CHECK(report.accounts == expected["accountLeaves"]);
    CHECK(report.items == expected["totalUniqueItems"]);
    CHECK(report.bytes == expected["totalUniqueBytes"]);
    CHECK(to_hex(report.xor_of_hashes) == expected["xorOfUniqueHashes"]);
}

TEST_CASE("load_state_files: a small folder that is whole", "[devnet]") {
    const Folder folder;
    const auto chain = load_state_files(folder.dir.path());
    REQUIRE(chain);
    CHECK(chain->network_id() == 99);
    CHECK(chain->head() == folder.headers[2]);
    CHECK(chain->items().size() == 3);
    CHECK(chain->items().find(crypto::keccak256(as_bytes("two"))) != nullptr);
}

TEST_CASE("load_state_files: a missing file is named", "[devnet]") {
    const std::string name = GENERATE("headers.rlp", "nodes.bin", "codes.bin", "meta.json");
    const Folder folder;
    std::filesystem::remove(folder.path(name));
    const auto loaded = load_state_files(folder.dir.path());
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == Errc::kConfig);
    CHECK(loaded.error().detail.find(folder.path(name).string()) != std::string::npos);
}

TEST_CASE("load_state_files: records that are wrong are named by file and byte", "[devnet]") {
    const Folder folder;
    const Bytes one = record(as_bytes("one"));
    SECTION("a bit of an item flipped") {
        Bytes two = record(as_bytes("two"));
        two.back() ^= 1U;
        write(folder.path("nodes.bin"), joined({one, two}));
        folder.check_refused("nodes.bin", one.size(), "hash");
    }
    SECTION("in the second batch of records") {
        Bytes many;
        for (Byte i = 0; i < 100; ++i)
            append(many, record(Bytes{i}));
        const std::size_t good = many.size();
        Bytes bad = record(as_bytes("bad"));
        bad.front() ^= 1U;
        write(folder.path("codes.bin"), joined({many, bad, one}));
        folder.check_refused("codes.bin", good, "hash");
    }
    SECTION("a length beyond all items") {
        Bytes huge = one;
        huge[32] = 0xff;
        write(folder.path("nodes.bin"), huge);
        folder.check_refused("nodes.bin", 0, "an item of 4278190083 bytes");
    }
    SECTION("the end within a hash, a length, an item") {
        const std::size_t kept = GENERATE(5U, 32U, 34U, 36U, 38U);
        CAPTURE(kept);
        Bytes cut = one;
        append(cut, ByteView{one}.first(kept));
        write(folder.path("nodes.bin"), cut);
        folder.check_refused("nodes.bin", cut.size(), "ends too early");
    }
}

TEST_CASE("load_state_files: headers that are wrong are named by file and byte", "[devnet]") {
    Folder folder;
    const auto& headers = folder.headers;
    const std::size_t first = headers[0].raw.size();
    SECTION("no header at all") {
        write(folder.path("headers.rlp"), {});
        folder.check_refused("headers.rlp", 0, "no header");
    }
    SECTION("a block left out") {
        write(folder.path("headers.rlp"), joined({headers[0].raw, headers[2].raw}));
        folder.check_refused("headers.rlp", first, "does not follow");
    }
    SECTION("another parent") {
        const auto other = devnet::make_child(devnet::make_first(Hash256{{9}}), Hash256{{2}});
        write(folder.path("headers.rlp"), joined({headers[0].raw, other.raw}));
        folder.check_refused("headers.rlp", first, "does not follow");
    }
    SECTION("not from block 0 on") {
        write(folder.path("headers.rlp"), headers[1].raw);
        folder.check_refused("headers.rlp", 0, "number 1");
    }
    SECTION("cut short") {
        const auto cut = ByteView{headers[1].raw}.first(100);
        write(folder.path("headers.rlp"), joined({headers[0].raw, to_bytes(cut)}));
        folder.check_refused("headers.rlp", first, "");
    }
    SECTION("no list") {
        write(folder.path("headers.rlp"), joined({headers[0].raw, Bytes{0x01}}));
        folder.check_refused("headers.rlp", first, "");
    }
}

TEST_CASE("load_state_files: facts that are wrong are told", "[devnet]") {
    const Folder folder;
    SECTION("no JSON") {
        write(folder.path("meta.json"), as_bytes("{\"network_id\": }"));
        folder.check_refused("meta.json", 16, "not JSON");
    }
    SECTION("no object") {
        write(folder.path("meta.json"), as_bytes("[1]"));
        folder.check_refused("meta.json", 0, "object");
    }
    SECTION("no network id") {
        const std::string text = GENERATE("{}", R"({"network_id": "1"})", R"({"network_id": -1})");
        write(folder.path("meta.json"), as_bytes(text));
        folder.check_refused("meta.json", 0, "network_id");
    }
    SECTION("another genesis") {
        write(folder.path("meta.json"), as_bytes(R"({"network_id": 1, "genesis_hash": "0x11"})"));
        const auto loaded = load_state_files(folder.dir.path());
        REQUIRE_FALSE(loaded);
        CHECK(loaded.error().code == Errc::kConfig);
        CHECK(loaded.error().detail.find("0x11") != std::string::npos);
    }
}
