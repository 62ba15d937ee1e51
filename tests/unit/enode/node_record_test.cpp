#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <enode/base_text.hpp>
#include <enode/node_record.hpp>
#include <rlp/encode.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using test::hex;

namespace {

// EIP-778, "Test Vectors".
constexpr const char* kExample =
    "enr:-IS4QHCYrYZbAKWCBRlAy5zzaDZXJBGkcnh4MHcBFZntXNFrdvJjX04jRzjzCBOonrkTfj499SZuOh8R33Ls8RRcy"
    "5wBgmlkgnY0gmlwhH8AAAGJc2VjcDI1NmsxoQPKY0yuDUmstAHYpMa2_oxVtw0RW_QAdpzBQA8yWM0xOIN1ZHCCdl8";
constexpr const char* kExampleRlp =
    "f884b8407098ad865b00a582051940cb9cf36836572411a47278783077011599ed5cd16b76f2635f4e234738f30813"
    "a89eb9137e3e3df5266e3a1f11df72ecf1145ccb9c01826964827634826970847f00000189736563703235366b31a1"
    "03ca634cae0d49acb401d8a4c6b6fe8c55b70d115bf400769cc1400f3258cd31388375647082765f";
constexpr const char* kExampleKey =
    "b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291";
constexpr const char* kExampleNodeId =
    "a448f24c6d18e575453db13171562b71999873db5b286df957af199ec94617f7";

crypto::SecretKey example_key() {
    return *crypto::SecretKey::from(hex(kExampleKey));
}

RecordEntries example_entries() {
    return {{"ip", rlp::encode_string(hex("7f000001"))}, {"udp", rlp::encode_uint(30303)}};
}

/// A record of items that are RLP already, signed correctly whatever they are.
Bytes signed_items(const std::vector<Bytes>& items) {
    rlp::Encoder content;
    std::size_t mark = content.begin_list();
    for (const Bytes& item : items)
        content.raw(item);
    content.end_list(mark);
    const auto signature = crypto::sign(example_key(), crypto::keccak256(content.view()));
    rlp::Encoder out;
    mark = out.begin_list();
    out.string(signature.view().first(64));
    for (const Bytes& item : items)
        out.raw(item);
    return out.end_list(mark).take();
}

Bytes text(std::string_view value) {
    return rlp::encode_string(as_bytes(value));
}
Bytes public_key() {
    return rlp::encode_string(crypto::compress(example_key().public_key()));
}

void check_refused(const Bytes& encoded, Errc code, const std::string& part) {
    CAPTURE(part, to_hex(encoded));
    const auto record = NodeRecord::decode(encoded);
    REQUIRE_FALSE(record);
    CHECK(record.error().code == code);
    CHECK_THAT(record.error().detail, Catch::Contains(part));
}

}  // namespace

TEST_CASE("NodeRecord: the example of EIP-778", "[enode]") {
    const auto record = NodeRecord::parse(kExample);
    REQUIRE(record);
    CHECK(record->sequence() == 1);
    CHECK(to_hex(crypto::keccak256(record->id())) == kExampleNodeId);
    CHECK(record->id() == example_key().public_key());
    CHECK(to_string(*record->ip()) == "127.0.0.1");
    CHECK(record->udp() == 30303);
    CHECK_FALSE(record->tcp());
    CHECK_FALSE(record->ip6());
    CHECK(to_hex(record->encoded()) == kExampleRlp);
    CHECK(record->text() == kExample);
    CHECK(*NodeRecord::decode(hex(kExampleRlp)) == *record);
}

TEST_CASE("NodeRecord: what we sign is the example but for the signature, and verifies",
          "[enode]") {
    const auto record = NodeRecord::sign(example_key(), 1, example_entries());
    REQUIRE(record);
    const std::string ours = to_hex(record->encoded());
    // The example's signature has extra entropy; everything behind it is equal.
    CHECK(ours.size() == std::string{kExampleRlp}.size());
    CHECK(ours.substr(0, 8) == "f884b840");
    CHECK(ours.substr(8 + 128) == std::string{kExampleRlp}.substr(8 + 128));
    const auto again = NodeRecord::decode(record->encoded());
    REQUIRE(again);
    CHECK(*again == *record);
    CHECK(again->entries() == record->entries());
    CHECK(*NodeRecord::parse(record->text()) == *record);
}

