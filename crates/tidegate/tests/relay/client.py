"""A client of Kafka that shares no line with the one under test: `client.py SERVERS VERB ...`, answers in JSON."""

import base64
import json
import os
import signal
import sys

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

servers, verb, *rest = sys.argv[1:]
base = {"bootstrap.servers": servers, **json.loads(os.environ.get("CLIENT_SETTINGS", "{}"))}
# Whoever has no answer by then ends: a test waits for nothing without a bound.
PATIENCE = 90
signal.alarm(PATIENCE)


def create(*topics):
    admin = AdminClient(base)
    for made in admin.create_topics([NewTopic(t, 3, 1) for t in topics]).values():
        made.result(20)


def attend():
    """Requests of a test, one a line, each with an answer on a line, over one connection."""
    producer = Producer({**base, "acks": "all"})
    signal.alarm(0)
    for line in sys.stdin:
        signal.alarm(PATIENCE)
        ask, failed = json.loads(line), []
        for message in ask.get("messages", []):
            producer.produce(
                ask["topic"],
                key=message.get("key"),
                value=message["value"],
                partition=message["partition"],
                on_delivery=lambda error, _: failed.append(str(error)) if error else None,
            )
        assert producer.flush(30) == 0 and not failed, failed
        if "messages" in ask:
            print(0, flush=True)
        else:
            committed(ask["topic"], ask["group"])
        signal.alarm(0)


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


def dump(topic):
    """All there is; the server's own word on where a partition ends is the start of its last batch."""
    consumer = Consumer({**base, "group.id": "dump", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, p, 0) for p in range(3)])
    while (message := consumer.poll(3)) is not None:
        assert message.error() is None, message.error()
        value, key = message.value(), message.key()
        record = {
            "partition": message.partition(),
            "offset": message.offset(),
            "key": key and key.decode(),
            "value": None if value is None else value.decode(),
            "headers": [(n, base64.b64encode(v or b"").decode()) for n, v in message.headers() or []],
        }
        print(json.dumps(record))
    consumer.close()


def committed(topic, group):
    """How many messages the group is done with."""
    consumer = Consumer({**base, "group.id": group, "enable.auto.commit": False})
    done = consumer.committed([TopicPartition(topic, p) for p in range(3)], timeout=20)
    print(sum(max(place.offset, 0) for place in done), flush=True)
    consumer.close()


globals()[verb](*rest)
