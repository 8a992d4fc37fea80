import { type CfnResource, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import * as apigateway from "aws-cdk-lib/aws-apigatewayv2";
import { HttpJwtAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpSqsIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import * as cognito from "aws-cdk-lib/aws-cognito";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import * as logs from "aws-cdk-lib/aws-logs";
import * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { Watch } from "./watch";

export interface NotesStackProps extends StackProps {
  /** Where this stack runs. */
  readonly stage: string;
  /** Origin of the web page that calls the API. */
  readonly origin: string;
  /** Mail address that alarms and the budget write to. */
  readonly alarmAddress: string;
  /** US dollars a month after which somebody is told. */
  readonly monthlyBudget: number;
}

/** Notes from signed-in people, taken by an HTTP API, carried by a queue, kept in a table. */
export class NotesStack extends Stack {
  constructor(scope: Construct, id: string, props: NotesStackProps) {
    super(scope, id, props);

    // One key for all of it.
    const key = new kms.Key(this, "Key", {
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    key.grant(
      new iam.ServicePrincipal(`logs.${this.region}.amazonaws.com`, {
        conditions: {
          ArnLike: {
            "kms:EncryptionContext:aws:logs:arn": `arn:${this.partition}:logs:${this.region}:${this.account}:log-group:*`,
          },
        },
      }),
      "kms:Encrypt",
      "kms:Decrypt",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
      "kms:GenerateDataKey*",
      "kms:DescribeKey",
    );
    const log = (name: string) =>
      new logs.LogGroup(this, name, {
        encryptionKey: key,
        retention: logs.RetentionDays.ONE_YEAR,
        removalPolicy: RemovalPolicy.RETAIN,
      });

    // What comes in waits here, and what can't be handled ends beside it.
    const deadLetters = new sqs.Queue(this, "DeadLetters", {
      encryption: sqs.QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const queue = new sqs.Queue(this, "Queue", {
      encryption: sqs.QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      // Six times the function's timeout.
      visibilityTimeout: Duration.seconds(60),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: 5 },
    });

    // Keeping it.
    const table = new dynamodb.Table(this, "Table", {
      partitionKey: { name: "id", type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      maxReadRequestUnits: 100,
      maxWriteRequestUnits: 100,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const keep = new lambda.Function(this, "Keep", {
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      handler: "index.handler",
      code: lambda.Code.fromAsset("src"),
      memorySize: 256,
      timeout: Duration.seconds(10),
      reservedConcurrentExecutions: 10,
      tracing: lambda.Tracing.ACTIVE,
      environment: { TABLE: table.tableName },
      environmentEncryption: key,
      loggingFormat: lambda.LoggingFormat.JSON,
      logGroup: log("FunctionLogs"),
    });
    keep.addEventSource(
      new SqsEventSource(queue, { batchSize: 10, maxConcurrency: 10, reportBatchItemFailures: true }),
    );
    table.grant(keep, "dynamodb:PutItem");
    key.grant(keep, "kms:Decrypt", "kms:GenerateDataKey");

    // Accepted here, with the reason.
    const accept = (what: Construct, rule: string, reason: string) =>
      (what.node.defaultChild as CfnResource).addMetadata("tidegate", { allow: [{ rule, reason }] });
    accept(deadLetters, "dead-letters-from-any-queue", "naming the one queue would be a circle; all queues of this account are ours");
    accept(keep, "unsigned-code", "sign the code once there is a signing profile");

    // The outside gets in here, signed in and slowly.
    const people = new cognito.UserPool(this, "People", {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      autoVerify: { email: true },
      mfa: cognito.Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      featurePlan: cognito.FeaturePlan.PLUS,
      standardThreatProtectionMode: cognito.StandardThreatProtectionMode.FULL_FUNCTION,
      passwordPolicy: {
        minLength: 14,
        requireDigits: true,
        requireLowercase: true,
        requireSymbols: true,
        requireUppercase: true,
      },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const client = people.addClient("Web", {
      authFlows: { userSrp: true },
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [cognito.OAuthScope.OPENID],
        callbackUrls: [`${props.origin}/signed-in`],
      },
      supportedIdentityProviders: [cognito.UserPoolClientIdentityProvider.COGNITO],
    });
    const api = new apigateway.HttpApi(this, "Api", {
      createDefaultStage: false,
      corsPreflight: {
        allowOrigins: [props.origin],
        allowMethods: [apigateway.CorsHttpMethod.POST],
        allowHeaders: ["authorization", "content-type"],
      },
      defaultAuthorizer: new HttpJwtAuthorizer("People", people.userPoolProviderUrl, {
        jwtAudience: [client.userPoolClientId],
      }),
    });
    api.addStage("Stage", {
      stageName: props.stage,
      autoDeploy: true,
      throttle: { rateLimit: 20, burstLimit: 40 },
      detailedMetricsEnabled: true,
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(log("AccessLogs")),
        format: AccessLogFormat.jsonWithStandardFields(),
      },
    });
    api.addRoutes({
      path: "/notes",
      methods: [apigateway.HttpMethod.POST],
      integration: new HttpSqsIntegration("Queue", {
        queue,
        parameterMapping: new apigateway.ParameterMapping()
          .custom("QueueUrl", queue.queueUrl)
          .custom("MessageBody", "$request.body"),
      }),
    });

    // Somebody hears of it when something is wrong.
    new Watch(this, "Watch", { key, queue, deadLetters, keep, api, ...props });
  }
}
