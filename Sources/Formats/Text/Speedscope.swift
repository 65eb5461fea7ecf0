public import Model
import Wire

/// Decodes speedscope's JSON: sampled and evented profiles over one table of frames.
///
/// The schema is www.speedscope.app/file-format-schema.json.
public enum Speedscope {
    /// Profiles of one name, kind, unit and start, whose stacks belong together.
    public struct Profile: Sendable {
        /// The profile's name.
        public var name: Text
        /// The unit of its weights, such as `milliseconds`, `bytes` or `none`.
        public var unit: Text
        /// Stacks of names, root first, with their weights in hundredths of the unit; whole bytes where the unit is bytes.
        public var stacks: [(frames: [Text], weight: Int64)]
        /// What was left out.
        public var salvage = SalvageReport()
    }

    /// The frames of all stacks together: events nest, so that a small file can hold very many.
    private static let maxFrames = 8 << 20

    private static let schema: Text = "https://www.speedscope.app/file-format-schema.json"

    private static let units: Set<Text> = [
        "none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes",
    ]

    private struct Key: Hashable {
        let name: Text
        let kind: Text
        let unit: Text
        let start: String
    }

    /// Reads a document; throws ``FormatError`` of kind `unreadable` for what is no speedscope profile.
    ///
    /// Unless the limits are strict, a profile that breaks a rule is left out and counted where there are others, and an unknown unit
    /// is none.
    public static func decode(_ bytes: [UInt8], limits: PprofLimits) throws(FormatError) -> [Profile] {
        let document: JSONValue
        do throws(WireError) {
            document = try JSONValue(
                parsing: bytes, memoryLimit: limits.maxBytes > 0 ? limits.maxBytes.saturatingMultiply(32) : .max)
        } catch {
            throw FormatError(.unreadable, "speedscope: \(error)")
        }
        guard document["$schema"]?.text == schema else {
            throw FormatError(.unreadable, "speedscope: $schema must be \"\(schema)\"")
        }
        let frames = (document["shared"]?["frames"]?.elements ?? []).map { $0["name"]?.text ?? .empty }
        var indexOfKey: [Key: Int] = [:]
        var profiles: [Profile] = []
        var lost = SalvageReport()
        var problem: FormatError?
        var room = maxFrames
        for (index, value) in (document["profiles"]?.elements ?? []).enumerated() {
            let kind = value["type"]?.text ?? .empty
            let unit = value["unit"]?.text ?? "none"
            let key = Key(
                name: value["name"]?.text ?? .empty, kind: kind, unit: unit,
                start: "\(value["startValue"]?.double ?? 0)")
            if indexOfKey[key] == nil {
                indexOfKey[key] = profiles.count
                profiles.append(Profile(name: key.name, unit: unit, stacks: []))
            }
            let place = indexOfKey[key] ?? 0
            let known = profiles[place].stacks.count
            do throws(FormatError) {
                guard !limits.isStrict || units.contains(value["unit"]?.text ?? .empty) else {
                    throw FormatError(.unreadable, "speedscope: invalid profile unit: \(unit)")
                }
                switch kind {
                case "sampled":
                    try readSamples(value, index, frames, limits, &room, into: &profiles[place])
                case "evented": try readEvents(value, index, frames, &room, into: &profiles[place])
                default: throw FormatError(.unreadable, "speedscope: unknown profile type \(kind)")
                }
            } catch {
                guard !limits.isStrict, error.kind != .tooLarge else { throw error }
                profiles[place].stacks.removeSubrange(known...)
                lost.note(.partialFile, error.description)
                problem = problem ?? error
            }
        }
        if profiles.allSatisfy(\.stacks.isEmpty), let problem { throw problem }
        if !profiles.isEmpty { profiles[0].salvage = lost }
        return profiles
    }

