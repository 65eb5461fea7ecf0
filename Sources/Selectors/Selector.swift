public import Model

/// Parses label selectors: one Prometheus 3 metric selector such as `process_cpu{service_name="api"}`.
///
/// The grammar is that of Prometheus' `ParseMetricSelector` with UTF-8 names (prometheus.io/docs/prometheus/latest/querying/basics).
public enum Selector {
    /// The matchers of a selector, all of which must hold; a name outside the braces is a matcher of `__name__`.
    public static func parse(_ text: Text) throws(SelectorError) -> [LabelMatcher] {
        var lexer = SelectorLexer(text)
        var matchers: [LabelMatcher] = []
        var token = try lexer.next()
        if token == .end { throw SelectorError("unexpected end of input") }
        if case .identifier(let name) = token {
            matchers.append(LabelMatcher(LabelName.name, equals: name))
            token = try lexer.next()
            if token == .end { return matchers }
        }
        guard token == .leftBrace else { throw unexpected(token, lexer, in: "", wanted: nil) }
        try parseMatchers(&lexer, into: &matchers)
        token = try lexer.next()
        guard token == .end else { throw unexpected(token, lexer, in: "", wanted: nil) }
        return matchers
    }

    private static func parseMatchers(
        _ lexer: inout SelectorLexer, into matchers: inout [LabelMatcher]
    ) throws(SelectorError) {
        var token = try lexer.next()
        while token != .rightBrace {
            let name: Text
            var isQuoted = false
            switch token {
            case .identifier(let identifier): name = identifier
            case .string(let text):
                name = text
                isQuoted = true
            default: throw unexpected(token, lexer, in: "label matching", wanted: "identifier or \"}\"")
            }
            token = try lexer.next()
            if isQuoted && (token == .comma || token == .rightBrace) {
                // A lone quoted text is a metric's name.
                matchers.append(LabelMatcher(LabelName.name, equals: name))
            } else {
                guard case .operation(let operation) = token else {
                    throw unexpected(token, lexer, in: "label matching", wanted: "label matching operator")
                }
                token = try lexer.next()
                guard case .string(let value) = token else {
                    throw unexpected(token, lexer, in: "label matching", wanted: "string")
                }
                do throws(SelectorError) {
                    matchers.append(try LabelMatcher(name, operation, value))
                } catch {
                    throw SelectorError(error.message, at: lexer.position(lexer.tokenStart))
                }
                token = try lexer.next()
            }
            switch token {
            case .comma: token = try lexer.next()
            case .rightBrace: break
            default: throw unexpected(token, lexer, in: "label matching", wanted: "\",\" or \"}\"")
            }
        }
    }

    private static func unexpected(
        _ token: SelectorToken, _ lexer: SelectorLexer, in context: String, wanted: String?
    ) -> SelectorError {
        let what =
            switch token {
            case .identifier: "identifier \"\(lexer.tokenText)\""
            case .string: "string \(lexer.tokenText)"
            case .end: "end of input"
            default: "\"\(lexer.tokenText)\""
            }
        let place = context.isEmpty ? "" : " in \(context)"
        let expectation = wanted.map { ", expected \($0)" } ?? ""
        return SelectorError("unexpected \(what)\(place)\(expectation)", at: lexer.position(lexer.tokenStart))
    }
}
