#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace fastsync::status {

/// What a metric is: a counter only ever grows, and starts again at 0 with the process or with its
/// owner's records.
enum class MetricType : std::uint8_t { kCounter, kGauge };

struct Label {
    std::string_view name;   ///< [a-zA-Z_][a-zA-Z0-9_]*
    std::string_view value;  ///< any text; bytes that are not UTF-8 are replaced
};

/// Writes the text format of Prometheus, version 0.0.4: one family after the other, each with HELP
/// and TYPE, then its samples.
class Exposition {
  public:
    /// Begins a family.
    /// @param name  [a-zA-Z_:][a-zA-Z0-9_:]*, each once; a counter's ends in "_total"
    Exposition& family(std::string_view name, MetricType type, std::string_view help);
    /// A sample of the family begun last; labels in the same order each time.
    Exposition& sample(double value, std::initializer_list<Label> labels = {});
    Exposition& sample(std::uint64_t value, std::initializer_list<Label> labels = {});

    [[nodiscard]] std::string take() noexcept { return std::move(out_); }

  private:
    void write(std::string_view value, std::initializer_list<Label> labels);

    std::string name_;
    std::string out_;
};

}  // namespace fastsync::status
