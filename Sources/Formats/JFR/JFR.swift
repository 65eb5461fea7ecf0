public import Model
import Wire

/// Decodes Java Flight Recorder recordings: every chunk, every event that means samples.
///
/// The chunk format is that of JDK Mission Control's parser, major version 2. Ids are resolved within their chunk, those of stacks that it lacks in
/// the chunks before. A recording
/// that was cut short gives what came before the cut, and what was lost is counted; strictly, it gives nothing.
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
        /// What was changed or left out, the chunks and events among it that were lost or are damaged.
        public var salvage: SalvageReport
        /// The number of bytes after inflating, labels included.
        public var byteCount: Int
    }

    /// Decodes a recording, gzip or plain.
    ///
    /// `labels` is the snapshot of contextual labels that agents send along, gzip or plain. `sampleRate` in hertz gives the worth
    /// of a CPU or wall sample; `time` is when the profile began, in nanoseconds since the Unix epoch. Throws ``FormatError`` if
    /// nothing can be read, a limit is passed, or, strictly, anything is damaged. `reserving` is asked before memory is taken.
    public static func decode(
        _ bytes: [UInt8], labels: [UInt8]?, sampleRate: Int64, time: Int64, limits: PprofLimits,
        reserving: (Int) -> Bool = { _ in true }
    ) throws(FormatError) -> Result {
        var salvage = SalvageReport()
        let plain = try Gzip.plain(bytes, part: "jfr: ", limits: limits, reserving: reserving)
        var plainLabels: [UInt8] = []
        var snapshot = JFRLabelsSnapshot()
        do throws(FormatError) {
            plainLabels = try Gzip.plain(labels ?? [], part: "labels: ", limits: limits, reserving: reserving)
            snapshot = try JFRLabelsSnapshot(decoding: plainLabels, limits: limits, &salvage)
        } catch {
            guard !limits.isStrict, error.kind == .unreadable else { throw error }
            salvage.note(.recordingLabels, error.description)
        }
        // Constants and frames take about eight times their bytes.
        guard reserving(plain.count.saturatingMultiply(8)) else {
            throw FormatError(.noRoom, "jfr: no memory is left to decode a recording in")
        }
        var recording = JFRRecording(
            snapshot: snapshot, period: sampleRate > 0 ? 1_000_000_000 / sampleRate : 0, limits: limits)
        try recording.read(plain)
        let profiles = try recording.builder.profiles(time: time)
        if let problem = recording.problem { salvage.note(.cutShort, count: recording.lost, problem.description) }
        salvage.note(
            .sampleReference, count: recording.stackless, "an event names a stack that the recording does not have")
        salvage.note(
            .sampleRate, count: recording.builder.worthless, "sampleRate \(sampleRate) gives samples no time")
        salvage.note(.sampleNegative, count: recording.builder.negative, "a negative value")
        return Result(
            profiles: profiles, event: recording.event, salvage: salvage,
            byteCount: plain.count + plainLabels.count)
    }
}
