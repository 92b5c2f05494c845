// Kafka's own consumer, without a group: partitions are assigned, and read from their start on.
// A line of JSON on standard input asks, a line on standard output answers: {"topic": …, "partitions": n} assigns all of a topic and answers {};
// {"count": n} reads that many records and answers how many came and their bytes, which may be fewer after ten silent seconds. Takes the bootstrap
// address as its argument. Ends with its input.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class AssignedReader {
    static final Duration SILENCE = Duration.ofSeconds(10);

    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        Map<String, Object> config = Map.of("bootstrap.servers", arguments[0], "enable.auto.commit", false);
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config, bytes, bytes)) {
            for (String line; (line = lines.readLine()) != null; ) {
                System.out.println(json.writeValueAsString(answer(consumer, json.readTree(line))));
                System.out.flush();
            }
        }
    }

    static Map<String, Object> answer(KafkaConsumer<byte[], byte[]> consumer, JsonNode request) {
        if (!request.has("topic")) return read(consumer, request.get("count").asLong());
        String topic = request.get("topic").asText();
        int count = request.get("partitions").asInt();
        List<TopicPartition> partitions = IntStream.range(0, count).mapToObj(index -> new TopicPartition(topic, index)).toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        return Map.of();
    }

    static Map<String, Object> read(KafkaConsumer<byte[], byte[]> consumer, long wanted) {
        long count = 0;
        long size = 0;
        while (count < wanted) {
            var records = consumer.poll(SILENCE);
            if (records.isEmpty()) break;
            count += records.count();
            for (var record : records) size += record.value().length;
        }
        return Map.of("count", count, "bytes", size);
    }
}
