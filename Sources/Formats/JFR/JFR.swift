public import Model
import Wire

/// Decodes Java Flight Recorder recordings: every chunk, every event that means samples.
///
/// The chunk format is that of JDK Mission Control's parser, major version 2. Ids are resolved within their chunk. A recording
/// that was cut short gives what came before the cut; what was lost is counted.
public enum JFR {
    /// The profile of one kind of event.
    public struct Profile: Sendable {
        /// The `__name__` of its series, such as `process_cpu`.
        public var metric: Text
        /// The samples.
        public var profile: DecodedProfile
    }

    /// What a recording holds.
    public struct Result: Sendable {
        /// One profile for each kind of event that has samples, in the order of their kinds.
        public var profiles: [Profile]
        /// The setting `event` of the profiler, such as `itimer`, which becomes the label `jfr_event`; empty if it was not recorded.
        public var event: Text
        /// How many chunks and events were lost, because the recording was cut short or is damaged.
        public var salvaged: Int
        /// The number of bytes after inflating, labels included.
        public var byteCount: Int
    }

    /// Decodes a recording, gzip or plain.
    ///
    /// `labels` is the snapshot of contextual labels that agents send along, gzip or plain. `sampleRate` in hertz gives the worth
    /// of a CPU or wall sample; `time` is when the profile began, in nanoseconds since the Unix epoch. Throws ``FormatError`` if
    /// nothing can be read, a limit is passed, or the labels are damaged.
    public static func decode(
        _ bytes: [UInt8], labels: [UInt8]?, sampleRate: Int64, time: Int64, limits: PprofLimits
    ) throws(FormatError) -> Result {
        let plain = try inflated(bytes, part: "jfr", limits: limits)
        let plainLabels = try inflated(labels ?? [], part: "labels", limits: limits)
        let snapshot = try JFRLabelsSnapshot(decoding: plainLabels, limits: limits)
        var recording = JFRRecording(
            snapshot: snapshot, period: sampleRate > 0 ? 1_000_000_000 / sampleRate : 0, limits: limits)
        try recording.read(plain)
        return Result(
            profiles: try recording.builder.profiles(time: time), event: recording.event, salvaged: recording.lost,
            byteCount: plain.count + plainLabels.count)
    }

    private static func inflated(
        _ bytes: [UInt8], part: String, limits: PprofLimits
    ) throws(FormatError) -> [UInt8] {
        let ceiling = limits.maxBytes > 0 ? limits.maxBytes : Int.max / 2
        func tooLarge() -> FormatError {
            FormatError(
                .tooLarge,
                "\(part): decompressed size exceeds maximum allowed size of \(ceiling) bytes (max-profile-size)")
        }
        var plain = bytes
        if Gzip.isGzip(bytes) {
            do throws(Gzip.Problem) {
                plain = try Gzip.inflate(bytes, limit: ceiling)
            } catch {
                switch error {
                case .malformed: throw FormatError(.unreadable, "\(part): \(error)")
                case .tooLarge: throw tooLarge()
                }
            }
        }
        guard plain.count <= ceiling else { throw tooLarge() }
        return plain
    }
}
