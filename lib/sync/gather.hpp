#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <async/clock.hpp>
#include <async/gate.hpp>
#include <async/task.hpp>
#include <async/task_scope.hpp>

namespace fastsync::sync {

/// Answers of several peers to questions asked at the same time. One that is slow holds the others
/// up for a while only: what it answers later is lost. Shared with the questions, which may outlast
/// whoever asked.
template <class Answer>
class Gathering : public std::enable_shared_from_this<Gathering<Answer>> {
  public:
    explicit Gathering(async::Executor executor) : changed_(std::move(executor)) {}

    /// Asks one more; `question` returns its answer, or nothing.
    void ask(async::TaskScope& scope, async::Task<std::optional<Answer>> question) {
        ++open_;
        changed_.open();
        scope.spawn(await(this->shared_from_this(), answers_.size(), std::move(question)));
        answers_.emplace_back();
    }
    /// Until all have answered, or `patience` has passed and one has answered.
    /// @param tick  how often to look at the clock without being told anything
    [[nodiscard]] async::Task<void> wait(async::Clock& clock, Duration patience, Duration tick) {
        const TimePoint enough = clock.now() + patience;
        while (open_ > 0) {
            const TimePoint now = clock.now();
            if (now >= enough && useful_ > 0) break;
            changed_.reset();
            (void)co_await clock.sleep_until(now < enough ? enough : now + tick, &changed_);
        }
        over_ = true;
    }
    /// One entry for each question, in the order in which they were asked.
    [[nodiscard]] std::vector<std::optional<Answer>>& answers() noexcept { return answers_; }

  private:
    static async::Task<void> await(std::shared_ptr<Gathering> self, std::size_t at,
                                   async::Task<std::optional<Answer>> question) {
        auto answer = co_await std::move(question);
        --self->open_;
        if (self->over_) co_return;
        if (answer) ++self->useful_;
        self->answers_[at] = std::move(answer);
        self->changed_.open();
    }

    std::vector<std::optional<Answer>> answers_;
    std::size_t open_ = 0;
    std::size_t useful_ = 0;
    bool over_ = false;
    async::Gate changed_;
};

}  // namespace fastsync::sync
