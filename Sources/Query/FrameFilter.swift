public import Model
import Selectors

/// Conditions on the function names of whole stacks, as a client sent them.
public struct FrameFilter: Sendable, Hashable {
    /// Names, all of which must occur in a stack.
    public var includeNames: [Text]
    /// Names, none of which may occur in a stack.
    public var excludeNames: [Text]
    /// Regular expressions, each of which must be found in some name of a stack.
    public var includePatterns: [Text]
    /// Regular expressions, none of which may be found in any name of a stack.
    public var excludePatterns: [Text]

    /// Makes a filter.
    public init(
        includeNames: [Text] = [], excludeNames: [Text] = [], includePatterns: [Text] = [], excludePatterns: [Text] = []
    ) {
        self.includeNames = includeNames
        self.excludeNames = excludeNames
        self.includePatterns = includePatterns
        self.excludePatterns = excludePatterns
    }

    /// The tests of a stack filter; patterns are not anchored.
    func tests() throws(QueryError) -> (includes: [StackFilter.NameTest], excludes: [StackFilter.NameTest]) {
        let includes = Set(includeNames).map(Self.test) + (try Set(includePatterns).map(Self.search))
        guard includes.count <= StackFilter.maxIncludes else {
            throw QueryError(
                "frame_filter: at most \(StackFilter.maxIncludes) conditions may be included, got \(includes.count)")
        }
        return (includes, Set(excludeNames).map(Self.test) + (try Set(excludePatterns).map(Self.search)))
    }

    private static func test(_ name: Text) -> StackFilter.NameTest { { $0 == name } }

    private static func search(_ pattern: Text) throws(QueryError) -> StackFilter.NameTest {
        do throws(SelectorError) {
            // Alone first, so that a message shows what the caller wrote.
            _ = try LabelRegex(pattern)
            let anywhere = try LabelRegex(
                Text(utf8: Array("(?s:.*)(?:".utf8) + pattern.utf8 + Array(")(?s:.*)".utf8)))
            return { anywhere.matches($0) }
        } catch {
            throw QueryError("frame_filter: \(error)")
        }
    }
}
