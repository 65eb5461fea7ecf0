import Glibc

/// The target that `--target=NAME` chose.
nonisolated(unsafe) private var chosen: FuzzTarget?

/// Takes the flags that are ours; libFuzzer passes over what begins with two dashes.
///
/// `--list` prints the names of all targets, `--seeds=FOLDER` writes the inputs that a target begins with.
@c(LLVMFuzzerInitialize)
public func initialize(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> Int32 {
    func value(of flag: String) -> String? {
        CommandLine.arguments.first { $0.hasPrefix("\(flag)=") }.map { String($0.dropFirst(flag.count + 1)) }
    }
    if CommandLine.arguments.contains("--list") {
        for target in FuzzTarget.all { print(target.name) }
        exit(0)
    }
    let name = value(of: "--target") ?? ""
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
        print("--target=NAME must name one of those that --list prints, not \"\(name)\"")
        exit(2)
    }
    if let folder = value(of: "--seeds") {
        for (index, seed) in target.seeds().enumerated() { write(seed, to: "\(folder)/seed-\(index)") }
        exit(0)
    }
    chosen = target
    return 0
}

private func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "w") else {
        print("cannot write \(path)")
        exit(2)
    }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
}

/// Runs the chosen target on one input; a broken rule ends the program as a crash does.
@c(LLVMFuzzerTestOneInput)
public func test(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    do throws(Violation) {
        try chosen?.check(bytes)
    } catch {
        fatalError("\(error)")
    }
    return 0
}
