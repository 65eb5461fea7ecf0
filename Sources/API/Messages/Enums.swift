import Wire

/// `querier.v1.ProfileFormat`: the form in which merged stacks are answered.
public enum ProfileFormat {
    /// Boxes, level by level; also the meaning of 0 and of unknown numbers.
    public static let flamegraph: Int32 = 1
    /// Tree bytes.
    public static let tree: Int32 = 2
    /// Graphviz text.
    public static let dot: Int32 = 3
    /// A pprof.
    public static let pprof: Int32 = 4
    /// A table of functions.
    public static let functions: Int32 = 5
    /// The callers and callees of one function.
    public static let sandwich: Int32 = 6

    static let names: EnumNames = [
        (0, "PROFILE_FORMAT_UNSPECIFIED"), (1, "PROFILE_FORMAT_FLAMEGRAPH"), (2, "PROFILE_FORMAT_TREE"),
        (3, "PROFILE_FORMAT_DOT"), (4, "PROFILE_FORMAT_PPROF"), (5, "PROFILE_FORMAT_FUNCTIONS"),
        (6, "PROFILE_FORMAT_SANDWICH"),
    ]
}

/// `querier.v1.AsyncQueryType`.
public enum AsyncQueryType {
    static let names: EnumNames = [(0, "ASYNC_QUERY_TYPE_DISABLED"), (1, "ASYNC_QUERY_TYPE_FORCE")]
}

/// `types.v1.TimeSeriesAggregationType`.
public enum TimeSeriesAggregation {
    /// The sum over the profiles of a bucket.
    public static let sum: Int32 = 0
    /// The mean over the profiles of a bucket.
    public static let average: Int32 = 1

    static let names: EnumNames = [
        (0, "TIME_SERIES_AGGREGATION_TYPE_SUM"), (1, "TIME_SERIES_AGGREGATION_TYPE_AVERAGE"),
    ]
}

/// `types.v1.ExemplarType`.
public enum ExemplarType {
    /// No exemplars, and the meaning of 0.
    public static let none: Int32 = 1
    /// Profiles.
    public static let individual: Int32 = 2
    /// Spans.
    public static let span: Int32 = 3

    static let names: EnumNames = [
        (0, "EXEMPLAR_TYPE_UNSPECIFIED"), (1, "EXEMPLAR_TYPE_NONE"), (2, "EXEMPLAR_TYPE_INDIVIDUAL"),
        (3, "EXEMPLAR_TYPE_SPAN"),
    ]
}

/// `querier.v1.HeatmapQueryType`.
public enum HeatmapQueryType {
    /// Profiles are counted.
    public static let individual: Int32 = 1
    /// Spans are counted.
    public static let span: Int32 = 2

    static let names: EnumNames = [
        (0, "HEATMAP_QUERY_TYPE_UNSPECIFIED"), (1, "HEATMAP_QUERY_TYPE_INDIVIDUAL"), (2, "HEATMAP_QUERY_TYPE_SPAN"),
    ]
}

/// `grpc.health.v1.HealthCheckResponse.ServingStatus`.
public enum ServingStatus {
    /// The server answers.
    public static let serving: Int32 = 1

    static let names: EnumNames = [
        (0, "SERVING_STATUS_UNSPECIFIED"), (1, "SERVING_STATUS_SERVING"), (2, "SERVING_STATUS_NOT_SERVING"),
    ]
}