TEST_CASE("NodeRecord: entries we do not know are kept", "[enode]") {
    RecordEntries entries = example_entries();
    entries["eth"] = hex("c7c684fc64ec0480");
    entries["zz"] = rlp::encode_list({rlp::encode_list({})});
    const auto record = NodeRecord::sign(example_key(), 0x0102030405060708, entries);
    REQUIRE(record);
    const auto again = NodeRecord::decode(record->encoded());
    REQUIRE(again);
    CHECK(again->sequence() == 0x0102030405060708);
    CHECK(to_hex(*again->find("eth")) == "c7c684fc64ec0480");
    CHECK(to_hex(*again->find("zz")) == "c1c0");
    CHECK_FALSE(again->find("et"));
}

TEST_CASE("NodeRecord: any changed byte is refused", "[enode]") {
    const Bytes good = hex(kExampleRlp);
    for (std::size_t i = 0; i < good.size(); ++i) {
        CAPTURE(i);
        Bytes bad = good;
        bad[i] ^= 0x01;
        CHECK_FALSE(NodeRecord::decode(bad));
        CHECK_FALSE(NodeRecord::decode(ByteView{good}.first(i)));
    }
}

TEST_CASE("NodeRecord: the form is enforced even under a good signature", "[enode]") {
    const Bytes one = rlp::encode_uint(1);
    CHECK(NodeRecord::decode(
        signed_items({one, text("id"), text("v4"), text("secp256k1"), public_key()})));
    check_refused(signed_items({one, text("secp256k1"), public_key(), text("id"), text("v4")}),
                  Errc::kMalformed, "sorted");
    check_refused(signed_items({one, text("id"), text("v4"), text("id"), text("v4"),
                                text("secp256k1"), public_key()}),
                  Errc::kMalformed, "unique");
    check_refused(signed_items({one, text("id"), text("v4"), text("secp256k1")}), Errc::kMalformed,
                  "without a value");
    check_refused(signed_items({one, text("secp256k1"), public_key()}), Errc::kMalformed,
                  "identity scheme");
    check_refused(signed_items({one, text("id"), text("v5"), text("secp256k1"), public_key()}),
                  Errc::kIncompatible, "v4");
    check_refused(signed_items({one, text("id"), text("v4")}), Errc::kMalformed, "no public key");
    check_refused(signed_items({one, text("id"), text("v4"), text("secp256k1"), text("short")}),
                  Errc::kMalformed, "length");
    check_refused(signed_items({one, text("id"), text("v4"), text("secp256k1"),
                                rlp::encode_string(hex("02" + std::string(64, 'f')))}),
                  Errc::kMalformed, "curve");
    check_refused(signed_items({text("id"), text("v4")}), Errc::kMalformed, "without a value");
    check_refused(signed_items({}), Errc::kMalformed, "sequence");
    check_refused(signed_items({one, rlp::encode_list({}), text("v4")}), Errc::kMalformed, "key");
    check_refused(signed_items({one, text("a"), hex("c18001"), text("id")}), Errc::kMalformed, "");
    Bytes trailing = hex(kExampleRlp);
    trailing.push_back(0);
    check_refused(trailing, Errc::kMalformed, "RLP list");
    check_refused(hex("80"), Errc::kMalformed, "RLP list");
    check_refused(hex("c0"), Errc::kMalformed, "signature");
    check_refused({}, Errc::kMalformed, "RLP list");
}

TEST_CASE("NodeRecord: 300 bytes at most", "[enode]") {
    const auto with_filler = [](std::size_t size) {
        RecordEntries entries = example_entries();
        entries["x"] = rlp::encode_string(Bytes(size, 0xaa));
        return NodeRecord::sign(example_key(), 1, entries);
    };
    std::size_t filler = 100;
    while (with_filler(filler + 1))
        ++filler;
    const auto longest = with_filler(filler);
    REQUIRE(longest);
    CHECK(longest->encoded().size() == kMaxRecordSize);
    CHECK(longest->text().size() == kMaxRecordText);
    CHECK(NodeRecord::parse(longest->text()));
    CHECK(with_filler(filler + 1).error().code == Errc::kTooLarge);
    check_refused(signed_items({rlp::encode_uint(1), text("id"), text("v4"), text("secp256k1"),
                                public_key(), text("x"), rlp::encode_string(Bytes(200, 1))}),
                  Errc::kTooLarge, "300");
    CHECK(NodeRecord::parse("enr:" + std::string(kMaxRecordText, 'A')).error().code ==
          Errc::kTooLarge);
}

