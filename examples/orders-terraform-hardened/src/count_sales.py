import base64
import datetime
import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["SALES_TABLE"])


def handler(event, _context):
    day = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    books = 0
    for record in event["Records"]:
        order = json.loads(base64.b64decode(record["kinesis"]["data"]))
        books += sum(line["count"] for line in order["lines"])
    table.update_item(Key={"day": day}, UpdateExpression="ADD books :n", ExpressionAttributeValues={":n": books})
