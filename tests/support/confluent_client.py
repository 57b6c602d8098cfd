"""Confluent's own client as a stranger: reads orders that ours wrote, writes one that ours must accept."""

import json
import sys
import uuid

from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext


def read(brokers, registry, topic, count):
    decode = AvroDeserializer(SchemaRegistryClient({"url": registry}))
    consumer = Consumer(
        {"bootstrap.servers": brokers, "group.id": str(uuid.uuid4()), "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    orders = []
    while len(orders) < count:
        message = consumer.poll(30)
        if message is None:
            sys.exit(f"only {len(orders)} of {count} orders within 30 s")
        if message.error():
            sys.exit(str(message.error()))
        order = decode(message.value(), SerializationContext(topic, MessageField.VALUE))
        order["created_at"] = order["created_at"].isoformat()
        orders.append({**order, "key": message.key().decode()})
    consumer.close()
    print(json.dumps(orders))


def write(brokers, registry, topic, order):
    client = SchemaRegistryClient({"url": registry})
    schema = client.get_latest_version(f"{topic}-value").schema
    encode = AvroSerializer(client, schema.schema_str, conf={"auto.register.schemas": False})
    producer = Producer({"bootstrap.servers": brokers, "acks": "all"})
    value = encode(json.loads(order), SerializationContext(topic, MessageField.VALUE))
    producer.produce(topic, key=json.loads(order)["item"], value=value)
    if producer.flush(30) > 0:
        sys.exit("not delivered within 30 s")


if __name__ == "__main__":
    action, brokers, registry, topic, argument = sys.argv[1:]
    if action == "read":
        read(brokers, registry, topic, int(argument))
    else:
        write(brokers, registry, topic, argument)
