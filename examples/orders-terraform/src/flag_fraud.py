import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE"])

MANY = 50


def handler(event, _context):
    order = event["detail"]
    if sum(line["count"] for line in order["lines"]) > MANY:
        table.update_item(
            Key={"orderId": order["orderId"]},
            UpdateExpression="SET review = :yes",
            ExpressionAttributeValues={":yes": True},
        )
