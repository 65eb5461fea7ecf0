import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;

/** Burns, allocates, waits for a monitor and parks, each in threads and methods of its own. */
public final class Workload {
    private static final Object MONITOR = new Object();
    static volatile Object sink;
    static volatile long number;

    static void burnInANamedMethod(long until) {
        long sum = 0;
        while (System.nanoTime() < until) {
            for (int i = 1; i < 100_000; i++) {
                sum += i ^ (sum << 3) % i;
            }
            number = sum;
        }
    }

    static void burnDeepInTheStack(int depth, long until) {
        if (depth > 0) {
            burnDeepInTheStack(depth - 1, until);
        } else {
            burnInANamedMethod(until);
        }
        number++;
    }

    static void allocateInANamedMethod(long until) {
        while (System.nanoTime() < until) {
            for (int i = 0; i < 2_000; i++) {
                sink = new byte[512];
            }
            sink = new byte[4 << 20];
            LockSupport.parkNanos(1_000_000);
        }
    }

    static void contendInANamedMethod(long until) {
        while (System.nanoTime() < until) {
            synchronized (MONITOR) {
                pause(15);
            }
        }
    }

    static void parkInANamedMethod(long until) {
        while (System.nanoTime() < until) {
            LockSupport.parkNanos(20_000_000);
        }
    }

    static void sleepInANamedMethod(long until) {
        while (System.nanoTime() < until) {
            pause(5);
        }
    }

    private static void pause(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        long until = System.nanoTime() + 1_000_000L * Long.parseLong(arguments[0]);
        List<Thread> threads = new ArrayList<>();
        threads.add(new Thread(() -> burnInANamedMethod(until), "burner"));
        threads.add(new Thread(() -> burnDeepInTheStack(300, until), "deep burner"));
        threads.add(new Thread(() -> allocateInANamedMethod(until), "allocator"));
        threads.add(new Thread(() -> contendInANamedMethod(until), "contender 1"));
        threads.add(new Thread(() -> contendInANamedMethod(until), "contender 2"));
        threads.add(new Thread(() -> parkInANamedMethod(until), "parker"));
        threads.add(new Thread(() -> sleepInANamedMethod(until), "sleeper"));
        for (Thread thread : threads) {
            thread.start();
        }
        // Each recording that begins or ends also begins a chunk of those that run.
        for (int i = 0; i < 2; i++) {
            pause(Long.parseLong(arguments[0]) / 3);
            try (Recording recording = new Recording()) {
                recording.start();
            }
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
