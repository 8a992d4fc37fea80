import { App, Tags } from "aws-cdk-lib";
import { NotesStack } from "../lib/notes-stack";

const app = new App();
const stage = app.node.tryGetContext("stage") ?? "dev";

const stack = new NotesStack(app, `notes-app-${stage}`, {
  stage,
  origin: app.node.tryGetContext("origin") ?? "https://app.example.com",
  alarmAddress: app.node.tryGetContext("alarmAddress") ?? "alarms@example.com",
  monthlyBudget: Number(app.node.tryGetContext("monthlyBudget") ?? 50),
});
Tags.of(stack).add("service", "notes-app");
