import Testing

/// Tests that work for long at a time: one after another, so that they leave a thread to those that wait for an answer.
@Suite(.serialized) struct LongTests {}
