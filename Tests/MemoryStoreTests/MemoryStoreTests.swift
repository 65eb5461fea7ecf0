import MemoryStore
import StoreBehaviour
import Testing

@Suite struct MemoryStoreTests {
    @Test(arguments: StoreBehaviour.all)
    func `the memory engine behaves as an engine must`(_ behaviour: StoreBehaviour) async throws {
        try await behaviour.check(MemoryStore())
    }
}
