import html
import json
import os
import urllib.parse

import boto3

s3 = boto3.client("s3")


def handler(event, _context):
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
        order = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        page = f"<h1>Invoice {html.escape(order['orderId'])}</h1>"
        s3.put_object(
            Bucket=os.environ["INVOICE_BUCKET"],
            Key=f"invoices/{order['orderId']}.html",
            Body=page.encode(),
            ContentType="text/html",
        )
