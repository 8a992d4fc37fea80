import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE"])


def handler(event, _context):
    order = table.get_item(Key={"orderId": event["pathParameters"]["orderId"]}).get("Item")
    if order is None:
        return {"statusCode": 404, "body": "{}"}
    return {"statusCode": 200, "body": json.dumps(order, default=str)}
