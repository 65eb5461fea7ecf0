public import Model

/// Turns OpenTelemetry profiles into pprofs, one for each profile and service.
public enum OTLP {
    /// One profile of one service, with the labels of its series.
    public struct Profile: Sendable {
        /// The labels, `__name__` and `service_name` among them.
        public var labels: [Label]
        /// The profile.
        public var pprof: Pprof.Raw
        /// Which of the request's profiles it is, or a part of.
        public var index: Int
        /// The id that the client gave that profile; empty if it gave none.
        public var id: [UInt8]
        /// Whether the time is the client's, and not that of receipt.
        public var hasTime: Bool
        /// What was left out.
        public var salvage = SalvageReport()
    }

    /// What became of a request.
    public struct Conversion: Sendable {
        /// The profiles that could be converted; strictly, those before the first that could not.
        public var profiles: [Profile] = []
        /// Why others could not, each with its service.
        public var refused: [(service: Text, error: FormatError)] = []
    }

    /// Converts a request; `now` in nanoseconds stands for a missing time.
    ///
    /// An index that points nowhere, a sample without a value, and the like refuse the profile strictly, and end the conversion, as
    /// the reference stores what came before; otherwise the sample is left out and counted, or else the profile refused.
    public static func convert(
        _ request: ExportRequest, now: Int64, limits: PprofLimits
    ) throws(FormatError) -> Conversion {
        guard let dictionary = request.dictionary else {
            throw FormatError(.invalid, "missing profile metadata dictionary")
        }
        guard !request.resources.isEmpty else { throw FormatError(.invalid, "missing resource profiles") }
        var conversion = Conversion()
        // Stacks are shared on the wire, so that a small request can hold very many frames.
        var room = limits.maxBytes > 0 ? limits.maxBytes.saturatingMultiply(4) : .max
        var index = -1
        for resource in request.resources {
            var lost = SalvageReport()
            let attributes = try dictionary.resolved(
                resource.resource?.attributes ?? [], isStrict: limits.isStrict, &lost)
            for scope in resource.scopes {
                let labels = labels(
                    attributes
                        + (try dictionary.resolved(scope.scope?.attributes ?? [], isStrict: limits.isStrict, &lost)))
                for profile in scope.profiles {
                    index += 1
                    var one = OTLPConversion(profile, dictionary, now: now, limits: limits, room: room)
                    one.salvage.add(lost)
                    do throws(FormatError) {
                        for (service, name, raw) in try one.pprofs() {
                            var all = [
                                Label(LabelName.delta, "false"), Label("__otel__", "true"), Label(LabelName.name, name),
                            ]
                            // Strictly, an attribute of the label's name collides with it.
                            all += labels.filter { limits.isStrict || $0.name != LabelName.serviceName }
                            all.append(
                                Label(LabelName.serviceName, service.isEmpty ? Self.service(of: attributes) : service))
                            let byteCount = raw.strings.bytes.count + 8 * (raw.stacks.count + raw.values.count)
                            conversion.profiles.append(
                                Profile(
                                    labels: all, pprof: Pprof.Raw(raw, byteCount: byteCount), index: index,
                                    id: profile.id, hasTime: profile.time != 0, salvage: one.salvage))
                            // Counted with the first profile that a profile was split into.
                            one.salvage = SalvageReport()
                            lost = SalvageReport()
                        }
                    } catch {
                        guard error.kind == .invalid else { throw error }
                        conversion.refused.append((Self.service(of: attributes), error))
                        if limits.isStrict { return conversion }
                    }
                    room = one.room
                }
            }
        }
        return conversion
    }

    /// Attributes that can be labels; of a key that repeats, the first counts.
    private static func labels(_ attributes: [Attribute]) -> [Label] {
        var seen: Set<Text> = [LabelName.name]
        return attributes.compactMap { attribute in
            guard let value = attribute.value?.label, seen.insert(attribute.key).inserted else { return nil }
            return Label(attribute.key, value)
        }
    }

    private static func service(of attributes: [Attribute]) -> Text {
        func value(_ key: Text) -> Text? { attributes.first { $0.key == key }?.value?.label }
        if let service = value("service.name") { return service }
        guard let executable = value("process.executable.name") else { return "unknown_service" }
        return Text(utf8: Array("unknown_service:".utf8) + executable.utf8)
    }
}
