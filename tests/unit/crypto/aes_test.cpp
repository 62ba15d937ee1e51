#include <catch2/catch.hpp>

#include <crypto/aes.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::crypto;
using test::hex;

namespace {

// NIST SP 800-38A, F.5: the plaintext and first counter of every CTR example.
constexpr const char* kPlain =
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
constexpr const char* kCounter = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
constexpr const char* kKey128 = "2b7e151628aed2a6abf7158809cf4f3c";
constexpr const char* kCipher128 =
    "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
    "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee";
constexpr const char* kKey256 = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";
constexpr const char* kCipher256 =
    "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
    "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6";

}  // namespace

TEST_CASE("AesCtr: the examples of NIST SP 800-38A", "[crypto]") {
    Bytes text = hex(kPlain);
    AesCtr(hex(kKey128), hex(kCounter)).apply(text);
    CHECK(to_hex(text) == kCipher128);
    AesCtr(hex(kKey128), hex(kCounter)).apply(text);
    CHECK(to_hex(text) == kPlain);

    text = hex(kPlain);
    AesCtr(hex(kKey256), hex(kCounter)).apply(text);
    CHECK(to_hex(text) == kCipher256);
}

TEST_CASE("AesCtr: pieces of any size continue one stream", "[crypto]") {
    for (const std::size_t step : {1U, 5U, 15U, 16U, 17U, 33U}) {
        CAPTURE(step);
        Bytes text = hex(kPlain);
        AesCtr stream(hex(kKey256), hex(kCounter));
        for (std::size_t at = 0; at < text.size(); at += step) {
            stream.apply(std::span{text}.subspan(at, std::min(step, text.size() - at)));
            stream.apply({});
        }
        CHECK(to_hex(text) == kCipher256);
    }
}

TEST_CASE("AesCtr: a moved stream keeps its position", "[crypto]") {
    Bytes text = hex(kPlain);
    AesCtr first(hex(kKey256), hex(kCounter));
    first.apply(std::span{text}.first(20));
    AesCtr second = std::move(first);
    second.apply(std::span{text}.subspan(20));
    CHECK(to_hex(text) == kCipher256);
}

TEST_CASE("AesBlock: the AES-256 example of FIPS 197", "[crypto]") {
    const AesBlock cipher(hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
    const Bytes plain = hex("00112233445566778899aabbccddeeff");
    const auto block = std::span<const Byte, 16>(plain);
    CHECK(to_hex(cipher.encrypt(block)) == "8ea2b7ca516745bfeafc49904b496089");
    CHECK(cipher.encrypt(block) == cipher.encrypt(block));
}
