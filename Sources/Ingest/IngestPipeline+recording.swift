import Formats
import Model

extension IngestPipeline {
    /// Decodes a Java recording: the body itself, or the parts `jfr` and `labels` of a form.
    func recording(
        _ request: IngestRequest, _ application: ApplicationName, _ now: Int64
    ) throws(IngestError) -> ReadyProfiles {
        var bytes = request.body
        var labels: [UInt8]?
        if request.contentType.contains("multipart/form-data") {
            let form = try MultipartForm(request.body, contentType: request.contentType)
            guard let part = form.files["jfr"] else {
                throw IngestError(.unprocessable, "parsing IngestInput-pprof failed: jfr field is required")
            }
            bytes = part
            labels = form.files["labels"]
        } else if isStrict, bytes.starts(with: [0x1f, 0x8b]) {
            throw IngestError(
                .unprocessable,
                "parsing IngestInput-pprof failed: a recording that is compressed must be sent as the part jfr of a form"
            )
        }
        do throws(FormatError) {
            guard bytes.count >= 2 else { throw FormatError(.unreadable, "failed to read magic: unexpected end") }
            let result = try JFR.decode(
                bytes, labels: labels, sampleRate: request.sampleRate, time: request.from, limits: limits.pprof,
                reserving: reserve)
            var ready = ReadyProfiles()
            ready.byteCount = result.byteCount
            for recorded in result.profiles {
                let series = seriesLabels(labelsOfRecording(request, application, recorded, event: result.event))
                try checkWindow(recorded.profile.time, labels: series, now: now)
                ready += try split(recorded.profile, labels: series, now: now)
            }
            var lost = result.salvage
            lost.add(application.salvage)
            ready.note(lost, seriesLabels([Label(LabelName.serviceName, application.service)]))
            return ready
        } catch {
            throw refusal(error, .unprocessable, "parsing IngestInput-pprof failed ")
        }
    }

    private func labelsOfRecording(
        _ request: IngestRequest, _ application: ApplicationName, _ recorded: JFR.Profile, event: Text
    ) -> [Label] {
        var labels = ingestLabels(request, application, name: recorded.metric)
        labels.append(Label("jfr_event", event))
        labels.append(Label(namesService(labels) ? "app_name" : LabelName.serviceName, application.name))
        return labels
    }
}
