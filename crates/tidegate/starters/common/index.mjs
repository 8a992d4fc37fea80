// Takes messages from the queue and keeps each one once.
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";

const table = process.env.TABLE;
const client = new DynamoDBClient({});

// The longest note that is kept; the API lets larger bodies through than anybody needs.
const MAX_NOTE = 2000;

export const handler = async (event) => {
  // A message that fails goes back to the queue by itself, not with its whole batch.
  const batchItemFailures = [];
  for (const record of event.Records) {
    try {
      await keep(record);
    } catch (error) {
      console.error(JSON.stringify({ message: "failed", id: record.messageId, error: error.name }));
      batchItemFailures.push({ itemIdentifier: record.messageId });
    }
  }
  return { batchItemFailures };
};

const keep = async (record) => {
  const note = parse(record.body);
  try {
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: { id: { S: record.messageId }, note: { S: note } },
        ConditionExpression: "attribute_not_exists(id)",
      }),
    );
  } catch (error) {
    // Queues deliver at least once: what is there already has been kept.
    if (error.name !== "ConditionalCheckFailedException") throw error;
  }
};

// Nothing from outside is taken for granted.
export const parse = (body) => {
  const { note } = JSON.parse(body);
  if (typeof note !== "string" || note.length === 0 || note.length > MAX_NOTE) {
    throw new TypeError("note is no text of 1 to 2000 letters");
  }
  return note;
};
