package orders;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.Stores;

/**
 * A Kafka Streams application that judges the orders in a topic as {@code consume} does, to the topic's end, and prints
 * one line of JSON with how many it accepted and how long that took.
 *
 * <p>Arguments are KEY=VALUE: {@code topic}, {@code output} (a topic, for what is accepted), {@code users} and {@code
 * inventory} (CSV files), and settings of Streams, {@code bootstrap.servers}, {@code application.id} and {@code
 * state.dir} at least.
 */
public final class JudgeOrders {
    private static final Duration POLL = Duration.ofMillis(5);

    private JudgeOrders() {}

    public static void main(String[] args) throws Exception {
        Map<String, String> given = new HashMap<>();
        for (String arg : args) given.put(arg.substring(0, arg.indexOf('=')), arg.substring(arg.indexOf('=') + 1));
        String topic = given.remove("topic");
        String output = given.remove("output");
        Map<String, String> users = readCsv(Path.of(given.remove("users")));
        Map<String, String> stock = readCsv(Path.of(given.remove("inventory")));
        Tally tally = new Tally();
        Topology topology = topology(topic, output, () -> new OrderJudge(users, stock, tally));
        Properties settings = settings(given);
        try (Admin admin = Admin.create(settings); KafkaStreams streams = new KafkaStreams(topology, settings)) {
            Map<TopicPartition, Long> ends = endsOf(topic, admin);
            streams.setUncaughtExceptionHandler(e -> {
                e.printStackTrace();
                Runtime.getRuntime().halt(1);
                return StreamThreadExceptionResponse.SHUTDOWN_APPLICATION;
            });
            streams.start();
            long records = ends.values().stream().mapToLong(Long::longValue).sum();
            String group = given.get(StreamsConfig.APPLICATION_ID_CONFIG);
            double judged = tally.secondsUntil(timeOf(() -> tally.total() == records));
            double committed = tally.secondsUntil(timeOf(() -> isCommitted(ends, group, admin)));
            streams.close();
            report(tally, judged, committed, countCommitted(output, admin, settings));
        }
    }

    /** By {@link System#nanoTime()}. */
    private static long timeOf(Callable<Boolean> event) throws Exception {
        while (!event.call()) Thread.sleep(POLL.toMillis());
        return System.nanoTime();
    }

    private static Topology topology(
            String topic, String output, ProcessorSupplier<byte[], byte[], byte[], byte[]> judges) {
        ByteArrayDeserializer reads = new ByteArrayDeserializer();
        ByteArraySerializer writes = new ByteArraySerializer();
        return new Topology()
            .addSource("orders", reads, reads, topic)
            .addProcessor("judge", judges, "orders")
            .addStateStore(Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(OrderJudge.STOCK), Serdes.String(), Serdes.Integer())
                .withCachingEnabled(), "judge")
            .addStateStore(Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(OrderJudge.ACCEPTED_IDS), Serdes.Bytes(), Serdes.ByteArray()), "judge")
            .addSink("accepted", output, writes, writes, "judge");
    }

    /** The fastest that were found (docs/PERFORMANCE.md); those given come on top. */
    private static Properties settings(Map<String, String> given) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, "2");
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), "262144");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.putAll(given);
        return settings;
    }

    /** The first two columns of a CSV file without quotes, below its header. */
    private static Map<String, String> readCsv(Path path) throws IOException {
        try (var lines = Files.lines(path)) {
            return lines.skip(1).map(line -> line.split(",")).collect(Collectors.toMap(row -> row[0], row -> row[1]));
        }
    }

    private static Map<TopicPartition, Long> endsOf(String topic, Admin admin) throws Exception {
        var partitions = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions();
        var latest = partitions.stream().collect(
            Collectors.toMap(info -> new TopicPartition(topic, info.partition()), info -> OffsetSpec.latest()));
        return admin.listOffsets(latest).all().get().entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().offset()));
    }

    private static boolean isCommitted(Map<TopicPartition, Long> ends, String group, Admin admin) throws Exception {
        var committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        return ends.entrySet().stream().allMatch(end -> {
            var at = committed.get(end.getKey());
            return end.getValue() == 0 || at != null && at.offset() >= end.getValue();
        });
    }

    /** Records in {@code output} whose transaction is committed. */
    private static long countCommitted(String output, Admin admin, Properties settings) throws Exception {
        Collection<TopicPartition> partitions = endsOf(output, admin).keySet();
        Map<String, Object> reading = Map.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.get(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG),
            ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        var bytes = new ByteArrayDeserializer();
        try (var consumer = new KafkaConsumer<>(reading, bytes, bytes)) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long count = 0;
            while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
                count += consumer.poll(POLL).count();
            }
            return count;
        }
    }

    private static void report(Tally tally, double judged, double committed, long accepted) {
        String verdicts = Arrays.stream(Verdict.values())
            .map(verdict -> "\"%s\":%d".formatted(verdict.name().toLowerCase(), tally.of(verdict)))
            .collect(Collectors.joining(","));
        System.out.printf(
            Locale.ROOT,
            "{\"orders\":%d,\"accepted\":%d,\"judged_seconds\":%.3f,\"committed_seconds\":%.3f,\"verdicts\":{%s}}%n",
            tally.total(), accepted, judged, committed, verdicts);
    }
}
