//! What a mapping table can say.

use tidegate_graph::Map;

/// How one Terraform type becomes a CloudFormation type, or a part of another resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type {
    /// `aws_sqs_queue`.
    pub(super) terraform: &'static str,
    /// `AWS::SQS::Queue`; empty when CloudFormation has no type for it: then it keeps its Terraform type and attributes.
    pub(super) cloudformation: &'static str,
    /// Exceptions to the default rule (`snake_case` becomes `PascalCase`).
    pub(super) fields: &'static [Field],
    /// Attributes of references that mean something else than their name in PascalCase.
    pub(super) attributes: &'static [(&'static str, &'static str)],
    /// Attributes whose literal value names the resource (for joins).
    pub(super) names: &'static [&'static str],
    /// Resources that this one is a part of; the first that is found takes it.
    pub(super) joins: &'static [Join],
    /// Parts that CloudFormation keeps in a resource of their own.
    pub(super) splits: &'static [Split],
    /// What a table can't say, on the finished properties.
    pub(super) finish: Option<fn(&mut Map)>,
    /// A list property of which each item becomes a resource of its own, as CloudFormation has it.
    pub(super) each: &'static str,
    /// Declares nothing that exists in CloudFormation's world: left out.
    pub(super) ignored: bool,
}

/// One exception.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// Dotted path of Terraform names from the resource down; `*.a.b` is every path that ends so.
    pub(super) from: &'static str,
    /// Path in the map that the enclosing block becomes. `A.B` nests; `A[].B` makes `A` a list of one map; `A[]` appends.
    pub(super) to: &'static str,
    /// What becomes of the value.
    pub(super) how: How,
}

/// What becomes of a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// One block becomes a map, several a list; everything else stays.
    Auto,
    /// The first block, as a map.
    One,
    /// Blocks as a list of maps, however many there are.
    Many,
    /// A map attribute whose keys are Terraform's names.
    Object,
    /// As it is, with all keys within.
    Keep,
    /// Left out.
    Drop,
    /// A JSON or YAML document in a string.
    Document,
    /// A map that becomes a list of `{Key, Value}`.
    Pairs,
    /// A single value that becomes a list of one.
    Listed,
    /// Left out when it has this value, which is Terraform's word for absent.
    Unless(&'static str),
    /// Words that CloudFormation spells otherwise; others stay.
    Words(&'static [(&'static str, &'static str)]),
}

/// How a resource becomes a part of another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Join {
    /// Terraform type of the owner.
    pub(super) owner: &'static str,
    /// The attributes that lead to the owner. A reference decides alone; literal values must equal the owner's name, or,
    /// if there are several attributes, the owner's attributes of the same names.
    pub(super) by: &'static [&'static str],
    /// Exceptions for this join.
    pub(super) fields: &'static [Field],
    /// Path in the owner under which the properties go; empty is its root.
    pub(super) under: &'static str,
    /// As [`Type::finish`].
    pub(super) finish: Option<fn(&mut Map)>,
}

/// An attribute that CloudFormation keeps in a resource of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    /// The property, after mapping.
    pub(super) property: &'static str,
    /// Type of the new resource.
    pub(super) cloudformation: &'static str,
    /// Property of the new resource that holds it.
    pub(super) to: &'static str,
    /// Property of the new resource that names the owner, as a path.
    pub(super) owner: &'static str,
    /// Attribute of the reference to the owner.
    pub(super) attribute: &'static str,
}

impl Type {
    pub(super) const fn new(terraform: &'static str, cloudformation: &'static str) -> Self {
        Self {
            terraform,
            cloudformation,
            fields: &[],
            attributes: &[],
            names: &[],
            joins: &[],
            splits: &[],
            finish: None,
            each: "",
            ignored: false,
        }
    }

    /// A type that is a part of another and has no type of its own.
    pub(super) const fn part(terraform: &'static str, joins: &'static [Join]) -> Self {
        Self::new(terraform, "").joins(joins)
    }

    /// A type that declares no resource of its own in any world.
    pub(super) const fn ignored(terraform: &'static str) -> Self {
        Self { ignored: true, ..Self::new(terraform, "") }
    }

    pub(super) const fn fields(self, fields: &'static [Field]) -> Self {
        Self { fields, ..self }
    }

    pub(super) const fn attributes(self, attributes: &'static [(&'static str, &'static str)]) -> Self {
        Self { attributes, ..self }
    }

    pub(super) const fn names(self, names: &'static [&'static str]) -> Self {
        Self { names, ..self }
    }

    pub(super) const fn joins(self, joins: &'static [Join]) -> Self {
        Self { joins, ..self }
    }

    pub(super) const fn splits(self, splits: &'static [Split]) -> Self {
        Self { splits, ..self }
    }

    pub(super) const fn finish(self, finish: fn(&mut Map)) -> Self {
        Self { finish: Some(finish), ..self }
    }

    pub(super) const fn each(self, each: &'static str) -> Self {
        Self { each, ..self }
    }
}

impl Join {
    pub(super) const fn new(owner: &'static str, by: &'static [&'static str]) -> Self {
        Self { owner, by, fields: &[], under: "", finish: None }
    }

    pub(super) const fn fields(self, fields: &'static [Field]) -> Self {
        Self { fields, ..self }
    }

    pub(super) const fn under(self, under: &'static str) -> Self {
        Self { under, ..self }
    }

    pub(super) const fn finish(self, finish: fn(&mut Map)) -> Self {
        Self { finish: Some(finish), ..self }
    }
}

const fn field(from: &'static str, to: &'static str, how: How) -> Field {
    Field { from, to, how }
}

pub(super) const fn to(from: &'static str, to: &'static str) -> Field {
    field(from, to, How::Auto)
}

pub(super) const fn one(from: &'static str, to: &'static str) -> Field {
    field(from, to, How::One)
}

pub(super) const fn many(from: &'static str, to: &'static str) -> Field {
    field(from, to, How::Many)
}

pub(super) const fn object(from: &'static str, to: &'static str) -> Field {
    field(from, to, How::Object)
}

pub(super) const fn keep(from: &'static str, to: &'static str) -> Field {
    field(from, to, How::Keep)
}

pub(super) const fn omit(from: &'static str) -> Field {
    field(from, "", How::Drop)
}

pub(super) const fn document(from: &'static str, to: &'static str) -> Field {
    field(from, to, How::Document)
}

pub(super) const fn pairs(from: &'static str, to: &'static str) -> Field {
    field(from, to, How::Pairs)
}

pub(super) const fn listed(from: &'static str, to: &'static str) -> Field {
    field(from, to, How::Listed)
}

pub(super) const fn unless(from: &'static str, to: &'static str, absent: &'static str) -> Field {
    field(from, to, How::Unless(absent))
}

pub(super) const fn words(
    from: &'static str,
    to: &'static str,
    words: &'static [(&'static str, &'static str)],
) -> Field {
    field(from, to, How::Words(words))
}
