import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["STOCK_TABLE"])


def handler(event, _context):
    failures = []
    for record in event["Records"]:
        try:
            reserve(json.loads(record["body"]))
        except Exception as error:
            print(json.dumps({"message": record["messageId"], "error": repr(error)}))
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def reserve(message):
    for line in message.get("lines", []):
        table.update_item(
            Key={"isbn": line["isbn"]},
            UpdateExpression="ADD reserved :n",
            ExpressionAttributeValues={":n": line["count"]},
        )
