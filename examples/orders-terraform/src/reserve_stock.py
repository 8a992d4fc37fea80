import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["STOCK_TABLE"])


def handler(event, _context):
    for record in event["Records"]:
        message = json.loads(record["body"])
        for line in message.get("lines", []):
            table.update_item(
                Key={"isbn": line["isbn"]},
                UpdateExpression="ADD reserved :n",
                ExpressionAttributeValues={":n": line["count"]},
            )
