import Glibc

/// What the machine has.
enum Machine {
    /// Its memory in bytes.
    static let memoryBytes = max(1, Int(sysconf(Int32(_SC_PHYS_PAGES)))) * max(1, Int(sysconf(Int32(_SC_PAGESIZE))))
}
