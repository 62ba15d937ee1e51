#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <crypto/keccak.hpp>
#include <trie/builder.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using fastsync::test::hash_of;
using fastsync::test::hex;
using fastsync::test::read_text;
using fastsync::test::shared_file;
using nlohmann::json;

// https://github.com/ethereum/tests, folder TrieTests.

namespace {

enum class Keys { kPlain, kHashed };

Bytes bytes_of(const json& value) {
    if (value.is_null()) return {};
    const auto text = value.get<std::string>();
    return text.starts_with("0x") ? hex(text) : to_bytes(as_bytes(text));
}

std::vector<trie::TrieEntry> entries_of(const json& in, Keys keys) {
    std::vector<trie::TrieEntry> entries;
    const auto add = [&](const Bytes& key, Bytes value) {
        entries.emplace_back(keys == Keys::kHashed ? to_bytes(crypto::keccak256(key)) : key,
                             std::move(value));
    };
    if (in.is_array()) {
        for (const json& pair : in)
            add(bytes_of(pair[0]), bytes_of(pair[1]));
    } else {
        for (const auto& [key, value] : in.items())
            add(bytes_of(key), bytes_of(value));
    }
    return entries;
}

void run(std::string_view name, Keys keys, std::size_t expected_cases) {
    const auto file = shared_file(std::string("vectors/ethereum-tests/TrieTests/") += name);
    if (!file) return;
    const json cases = json::parse(read_text(*file));
    CHECK(cases.size() == expected_cases);
    for (const auto& [title, test] : cases.items()) {
        CAPTURE(title);
        CHECK(trie::build_trie(entries_of(test["in"], keys), {}) ==
              hash_of(test["root"].get<std::string>()));
    }
}

}  // namespace

TEST_CASE("ethereum/tests: trietest.json", "[trie]") {
    run("trietest.json", Keys::kPlain, 5);
}
TEST_CASE("ethereum/tests: trietest_secureTrie.json", "[trie]") {
    run("trietest_secureTrie.json", Keys::kHashed, 3);
}
TEST_CASE("ethereum/tests: trieanyorder.json", "[trie]") {
    run("trieanyorder.json", Keys::kPlain, 7);
}
TEST_CASE("ethereum/tests: trieanyorder_secureTrie.json", "[trie]") {
    run("trieanyorder_secureTrie.json", Keys::kHashed, 7);
}
TEST_CASE("ethereum/tests: hex_encoded_securetrie_test.json", "[trie]") {
    run("hex_encoded_securetrie_test.json", Keys::kHashed, 3);
}
