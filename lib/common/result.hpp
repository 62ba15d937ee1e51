#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include <common/assert.hpp>
#include <common/error.hpp>

namespace fastsync {

/// A value or an Error: the subset of std::expected (C++23) that we use.
template <class T>
class [[nodiscard]] Result {
  public:
    using value_type = T;

    template <class U = T>
    requires(std::is_constructible_v<T, U&&> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error>) Result(U&& value)
        : state_(std::in_place_index<0>, std::forward<U>(value)) {}            // NOLINT
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] T& value() & { return checked(); }
    [[nodiscard]] const T& value() const& { return const_cast<Result*>(this)->checked(); }
    [[nodiscard]] T&& value() && { return std::move(checked()); }
    [[nodiscard]] T& operator*() & { return checked(); }
    [[nodiscard]] const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
    [[nodiscard]] T&& operator*() && { return std::move(checked()); }
    [[nodiscard]] T* operator->() { return &checked(); }
    [[nodiscard]] const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

    [[nodiscard]] const Error& error() const& {
        FASTSYNC_ASSERT(!has_value());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] Error&& error() && {
        FASTSYNC_ASSERT(!has_value());
        return std::move(*std::get_if<1>(&state_));
    }

  private:
    T& checked() {
        FASTSYNC_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }

    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

    [[nodiscard]] bool has_value() const noexcept { return error_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] const Error& error() const {
        FASTSYNC_ASSERT(!has_value());
        return *std::get_if<1>(&error_);
    }

  private:
    std::variant<std::monostate, Error> error_;
};

}  // namespace fastsync

#define FASTSYNC_CONCAT_INNER(a, b) a##b
#define FASTSYNC_CONCAT(a, b) FASTSYNC_CONCAT_INNER(a, b)
#define FASTSYNC_TRY_AS(tmp, decl, expression, return_keyword)          \
    auto tmp = (expression);                                            \
    if (!tmp) return_keyword ::fastsync::Error{std::move(tmp).error()}; \
    decl = *std::move(tmp)

/// `FASTSYNC_TRY(const auto x, f());`: x is the value of f(), or we return its error.
#define FASTSYNC_TRY(decl, expression) \
    FASTSYNC_TRY_AS(FASTSYNC_CONCAT(fastsync_try_, __LINE__), decl, expression, return )
/// The same inside a coroutine.
#define FASTSYNC_CO_TRY(decl, expression) \
    FASTSYNC_TRY_AS(FASTSYNC_CONCAT(fastsync_try_, __LINE__), decl, expression, co_return )
/// `FASTSYNC_CHECK(f());` for Result<void>.
#define FASTSYNC_CHECK(expression)                                 \
    do {                                                           \
        if (auto fastsync_result = (expression); !fastsync_result) \
            return ::fastsync::Error{fastsync_result.error()};     \
    } while (false)
#define FASTSYNC_CO_CHECK(expression)                              \
    do {                                                           \
        if (auto fastsync_result = (expression); !fastsync_result) \
            co_return ::fastsync::Error{fastsync_result.error()};  \
    } while (false)
