#include <fstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <devnet/exported_blocks.hpp>
#include <devnet/origin.hpp>
#include <rlp/encode.hpp>

#include "served_state.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using devnet::append_exported;
using devnet::HeaderChain;
using fastsync::test::shared_file;

namespace {

Bytes block_of(const chain::BlockHeader& header) {
    return rlp::encode_list({header.raw, rlp::encode_list({}), rlp::encode_list({})});
}

/// Three blocks, to be spoilt.
struct Export {
    test::TempDir dir;
    std::vector<chain::BlockHeader> headers{devnet::make_first(Hash256{{1}})};
    std::vector<Bytes> blocks{block_of(headers.front())};
    HeaderChain chain = *HeaderChain::from(headers.front());

    Export() {
        while (headers.size() < 3) {
            headers.push_back(devnet::make_child(headers.back(), Hash256{{2}}));
            blocks.push_back(block_of(headers.back()));
        }
    }
    Result<void> load(std::initializer_list<Bytes> parts, chain::BlockNumber until = 100) {
        {
            std::ofstream out(path(), std::ios::binary);
            for (const Bytes& part : parts)
                out.write(reinterpret_cast<const char*>(part.data()),
                          static_cast<std::streamsize>(part.size()));
            REQUIRE(out.good());
        }
        return append_exported(path(), until, chain);
    }
    [[nodiscard]] std::filesystem::path path() const { return dir.path() / "chain.rlp"; }
    void check_refused(const Result<void>& loaded, std::size_t offset) const {
        REQUIRE_FALSE(loaded);
        CHECK(loaded.error().code == Errc::kConfig);
        CAPTURE(loaded.error().detail);
        CHECK(loaded.error().detail.starts_with(path().string() + ", byte " +
                                                std::to_string(offset) + ": "));
    }
};

}  // namespace

TEST_CASE("append_exported: with block 0 or without it, to the end or to a block", "[devnet]") {
    Export files;
    SECTION("with block 0") {
        REQUIRE(files.load({files.blocks[0], files.blocks[1], files.blocks[2]}));
        CHECK(files.chain.head() == files.headers[2]);
    }
    SECTION("without it") {
        REQUIRE(files.load({files.blocks[1], files.blocks[2]}));
        CHECK(files.chain.head() == files.headers[2]);
    }
    SECTION("what is not wanted is not looked at") {
        REQUIRE(files.load({files.blocks[0], files.blocks[1], Bytes{0xff}}, 1));
        CHECK(files.chain.head() == files.headers[1]);
    }
    SECTION("an empty file") {
        REQUIRE(files.load({}));
        CHECK(files.chain.head() == files.headers[0]);
    }
}

TEST_CASE("append_exported: what is wrong is named by file and byte", "[devnet]") {
    Export files;
    const Bytes& first = files.blocks[1];
    SECTION("a gap") {
        files.check_refused(files.load({files.blocks[2]}), 0);
    }
    SECTION("another genesis") {
        files.check_refused(files.load({block_of(devnet::make_first(Hash256{{9}}))}), 0);
    }
    SECTION("a header in the place of a block") {
        files.check_refused(files.load({first, files.headers[2].raw}), first.size());
    }
    SECTION("no list") {
        files.check_refused(files.load({first, Bytes{0x80}}), first.size());
    }
    SECTION("an empty list") {
        files.check_refused(files.load({first, Bytes{0xc0}}), first.size());
    }
    SECTION("it ends within a block") {
        Bytes cut = files.blocks[2];
        cut.pop_back();
        files.check_refused(files.load({first, cut}), first.size());
    }
    SECTION("it is not there") {
        const auto loaded = append_exported(files.path(), 1, files.chain);
        REQUIRE_FALSE(loaded);
        CHECK(loaded.error().code == Errc::kConfig);
        CHECK(loaded.error().detail.find(files.path().string()) != std::string::npos);
    }
}

TEST_CASE("chain_from_export: a chain of go-ethereum from its genesis and its export", "[devnet]") {
    const auto genesis = shared_file("fixtures/geth-small/genesis.json");
    const auto blocks = shared_file("fixtures/geth-small/chain.rlp");
    const auto facts = shared_file("fixtures/geth-small/meta.json");
    if (!genesis || !blocks || !facts) return;
    const auto meta = nlohmann::json::parse(test::read_text(*facts));
    const auto chain = devnet::chain_from_export(*genesis, *blocks, devnet::kMaxFirstBlocks);
    REQUIRE(chain);
    CHECK(to_hex0x(chain->header_chain().genesis().hash) == meta["genesis_hash"]);
    const eth::ChainIdentity identity = chain->identity();
    CHECK(to_hex0x(identity.head_hash) == meta["head"]["hash"]);
    CHECK(identity.total_difficulty.str() == meta["head_total_difficulty"]);
    CHECK(identity.head.number == meta["head"]["number"]);
    CHECK(test::verify(chain->items(), chain->header_chain().genesis().state_root).complete);

    const auto shorter = devnet::chain_from_export(*genesis, *blocks, 200);
    REQUIRE(shorter);
    CHECK(to_hex0x(shorter->head().hash) == meta["pivot_at_head_minus_64"]["hash"]);
}
