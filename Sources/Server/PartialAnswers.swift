import HTTP
import Store

/// Says which parts of the data an answer lacks because they are damaged, in the header `Hearth-Partial`.
enum PartialAnswers {
    /// The header's name.
    static let header = "Hearth-Partial"

    /// Works out an answer and names what is missing in it: the files, without the folders above the tenant's.
    static func marked(_ respond: () async -> Response) async -> Response {
        let gaps = AnswerGaps()
        var response = await AnswerGaps.$current.withValue(gaps) { await respond() }
        let partitions = gaps.partitions
        guard !partitions.isEmpty else { return response }
        let names = partitions.prefix(10).map { $0.path.split(separator: "/").suffix(2).joined(separator: "/") }
        response.headers.add(
            header,
            "damaged: " + names.joined(separator: ", ")
                + (partitions.count > 10 ? ", and more (\(partitions.count))" : ""))
        return response
    }
}
