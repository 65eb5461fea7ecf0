public import Model
import Selectors
public import Store

/// The fields that every question about samples shares, as a client sent them.
public struct SampleQuery: Sendable {
    /// Whose profiles.
    public var tenants: [Tenant]
    /// The profile type's id.
    public var profileType: Text
    /// A label selector such as `{service_name="api"}`.
    public var selector: Text
    /// The first millisecond.
    public var start: Int64
    /// The last millisecond.
    public var end: Int64
    /// Span ids of 16 hex digits, any of which; empty for no condition.
    public var spans: [Text] = []
    /// Trace ids of 32 hex digits, any of which; empty for no condition.
    public var traces: [Text] = []
    /// Profile UUIDs, any of which; empty for no condition.
    public var profiles: [Text] = []
    /// Function names, root first, that stacks begin with; empty for no condition.
    public var callSite: [Text] = []
    /// Conditions on the functions of whole stacks.
    public var frameFilter = FrameFilter()

    /// Makes a query.
    public init(tenants: [Tenant], profileType: Text, selector: Text, start: Int64, end: Int64) {
        self.tenants = tenants
        self.profileType = profileType
        self.selector = selector
        self.start = start
        self.end = end
    }

    /// Refuses a question about spans and traces at once, before anything else is checked.
    func refuseSpansWithTraces() throws(QueryError) {
        guard spans.isEmpty || traces.isEmpty else {
            throw QueryError("span_selector and trace_id_selector cannot be combined")
        }
    }

    /// Checks type, selector and ids, in the order in which the reference does.
    func selection(in range: TimeRange) throws(QueryError) -> Selection {
        let type = try parsedType()
        return try selection(of: type, in: range)
    }

    /// The profile type, or an error that says what form it should have.
    func parsedType() throws(QueryError) -> ProfileType {
        do throws(ProfileTypeError) {
            return try ProfileType(parsing: profileType)
        } catch {
            throw QueryError(error.description)
        }
    }

    /// The selection of a type that was parsed before, in a checked range.
    func selection(of type: ProfileType, in range: TimeRange) throws(QueryError) -> Selection {
        let matchers = try parseSelector(selector, prefix: "parsing label selector")
        var selection = Selection(tenants: tenants, profileType: type, matchers: matchers, range: range)
        if !profiles.isEmpty {
            var ids: Set<ProfileID> = []
            for text in profiles { ids.insert(try Identifiers.profile(text)) }
            selection.profiles = ids
        }
        if !spans.isEmpty {
            var ids: Set<UInt64> = []
            for text in spans { ids.insert(try Identifiers.span(text)) }
            selection.spans = ids
        }
        if !traces.isEmpty {
            var ids: Set<TraceID> = []
            for text in traces { ids.insert(try Identifiers.trace(text)) }
            selection.traces = ids
        }
        let frames = try frameFilter.tests()
        selection.stacks = StackFilter(callSite: callSite, includes: frames.includes, excludes: frames.excludes)
        return selection
    }
}

/// Parses a selector; the error begins with `prefix` and the selector in quotes.
func parseSelector(_ text: Text, prefix: String) throws(QueryError) -> [LabelMatcher] {
    do throws(SelectorError) {
        return try Selector.parse(text)
    } catch {
        throw QueryError("\(prefix) \"\(text)\": \(error)")
    }
}
