import hashlib
import hmac
import json
import os

import boto3

events = boto3.client("events")
secret = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["PAYMENT_SECRET"])["SecretString"].encode()


def handler(event, _context):
    body = event.get("body") or ""
    expected = hmac.new(secret, body.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(event["headers"].get("x-signature", ""), expected):
        return {"statusCode": 401}
    payment = json.loads(body)
    events.put_events(
        Entries=[
            {
                "EventBusName": os.environ["ORDER_BUS"],
                "Source": "shop.payments",
                "DetailType": "PaymentReceived",
                # The order that we handed to the provider with the payment comes back as it was.
                "Detail": json.dumps(payment["metadata"]["order"]),
            }
        ]
    )
    return {"statusCode": 204}
