#pragma once

#include <cstddef>
#include <string>

#include <async/task.hpp>

namespace fastsync::status {

/// Answers the JSON documents that are posted to "/". Lives on the server's executor, and outlives
/// the server.
class PostHandler {
  public:
    virtual ~PostHandler() = default;

    /// Longest document, bytes.
    [[nodiscard]] virtual std::size_t max_body() const noexcept = 0;
    /// The JSON to answer with; empty: there is nothing to say. Bounded in time and size by itself.
    [[nodiscard]] virtual async::Task<std::string> answer(std::string document) = 0;
    /// What to say to a document that is longer than max_body().
    [[nodiscard]] virtual std::string too_large() const = 0;
    /// What to say while as many documents are being answered as can be at once.
    [[nodiscard]] virtual std::string busy() const = 0;
};

}  // namespace fastsync::status
