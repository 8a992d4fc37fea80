import json
import os
import uuid

import boto3

table = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE"])
events = boto3.client("events")
kinesis = boto3.client("kinesis")


def handler(event, _context):
    body = json.loads(event["body"])
    order = {"orderId": str(uuid.uuid4()), "status": "placed", "lines": body["lines"], "mail": body["mail"]}
    table.put_item(Item=order)
    detail = json.dumps(order)
    events.put_events(
        Entries=[
            {
                "EventBusName": os.environ["ORDER_BUS"],
                "Source": "shop.orders",
                "DetailType": "OrderPlaced",
                "Detail": detail,
            }
        ]
    )
    kinesis.put_record(StreamName=os.environ["SALES_STREAM"], PartitionKey=order["orderId"], Data=detail)
    return {"statusCode": 201, "body": json.dumps({"orderId": order["orderId"]})}
