import { Duration, Stack } from "aws-cdk-lib";
import type { HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import * as budgets from "aws-cdk-lib/aws-budgets";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import * as iam from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import * as sns from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

export interface WatchProps {
  readonly key: IKey;
  readonly queue: IQueue;
  readonly deadLetters: IQueue;
  readonly keep: IFunction;
  readonly api: HttpApi;
  readonly alarmAddress: string;
  readonly monthlyBudget: number;
}

/** Alarms and a budget. */
export class Watch extends Construct {
  constructor(scope: Construct, id: string, props: WatchProps) {
    super(scope, id);

    const topic = new sns.Topic(this, "Alarms", { masterKey: props.key, enforceSSL: true });
    topic.addSubscription(new EmailSubscription(props.alarmAddress));
    const alarms = new iam.ServicePrincipal("cloudwatch.amazonaws.com", {
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
    });
    topic.grantPublish(alarms);

    const alarm = (name: string, alarmDescription: string, metric: cloudwatch.Metric, threshold: number, evaluationPeriods = 1) =>
      new cloudwatch.Alarm(this, name, {
        alarmDescription,
        metric,
        threshold,
        evaluationPeriods,
        comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      }).addAlarmAction(new SnsAction(topic));

    const { queue, deadLetters, keep, api } = props;
    const minute = { period: Duration.minutes(1) };
    alarm("DeadLetters", "Messages could not be handled", deadLetters.metricApproximateNumberOfMessagesVisible(minute), 0);
    alarm("Backlog", "Messages wait for more than five minutes", queue.metricApproximateAgeOfOldestMessage(minute), 300, 5);
    alarm("Errors", "The function fails", keep.metricErrors(), 5);
    alarm("Flood", "The API turns away more than usual", api.metricClientError(), 500);

    const tell = (notificationType: string, threshold: number) => ({
      notification: { notificationType, comparisonOperator: "GREATER_THAN", threshold },
      subscribers: [{ subscriptionType: "EMAIL", address: props.alarmAddress }],
    });
    new budgets.CfnBudget(this, "Budget", {
      budget: { budgetType: "COST", timeUnit: "MONTHLY", budgetLimit: { amount: props.monthlyBudget, unit: "USD" } },
      notificationsWithSubscribers: [tell("FORECASTED", 100), tell("ACTUAL", 80)],
    });
  }
}
