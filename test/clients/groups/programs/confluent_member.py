"""A member of a group, by confluent-kafka: it processes records, commits them, and tells both, a line of JSON an event.

SIGTERM makes it leave; SIGUSR1 makes it slow: it stops polling for the time that it was told.
"""
import json
import signal
import struct
import sys
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

asked = json.loads(sys.argv[1])
wanted = {"leaves": False, "pause": False}
signal.signal(signal.SIGTERM, lambda *_: wanted.update(leaves=True))
signal.signal(signal.SIGUSR1, lambda *_: wanted.update(pause=True))


def tell(event, **rest):
    sys.stdout.write(json.dumps({"at": int(time.time() * 1000), "event": event, **rest}) + "\n")
    sys.stdout.flush()


def generation(consumer):
    """librdkafka's opaque bytes begin with a mark and the generation, or the epoch."""
    metadata = consumer.consumer_group_metadata()
    return struct.unpack_from("<i", metadata, len(b"CGMDv2:"))[0] if metadata else None


def numbers(partitions):
    return [one.partition for one in partitions]


def on_assign(consumer, partitions):
    tell("assigned", partitions=numbers(partitions), generation=generation(consumer))


def on_revoke(_, partitions):
    tell("revoked", partitions=numbers(partitions))


def processed(messages):
    """Tells the records, and answers what to commit."""
    ends = {}
    for message in messages:
        if message.error():
            if message.error().code() == KafkaError._MAX_POLL_EXCEEDED:
                continue
            print(message.error(), file=sys.stderr)
            continue
        tell("record", partition=message.partition(), offset=message.offset(), value=message.value().decode())
        ends[message.partition()] = message.offset() + 1
    return [TopicPartition(asked["topic"], partition, offset) for partition, offset in ends.items()]


def commit(consumer, offsets):
    """A commit that is refused because the group goes on without us is no failure: others will process these records again."""
    try:
        for one in consumer.commit(offsets=offsets, asynchronous=False):
            if one.error is None:
                tell("committed", partition=one.partition, offset=one.offset)
    except KafkaException as refused:
        print(f"commit: {refused}", file=sys.stderr)


config = {
    "bootstrap.servers": asked["bootstrap"],
    "client.id": asked["name"],
    "group.id": asked["group"],
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "fetch.wait.max.ms": 200,
    "reconnect.backoff.max.ms": 1000,
    **asked["config"],
}
consumer = Consumer(config)
consumer.subscribe([asked["topic"]], on_assign=on_assign, on_revoke=on_revoke, on_lost=on_revoke)
while not wanted["leaves"]:
    offsets = processed(consumer.consume(50, 0.2))
    if offsets:
        commit(consumer, offsets)
    if wanted["pause"]:
        wanted["pause"] = False
        time.sleep(asked["pauseMs"] / 1000)
consumer.close()
