import json
import os

import boto3

ses = boto3.client("ses")


def handler(event, _context):
    failures = []
    for record in event["Records"]:
        try:
            order = json.loads(record["body"])
            ses.send_email(
                Source=os.environ["SENDER"],
                Destination={"ToAddresses": [order["mail"]]},
                Message={
                    "Subject": {"Data": "Thank you for your order"},
                    "Body": {"Text": {"Data": f"Your order {order['orderId']} is on its way."}},
                },
            )
        except Exception as error:
            print(json.dumps({"message": record["messageId"], "error": repr(error)}))
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
