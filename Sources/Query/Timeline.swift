import Model

/// A time series on an epoch-aligned grid without gaps: what the legacy render API draws.
public struct Timeline: Sendable, Hashable {
    /// The first step, in seconds.
    public var startTime: Int64
    /// One value for each step, 0 where there is none.
    public var samples: [UInt64]
    /// The length of a step, in seconds.
    public var durationDelta: Int64

    /// Places points of a series on the grid between two times in milliseconds; points outside are dropped.
    public init(points: [SeriesPoint], start: Int64, end: Int64, step: Int64) {
        let stepMilliseconds = max(step.saturatingMultiply(1000), 1000)
        let first = Self.floor(start, to: stepMilliseconds)
        let last = Self.floor(end, to: stepMilliseconds)
        let count = last > first ? (last.saturatingSubtract(first)) / stepMilliseconds : 0
        // The step follows from the range, so there are never many more than 1500 samples.
        var samples = [UInt64](repeating: 0, count: Int(clamping: min(count, 1_000_000)))
        for point in points {
            let distance = point.timestamp.saturatingSubtract(first)
            guard distance >= 0 else { continue }
            let index = distance / stepMilliseconds
            guard index < samples.count else { continue }
            samples[Int(index)] = UInt64(exactly: point.value.rounded(.towardZero)) ?? (point.value > 0 ? .max : 0)
        }
        startTime = first / 1000
        self.samples = samples
        durationDelta = step
    }

    /// The step, in seconds, at which a range in milliseconds is drawn.
    public static func step(start: Int64, end: Int64) -> Int64 {
        let interval = end.saturatingSubtract(start) / 1500
        guard interval >= 15_000 else { return 15 }
        let steps: [(upTo: Int64, seconds: Int64)] = [
            (17_500, 15), (25_000, 20), (45_000, 30), (90_000, 60), (210_000, 120), (450_000, 300), (750_000, 600),
            (1_050_000, 900), (1_500_000, 1200), (2_700_000, 1800), (5_400_000, 3600), (9_000_000, 7200),
            (16_200_000, 10_800), (32_400_000, 21_600), (86_400_000, 43_200), (172_800_000, 86_400),
            (604_800_000, 86_400), (1_814_400_000, 604_800), (3_628_799_999, 2_592_000),
        ]
        return steps.first { interval <= $0.upTo }?.seconds ?? 31_536_000
    }

    private static func floor(_ time: Int64, to step: Int64) -> Int64 {
        let rest = time % step
        return time.saturatingSubtract(rest < 0 ? rest + step : rest)
    }
}
