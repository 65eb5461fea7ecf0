import Formats
import Model
import Wire

extension IngestPipeline {
    /// Decodes what came to `/ingest` and stores it; an empty profile is nothing to store and no error.
    public func ingest(_ request: IngestRequest, now: Int64) async throws(IngestError) {
        var service = Text.empty
        do throws(IngestError) {
            var application = try ApplicationName(parsing: request.name, isStrict: isStrict)
            service = application.service
            // The reference answers as always and stores nothing where a value is no UTF-8.
            let isLost = isStrict && application.labels.contains { !$0.value.isValidUTF8 }
            if isLost { application.labels.removeAll { !$0.value.isValidUTF8 } }
            let ready = try decoded(request, application, now)
            try take(ready.byteCount, now: now)
            // Without an id, what comes again would be stored again: all of it is, or nothing.
            if !isLost { _ = try await append(ready, inPart: false, now: now) }
        } catch {
            refuse(error, service: service, now: now)
            throw error
        }
    }

    private func decoded(
        _ request: IngestRequest, _ application: ApplicationName, _ now: Int64
    ) throws(IngestError) -> ReadyProfiles {
        guard reserve(request.body.count) else {
            throw refusal(FormatError(.noRoom, "no memory is left"), .unavailable)
        }
        switch (request.format, request.contentType) {
        case ("trie", _), (_, "binary/octet-stream+trie"):
            return try text(.trie, request, application, now)
        case ("tree", _), (_, "binary/octet-stream+tree"):
            return try text(.tree, request, application, now)
        case ("lines", _):
            return try text(.lines, request, application, now)
        case ("jfr", _):
            return try recording(request, application, now)
        case ("speedscope", _):
            return try speedscope(request, application, now)
        case ("pprof", _):
            return try pprof(request.body, types: nil, request, application, now)
        case _ where request.contentType.contains("multipart/form-data"):
            return try multipart(request, application, now)
        default:
            if !isStrict, Gzip.isGzip(request.body) { return try guessed(request, application, now) }
            return try text(.groups, request, application, now)
        }
    }

    /// Decodes what came compressed and without a format that says so: a pprof, or text.
    private func guessed(
        _ request: IngestRequest, _ application: ApplicationName, _ now: Int64
    ) throws(IngestError) -> ReadyProfiles {
        var inflated = request
        do throws(FormatError) {
            inflated.body = try Pprof.plain(request.body, limits: limits.pprof, reserving: reserve)
        } catch {
            throw refusal(error, .unprocessable, "parsing IngestInput-pprof failed ")
        }
        if let raw = try? Pprof.read(inflated.body, limits: limits.pprof), !raw.sampleTypes.isEmpty {
            return try pprof(inflated.body, types: nil, inflated, application, now)
        }
        return try text(.groups, inflated, application, now)
    }

    private func multipart(
        _ request: IngestRequest, _ application: ApplicationName, _ now: Int64
    ) throws(IngestError) -> ReadyProfiles {
        let form = try MultipartForm(request.body, contentType: request.contentType)
        if let previous = form.files["prev_profile"], !previous.isEmpty {
            throw IngestError(
                .unprocessable,
                "unsupported client version. Please update github.com/grafana/pyroscope-go to the latest version")
        }
        var types: SampleTypeConfiguration?
        if let json = form.files["sample_type_config"], !json.isEmpty {
            types = try SampleTypeConfiguration(json, isStrict: isStrict)
        }
        guard let profile = form.files["profile"], !profile.isEmpty else { return ReadyProfiles() }
        return try pprof(profile, types: types, request, application, now)
    }

