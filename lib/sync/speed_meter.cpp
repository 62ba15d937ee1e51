#include <sync/speed_meter.hpp>

namespace fastsync::sync {

void SpeedMeter::add(const Sample& sample) {
    // The newest sample always counts; it is replaced until it is far enough from the one before
    // it.
    const std::size_t count = samples_.size();
    if (count >= 2 && samples_[count - 1].at - samples_[count - 2].at < kMinSampleDistance) {
        samples_.pop_back();
    }
    samples_.push_back(sample);
    while (samples_.size() > 2 && sample.at - samples_[1].at >= kWindow)
        samples_.pop_front();
}

double SpeedMeter::span_s() const {
    return samples_.size() < 2 ? 0 : to_seconds(samples_.back().at - samples_.front().at);
}

double SpeedMeter::items_per_s() const {
    const double span = span_s();
    if (span <= 0) return 0;
    return static_cast<double>(samples_.back().items - samples_.front().items) / span;
}

double SpeedMeter::bytes_per_s() const {
    const double span = span_s();
    if (span <= 0) return 0;
    return static_cast<double>(samples_.back().bytes - samples_.front().bytes) / span;
}

}  // namespace fastsync::sync