    private static func name(
        _ frame: JSONValue, _ frames: [Text], _ profile: Int
    ) throws(FormatError) -> Text {
        guard let index = frame.integer, index >= 0, index < frames.count else {
            throw FormatError(.invalid, "speedscope: profiles[\(profile)] names a frame that is not there")
        }
        return frames[Int(index)]
    }

    /// A weight in hundredths of its unit, or in whole bytes.
    private static func weight(_ value: Double, _ unit: Text, _ profile: Int) throws(FormatError) -> Int64 {
        guard let weight = Int64(exactly: (value * (unit == "bytes" ? 1 : 100)).rounded(.toNearestOrEven)) else {
            throw FormatError(.invalid, "speedscope: a weight of profiles[\(profile)] does not fit 64 bits")
        }
        return weight
    }

    private static func take(_ count: Int, _ room: inout Int) throws(FormatError) {
        room -= count
        guard room >= 0 else { throw FormatError(.tooLarge, "speedscope: more than \(maxFrames) frames in all stacks") }
    }

    private static func readSamples(
        _ value: JSONValue, _ index: Int, _ frames: [Text], _ limits: PprofLimits, _ room: inout Int,
        into profile: inout Profile
    ) throws(FormatError) {
        let samples = value["samples"]?.elements ?? []
        let weights = value["weights"]?.elements ?? []
        guard samples.count == weights.count else {
            throw FormatError(
                .invalid, "speedscope: profiles[\(index)] has \(samples.count) samples and \(weights.count) weights")
        }
        for (sample, weight) in zip(samples, weights) {
            let weight = weight.double ?? 0
            guard weight >= 0 || !limits.isStrict else {
                throw FormatError(.invalid, "speedscope: profiles[\(index)] has a negative weight: \(weight)")
            }
            var names: [Text] = []
            for frame in sample.elements ?? [] { names.append(try name(frame, frames, index)) }
            try take(names.count, &room)
            profile.stacks.append((names, try Self.weight(weight, profile.unit, index)))
        }
    }

    /// Frames open and close in time; what lies between two events belongs to the stack that is open.
    private static func readEvents(
        _ value: JSONValue, _ index: Int, _ frames: [Text], _ room: inout Int, into profile: inout Profile
    ) throws(FormatError) {
        var open: [Text] = []
        var last = value["startValue"]?.double ?? 0
        for event in value["events"]?.elements ?? [] {
            guard let at = event["at"]?.double, at >= last else {
                throw FormatError(.invalid, "speedscope: the events of profiles[\(index)] do not go forward in time")
            }
            if !open.isEmpty, at > last {
                try take(open.count, &room)
                profile.stacks.append((open, try weight(at - last, profile.unit, index)))
            }
            last = at
            let frame = try name(event["frame"] ?? .null, frames, index)
            switch event["type"]?.text {
            case "O": open.append(frame)
            case "C":
                guard open.popLast() == frame else {
                    throw FormatError(.invalid, "speedscope: profiles[\(index)] closes a frame that is not open")
                }
            default: throw FormatError(.invalid, "speedscope: profiles[\(index)] has an event that is neither O nor C")
            }
        }
        if let end = value["endValue"]?.double, end > last, !open.isEmpty {
            profile.stacks.append((open, try weight(end - last, profile.unit, index)))
        }
    }
}

extension Speedscope.Profile {
    /// The stacks as a profile of one sample type; `scale` is what weights are multiplied by.
    public func decoded(
        type: ValueType, periodType: ValueType?, scale: Int64, time: Int64, limits: PprofLimits
    ) throws(FormatError) -> DecodedProfile {
        var collector = StackCollector(limits: limits)
        collector.salvage = salvage
        for stack in stacks {
            guard stack.weight >= 0 else {
                collector.salvage.note(.sampleNegative, "a weight of \(stack.weight)")
                continue
            }
            var node: UInt32 = 0
            for frame in stack.frames { node = try collector.child(of: node, named: frame.utf8[...]) }
            collector.add(stack.weight, to: node)
        }
        return try collector.profile(type: type, periodType: periodType, scale: scale, time: time)
    }
}
