#include <memory>

#include <catch2/catch.hpp>

#include <common/result.hpp>

using namespace fastsync;

namespace {

Result<int> half(int n) {
    if (n % 2 != 0) return Error{Errc::kMalformed, "odd"};
    return n / 2;
}

Result<int> quarter(int n) {
    FASTSYNC_TRY(const int h, half(n));
    return half(h);
}

Result<void> must_be_even(int n) {
    FASTSYNC_CHECK(half(n));
    return {};
}

}  // namespace

TEST_CASE("Result: TRY hands the value on or returns the error", "[common]") {
    CHECK(*quarter(8) == 2);
    CHECK(quarter(6).error() == Error{Errc::kMalformed, "odd"});
    CHECK(must_be_even(2));
    CHECK(must_be_even(3).error().code == Errc::kMalformed);
}

TEST_CASE("Result: carries values that only move", "[common]") {
    Result<std::unique_ptr<int>> result{std::make_unique<int>(7)};
    const std::unique_ptr<int> taken = *std::move(result);
    CHECK(*taken == 7);
}

TEST_CASE("Error: the message names the kind and the detail", "[common]") {
    CHECK(Error{Errc::kTooLarge, "frame of 9 MiB"}.message() == "too large: frame of 9 MiB");
    CHECK(Error{Errc::kTimeout, ""}.message() == "timeout");
}
