#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <common/result.hpp>

namespace fastsync::log {

enum class Level : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError, kOff };

/// "trace" | "debug" | "info" | "warn" | "error" | "off"; nothing for any other text.
[[nodiscard]] std::optional<Level> parse_level(std::string_view text);
[[nodiscard]] std::string_view to_string(Level level) noexcept;

/// Who may write lines, each with a level of its own.
inline constexpr std::array<std::string_view, 9> kComponents{
    "daemon", "devnet", "discovery", "eth", "net", "peers", "pivot", "status", "sync",
};

void no_such_component();  ///< nowhere defined: calling it does not compile in a constant

/// One of kComponents.
class Component {
  public:
    /// A literal; one that is not in kComponents does not compile.
    consteval Component(const char* name) {  // NOLINT(google-explicit-constructor)
        while (index_ < kComponents.size() && kComponents[index_] != name)
            ++index_;
        if (index_ == kComponents.size()) no_such_component();
    }
    [[nodiscard]] constexpr std::size_t index() const noexcept { return index_; }
    [[nodiscard]] constexpr std::string_view name() const noexcept { return kComponents[index_]; }

  private:
    std::size_t index_ = 0;
};

/// From which level on each component writes.
struct Levels {
    std::array<Level, kComponents.size()> of{};

    /// The same for all.
    constexpr Levels(Level level) { of.fill(level); }  // NOLINT(google-explicit-constructor)
    friend bool operator==(const Levels&, const Levels&) = default;
};

/// Reads "info", "info,eth=debug,discovery=warn" or "eth=debug" (the rest is info then): at most
/// one level for all, which comes first, and one for each component. Blanks around are no harm.
/// @return kConfig with a sentence that names what is wrong in it
[[nodiscard]] Result<Levels> parse_levels(std::string_view text);

}  // namespace fastsync::log
