"""Drives confluent-kafka for the tests: a line of JSON on standard input asks, a line of JSON on standard output answers.

Keys, values and header values travel as base64, so that every byte arrives; null stays null.
"""
import base64
import json
import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition, libversion, version
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, ResourceType

DEADLINE_S = 30


def to_text(data):
    return None if data is None else base64.b64encode(data).decode()


def to_bytes(text):
    return None if text is None else base64.b64decode(text)


def versions(_):
    return {"client": version(), "library": libversion()[0]}


def produce(request):
    """Delivers the records, and answers where each one went."""
    delivered, failures = [], []

    def report(index):
        def on_delivery(error, message):
            if error is not None:
                failures.append(str(error))
            else:
                delivered.append({"index": index, "partition": message.partition(), "offset": message.offset()})

        return on_delivery

    producer = Producer(request["config"])
    for index, record in enumerate(request["records"]):
        producer.produce(
            request["topic"],
            key=to_bytes(record["key"]),
            value=to_bytes(record["value"]),
            headers=[(name, to_bytes(value)) for name, value in record["headers"]],
            partition=record["partition"],
            timestamp=record["timestamp"],
            on_delivery=report(index),
        )
    if producer.flush(DEADLINE_S) > 0:
        raise TimeoutError("records are still undelivered")
    if failures:
        raise RuntimeError(failures[0])
    return sorted(delivered, key=lambda one: one["index"])


def consume(request):
    """Reads `count` records of one partition, from an offset or from the first record at or after a timestamp.

    With `seekTo` it reads one record first, and then goes on from that offset.
    """
    consumer = Consumer({"group.id": "unused", "enable.auto.commit": False, **request["config"]})
    try:
        start = TopicPartition(request["topic"], request["partition"], request.get("offset", 0))
        if "timestamp" in request:
            start.offset = request["timestamp"]
            start = consumer.offsets_for_times([start], timeout=DEADLINE_S)[0]
        consumer.assign([start])
        records = []
        if "seekTo" in request:
            read_one(consumer)
            consumer.seek(TopicPartition(request["topic"], request["partition"], request["seekTo"]))
        while len(records) < request["count"]:
            records.append(read_one(consumer))
        return records
    finally:
        consumer.close()


def count_all(request):
    """Reads all partitions of a topic, assigned at once, from their start: how many records came of each partition."""
    consumer = Consumer({"group.id": "unused", "enable.auto.commit": False, **request["config"]})
    try:
        consumer.assign([TopicPartition(request["topic"], index, 0) for index in range(request["partitions"])])
        counts = [0] * request["partitions"]
        for _ in range(request["count"]):
            message = consumer.poll(DEADLINE_S)
            if message is None:
                raise TimeoutError(f"only {sum(counts)} records arrived")
            if message.error():
                raise KafkaException(message.error())
            counts[message.partition()] += 1
        return counts
    finally:
        consumer.close()


def administer(request):
    """More partitions, other configs, fewer records, one after the other: what librdkafka is answered."""
    client = AdminClient(request["config"])
    topic = request["topic"]
    client.create_partitions([NewPartitions(topic, request["partitions"])])[topic].result(DEADLINE_S)
    entries = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in request["set"].items()]
    altered = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    for future in client.incremental_alter_configs([altered]).values():
        future.result(DEADLINE_S)
    described = client.describe_configs([ConfigResource(ResourceType.TOPIC, topic)])
    configs = next(iter(described.values())).result(DEADLINE_S)
    deleted = client.delete_records([TopicPartition(topic, 0, request["offset"])])
    cluster = client.describe_cluster().result(DEADLINE_S)
    return {
        "partitions": len(client.list_topics(topic, DEADLINE_S).topics[topic].partitions),
        "configs": {name: configs[name].value for name in request["set"]},
        "lowWatermark": next(iter(deleted.values())).result(DEADLINE_S).low_watermark,
        "controller": cluster.controller.id,
    }


def read_one(consumer):
    message = consumer.poll(DEADLINE_S)
    if message is None:
        raise TimeoutError("no record arrived")
    if message.error():
        raise KafkaException(message.error())
    return {
        "offset": message.offset(),
        "timestamp": message.timestamp()[1],
        "key": to_text(message.key()),
        "value": to_text(message.value()),
        "headers": [[name, to_text(value)] for name, value in message.headers() or []],
    }


def watermarks(request):
    consumer = Consumer({"group.id": "unused", **request["config"]})
    try:
        return consumer.get_watermark_offsets(TopicPartition(request["topic"], request["partition"]), timeout=DEADLINE_S)
    finally:
        consumer.close()


ACTIONS = {
    "versions": versions,
    "produce": produce,
    "consume": consume,
    "count_all": count_all,
    "watermarks": watermarks,
    "administer": administer,
}

for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"result": ACTIONS[asked["action"]](asked)}
    except Exception as error:  # the test fails with it
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
