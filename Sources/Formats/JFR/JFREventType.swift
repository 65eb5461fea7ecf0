import Model

/// A type of event that means something, and the fields that are read of it.
struct JFREventType {
    /// What an event of the type does.
    enum Role: Sendable {
        /// One sample of a thread that runs or waits.
        case execution
        /// Some samples of a thread, whatever it does.
        case wallClock
        /// One thing of the size or duration in the value.
        case sized(JFRKind)
        /// One thing.
        case counted(JFRKind)
        /// A setting of the profiler.
        case setting
    }

    /// Where the fields of an event go.
    enum Slot {
        static let stackTrace = 0
        static let value = 1
        static let state = 2
        static let context = 3
        static let span = 4
        static let spanName = 5
        static let traceHigh = 6
        static let traceLow = 7
        /// A setting has other fields.
        static let settingName = 0
        static let settingValue = 1
        static let count = 8
    }

    let name: Text
    let role: Role
    let fields: [JFRWanted]

    private init(_ name: Text, _ role: Role, _ fields: [JFRWanted] = []) {
        self.name = name
        self.role = role
        self.fields =
            [JFRWanted(slot: Slot.stackTrace, name: "stackTrace", type: "jdk.types.StackTrace", isPooled: true)]
            + fields
    }

    private init(setting name: Text) {
        self.name = name
        role = .setting
        fields = [
            JFRWanted(slot: Slot.settingName, name: "name", type: "java.lang.String"),
            JFRWanted(slot: Slot.settingValue, name: "value", type: "java.lang.String"),
        ]
    }

    private static func value(_ name: Text, _ type: Text = "long") -> JFRWanted {
        JFRWanted(slot: Slot.value, name: name, type: type)
    }

    private static let state = JFRWanted(
        slot: Slot.state, name: "state", type: "jdk.types.ThreadState", isPooled: true)
    private static let context = JFRWanted(slot: Slot.context, name: "contextId", type: "long")
    private static let span = [
        JFRWanted(slot: Slot.span, name: "spanId", type: "long"),
        JFRWanted(slot: Slot.spanName, name: "spanName", type: "long"),
    ]
    private static let trace = [
        JFRWanted(slot: Slot.traceHigh, name: "traceIdHi", type: "long"),
        JFRWanted(slot: Slot.traceLow, name: "traceIdLo", type: "long"),
    ]

    /// Every type that is read; all others are stepped over.
    static let all: [JFREventType] = [
        JFREventType("jdk.ExecutionSample", .execution, [state, context] + span + trace),
        JFREventType("profiler.WallClockSample", .wallClock, [value("samples", "int"), state, context] + trace),
        JFREventType(
            "jdk.ObjectAllocationInNewTLAB", .sized(.allocationInTLAB), [value("tlabSize"), context] + span + trace),
        JFREventType(
            "jdk.ObjectAllocationOutsideTLAB", .sized(.allocationOutsideTLAB),
            [value("allocationSize"), context] + span + trace),
        JFREventType("jdk.ObjectAllocationSample", .sized(.allocationSample), [value("weight")]),
        JFREventType("jdk.JavaMonitorEnter", .sized(.mutex), [value("duration"), context] + span + trace),
        JFREventType("jdk.ThreadPark", .sized(.block), [value("duration")]),
        JFREventType("profiler.LiveObject", .counted(.live)),
        JFREventType("profiler.Malloc", .sized(.malloc), [value("size")]),
        JFREventType(setting: "jdk.ActiveSetting"),
    ]
}
