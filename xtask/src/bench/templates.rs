//! Generated inputs: many templates of a usual size, and one of any size.

use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Resources that one step of a chain adds.
const STEP: usize = 4;

/// A folder with `count` templates of 12 resources.
pub(super) fn many(folder: &Path, count: usize) -> Result<PathBuf> {
    for number in 0..count {
        write(&folder.join(format!("service-{number:04}")), &template(3))?;
    }
    Ok(folder.to_path_buf())
}

/// A folder with one template of `resources` resources.
pub(super) fn large(folder: &Path, resources: usize) -> Result<PathBuf> {
    write(folder, &template(resources / STEP))?;
    Ok(folder.to_path_buf())
}

fn write(folder: &Path, text: &str) -> Result<()> {
    let path = folder.join("template.yaml");
    if std::fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    std::fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))
}

/// A chain of queues and functions, each of which reads its own queue and sends to the next one.
fn template(steps: usize) -> String {
    let mut text = String::from("AWSTemplateFormatVersion: \"2010-09-09\"\nResources:\n");
    for step in 0..steps {
        let next = (step + 1) % steps.max(1);
        // Writing to a String can't fail.
        let _ = write!(
            text,
            "  Queue{step}:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
  Role{step}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {{Service: lambda.amazonaws.com}}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: next
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: sqs:SendMessage
                Resource: !GetAtt Queue{next}.Arn
  Function{step}:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: !GetAtt Role{step}.Arn
      Code: {{ZipFile: \"def handler(event, context): pass\"}}
      Environment:
        Variables:
          NEXT: !Ref Queue{next}
  Mapping{step}:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Queue{step}.Arn
      FunctionName: !Ref Function{step}
"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_the_resources_it_should() {
        assert_eq!(template(5).matches("    Type: ").count(), 5 * STEP);
        assert!(template(2).contains("NEXT: !Ref Queue0"), "the last sends to the first");
    }
}
