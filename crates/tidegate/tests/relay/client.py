"""A client of Kafka that shares no line with the one under test: `client.py SERVERS VERB ...`, answers in JSON."""

import base64
import json
import sys

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

servers, verb, *rest = sys.argv[1:]
base = {"bootstrap.servers": servers}


def create(*topics):
    admin = AdminClient(base)
    for made in admin.create_topics([NewTopic(t, 3, 1) for t in topics]).values():
        made.result(20)


def produce(topic):
    """Lines of JSON: key, value, partition, headers."""
    producer, failed = Producer({**base, "acks": "all"}), []
    for line in sys.stdin:
        message = json.loads(line)
        producer.produce(
            topic,
            key=message.get("key"),
            value=message["value"],
            partition=message["partition"],
            headers=[(n, base64.b64decode(v)) for n, v in message.get("headers", [])],
            on_delivery=lambda error, _: failed.append(str(error)) if error else None,
        )
    assert producer.flush(30) == 0 and not failed, failed


def ends(consumer, topic):
    return [consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=20)[1] for p in range(3)]


def dump(topic):
    consumer = Consumer({**base, "group.id": "dump", "enable.auto.commit": False})
    left = {p: end for p, end in enumerate(ends(consumer, topic)) if end > 0}
    consumer.assign([TopicPartition(topic, p, 0) for p in left])
    while left:
        message = consumer.poll(20)
        assert message is not None and message.error() is None, message
        value, key = message.value(), message.key()
        record = {
            "partition": message.partition(),
            "offset": message.offset(),
            "key": key and key.decode(),
            "value": None if value is None else value.decode(),
            "headers": [(n, base64.b64encode(v or b"").decode()) for n, v in message.headers() or []],
        }
        print(json.dumps(record))
        if message.offset() + 1 >= left.get(message.partition(), 0):
            left.pop(message.partition(), None)
    consumer.close()


def lag(topic, group):
    """What the group has not committed yet."""
    consumer = Consumer({**base, "group.id": group, "enable.auto.commit": False})
    done = consumer.committed([TopicPartition(topic, p) for p in range(3)], timeout=20)
    print(sum(end - max(place.offset, 0) for end, place in zip(ends(consumer, topic), done)))


globals()[verb](*rest)
