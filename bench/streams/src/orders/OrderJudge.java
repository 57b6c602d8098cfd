package orders;

import java.io.IOException;
import java.util.Map;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Judges the orders of one partition. What it forwards, its two stores and the position in the topic are in one
 * transaction.
 *
 * <p>The topic's key is the item, so all orders of an item come to the same judge, with every repetition of their ids.
 * It does not see an id that comes again with an item of another partition, which {@code consume} would reject: each
 * order would have to go through a second topic, by its id.
 */
final class OrderJudge implements Processor<byte[], byte[], byte[], byte[]> {
    static final String STOCK = "stock";
    static final String ACCEPTED_IDS = "accepted-ids";

    private static final byte[] TAKEN = new byte[0];

    private final Map<String, String> users;
    private final Map<String, String> openingStock;
    private final Tally tally;
    private final Order.Reader reader = new Order.Reader();
    private ProcessorContext<byte[], byte[]> context;
    /** Units left of each item that an order was accepted of; of the others the opening stock is left. */
    private KeyValueStore<String, Integer> stock;
    private KeyValueStore<Bytes, byte[]> acceptedIds;

    OrderJudge(Map<String, String> users, Map<String, String> openingStock, Tally tally) {
        this.users = users;
        this.openingStock = openingStock;
        this.tally = tally;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
        stock = context.getStateStore(STOCK);
        acceptedIds = context.getStateStore(ACCEPTED_IDS);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        tally.begin();
        Verdict verdict = judge(record.value());
        if (verdict == Verdict.ACCEPTED) context.forward(record);
        tally.add(verdict);
    }

    private Verdict judge(byte[] value) {
        Order order;
        try {
            order = reader.read(value);
        } catch (IOException | RuntimeException e) { // Avro throws both at bytes that it did not write
            return Verdict.NOT_AN_ORDER;
        }
        if (!order.isValid()) return Verdict.INVALID;
        if (!"paid".equals(users.get(order.user()))) return Verdict.USER_NOT_PAID;
        Integer left = stockOf(order.item());
        if (left == null) return Verdict.UNKNOWN_ITEM;
        if (left < order.quantity()) return Verdict.INSUFFICIENT_STOCK;
        if (acceptedIds.putIfAbsent(order.id(), TAKEN) != null) return Verdict.DUPLICATE;
        stock.put(order.item(), left - order.quantity());
        return Verdict.ACCEPTED;
    }

    private Integer stockOf(String item) {
        Integer left = stock.get(item);
        if (left != null) return left;
        String opening = openingStock.get(item);
        return opening == null ? null : Integer.valueOf(opening);
    }
}
