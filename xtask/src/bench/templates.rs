//! Generated inputs: many templates of a usual size, and one of any size.

use crate::process;
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

/// The project's own examples and fixtures in one folder.
pub(super) fn own(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("failed to clear {}", folder.display()))?;
    }
    for (name, source) in [("examples", "examples"), ("fixtures", "crates/tidegate-check/fixtures")] {
        let source = process::root().join(source);
        for path in files(&source)? {
            let target = folder.join(name).join(path.strip_prefix(&source).unwrap_or(&path));
            let Some(above) = target.parent() else { continue };
            std::fs::create_dir_all(above).with_context(|| format!("failed to make {}", above.display()))?;
            std::fs::copy(&path, &target).with_context(|| format!("failed to copy {}", path.display()))?;
        }
    }
    Ok(folder.to_path_buf())
}

/// Files of a folder that hold resources of CloudFormation.
pub(super) fn cloudformation(folder: &Path) -> Result<Vec<PathBuf>> {
    let named = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        matches!(ending, Some("yaml" | "yml" | "json" | "template"))
    };
    let holds = |path: &PathBuf| {
        std::fs::read_to_string(path).is_ok_and(|text| text.contains("Resources") && text.contains("AWS::"))
    };
    Ok(files(folder)?.into_iter().filter(|path| named(path) && holds(path)).collect())
}

/// Files below a folder, in the order of their paths.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder);
        for entry in entries.with_context(|| format!("failed to list {}", folder.display()))? {
            let entry = entry.with_context(|| format!("failed to list {}", folder.display()))?;
            let kind = entry.file_type().with_context(|| format!("failed to ask for {:?}", entry.path()))?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                out.push(entry.path());
            }
        }
    }
    out.sort();
    Ok(out)
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
