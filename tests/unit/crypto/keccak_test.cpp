#include <random>

#include <catch2/catch.hpp>
#include <sys/mman.h>
#include <unistd.h>

#include <crypto/keccak.hpp>
#include <crypto/keccak_vector.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using crypto::Keccak256;
using crypto::keccak256;

namespace {

using Batch = void (*)(std::span<const ByteView>, std::span<Hash256>);

Bytes random_bytes(std::mt19937_64& random, std::size_t size) {
    Bytes out(size);
    for (Byte& b : out)
        b = static_cast<Byte>(random());
    return out;
}

/// By Crypto++, whatever this CPU can do besides.
Hash256 reference(const Bytes& message) {
    const ByteView view = message;
    Hash256 out;
    crypto::detail::keccak256_batch_scalar({&view, 1}, {&out, 1});
    return out;
}

void check_batch(Batch batch, const std::vector<Bytes>& messages) {
    const std::vector<ByteView> views(messages.begin(), messages.end());
    std::vector<Hash256> hashes(messages.size());
    batch(views, hashes);
    for (std::size_t i = 0; i < messages.size(); ++i) {
        CAPTURE(i, messages.size(), messages[i].size());
        REQUIRE(hashes[i] == reference(messages[i]));
    }
}

/// Every way to hash a batch that this CPU has.
std::vector<Batch> ways() {
    std::vector<Batch> out{crypto::keccak256_batch, crypto::detail::keccak256_batch_scalar};
    if (crypto::detail::can_hash_x4()) {
        out.push_back(crypto::detail::keccak256_batch_x4);
    } else {
        WARN("skipped: this CPU cannot hash four at once");
    }
    if (crypto::detail::can_hash_avx512()) {
        out.push_back(crypto::detail::keccak256_batch_x8);
    } else {
        WARN("skipped: this CPU cannot hash eight at once");
    }
    return out;
}

}  // namespace

TEST_CASE("keccak256: known answers", "[crypto]") {
    // The empty string and the empty RLP string (empty code, empty trie: Yellow Paper), and a
    // function selector that every Solidity contract knows.
    CHECK(to_hex(keccak256({})) ==
          "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    CHECK(to_hex(keccak256(Bytes{0x80})) ==
          "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
    CHECK(to_hex(keccak256(as_bytes("transfer(address,uint256)"))).starts_with("a9059cbb"));
    CHECK(to_hex(keccak256(as_bytes("abc"))) ==
          "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

TEST_CASE("keccak256: agrees with Crypto++ for every length", "[crypto]") {
    std::mt19937_64 random{2};
    for (std::size_t size = 0; size <= 1200; ++size) {
        const Bytes message = random_bytes(random, size);
        CAPTURE(size);
        REQUIRE(keccak256(message) == reference(message));
    }
}

TEST_CASE("keccak256_batch: agrees with Crypto++ for every length", "[crypto]") {
    std::mt19937_64 random{1};
    std::vector<Bytes> messages;
    for (std::size_t size = 0; size <= 1200; ++size)
        messages.push_back(random_bytes(random, size));
    for (const Batch way : ways()) {
        check_batch(way, messages);
        for (const Bytes& message : messages)
            check_batch(way, {message});
    }
}

TEST_CASE("keccak256_batch: agrees with Crypto++ for mixed batches", "[crypto]") {
    const auto seed = GENERATE(range(0U, 40U));
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    std::vector<Bytes> messages(seed);
    for (Bytes& message : messages) {
        // Trie nodes, with a contract code among them now and then.
        const std::size_t size = random() % 8 == 0 ? random() % 24'577 : random() % 600;
        message = random_bytes(random, size);
    }
    for (const Batch way : ways())
        check_batch(way, messages);
}

TEST_CASE("keccak256: nothing beyond the end of a message is read", "[crypto]") {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const pages =
        ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(pages != MAP_FAILED);
    auto* const end = static_cast<Byte*>(pages) + page;
    REQUIRE(::mprotect(end, page, PROT_NONE) == 0);
    const std::span<Byte> readable{static_cast<Byte*>(pages), page};
    std::mt19937_64 random{4};
    for (Byte& b : readable)
        b = static_cast<Byte>(random());
    for (std::size_t size = 0; size <= 300; ++size) {
        const ByteView message = size == 0 ? ByteView{} : ByteView{readable.last(size)};
        const Hash256 expected = reference(to_bytes(message));
        CAPTURE(size);
        CHECK(keccak256(message) == expected);
        // More than all lanes, so that each of them has it once.
        const std::vector<ByteView> messages(9, message);
        for (const Batch way : ways()) {
            std::vector<Hash256> hashes(messages.size());
            way(messages, hashes);
            CHECK(std::count(hashes.begin(), hashes.end(), expected) == 9);
        }
    }
    REQUIRE(::munmap(pages, 2 * page) == 0);
}

TEST_CASE("keccak256_batch: a long message among short ones disturbs none", "[crypto]") {
    std::mt19937_64 random{7};
    for (std::size_t at = 0; at < 17; ++at) {
        std::vector<Bytes> messages;
        for (std::size_t i = 0; i < 17; ++i)
            messages.push_back(random_bytes(random, i == at ? 5000 : 32));
        for (const Batch way : ways())
            check_batch(way, messages);
    }
}

TEST_CASE("Keccak256: pieces give the hash of the whole", "[crypto]") {
    std::mt19937_64 random{3};
    const Bytes message = random_bytes(random, 700);
    const auto by = GENERATE(Keccak256::By::kFastest, Keccak256::By::kCryptopp);
    for (const std::size_t step : {1U, 7U, 135U, 136U, 137U, 700U}) {
        CAPTURE(step);
        Keccak256 sponge{by};
        for (std::size_t at = 0; at < message.size(); at += step)
            sponge.update(ByteView{message}.subspan(at, std::min(step, message.size() - at)));
        CHECK(sponge.digest() == reference(message));
    }
}

TEST_CASE("Keccak256: a digest leaves the sponge open", "[crypto]") {
    Keccak256 sponge{GENERATE(Keccak256::By::kFastest, Keccak256::By::kCryptopp)};
    CHECK(sponge.digest() == keccak256({}));
    sponge.update(as_bytes("fast"));
    CHECK(sponge.digest() == keccak256(as_bytes("fast")));
    CHECK(sponge.digest() == sponge.digest());
    sponge.update({}).update(as_bytes("sync"));
    CHECK(sponge.digest() == keccak256(as_bytes("fastsync")));
}

TEST_CASE("Keccak256: copies go their own ways", "[crypto]") {
    Keccak256 first{GENERATE(Keccak256::By::kFastest, Keccak256::By::kCryptopp)};
    first.update(as_bytes("a"));
    crypto::Keccak256 second = first;
    second.update(as_bytes("b"));
    CHECK(first.digest() == keccak256(as_bytes("a")));
    CHECK(second.digest() == keccak256(as_bytes("ab")));
    first = second;
    first.update(as_bytes("c"));
    CHECK(first.digest() == keccak256(as_bytes("abc")));
    const crypto::Keccak256 moved = std::move(second);
    CHECK(moved.digest() == keccak256(as_bytes("ab")));
}