    private func pprof(
        _ bytes: [UInt8], types: SampleTypeConfiguration?, _ request: IngestRequest, _ application: ApplicationName,
        _ now: Int64
    ) throws(IngestError) -> ReadyProfiles {
        guard !bytes.isEmpty else { return ReadyProfiles() }
        do throws(FormatError) {
            var raw = try Pprof.read(bytes, limits: limits.pprof, reserving: reserve)
            // Old clients sent micro- or milliseconds, which all lie in 1970.
            if 0..<IngestLimits.year1971 ~= raw.time { raw.time = request.from }
            switch request.spyName {
            case "pyspy": try raw.prefixFilenames(keepsAbsolute: true)
            case "rbspy", "scripting": try raw.prefixFilenames(keepsAbsolute: false)
            case "dotnetspy": raw.repairDotnet()
            case "unknown" where types?.hasInuseSpace ?? false: raw.repairDotnet()
            default: break
            }
            let name = (types ?? .standard).profileName(of: raw.sampleTypes)
            var labels = ingestLabels(request, application, name: name)
            if !namesService(labels) {
                labels.append(Label(LabelName.serviceName, application.name))
            }
            var ready = try profiles(
                of: raw, labels: seriesLabels(labels), language: Self.language(labels),
                salvage: application.salvage, now: now)
            ready.byteCount = raw.byteCount
            return ready
        } catch {
            throw refusal(error, .unprocessable, "parsing IngestInput-pprof failed ")
        }
    }

    private func text(
        _ format: TextProfile.Format, _ request: IngestRequest, _ application: ApplicationName, _ now: Int64
    ) throws(IngestError) -> ReadyProfiles {
        let stacks: TextProfile.Stacks
        do throws(FormatError) {
            stacks = try TextProfile.read(request.body, as: format, limits: limits.pprof, reserving: reserve)
        } catch {
            throw refusal(error, .unprocessable, "pyroscopeIngesterAdapter failed to push: ")
        }
        if application.namesProfile { return ReadyProfiles(byteCount: request.body.count) }
        let type = try TextProfileType(
            applicationName: application.name, sampleRate: request.sampleRate, isStrict: isStrict)
        let labels = seriesLabels(textLabels(request, application, type))
        do throws(FormatError) {
            var decoded = try stacks.profile(
                type: type.type, periodType: type.periodType, scale: type.scale, time: request.from)
            decoded.salvage.add(application.salvage)
            try checkWindow(decoded.time, labels: labels, now: now)
            var ready = try split(decoded, labels: labels, now: now)
            ready.byteCount = request.body.count
            return ready
        } catch {
            throw refusal(
                error, error.kind == .invalid ? .invalidArgument : .unprocessable,
                "pyroscopeIngesterAdapter failed to push: ")
        }
    }

    /// The labels of a text profile: the application is its service unless the client names one.
    func textLabels(_ request: IngestRequest, _ application: ApplicationName, _ type: TextProfileType) -> [Label] {
        var labels = ingestLabels(request, application, name: type.name)
        if namesService(labels) {
            if !labels.contains(where: { $0.name == "app_name" }) {
                labels.append(Label("app_name", type.application))
            }
        } else {
            labels.append(Label(LabelName.serviceName, type.application))
        }
        return labels
    }

    /// Whether a client names the service; strictly, with an empty name too, which nothing is stored under then.
    func namesService(_ labels: [Label]) -> Bool {
        labels.contains { $0.name == LabelName.serviceName && (isStrict || !$0.value.isEmpty) }
    }

    /// The client's labels beside the server's; strictly, one that is the server's too is not taken instead of it.
    func ingestLabels(_ request: IngestRequest, _ application: ApplicationName, name: Text) -> [Label] {
        let user = application.labels.filter { !$0.name.hasPrefix("__") }
        return [
            Label(LabelName.name, name), Label(LabelName.delta, "false"), Label("pyroscope_spy", request.spyName),
        ].filter { own in isStrict || !user.contains { $0.name == own.name } } + user
    }
}

extension ApplicationName {
    /// Whether a profile's id is named: then a text carries a span's copy of what was sent already, and nothing of it is stored.
    var namesProfile: Bool { labels.contains { $0.name == "profile_id" && !$0.value.isEmpty } }

    /// The service that is named: the application, unless a label names another.
    var service: Text { labels.first { $0.name == LabelName.serviceName && !$0.value.isEmpty }?.value ?? name }
}