TEST_CASE("NodeRecord: entries of another form than EIP-778 gives them count as absent",
          "[enode]") {
    RecordEntries entries;
    entries["ip"] = rlp::encode_string(Bytes(16, 1));
    entries["ip6"] = rlp::encode_string(Bytes(4, 1));
    entries["tcp"] = rlp::encode_uint(65536);
    entries["udp"] = rlp::encode_list({});
    const auto record = NodeRecord::sign(example_key(), 1, entries);
    REQUIRE(record);
    CHECK_FALSE(record->ip());
    CHECK_FALSE(record->ip6());
    CHECK_FALSE(record->tcp());
    CHECK_FALSE(record->udp());
    CHECK_FALSE(enode_of(*record));
}

TEST_CASE("NodeRecord: where the node listens", "[enode]") {
    RecordEntries entries = example_entries();
    entries["tcp"] = rlp::encode_uint(30304);
    entries["ip6"] = rlp::encode_string(hex("20010db83c4d001500000000abcdef12"));
    const auto v4 = enode_of(*NodeRecord::sign(example_key(), 1, entries));
    REQUIRE(v4);
    CHECK(*v4 == Enode{example_key().public_key(), "127.0.0.1", 30304, 30303});
    entries.erase("ip");
    entries["udp6"] = rlp::encode_uint(1);
    const auto v6 = enode_of(*NodeRecord::sign(example_key(), 1, entries));
    REQUIRE(v6);
    CHECK(*v6 == Enode{example_key().public_key(), "2001:db8:3c4d:15::abcd:ef12", 30304, 1});
    CHECK_FALSE(enode_of(*NodeRecord::sign(example_key(), 1, {})));
}

TEST_CASE("NodeRecord: text forms that are not", "[enode]") {
    for (const std::string& bad :
         {std::string{}, std::string{"enr:"}, std::string{kExample} + "=",
          std::string{kExample}.substr(4), "ENR" + std::string{kExample},
          std::string{kExample} + "A", std::string{"enr:+/+/"}, std::string{"enr:AB"}}) {
        CAPTURE(bad);
        const auto record = NodeRecord::parse(bad);
        REQUIRE_FALSE(record);
        CHECK(record.error().code == Errc::kMalformed);
    }
}

TEST_CASE("base text: RFC 4648 examples both ways", "[enode]") {
    const std::vector<std::array<std::string, 3>> examples{{"", "", ""},
                                                           {"f", "Zg", "MY"},
                                                           {"fo", "Zm8", "MZXQ"},
                                                           {"foo", "Zm9v", "MZXW6"},
                                                           {"foob", "Zm9vYg", "MZXW6YQ"},
                                                           {"fooba", "Zm9vYmE", "MZXW6YTB"},
                                                           {"foobar", "Zm9vYmFy", "MZXW6YTBOI"}};
    for (const auto& [plain, base64, base32] : examples) {
        CHECK(enode::to_base64url(as_bytes(plain)) == base64);
        CHECK(enode::to_base32(as_bytes(plain)) == base32);
        CHECK(equal(*enode::from_base64url(base64), as_bytes(plain)));
        CHECK(equal(*enode::from_base32(base32), as_bytes(plain)));
    }
    CHECK(enode::to_base64url(hex("fbff")) == "-_8");
    CHECK_FALSE(enode::from_base64url("Zh"));  // spare bits
    CHECK_FALSE(enode::from_base64url("Z"));   // less than a byte
    CHECK_FALSE(enode::from_base64url("Zg=="));
    CHECK_FALSE(enode::from_base32("MZ"));
    CHECK_FALSE(enode::from_base32("my"));
    CHECK_FALSE(enode::from_base32("MZX"));
    CHECK_FALSE(enode::from_base32("M"));
}
