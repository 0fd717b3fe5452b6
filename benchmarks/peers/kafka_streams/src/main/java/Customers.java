import com.fasterxml.jackson.databind.*;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.*;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.api.*;
import org.apache.kafka.streams.state.*;

/**
 * Kafka Streams: the same aggregation in RocksDB with a changelog, exactly_once_v2, two threads for two cores. Written as
 * its documentation shows a stateful processor of the DSL (headers are only there); caching on, all else at its default.
 * The state is seven numbers: count, first, last (ms) of visits and of payments, and the money in fen.
 * Ends when the group has committed every record; then it adds up what the stores hold.
 */
public class Customers implements FixedKeyProcessor<String, byte[], byte[]> {
    static final ObjectMapper JSON = new ObjectMapper();
    static final AtomicLong started = new AtomicLong();
    KeyValueStore<String, byte[]> store;

    public void init(FixedKeyProcessorContext<String, byte[]> context) {
        store = context.getStateStore("customers");
    }

    public void process(FixedKeyRecord<String, byte[]> fact) {
        started.compareAndSet(0, System.nanoTime());
        try {
            byte[] known = store.get(fact.key());
            ByteBuffer state = ByteBuffer.wrap(known == null ? new byte[56] : known);
            JsonNode said = JSON.readTree(fact.value());
            int at = header(fact, "ce_type").equals("crm.visit.completed.v1") ? 0 : 24;
            long time = Instant.parse(header(fact, "ce_time")).toEpochMilli(), count = state.getLong(at);
            state.putLong(at, count + 1);
            state.putLong(at + 8, count == 0 ? time : Math.min(state.getLong(at + 8), time));
            state.putLong(at + 16, Math.max(state.getLong(at + 16), time));
            String money = said.path("amount").path("amount").asText("0").replace(".", "");
            state.putLong(48, state.getLong(48) + Long.parseLong(money));
            store.put(fact.key(), state.array());
        } catch (java.io.IOException error) {
            throw new java.io.UncheckedIOException(error);
        }
    }

    static String header(FixedKeyRecord<String, byte[]> fact, String name) {
        return new String(fact.headers().lastHeader(name).value());
    }

    public static void main(String[] arguments) throws Exception {
        String topic = System.getenv("PEER_TOPIC"), kafka = System.getenv("KAFKA_BOOTSTRAP");
        long wanted = Long.parseLong(System.getenv("PEER_FACTS"));
        Properties settings = new Properties();
        settings.putAll(Map.of("application.id", topic + ".streams", "bootstrap.servers", kafka, "state.dir", System.getenv("PEER_FOLDER"),
            "processing.guarantee", StreamsConfig.EXACTLY_ONCE_V2, "num.stream.threads", 2, "auto.offset.reset", "earliest"));
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore("customers"), Serdes.String(), Serdes.ByteArray()).withCachingEnabled());
        builder.stream(topic, Consumed.with(Serdes.String(), Serdes.ByteArray())).processValues(Customers::new, "customers");
        try (KafkaStreams streams = new KafkaStreams(builder.build(), settings); Admin admin = Admin.create(settings)) {
            streams.start();
            long done = 0;
            for (; done < wanted; Thread.sleep(10))
                done = admin.listConsumerGroupOffsets(topic + ".streams").partitionsToOffsetAndMetadata().get()
                    .values().stream().mapToLong(mark -> mark == null ? 0 : mark.offset()).sum();
            double seconds = (System.nanoTime() - started.get()) / 1e9;
            long facts = 0, paid = 0;
            var stored = StoreQueryParameters.fromNameAndType("customers", QueryableStoreTypes.<String, byte[]>keyValueStore());
            try (var all = streams.store(stored).all()) {
                for (ByteBuffer state; all.hasNext(); paid += state.getLong(48)) {
                    state = ByteBuffer.wrap(all.next().value);
                    facts += state.getLong(0) + state.getLong(24);
                }
            }
            System.out.printf(Locale.ROOT, "{\"per_second\": %f, \"facts\": %d, \"paid\": %d}%n", wanted / seconds, facts, paid);
            System.out.flush();
        }
    }
}
