import Model

/// Reads the chunks of a recording one after another.
///
/// A chunk that is damaged, or cut short before its constants, gives nothing; others are kept, unless the limits are strict.
struct JFRRecording {
    var builder: JFRProfileBuilder
    /// The setting `event` as it stands.
    var event: Text = .empty
    /// Chunks and events that were lost.
    private(set) var lost = 0
    /// The stacks that events of earlier chunks have, by their keys.
    var earlierStacks: [UInt64: UInt32] = [:]
    /// Events whose stack is nowhere.
    var stackless = 0
    /// Nanoseconds for which a CPU or wall sample stands.
    let period: Int64
    let limits: PprofLimits
    /// The first of them.
    private(set) var problem: FormatError?

    init(snapshot: JFRLabelsSnapshot, period: Int64, limits: PprofLimits) {
        builder = JFRProfileBuilder(snapshot: snapshot, limits: limits)
        self.period = period
        self.limits = limits
    }

    /// Reads all chunks; throws if no sample came out and something was lost, if a limit was passed, or strictly if anything was lost.
    mutating func read(_ bytes: [UInt8]) throws(FormatError) {
        let span = bytes.span
        var start = 0
        repeat {
            let header: JFRChunkHeader
            do throws(FormatError) {
                header = try JFRChunkHeader(span, at: start)
            } catch {
                // Nobody knows where such a chunk ends.
                try lose(error)
                break
            }
            do throws(FormatError) {
                try read(header, span)
            } catch {
                guard error.kind != .tooLarge else { throw error }
                try lose(error)
            }
            start = header.end
        } while start < span.count
        if builder.isEmpty, let problem { throw problem }
    }

    /// Counts something that could not be read; strictly, it costs the whole recording.
    mutating func lose(_ error: FormatError) throws(FormatError) {
        guard !limits.isStrict else { throw error }
        lost += 1
        problem = problem ?? error
    }
}
