#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fastsync::net {

/// The texts of one answer, put together from the parts they come in.
class JoinedTexts {
  public:
    /// Texts and bytes of them taken from one answer.
    static constexpr std::size_t kMaxTexts = 64;
    static constexpr std::size_t kMaxTextBytes = 64UL * 1024;

    enum class Part { kFirst, kFurther };

    /// False when there is no room for it: the answer ends here.
    [[nodiscard]] bool add(std::string_view part, Part which) {
        bytes_ += part.size();
        if (bytes_ > kMaxTextBytes) return false;
        if (which == Part::kFirst || texts_.empty()) {
            if (texts_.size() >= kMaxTexts) return false;
            texts_.emplace_back();
        }
        texts_.back().append(part);
        return true;
    }
    [[nodiscard]] std::vector<std::string> take() { return std::move(texts_); }

  private:
    std::vector<std::string> texts_;
    std::size_t bytes_ = 0;
};

}  // namespace fastsync::net
