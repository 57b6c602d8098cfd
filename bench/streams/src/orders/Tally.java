package orders;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/** When the first order was taken, and how many of each verdict there are; in all threads together. */
final class Tally {
    private final AtomicLong begunAt = new AtomicLong();
    private final AtomicLongArray counts = new AtomicLongArray(Verdict.values().length);

    void begin() {
        if (begunAt.get() == 0) begunAt.compareAndSet(0, System.nanoTime());
    }

    void add(Verdict verdict) {
        counts.incrementAndGet(verdict.ordinal());
    }

    /** From the first order to {@code time}, by {@link System#nanoTime()}. */
    double secondsUntil(long time) {
        return (time - begunAt.get()) / 1e9;
    }

    long of(Verdict verdict) {
        return counts.get(verdict.ordinal());
    }

    long total() {
        long total = 0;
        for (Verdict verdict : Verdict.values()) total += of(verdict);
        return total;
    }
}
