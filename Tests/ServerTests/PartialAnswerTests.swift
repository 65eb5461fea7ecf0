import HTTP
import Store
import Testing

@testable import Server

@Suite struct PartialAnswerTests {
    @Test func `an answer names the files that it lacks, below the tenant's folder`() async {
        let response = await PartialAnswers.marked {
            AnswerGaps.current?.note([
                DamagedPartition(
                    tenant: .anonymous, day: 7, path: "/data/tenants/anonymous/7.db.damaged", reason: "flipped")
            ])
            return Response(status: 200)
        }
        #expect(response.headers["Hearth-Partial"] == "damaged: anonymous/7.db.damaged")
    }

    @Test func `an answer that lacks nothing says nothing`() async {
        #expect(await PartialAnswers.marked { Response(status: 200) }.headers["Hearth-Partial"] == nil)
    }
}
