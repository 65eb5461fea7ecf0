public import Model

/// Turns OpenTelemetry profiles into pprofs, one for each profile and service.
public enum OTLP {
    /// One profile of one service, with the labels of its series.
    public struct Profile: Sendable {
        /// The labels, `__name__` and `service_name` among them.
        public var labels: [Label]
        /// The profile.
        public var pprof: Pprof.Raw
        /// What was left out.
        public var salvage = SalvageReport()
    }

    /// What became of a request.
    public struct Conversion: Sendable {
        /// The profiles that could be converted.
        public var profiles: [Profile] = []
        /// Why others could not, each with its service.
        public var refused: [(service: Text, error: FormatError)] = []
    }

    /// Converts a request; `now` in nanoseconds stands for a missing time.
    ///
    /// An index that points nowhere, a sample without a value, and the like are, strictly, a ``FormatError`` of kind `invalid`;
    /// otherwise the sample is left out and counted, or the profile where it is refused.
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
        for resource in request.resources {
            var lost = SalvageReport()
            let attributes = try dictionary.resolved(
                resource.resource?.attributes ?? [], isStrict: limits.isStrict, &lost)
            for scope in resource.scopes {
                let labels = labels(
                    attributes
                        + (try dictionary.resolved(scope.scope?.attributes ?? [], isStrict: limits.isStrict, &lost)))
                for profile in scope.profiles {
                    var one = OTLPConversion(profile, dictionary, now: now, limits: limits, room: room)
                    one.salvage.add(lost)
                    do throws(FormatError) {
                        for (service, name, raw) in try one.pprofs() {
                            var all = [
                                Label(LabelName.delta, "false"), Label("__otel__", "true"), Label(LabelName.name, name),
                            ]
                            all += labels.filter { $0.name != LabelName.serviceName }
                            all.append(
                                Label(LabelName.serviceName, service.isEmpty ? Self.service(of: attributes) : service))
                            let byteCount = raw.strings.bytes.count + 8 * (raw.stacks.count + raw.values.count)
                            conversion.profiles.append(
                                Profile(
                                    labels: all, pprof: Pprof.Raw(raw, byteCount: byteCount), salvage: one.salvage))
                            // Counted with the first profile that a profile was split into.
                            one.salvage = SalvageReport()
                            lost = SalvageReport()
                        }
                    } catch {
                        guard !limits.isStrict, error.kind == .invalid else { throw error }
                        conversion.refused.append((Self.service(of: attributes), error))
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
